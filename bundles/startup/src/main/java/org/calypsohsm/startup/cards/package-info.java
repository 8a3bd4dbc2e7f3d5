/**
 * Start-up with OpenPGP cards: readers, cards, shares of the storage key, and the software token for development.
 */
package org.calypsohsm.startup.cards;
