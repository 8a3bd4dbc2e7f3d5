/**
 * What a client uses: open a channel (reserve a virtual SAM-S1), exchange APDUs on it, close it.
 */
@Export
@Version("1.1.0")
package org.calypsohsm.channel;

import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
