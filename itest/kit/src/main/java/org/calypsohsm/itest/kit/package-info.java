/**
 * The base of a Pax Exam test against the platform: the container, and what is awaited in it.
 */
@Export
@Version("1.0.0")
package org.calypsohsm.itest.kit;

import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
