/**
 * What a security plugin implements: the security functions of one card product for the ALG codes that it declares.
 */
@Export
@Version("1.1.0")
package org.calypsohsm.product;

import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
