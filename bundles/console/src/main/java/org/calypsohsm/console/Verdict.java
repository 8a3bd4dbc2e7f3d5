package org.calypsohsm.console;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.ToDoubleFunction;

import org.calypsohsm.channel.ModuleReport;
import org.calypsohsm.monitoring.EventCounter;
import org.calypsohsm.monitoring.Services.OfStore;

/**
 * Whether the platform is well, in words.
 *
 * @param level    the worst that is there
 * @param problems what is wrong, the worst first; empty if nothing is
 */
record Verdict(Level level, List<Problem> problems) {

    private static final int PERCENT = 100;
    /** Shares of a ceiling or a lifetime. */
    private static final int ATTENTION = 80;
    private static final int DANGER = 95;
    private static final double FEW_DAYS = 14;
    private static final String OPERATIONAL = "OPERATIONAL";

    /** How bad it is; the worst is last. */
    enum Level {
        /** Nothing to do. */
        WELL,
        /** Something goes on that passes by itself or by intention. */
        NOTICE,
        /** Somebody should do something soon. */
        ATTENTION,
        /** Somebody must do something now. */
        FAULT
    }

    /**
     * Something that is not as it should be.
     *
     * @param level    how bad it is
     * @param sentence what it is
     * @param action   what to do
     */
    record Problem(Level level, String sentence, String action) {
    }

    /**
     * Judges.
     *
     * @param look     the platform
     * @param lost     sessions lost in the last minutes
     * @param daysLeft days until a counter is at its ceiling; negative if not known
     * @return the verdict
     */
    static Verdict of(Look look, long lost, ToDoubleFunction<OfStore<EventCounter>> daysLeft) {
        List<Problem> problems = new ArrayList<>();
        modules(look, problems);
        keys(look, problems);
        look.counters().forEach(counter -> counter(counter, daysLeft.applyAsDouble(counter), problems));
        if (look.auditProblem() != null) {
            problems.add(new Problem(Level.FAULT, look.auditProblem(), "Make room on its disk, then start the platform anew."));
        }
        if (look.products().isEmpty()) {
            problems.add(new Problem(Level.FAULT, "There is no product plugin, so no command that uses a key can succeed.",
                    "Install the feature of a product."));
        }
        if (look.waiting() > 0) {
            problems.add(new Problem(Level.ATTENTION, count(look.waiting(), "request waits", "requests wait") + " for a channel.",
                    "Add a module, or look for clients that do not close their channels."));
        }
        if (lost > 0) {
            problems.add(new Problem(Level.ATTENTION, count(lost, "session was", "sessions were") + " lost in the last quarter of an hour.",
                    "The audit log says which and why; clients repeat them."));
        }
        problems.sort(Comparator.comparing(Problem::level).reversed());
        return new Verdict(problems.isEmpty() ? Level.WELL : problems.get(0).level(), List.copyOf(problems));
    }

    private static void modules(Look look, List<Problem> problems) {
        if (!look.manager()) {
            problems.add(new Problem(Level.FAULT, "There is no channel manager, so no channel can be opened.",
                    "Ask the shell what is missing: hsm:why org.calypsohsm.manager"));
        } else if (look.modules().isEmpty()) {
            problems.add(new Problem(Level.FAULT, "There is no security module, so no channel can be opened.",
                    "Install the feature of a provider, and configure a module."));
        } else if (look.modules().stream().noneMatch(module -> module.state().equals(OPERATIONAL))) {
            problems.add(new Problem(Level.FAULT, "No security module is in service.", "See below what each of them says."));
        } else if (look.channelsInUse() >= look.channelsTotal()) {
            problems.add(new Problem(Level.FAULT, "All " + look.channelsTotal() + " channels are in use.",
                    "Add a module, or look for clients that do not close their channels."));
        }
        look.modules().forEach(module -> module(module, problems));
    }

    private static void module(ModuleReport module, List<Problem> problems) {
        String name = "Module " + module.name();
        // Some of its sentences begin with its name.
        String is = (module.sentence().startsWith(name) ? "" : name + " is ") + module.state() + ": " + module.sentence();
        switch (module.state()) {
            case OPERATIONAL -> lifetime(module, problems);
            case "SELF_TEST" -> problems.add(new Problem(Level.NOTICE, is, "It serves when its test is over."));
            case "DRAINING" -> problems.add(new Problem(Level.NOTICE, is, "Take it out when it is empty, or let it serve again: hsm:undrain "
                    + module.name()));
            case "LOCKED" -> problems.add(new Problem(Level.FAULT, is, "Unlock its key store with the startup cards: hsm:unlock"));
            case "END_OF_LIFE" -> problems.add(new Problem(Level.FAULT, is, "Replace it, and take it out."));
            default -> problems.add(new Problem(Level.FAULT, is, "Swap it for another one, or have it test itself: hsm:selftest "
                    + module.name()));
        }
    }

    private static void lifetime(ModuleReport module, List<Problem> problems) {
        if (module.operationsTotal() > 0) {
            long percent = module.operationsUsed() * PERCENT / module.operationsTotal();
            if (percent >= ATTENTION) {
                problems.add(new Problem(percent >= DANGER ? Level.FAULT : Level.ATTENTION,
                        "Module " + module.name() + " has used up " + percent + " % of its lifetime.", "Have a successor ready."));
            }
        }
    }

    private static void keys(Look look, List<Problem> problems) {
        if (look.stores().isEmpty()) {
            problems.add(new Problem(Level.FAULT, "There is no key store, so no module has keys.", "Configure a key store."));
        }
        look.stores().stream().filter(store -> !store.value().isOpen()).forEach(store -> problems.add(new Problem(Level.FAULT,
                "Key store " + store.name() + " is " + store.value().state() + ": " + store.value().sentence(),
                "Unlock it with its startup cards: hsm:unlock " + store.name())));
        Set<Integer> orphans = new TreeSet<>();
        look.groups().forEach(group -> orphans.add(group.value().number()));
        look.modules().stream().filter(module -> module.state().equals(OPERATIONAL)).forEach(module -> orphans.removeAll(module.keyGroups()));
        if (look.modules().stream().anyMatch(module -> module.state().equals(OPERATIONAL))) {
            orphans.forEach(group -> problems.add(new Problem(Level.FAULT, "Key group " + group + " is on no module in service.",
                    "Configure it for a module, or bring its module back.")));
        }
    }

    private static void counter(OfStore<EventCounter> of, double daysLeft, List<Problem> problems) {
        EventCounter counter = of.value();
        String name = "Counter " + counter.number() + " of key group " + counter.group();
        if (counter.percent() >= ATTENTION) {
            problems.add(new Problem(counter.percent() >= DANGER ? Level.FAULT : Level.ATTENTION,
                    name + (counter.percent() == PERCENT ? " is at its ceiling: its keys cannot be used." : " is at " + counter.percent()
                            + " % of its ceiling."),
                    "A supervisor raises it: hsm:raiseceiling"));
        } else if (daysLeft >= 0 && daysLeft < FEW_DAYS) {
            problems.add(new Problem(Level.ATTENTION, name + " reaches its ceiling in "
                    + (daysLeft < 1 ? "less than a day" : String.format(Locale.ROOT, "%.0f days", Math.floor(daysLeft))) + ".",
                    "A supervisor raises it: hsm:raiseceiling"));
        }
    }

    private static String count(long number, String one, String many) {
        return number + " " + (number == 1 ? one : many);
    }

    /** @return the verdict in a few words */
    String headline() {
        return switch (level) {
            case WELL -> "All is well.";
            case NOTICE, ATTENTION, FAULT -> problems.get(0).sentence();
        };
    }
}
