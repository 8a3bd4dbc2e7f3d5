/**
 * Cards in software, in the virtual reader of vsmartcard.
 */
package org.calypsohsm.virtualreader;
