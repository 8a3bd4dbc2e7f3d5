/**
 * The way to PC/SC that the JDK leaves open: its library, a second connection, readers that one part of the process has taken.
 * Embedded by the bundles that use PC/SC.
 */
package org.calypsohsm.pcsc;
