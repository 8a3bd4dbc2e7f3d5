/**
 * Security module modelled on the SAM-S20 smart card.
 */
package org.calypsohsm.provider.sams20;
