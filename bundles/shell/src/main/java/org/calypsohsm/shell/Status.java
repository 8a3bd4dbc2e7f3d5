package org.calypsohsm.shell;

import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

import org.calypsohsm.channel.ChannelManager;
import org.calypsohsm.channel.ModuleReport;
import org.calypsohsm.key.KeyGroup;
import org.calypsohsm.key.KeyStore;
import org.calypsohsm.key.SamKey;
import org.calypsohsm.trust.BundleTrust;
import org.calypsohsm.trust.TrustStoreReport;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.framework.Constants;

/** Looks over the whole platform, and keeps in sentences what is wrong. */
final class Status {

    private static final String OPERATIONAL = "OPERATIONAL";
    /** Percent of a ceiling from which somebody should raise it. */
    private static final int NEARLY_USED_UP = 80;

    private final List<String> problems = new ArrayList<>();
    private final List<Product> products;
    private final List<ModuleReport> modules;
    private final List<GroupView> groups;

    /**
     * Looks once.
     *
     * @param context  context of the bundle
     * @param services where the services are found
     */
    Status(BundleContext context, Services services) throws CommandException {
        products = Product.all(services);
        modules = services.isPresent(ChannelManager.class) ? services.use(ChannelManager.class, ChannelManager::modules) : List.of();
        List<KeyStore> stores = services.all(KeyStore.class);
        groups = stores.stream().flatMap(store -> GroupView.all(store).stream()).toList();
        bundles(context.getBundles());
        if (!services.isPresent(ChannelManager.class)) {
            problems.add("There is no channel manager: no channel can be opened.");
        } else if (modules.isEmpty()) {
            problems.add("There is no security module: opening a channel waits for one. Configure one, or start its provider.");
        }
        modules.forEach(this::module);
        if (stores.isEmpty()) {
            problems.add("There is no key store: no emulated module can start. Configure one.");
        } else if (stores.stream().allMatch(store -> store.status().isOpen()) && groups.isEmpty()) {
            problems.add("The key store has no key group. To make one: hsm:creategroup");
        }
        stores.stream().map(KeyStore::status).filter(status -> !status.isOpen())
                .forEach(status -> problems.add(status.sentence()));
        if (products.isEmpty()) {
            problems.add("There is no product plugin: no command that uses a key can succeed.");
        }
        groups.forEach(this::group);
        trust(services);
    }

    private void trust(Services services) throws CommandException {
        if (!services.isPresent(BundleTrust.class)) {
            problems.add("Signatures of bundles are not checked: start the bundle org.calypsohsm.trusting.");
            return;
        }
        TrustStoreReport store = services.use(BundleTrust.class, BundleTrust::store);
        if (store.problem() != null) {
            problems.add(store.problem());
        }
        store.certificates().stream().map(certificate -> Expiry.of(certificate, Instant.now())).filter(Expiry::isNear)
                .forEach(expiry -> problems.add(expiry.sentence()));
        services.use(BundleTrust.class, BundleTrust::refused).forEach(report -> problems.add(report.sentence()));
    }

    private void bundles(Bundle[] bundles) {
        for (Bundle bundle : bundles) {
            boolean fragment = bundle.getHeaders().get(Constants.FRAGMENT_HOST) != null;
            int state = bundle.getState();
            // A lazy bundle that nobody has used yet is as good as an active one.
            if (!fragment && state != Bundle.ACTIVE && state != Bundle.STARTING) {
                problems.add("Bundle " + bundle.getSymbolicName() + (state == Bundle.INSTALLED ? " does not resolve." : " is stopped."));
            }
        }
    }

    private void module(ModuleReport module) {
        if (!module.state().equals(OPERATIONAL)) {
            problems.add("Module " + module.name() + " is " + module.state() + ": " + module.sentence());
        } else if (module.channelsInUse() >= module.channelsTotal()) {
            problems.add("Module " + module.name() + " is full: all " + module.channelsTotal() + " channels are in use.");
        }
    }

    private void group(GroupView group) {
        if (!modules.isEmpty() && modules.stream().noneMatch(module -> module.keyGroups().contains(group.number()))) {
            problems.add("Key group " + group.number() + " is on no module: no channel can be opened for it.");
        }
        Set<Integer> served = new HashSet<>();
        products.forEach(product -> served.addAll(product.serves()));
        TreeMap<Integer, Integer> unserved = new TreeMap<>();
        for (SamKey key : group.keys()) {
            if (!served.contains(key.alg())) {
                unserved.merge(key.alg(), 1, Integer::sum);
            }
        }
        unserved.forEach((alg, keys) -> problems.add("Key group " + group.number() + " has " + Words.count(keys, "key") + " of ALG " + Hex.of(alg)
                + ", which no product plugin serves."));
        for (GroupView.Counter counter : group.counters()) {
            if (counter.percent() >= NEARLY_USED_UP) {
                problems.add("Counter " + counter.number() + " of key group " + group.number() + " is at " + counter.value()
                        + ", which is " + counter.percent() + " % of its ceiling.");
            }
        }
    }

    /** @return what is wrong, in sentences; empty if all is well */
    List<String> problems() {
        return problems;
    }

    /** @return what there is, in one sentence */
    String summary() {
        int total = modules.stream().mapToInt(ModuleReport::channelsTotal).sum();
        int inUse = modules.stream().mapToInt(ModuleReport::channelsInUse).sum();
        return Words.count(modules.size(), "module") + " with " + Words.count(total, "channel") + ", " + inUse + " in use; products "
                + (products.isEmpty() ? "none" : String.join(", ", new TreeSet<>(products.stream().map(Status::name).toList())))
                + "; " + Words.count(groups.size(), "key group") + ".";
    }

    private static String name(Product product) {
        return String.valueOf(product.name());
    }

    /** @return true if there are modules that are no certified devices */
    boolean emulated() {
        return modules.stream().anyMatch(ModuleReport::emulated);
    }

    /** @return the status for a person */
    String text() {
        StringBuilder text = new StringBuilder(problems.isEmpty() ? "OK: " : "NOT OK: ").append(summary());
        problems.forEach(problem -> text.append("\n  - ").append(problem));
        if (emulated()) {
            text.append("\nModules here are emulations in software, not certified devices.");
        }
        return text.toString();
    }
}
