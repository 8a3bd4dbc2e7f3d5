/**
 * What the tests of the console put into the platform: a stand-in for the gateway, and clients.
 */
package org.calypsohsm.itest.console.aid;
