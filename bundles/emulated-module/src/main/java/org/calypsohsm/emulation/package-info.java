/**
 * What the emulated modules have in common: a bank of virtual SAM-S1 with a limit. Providers embed this package.
 */
package org.calypsohsm.emulation;
