package org.calypsohsm.itest.kit.fault;

import org.calypsohsm.module.ModuleException;

/** One exchange with a channel of a module. */
@FunctionalInterface
interface Exchange {

    byte[] with(byte[] command) throws ModuleException;
}
