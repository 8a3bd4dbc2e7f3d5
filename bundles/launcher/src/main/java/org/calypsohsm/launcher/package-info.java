/**
 * The command {@code hsm}. It runs outside the container, so it links to no class of the platform.
 */
package org.calypsohsm.launcher;
