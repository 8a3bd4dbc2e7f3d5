/**
 * Which bundles may become providers of security modules and product plugins: those that a trusted certificate signed.
 */
@Export
@Version("1.0.0")
package org.calypsohsm.trust;

import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
