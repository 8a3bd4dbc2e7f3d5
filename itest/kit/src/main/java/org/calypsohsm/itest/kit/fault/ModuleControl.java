package org.calypsohsm.itest.kit.fault;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;

import org.calypsohsm.module.ModuleException;
import org.calypsohsm.module.ModuleStatus;

/** The faults of one module, known by its name: they stay when its provider is stopped and started. */
final class ModuleControl {

    /** What a fault makes of an exchange. */
    @FunctionalInterface
    interface Effect {

        byte[] apply(Fault fault, FaultyChannel channel, byte[] command, Exchange next) throws ModuleException;
    }

    /** A fault of exchanges. */
    private record Armed(Fault fault, Trigger.Counter trigger, Effect effect) {
    }

    /**
     * A module in the registry, as far as a fault can take it away.
     */
    interface Presence {

        void vanish();

        void comeBack();
    }

    final String name;
    final AtomicInteger channels = new AtomicInteger();
    private final List<Armed> armed = new CopyOnWriteArrayList<>();
    private final List<Fault> whole = new CopyOnWriteArrayList<>();
    private final List<ModuleStatus> states = new CopyOnWriteArrayList<>();
    private final List<Integer> limits = new CopyOnWriteArrayList<>();
    private Presence presence;
    private int vanished;

    ModuleControl(String name) {
        this.name = name;
    }

    Fault arm(String what, Trigger trigger, Effect effect) {
        Armed[] self = new Armed[1];
        Fault fault = new Fault(what + " on module " + name, () -> armed.remove(self[0]));
        self[0] = new Armed(fault, trigger.counter(), effect);
        armed.add(self[0]);
        return fault;
    }

    Fault whole(String what, Runnable begin, Runnable end) {
        Fault[] self = new Fault[1];
        self[0] = new Fault(what + " on module " + name, () -> {
            whole.remove(self[0]);
            end.run();
        });
        begin.run();
        self[0].strike();
        whole.add(self[0]);
        return self[0];
    }

    /** Ends all faults, the youngest first, so that each puts back what it found. */
    void clear() {
        armed.forEach(each -> each.fault().end());
        for (int i = whole.size() - 1; i >= 0; i--) {
            whole.get(i).end();
        }
    }

    byte[] exchange(FaultyChannel channel, byte[] command, Exchange module) throws ModuleException {
        // As long as a test asks for no fault there is nothing between.
        return armed.isEmpty() ? module.with(command) : exchange(channel, List.copyOf(armed), 0, command, module);
    }

    private static byte[] exchange(FaultyChannel channel, List<Armed> faults, int from, byte[] command, Exchange module)
            throws ModuleException {
        for (int i = from; i < faults.size(); i++) {
            Armed next = faults.get(i);
            if (next.trigger().strikesAt(command)) {
                next.fault().strike();
                int rest = i + 1;
                return next.effect().apply(next.fault(), channel, command, each -> exchange(channel, faults, rest, each, module));
            }
        }
        return module.with(command);
    }

    // ---- the whole module

    Fault state(ModuleStatus status) {
        return whole("state " + status.state(), () -> states.add(status), () -> states.removeIf(each -> each == status));
    }

    /** @return the state that the youngest fault puts in place of the module's own; null if none does */
    ModuleStatus status() {
        ModuleStatus youngest = null;
        for (ModuleStatus status : states) {
            youngest = status;
        }
        return youngest;
    }

    Fault limit(int count) {
        Integer limit = count;
        return whole("limit " + count, () -> limits.add(limit), () -> limits.remove(limit));
    }

    /** @return how many channels it lets open */
    int limit() {
        return limits.stream().mapToInt(Integer::intValue).min().orElse(Integer.MAX_VALUE);
    }

    // ---- the service

    synchronized void present(Presence now) {
        presence = now;
        if (vanished > 0 && now != null) {
            now.vanish();
        }
    }

    synchronized boolean isVanished() {
        return vanished > 0;
    }

    void vanish() {
        Presence gone;
        synchronized (this) {
            gone = ++vanished == 1 ? presence : null;
        }
        if (gone != null) {
            gone.vanish();
        }
    }

    void comeBack() {
        Presence back;
        synchronized (this) {
            back = --vanished == 0 ? presence : null;
        }
        if (back != null) {
            back.comeBack();
        }
    }
}
