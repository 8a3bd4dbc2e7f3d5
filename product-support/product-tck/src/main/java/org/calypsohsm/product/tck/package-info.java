/** The conformance suite of security plugins: {@link org.calypsohsm.product.tck.ProductTck} is all that an OEM extends. */
package org.calypsohsm.product.tck;
