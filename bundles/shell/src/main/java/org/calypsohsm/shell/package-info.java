/**
 * Commands of scope {@code hsm} for a deployer. A client like any other: it knows channels and key groups, and of the card
 * products only what their services say of themselves. Nothing here is exported.
 */
package org.calypsohsm.shell;
