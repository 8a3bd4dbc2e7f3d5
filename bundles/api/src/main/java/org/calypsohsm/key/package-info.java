/**
 * Key groups and the keys in them, as a virtual SAM-S1 sees them. Key bytes leave only through {@link org.calypsohsm.key.KeyValue#revealKeyBytes()}.
 */
@Export
@Version("1.1.0")
package org.calypsohsm.key;

import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
