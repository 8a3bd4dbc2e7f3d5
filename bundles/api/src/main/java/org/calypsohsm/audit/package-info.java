/**
 * Audit events: what was done, to what, by whom, and with which result. Never a key byte.
 */
@Export
@Version("1.1.0")
package org.calypsohsm.audit;

import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
