/**
 * Key groups in memory, with the public test keys: for tests, the demo and benchmarks.
 */
package org.calypsohsm.keystore;
