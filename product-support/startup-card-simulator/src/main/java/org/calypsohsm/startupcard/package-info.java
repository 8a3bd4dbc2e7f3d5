/**
 * A simulated OpenPGP card and the virtual reader for it, for tests of the start-up.
 */
@Export
@Version("1.0.0")
package org.calypsohsm.startupcard;

import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
