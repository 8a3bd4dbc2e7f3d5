package org.calypsohsm.console;

import java.lang.reflect.Array;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;

import org.calypsohsm.audit.AuditTrail;
import org.calypsohsm.channel.ChannelManager;
import org.calypsohsm.channel.ModuleReport;
import org.calypsohsm.key.KeyGroup;
import org.calypsohsm.key.KeyStore;
import org.calypsohsm.key.KeyStoreStatus;
import org.calypsohsm.monitoring.EventCounter;
import org.calypsohsm.monitoring.Services;
import org.calypsohsm.monitoring.Services.OfStore;
import org.osgi.framework.Bundle;
import org.osgi.framework.ServiceReference;

/**
 * The whole platform as it is at one moment. It holds no key value.
 *
 * @param manager      true if there is a channel manager
 * @param modules      its modules
 * @param waiting      requests that wait for a channel
 * @param stores       key stores
 * @param groups       key groups of the stores that are open
 * @param counters     event counters of the stores that are open
 * @param products     card products that a plugin is present for
 * @param audited      true if there is an audit log
 * @param auditProblem why the audit log refuses events; null if it does not
 */
record Look(boolean manager, List<ModuleReport> modules, int waiting, List<OfStore<KeyStoreStatus>> stores, List<OfStore<Group>> groups,
        List<OfStore<EventCounter>> counters, List<Product> products, boolean audited, String auditProblem) {

    private static final String PLUGIN = "org.calypsohsm.product.SecurityPlugin";
    private static final String PRODUCT = "hsm.product";
    private static final String ALG = "hsm.alg";
    private static final String NOTICE = "hsm.notice";

    /** A key group. */
    record Group(int number, int inUse, int quota) {
    }

    /** A product plugin, as its service describes itself. */
    record Product(String name, List<Integer> algs, String bundle, String notice) {
    }

    private record OfManager(List<ModuleReport> modules, int waiting) {
    }

    private record OfAudit(String problem) {
    }

    /** Looks at everything. */
    static Look at(Services services) {
        OfManager manager = services.use(ChannelManager.class, present -> new OfManager(present.modules(), present.waiting()), null);
        OfAudit audit = services.use(AuditTrail.class, trail -> new OfAudit(trail.problem()), null);
        List<OfStore<Group>> groups = new ArrayList<>();
        services.stores(Look::groups).forEach(store -> store.value().forEach(group -> groups.add(new OfStore<>(store.name(), group))));
        List<OfStore<EventCounter>> counters = new ArrayList<>();
        services.stores(EventCounter::all)
                .forEach(store -> store.value().forEach(counter -> counters.add(new OfStore<>(store.name(), counter))));
        return new Look(manager != null, manager == null ? List.of() : manager.modules(), manager == null ? 0 : manager.waiting(),
                services.stores(KeyStore::status), groups, counters, products(services), audit != null,
                audit == null ? null : audit.problem());
    }

    private static List<Group> groups(KeyStore store) {
        List<Group> groups = new ArrayList<>();
        for (int number : new TreeSet<>(store.keyGroups())) {
            KeyGroup group = store.keyGroup(number);
            if (group != null) {
                groups.add(new Group(number, group.channelsInUse(), group.channelQuota()));
            }
        }
        return groups;
    }

    private static List<Product> products(Services services) {
        List<Product> products = new ArrayList<>();
        for (ServiceReference<?> plugin : services.references(PLUGIN)) {
            Bundle bundle = plugin.getBundle();
            products.add(new Product(text(plugin.getProperty(PRODUCT)), algs(plugin.getProperty(ALG)),
                    bundle == null ? "" : bundle.getSymbolicName() + " " + bundle.getVersion(), text(plugin.getProperty(NOTICE))));
        }
        return products;
    }

    /** The property is a number or an array of numbers. */
    private static List<Integer> algs(Object property) {
        List<Integer> algs = new ArrayList<>();
        if (property instanceof Number alg) {
            algs.add(alg.intValue());
        } else if (property != null && property.getClass().isArray()) {
            for (int i = 0; i < Array.getLength(property); i++) {
                if (Array.get(property, i) instanceof Number alg) {
                    algs.add(alg.intValue());
                }
            }
        }
        return algs;
    }

    private static String text(Object property) {
        return property == null ? "" : property.toString();
    }

    int channelsTotal() {
        return modules.stream().mapToInt(ModuleReport::channelsTotal).sum();
    }

    int channelsInUse() {
        return modules.stream().mapToInt(ModuleReport::channelsInUse).sum();
    }
}
