package org.calypsohsm.shell;

import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Dictionary;
import java.util.HashMap;
import java.util.Hashtable;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;

import org.calypsohsm.channel.ModuleReport;
import org.calypsohsm.key.KeyGroup;
import org.calypsohsm.key.KeyStore;
import org.calypsohsm.key.KeyStoreStatus;
import org.calypsohsm.key.KeyValue;
import org.calypsohsm.key.SamKey;
import org.calypsohsm.key.SystemKeyType;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.framework.ServiceReference;
import org.osgi.framework.Version;

/** A container without a framework: what the commands see of services, bundles, modules and key groups. */
final class Fakes {

    static final byte[] SECRET = "CANARY-KEY-BYTES".getBytes(java.nio.charset.StandardCharsets.US_ASCII);
    private static final int CEILING = 1000;

    private final Map<Class<?>, Object> services = new HashMap<>();
    private final List<ServiceReference<?>> plugins = new ArrayList<>();
    private final List<Bundle> bundles = new ArrayList<>();

    /** Makes an object that answers the methods named, and fails in all others. */
    static <T> T fake(Class<T> type, Map<String, Function<Object[], Object>> methods) {
        return type.cast(Proxy.newProxyInstance(Fakes.class.getClassLoader(), new Class<?>[] {type}, (self, method, arguments) -> {
            Function<Object[], Object> answer = methods.get(method.getName());
            if (answer == null) {
                throw new UnsupportedOperationException(method.toString());
            }
            return answer.apply(arguments);
        }));
    }

    <T> Fakes service(Class<T> type, T service) {
        services.put(type, service);
        return this;
    }

    /** Adds a plugin; the first has the highest ranking. */
    Fakes plugin(String product, Object algs) {
        Map<String, Object> properties = Map.of("hsm.product", product, "hsm.alg", algs, "hsm.notice", "Notice of " + product + ".");
        int order = -plugins.size();
        Bundle bundle = bundle("bundle." + product, Bundle.ACTIVE);
        plugins.add(fake(ServiceReference.class, Map.of("getProperty", arguments -> properties.get(arguments[0]),
                "getBundle", arguments -> bundle,
                "hashCode", arguments -> order,
                "compareTo", arguments -> Integer.compare(order, arguments[0].hashCode()))));
        return this;
    }

    Bundle bundle(String name, int state) {
        Dictionary<String, String> headers = new Hashtable<>();
        Bundle bundle = fake(Bundle.class, Map.of("getSymbolicName", arguments -> name, "getState", arguments -> state,
                "getVersion", arguments -> new Version(1, 2, 3), "getHeaders", arguments -> headers));
        bundles.add(bundle);
        return bundle;
    }

    BundleContext context() {
        Map<Class<?>, ServiceReference<?>> references = new HashMap<>();
        return fake(BundleContext.class, Map.of(
                "getServiceReference", arguments -> services.containsKey(arguments[0])
                        ? references.computeIfAbsent((Class<?>) arguments[0], Fakes::reference) : null,
                "getService", arguments -> services.get(((ServiceReference<?>) arguments[0]).getProperty("type")),
                "ungetService", arguments -> true,
                "getBundles", arguments -> bundles.toArray(Bundle[]::new),
                "getAllServiceReferences", arguments -> {
                    List<ServiceReference<?>> found = arguments[0].equals("org.calypsohsm.product.SecurityPlugin") ? plugins
                            : services.keySet().stream().filter(type -> type.getName().equals(arguments[0]))
                                    .<ServiceReference<?>>map(type -> references.computeIfAbsent(type, Fakes::reference)).toList();
                    return found.isEmpty() ? null : found.toArray(ServiceReference<?>[]::new);
                }));
    }

    private static ServiceReference<?> reference(Class<?> type) {
        Bundle bundle = fake(Bundle.class, Map.of("loadClass", arguments -> type));
        return fake(ServiceReference.class, Map.of("getProperty", arguments -> arguments[0].equals("type") ? type : "main",
                "getBundle", arguments -> bundle));
    }

    static ModuleReport module(String name, String state, int total, int inUse, Integer... groups) {
        return new ModuleReport(name, "PCI-S3", "B0000001", true, state, "Because of " + name + ".", total, inUse,
                Set.copyOf(Arrays.asList(groups)), 7, 1, 2, 3);
    }

    static SamKey key(int record, int alg, int counter) {
        byte[] parameters = new byte[SamKey.PARAMETERS];
        parameters[3] = (byte) counter;
        return new SamKey(record, 0x21, 0x79, alg, parameters, KeyValue.copyOf(SECRET));
    }

    /** Makes a key store with one group, number 5, whose counters have the values given. */
    static KeyStore keyStore(Map<Integer, Integer> counters, SamKey... keys) {
        Map<Integer, SamKey> records = new TreeMap<>();
        Arrays.stream(keys).forEach(key -> records.put(key.reference(), key));
        KeyGroup group = fake(KeyGroup.class, Map.of("number", arguments -> 5,
                "workKeyAt", arguments -> records.get(arguments[0]),
                "systemKey", arguments -> records.get(((SystemKeyType) arguments[0]).reference()),
                "eventCounter", arguments -> counters.getOrDefault(arguments[0], 0),
                "ceiling", arguments -> CEILING,
                "isFree", arguments -> false,
                "channelsInUse", arguments -> 12,
                "channelQuota", arguments -> 200));
        return fake(KeyStore.class, Map.of("status", arguments -> new KeyStoreStatus(KeyStoreStatus.State.OPEN, "It is open."), "keyGroups", arguments -> Set.of(5),
                "keyGroup", arguments -> arguments[0].equals(5) ? group : null));
    }
}
