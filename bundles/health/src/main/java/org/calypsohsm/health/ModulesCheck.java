package org.calypsohsm.health;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

import org.apache.felix.hc.api.HealthCheck;
import org.apache.felix.hc.api.Result;
import org.calypsohsm.channel.ChannelManager;
import org.calypsohsm.channel.ModuleReport;
import org.calypsohsm.key.KeyStore;
import org.calypsohsm.monitoring.Services;
import org.osgi.framework.BundleContext;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;

/** Ready: for each key group there is a module in service with a free channel. A used-up quota of one group is no fault. */
@Component(property = {HealthCheck.NAME + "=modules", HealthCheck.TAGS + "=ready"})
public final class ModulesCheck implements HealthCheck {

    private static final String OPERATIONAL = "OPERATIONAL";

    private final Services services;

    /**
     * Makes the check.
     *
     * @param context context of the bundle
     */
    @Activate
    public ModulesCheck(BundleContext context) {
        services = new Services(context);
    }

    @Override
    public Result execute() {
        List<ModuleReport> modules = services.use(ChannelManager.class, ChannelManager::modules, List.of());
        if (modules.isEmpty()) {
            return Findings.bad("There is no security module, so no channel can be opened: install a provider and configure a module.");
        }
        Set<Integer> groups = new TreeSet<>();
        services.stores(KeyStore::keyGroups).forEach(store -> groups.addAll(store.value()));
        List<ModuleReport> serving = modules.stream().filter(module -> module.state().equals(OPERATIONAL)).toList();
        if (serving.isEmpty()) {
            return Findings.bad("No module is in service: " + modules.stream()
                    .map(module -> module.name() + " is " + module.state()).collect(Collectors.joining(", ")) + ".");
        }
        List<String> problems = new ArrayList<>();
        for (int group : groups) {
            List<ModuleReport> having = serving.stream().filter(module -> module.keyGroups().contains(group)).toList();
            if (having.isEmpty()) {
                problems.add("Key group " + group + " is on no module in service");
            } else if (having.stream().allMatch(module -> module.channelsInUse() >= module.channelsTotal())) {
                problems.add("All channels for key group " + group + " are in use");
            }
        }
        return Findings.of(problems, serving.size() + " of " + modules.size() + " modules are in service and have room for "
                + groups.size() + " key groups.");
    }
}
