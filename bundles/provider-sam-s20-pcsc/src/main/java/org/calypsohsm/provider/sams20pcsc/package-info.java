/**
 * Security module that is a SAM-S20 card in a PC/SC reader.
 */
package org.calypsohsm.provider.sams20pcsc;
