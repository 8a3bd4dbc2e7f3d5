/** Security plugin of the card product CD97. Nothing here is exported. */
package org.calypsohsm.product.cd97;
