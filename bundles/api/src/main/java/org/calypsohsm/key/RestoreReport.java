package org.calypsohsm.key;

import java.util.Set;

/**
 * What a restored backup brought back.
 *
 * @param groups      key groups that were missing and are back; their event counters are at their ceilings, since nobody
 *                    knows what was used after the backup: a supervisor raises the ceilings
 * @param keys        keys that were missing in groups that are there
 * @param keptCounters event counters that stayed above the value of the backup
 * @since 1.1
 */
public record RestoreReport(Set<Integer> groups, int keys, int keptCounters) {

    /** Keeps a copy of the set. */
    public RestoreReport {
        groups = Set.copyOf(groups);
    }
}
