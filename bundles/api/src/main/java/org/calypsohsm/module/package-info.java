/**
 * What a provider of security modules implements: a PCI-S3, a SAM-S20, or another device behind the same channels.
 */
@Export
@Version("1.1.0")
package org.calypsohsm.module;

import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
