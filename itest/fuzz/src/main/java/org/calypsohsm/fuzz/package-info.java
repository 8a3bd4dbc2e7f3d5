/** A fuzzer of the whole platform: channel manager, emulated module, virtual SAM, security plugins, key store. */
package org.calypsohsm.fuzz;
