/**
 * What {@link com.spirtech.csm.CsmChannel#getInfo()} gives: the name of its type in the vendor's library is not public.
 */
@Export
@Version("1.0.0")
package org.calypsohsm.libs3;

import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
