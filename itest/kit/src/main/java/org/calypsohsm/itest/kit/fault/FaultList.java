package org.calypsohsm.itest.kit.fault;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** Faults that are not of a module. */
final class FaultList {

    private final List<Fault> faults = new CopyOnWriteArrayList<>();

    Fault add(String what, Runnable undo) {
        Fault[] self = new Fault[1];
        self[0] = new Fault(what, () -> {
            faults.remove(self[0]);
            undo.run();
        });
        faults.add(self[0]);
        return self[0];
    }

    /** Ends all, the youngest first, so that each puts back what it found. */
    void clear() {
        for (int i = faults.size() - 1; i >= 0; i--) {
            faults.get(i).end();
        }
    }
}
