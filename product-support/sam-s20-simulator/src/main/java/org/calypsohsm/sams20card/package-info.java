/**
 * A simulated SAM-S20 card, and the command that puts cards into the virtual reader.
 */
@Export
@Version("1.0.0")
package org.calypsohsm.sams20card;

import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
