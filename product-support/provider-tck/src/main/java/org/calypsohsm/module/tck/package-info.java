/** The conformance suite of security modules: {@link org.calypsohsm.module.tck.ProviderTck} is all that a provider extends. */
package org.calypsohsm.module.tck;
