/** Checks who signed a bundle, and hides services of providers and product plugins that nobody trusted signed. */
package org.calypsohsm.trusting;
