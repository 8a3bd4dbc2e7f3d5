/**
 * A Keyple pool plugin whose readers are channels of the platform.
 */
@Export
@Version("1.0.0")
package org.calypsohsm.keyple;

import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
