package org.calypsohsm.features;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

import org.calypsohsm.channel.ChannelReport;
import org.calypsohsm.channel.ModuleReport;
import org.calypsohsm.feature.FeatureImpact;
import org.calypsohsm.module.ModuleState;

/** Works out what a change means for those who use the platform now. */
final class Impacts {

    private Impacts() {
    }

    /**
     * What goes, and what there is.
     *
     * @param from       the feature that goes
     * @param to         the feature that comes; null if none does
     * @param going      names of the modules that go
     * @param algs       ALG codes of the plugins that go
     * @param algsOfRest ALG codes of all others
     * @param arriving   true if the feature that comes is not installed yet
     * @param sameNames  names that modules of both have
     */
    record Situation(FeatureFile from, FeatureFile to, Set<String> going, Set<Integer> algs, Set<Integer> algsOfRest, boolean arriving,
            Set<String> sameNames) {
    }

    static FeatureImpact of(Situation situation, List<ModuleReport> modules, List<ChannelReport> channels) {
        List<FeatureImpact.Module> drained = new ArrayList<>();
        for (String name : new TreeSet<>(situation.going())) {
            List<Duration> sessions = channels.stream().filter(channel -> name.equals(channel.module())).map(ChannelReport::session)
                    .filter(session -> !session.isZero()).toList();
            int open = modules.stream().filter(module -> module.name().equals(name)).mapToInt(ModuleReport::channelsInUse).sum();
            drained.add(new FeatureImpact.Module(name, open, sessions.size(),
                    sessions.stream().max(Duration::compareTo).orElse(Duration.ZERO)));
        }
        return new FeatureImpact(situation.from().id(), situation.to() == null ? null : situation.to().id(), drained,
                warnings(situation, modules));
    }

    private static List<String> warnings(Situation situation, List<ModuleReport> modules) {
        List<String> warnings = new ArrayList<>();
        List<ModuleReport> going = modules.stream().filter(module -> situation.going().contains(module.name())).toList();
        List<ModuleReport> staying = modules.stream()
                .filter(module -> !situation.going().contains(module.name()) && module.state().equals(ModuleState.OPERATIONAL.name()))
                .toList();
        String unless = situation.arriving() ? ", unless " + situation.to().name() + " does" : "";
        Set<Integer> orphans = new TreeSet<>();
        going.forEach(module -> orphans.addAll(module.keyGroups()));
        staying.forEach(module -> orphans.removeAll(module.keyGroups()));
        orphans.forEach(group -> warnings.add("No module will serve key group " + group + unless
                + ": its channels wait for one, and new ones cannot open."));
        int inUse = going.stream().mapToInt(ModuleReport::channelsInUse).sum();
        int free = staying.stream().mapToInt(module -> module.channelsTotal() - module.channelsInUse()).sum();
        if (inUse > free && orphans.isEmpty()) {
            warnings.add("Other modules have " + free + " channels free for " + inUse + " in use"
                    + (situation.arriving() ? ", besides those of " + situation.to().name() : "") + ": the rest waits for a place.");
        }
        Set<Integer> unserved = new TreeSet<>(situation.algs());
        unserved.removeAll(situation.algsOfRest());
        unserved.forEach(alg -> warnings.add(
                String.format("No plugin will serve ALG %02X%s: sessions with its keys are refused.", alg, unless)));
        situation.sameNames().forEach(name -> warnings.add("Module " + name + " has the same name in both: its channels leave when its"
                + " bundle stops, and sessions may go on for drainMillis of org.calypsohsm.manager, not for the drain timeout."));
        return warnings;
    }
}
