package org.calypsohsm.gateway;

import java.io.IOException;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

import jakarta.json.Json;
import jakarta.json.JsonArrayBuilder;
import jakarta.json.JsonObjectBuilder;
import org.calypsohsm.key.KeyAdministration;
import org.calypsohsm.key.KeyAdministrationException;
import org.calypsohsm.key.KeyGroup;
import org.calypsohsm.key.KeyStore;
import org.calypsohsm.key.Officer;
import org.calypsohsm.key.SamKey;
import org.calypsohsm.key.SystemKeyType;
import org.osgi.framework.ServiceReference;

/** Key groups, for clients that are for them. No method asks for the value of a key. */
final class KeyResource {

    private static final String GROUP = "group";
    private static final String COUNTER = "counter";
    private static final String CEILING = "ceiling";
    private static final String STORE = "store";

    private final Services services;

    KeyResource(Services services, Map<String, Handler> handlers) {
        this.services = services;
        handlers.put("keyGroups", this::groups);
        handlers.put("keys", this::keys);
        handlers.put("counters", this::counters);
        handlers.put("raiseCeiling", this::raiseCeiling);
    }

    private static String name(ServiceReference<?> store) {
        return String.valueOf(store.getProperty(KeyStore.NAME));
    }

    private CompletionStage<Reply> groups(Call call) throws Problem {
        Map<Integer, JsonObjectBuilder> groups = new TreeMap<>();
        for (ServiceReference<?> reference : services.references(KeyStore.class.getName())) {
            services.use(KeyStore.class, reference, store -> {
                for (int number : store.keyGroups()) {
                    KeyGroup group = store.keyGroup(number);
                    if (group != null && call.account().keyGroups().contains(number)) {
                        groups.putIfAbsent(number, json(group).add(STORE, name(reference)));
                    }
                }
                return null;
            });
        }
        JsonArrayBuilder all = Json.createArrayBuilder();
        groups.values().forEach(all::add);
        return done(Json.createObjectBuilder().add("keyGroups", all));
    }

    private static CompletionStage<Reply> done(JsonObjectBuilder json) {
        return CompletableFuture.completedFuture(Reply.of(json));
    }

    private static JsonObjectBuilder json(KeyGroup group) {
        int work = 0;
        for (int record = 1; record <= KeyGroup.LAST_WORK_KEY_RECORD; record++) {
            work += group.workKeyAt(record) == null ? 0 : 1;
        }
        int system = 0;
        for (SystemKeyType type : SystemKeyType.values()) {
            system += group.systemKey(type) == null ? 0 : 1;
        }
        return Json.createObjectBuilder().add(GROUP, group.number()).add("workKeys", work).add("systemKeys", system)
                .add("channelsInUse", group.channelsInUse()).add("channelQuota", group.channelQuota());
    }

    /** Uses the group that the path names. */
    private <R> R group(Call call, Services.Use<KeyGroup, R> use) throws Problem {
        int number = (int) call.pathNumber(GROUP, Integer.MAX_VALUE);
        String wanted = call.query(STORE);
        Set<String> locked = new TreeSet<>();
        for (ServiceReference<?> reference : services.references(KeyStore.class.getName())) {
            if (wanted != null && !wanted.equals(name(reference))) {
                continue;
            }
            R result = services.use(KeyStore.class, reference, store -> {
                if (!store.status().isOpen()) {
                    locked.add(store.status().sentence());
                }
                KeyGroup group = store.keyGroup(number);
                return group == null ? null : use.with(group);
            });
            if (result != null) {
                return result;
            }
        }
        throw locked.isEmpty() ? new Problem(Problem.NOT_FOUND, "There is no key group " + number
                + (wanted == null ? "." : " in key store " + wanted + "."))
                : new Problem(Problem.UNAVAILABLE, String.join(" ", locked));
    }

    private CompletionStage<Reply> keys(Call call) throws Problem {
        return done(group(call, group -> {
            JsonArrayBuilder keys = Json.createArrayBuilder();
            for (int record = 1; record <= KeyGroup.LAST_WORK_KEY_RECORD; record++) {
                add(keys, group.workKeyAt(record));
            }
            for (SystemKeyType type : SystemKeyType.values()) {
                add(keys, group.systemKey(type));
            }
            return Json.createObjectBuilder().add("keys", keys);
        }));
    }

    private static void add(JsonArrayBuilder keys, SamKey key) {
        if (key != null) {
            keys.add(Json.createObjectBuilder().add("record", key.reference()).add("kif", key.kif()).add("kvc", key.kvc())
                    .add("alg", key.alg()).add(COUNTER, key.eventCounter()).add("usable", key.isUsable()));
        }
    }

    private CompletionStage<Reply> counters(Call call) throws Problem {
        return done(group(call, group -> {
            JsonArrayBuilder counters = Json.createArrayBuilder();
            for (int number = 0; number < KeyGroup.COUNTERS; number++) {
                counters.add(counter(group, number));
            }
            return Json.createObjectBuilder().add("counters", counters);
        }));
    }

    private static JsonObjectBuilder counter(KeyGroup group, int number) {
        return Json.createObjectBuilder().add(COUNTER, number).add("value", group.eventCounter(number))
                .add(CEILING, group.ceiling(number)).add("free", group.isFree(number));
    }

    private CompletionStage<Reply> raiseCeiling(Call call) throws IOException, Problem {
        call.read(CEILING, "controlGroup");
        int group = (int) call.pathNumber(GROUP, Integer.MAX_VALUE);
        int counter = (int) call.pathNumber(COUNTER, KeyGroup.COUNTERS - 1L);
        int ceiling = (int) call.number(CEILING, 0, KeyGroup.HIGHEST_CEILING);
        int control = (int) call.number("controlGroup", 0, Integer.MAX_VALUE);
        // Whoever seals a ceiling with the key of a group uses that group too.
        ApiServlet.checkKeyGroup(call.account(), control);
        Officer officer = new Officer(call.account().name(), Set.of(org.calypsohsm.key.Role.SUPERVISOR));
        services.use(KeyAdministration.class, administration(call), administration -> {
            try {
                administration.raiseCeiling(officer, group, counter, ceiling, control);
                return null;
            } catch (KeyAdministrationException e) {
                throw Errors.problem(e);
            }
        });
        return done(group(call, one -> counter(one, counter)));
    }

    private ServiceReference<?> administration(Call call) throws Problem {
        String wanted = call.query(STORE);
        return services.references(KeyAdministration.class.getName()).stream()
                .filter(reference -> wanted == null || wanted.equals(name(reference))).findFirst()
                .orElseThrow(() -> new Problem(Problem.UNAVAILABLE, "No key store" + (wanted == null ? "" : " " + wanted)
                        + " can be administered: keys in memory cannot, so configure org.calypsohsm.keystore.durable."));
    }
}
