/**
 * A simulated OpenPGP card, for tests of the start-up.
 */
package org.calypsohsm.startupcard;
