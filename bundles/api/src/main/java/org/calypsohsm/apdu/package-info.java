/**
 * Command and response APDUs: their shape (ISO/IEC 7816-3 and -4, short lengths) and the status words of the SAM-S1.
 */
@Export
@Version("1.1.0")
package org.calypsohsm.apdu;

import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
