/**
 * Public test keys, the same in every installation. Bundles that need them embed this package.
 */
package org.calypsohsm.testkeys;
