/**
 * What the tests of the console put into the platform: clients.
 */
package org.calypsohsm.itest.console.aid;
