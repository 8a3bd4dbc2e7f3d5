/**
 * Metrics for Prometheus.
 */
package org.calypsohsm.metrics;
