/**
 * The vectors of the reference profiles and how to run them against any security plugin, for the tests of the plugins.
 */
package org.calypsohsm.profile.testing;
