/**
 * The virtual SAM-S1: pure, no I/O. It knows card products only through the product SPI.
 * {@code SamEmulator} is the service, {@code VirtualSam} one SAM, and each other class one concern of it.
 */
package org.calypsohsm.sam;
