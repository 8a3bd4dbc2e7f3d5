/**
 * Faults that a test injects into modules, keys and cards.
 */
@Export
@Version("1.0.0")
package org.calypsohsm.itest.kit.fault;

import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
