/**
 * Why bundles, components and services are missing, in sentences.
 */
package org.calypsohsm.diagnosis;
