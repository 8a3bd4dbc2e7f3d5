/**
 * Start-up: a key store is locked until startup cards release its storage key.
 */
@Export
@Version("1.0.0")
package org.calypsohsm.startup;

import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
