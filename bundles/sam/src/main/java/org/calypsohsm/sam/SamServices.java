package org.calypsohsm.sam;

/**
 * What all virtual SAMs share.
 *
 * @param plugins  the security plugins present
 * @param busyKeys the keys whose verification in busy mode is held back
 * @param random   where challenges come from
 */
record SamServices(PluginRegistry plugins, BusyKeys busyKeys, RandomSource random) {
}
