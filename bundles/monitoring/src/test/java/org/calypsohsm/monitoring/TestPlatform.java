package org.calypsohsm.monitoring;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Dictionary;
import java.util.HashMap;
import java.util.Hashtable;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Function;

import org.apache.felix.framework.FrameworkFactory;
import org.calypsohsm.audit.AuditEntry;
import org.calypsohsm.audit.AuditTrail;
import org.calypsohsm.channel.ChannelManager;
import org.calypsohsm.channel.ExchangeTimes;
import org.calypsohsm.channel.ModuleReport;
import org.calypsohsm.key.KeyGroup;
import org.calypsohsm.key.KeyStore;
import org.calypsohsm.key.KeyStoreStatus;
import org.calypsohsm.key.KeyValue;
import org.calypsohsm.key.SamKey;
import org.calypsohsm.product.SecurityPlugin;
import org.osgi.framework.BundleContext;
import org.osgi.framework.BundleException;
import org.osgi.framework.Constants;
import org.osgi.framework.ServiceRegistration;
import org.osgi.framework.launch.Framework;

/** A platform of fakes in the service registry of a real framework. All of it may be changed while it runs. */
public final class TestPlatform implements AutoCloseable {

    /** Text in each key value, which must be seen nowhere. */
    public static final String SECRET = "CANARY-KEY-BYTES";

    private final Path storage;
    private final Framework framework;
    /** What the channel manager reports. */
    public final List<ModuleReport> modules = new CopyOnWriteArrayList<>();
    /** Who waits for a channel. */
    public volatile int waiting;
    /** State of the key store. */
    public volatile KeyStoreStatus.State storeState = KeyStoreStatus.State.OPEN;
    /** Why the audit log refuses events. */
    public volatile String auditProblem;
    /** What the audit log holds. */
    public final List<AuditEntry> entries = new CopyOnWriteArrayList<>();
    private final Map<Integer, KeyGroup> groups = new TreeMap<>();
    private final Map<String, ServiceRegistration<?>> registrations = new HashMap<>();

    /** Starts a framework without services. */
    public TestPlatform() {
        try {
            storage = Files.createTempDirectory("hsm-monitoring-");
            framework = new FrameworkFactory().newFramework(Map.of(Constants.FRAMEWORK_STORAGE, storage.resolve("cache").toString()));
            framework.start();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (BundleException e) {
            throw new IllegalStateException(e);
        }
    }

    /** @return context of the system bundle */
    public BundleContext context() {
        return framework.getBundleContext();
    }

    /** Makes an object that answers the methods named; default methods do what they do, and all others fail. */
    public static <T> T fake(Class<T> type, Map<String, Function<Object[], Object>> methods) {
        return type.cast(Proxy.newProxyInstance(TestPlatform.class.getClassLoader(), new Class<?>[] {type}, (self, method, arguments) -> {
            Function<Object[], Object> answer = methods.get(method.getName());
            if (answer != null) {
                return answer.apply(arguments);
            }
            return switch (method.getName()) {
                case "hashCode" -> System.identityHashCode(self);
                case "equals" -> self == arguments[0];
                case "toString" -> type.getSimpleName();
                default -> throw new UnsupportedOperationException(method.toString());
            };
        }));
    }

    /** Registers a service in place of the one of the same type. */
    public <T> void register(Class<T> type, T service, Map<String, ?> properties) {
        withdraw(type.getName());
        registrations.put(type.getName(), context().registerService(type, service, new Hashtable<>(properties)));
    }

    /** Takes a service away. */
    public void withdraw(String type) {
        ServiceRegistration<?> gone = registrations.remove(type);
        if (gone != null) {
            gone.unregister();
        }
    }

    /** Registers a channel manager that reports {@link #modules}. */
    public TestPlatform channelManager() {
        register(ChannelManager.class, fake(ChannelManager.class, Map.of("modules", arguments -> List.copyOf(modules),
                "waiting", arguments -> waiting, "channels", arguments -> List.of())), Map.of());
        return this;
    }

    /** Registers a key store with the groups added by {@link #group}. */
    public TestPlatform keyStore() {
        register(KeyStore.class, fake(KeyStore.class, Map.of(
                "keyGroups", arguments -> storeState == KeyStoreStatus.State.OPEN ? groups.keySet() : Set.of(),
                "keyGroup", arguments -> groups.get((Integer) arguments[0]),
                "status", arguments -> new KeyStoreStatus(storeState, "The test says so."))), Map.of(KeyStore.NAME, "main"));
        return this;
    }

    /** Registers an audit log. */
    public TestPlatform auditLog() {
        register(AuditTrail.class, fake(AuditTrail.class, Map.of("problem", arguments -> auditProblem,
                "newest", arguments -> (long) entries.size(),
                "tail", arguments -> entries.subList(Math.max(0, entries.size() - (Integer) arguments[0]), entries.size()))), Map.of());
        return this;
    }

    /** Registers a plugin of a product. */
    public TestPlatform product(String name) {
        Dictionary<String, Object> properties = new Hashtable<>(Map.of("hsm.product", name, "hsm.alg", new int[] {0x40}));
        context().registerService(SecurityPlugin.class, fake(SecurityPlugin.class, Map.of()), properties);
        return this;
    }

    /** Adds a key group with one key, which counter 1 counts. */
    public TestPlatform group(int number, Map<String, Integer> figures) {
        SamKey key = new SamKey(1, 0x21, 0x79, 0x40, new byte[] {0, 0, 0, 1, 0, 0, 0, 0, 0, 0}, KeyValue.copyOf(SECRET.getBytes(
                StandardCharsets.US_ASCII)));
        groups.put(number, fake(KeyGroup.class, Map.of("number", arguments -> number,
                "workKeyAt", arguments -> (Integer) arguments[0] == 1 ? key : null,
                "systemKey", arguments -> null,
                "eventCounter", arguments -> (Integer) arguments[0] == 1 ? figures.getOrDefault("value", 0) : 0,
                "ceiling", arguments -> figures.getOrDefault("ceiling", 1000),
                "channelsInUse", arguments -> figures.getOrDefault("inUse", 0),
                "channelQuota", arguments -> figures.getOrDefault("quota", 0))));
        return this;
    }

    /** Reports on a module with key group 0. */
    public static ModuleReport module(String name, String state, int inUse, int total) {
        List<Long> counts = new ArrayList<>(ExchangeTimes.NONE.counts());
        counts.set(2, 5L);
        return new ModuleReport(name, "PCI-S3", "B0000001", true, state, "The test says so.", total, inUse, Set.of(0), 320, 3, 2, 1,
                1, 0, 0, new ExchangeTimes(counts, Duration.ofNanos(75_000)));
    }

    @Override
    public void close() throws IOException {
        try {
            framework.stop();
            framework.waitForStop(10_000);
        } catch (BundleException e) {
            throw new IllegalStateException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        try (var files = Files.walk(storage)) {
            files.sorted(Comparator.reverseOrder()).forEach(file -> file.toFile().delete());
        }
    }
}
