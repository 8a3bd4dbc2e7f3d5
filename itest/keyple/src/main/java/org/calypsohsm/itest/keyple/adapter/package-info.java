/**
 * A Keyple plugin whose readers are channels of the platform and simulated cards. Copy it to use channels with Keyple.
 */
@Export
@Version("1.0.0")
package org.calypsohsm.itest.keyple.adapter;

import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
