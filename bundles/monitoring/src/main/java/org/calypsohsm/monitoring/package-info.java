/**
 * What metrics, health checks and the console have in common: who may ask, where services are found, and how far counters are
 * from their ceilings.
 */
package org.calypsohsm.monitoring;
