package org.calypsohsm.shell;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

import org.calypsohsm.channel.ModuleReport;
import org.calypsohsm.feature.FeatureImpact;

/** What it means to drain a module, or to change what is installed. */
final class Impact {

    private static final String OPERATIONAL = "OPERATIONAL";

    private Impact() {
    }

    /**
     * Tells what happens to the channels of a module if it is drained.
     *
     * @param module the module
     * @param all    all modules
     * @return sentences for a person
     */
    static String of(ModuleReport module, List<ModuleReport> all) {
        List<ModuleReport> others = all.stream()
                .filter(other -> !other.name().equals(module.name()) && other.state().equals(OPERATIONAL)).toList();
        long free = others.stream().filter(other -> other.keyGroups().stream().anyMatch(module.keyGroups()::contains))
                .mapToLong(other -> other.channelsTotal() - other.channelsInUse()).sum();
        StringBuilder text = new StringBuilder("Module " + module.name() + " has " + module.channelsInUse() + " of "
                + module.channelsTotal() + " channels in use; modules with its key groups have " + free + " free.");
        if (free < module.channelsInUse()) {
            text.append("\nNot all channels find a place: the others wait for one.");
        }
        Set<Integer> orphans = new TreeSet<>(module.keyGroups());
        others.forEach(other -> orphans.removeAll(other.keyGroups()));
        for (int group : orphans) {
            text.append("\nKey group ").append(group).append(" is on no other module in service: its channels wait for one,")
                    .append(" and new ones cannot open.");
        }
        return text.toString();
    }

    /**
     * Tells what happens if features change.
     *
     * @param impact the impact
     * @return sentences for a person
     */
    static String of(FeatureImpact impact) {
        List<String> sentences = new ArrayList<>();
        for (FeatureImpact.Module module : impact.modules()) {
            sentences.add("Module " + module.name() + " is drained: " + Words.count(module.channels(), "channel") + " in use"
                    + (module.sessions() == 0 ? ", none in a session." : ", " + module.sessions() + " in a session, the longest for "
                            + module.longestSession().toMillis() + " ms."));
        }
        if (sentences.isEmpty()) {
            sentences.add("No channel has to move.");
        }
        impact.warnings().forEach(warning -> sentences.add("WARNING: " + warning));
        return String.join("\n", sentences);
    }
}
