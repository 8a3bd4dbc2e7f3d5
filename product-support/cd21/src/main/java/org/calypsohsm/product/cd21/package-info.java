/** Security plugin of the card product CD21. Nothing here is exported. */
package org.calypsohsm.product.cd21;
