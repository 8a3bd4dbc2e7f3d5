/**
 * The public surface of the library that servers for PCI-S3 and SAM-S20 are written for, as far as its callers show it; behind
 * it are the channels of this platform. Begin with {@link com.spirtech.csm.CsmSystem}.
 */
@Export
@Version("1.0.0")
package com.spirtech.csm;

import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
