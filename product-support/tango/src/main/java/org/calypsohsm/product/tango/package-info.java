/** Security plugin of the card product Tango. Nothing here is exported. */
package org.calypsohsm.product.tango;
