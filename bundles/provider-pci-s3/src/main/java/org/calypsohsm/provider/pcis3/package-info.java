/**
 * Security module modelled on the PCI-S3.
 */
package org.calypsohsm.provider.pcis3;
