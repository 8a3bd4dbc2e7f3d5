/**
 * For tests: the daemon of PC/SC with the virtual reader, and processes that are cards.
 */
package org.calypsohsm.virtualreader.daemon;
