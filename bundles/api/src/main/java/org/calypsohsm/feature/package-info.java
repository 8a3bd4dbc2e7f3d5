/**
 * What a deployer uses to put providers and products into the platform, to exchange them and to take them out while it runs.
 * A feature is what is installed as one: bundles with their digests, and configurations. Source: OSGi Compendium Release 8.1,
 * Feature Service Specification.
 */
@Export
@Version("1.1.0")
package org.calypsohsm.feature;

import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
