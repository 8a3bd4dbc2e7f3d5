package org.calypsohsm.fuzz;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.IntFunction;
import java.util.function.LongSupplier;
import java.util.stream.IntStream;
import java.util.stream.Stream;

import org.calypsohsm.channel.Channel;
import org.calypsohsm.channel.ChannelException;
import org.calypsohsm.channel.ChannelRequest;
import org.calypsohsm.key.KeyGroup;
import org.calypsohsm.key.KeyStore;
import org.calypsohsm.key.KeyValue;
import org.calypsohsm.key.SamKey;
import org.calypsohsm.key.SystemKeyType;
import org.calypsohsm.keystore.DurableKeyStore;
import org.calypsohsm.keystore.StoreWiring;
import org.calypsohsm.keystore.TestKeyStore;
import org.calypsohsm.manager.DefaultChannelManager;
import org.calypsohsm.manager.ManagerWiring;
import org.calypsohsm.module.SamForm;
import org.calypsohsm.product.SecurityPlugin;
import org.calypsohsm.product.cd21.Cd21Plugin;
import org.calypsohsm.product.cd97.Cd97Plugin;
import org.calypsohsm.product.tango.TangoPlugin;
import org.calypsohsm.provider.pcis3.PciS3Module;
import org.calypsohsm.sam.SamWiring;
import org.calypsohsm.startup.CardSet;
import org.calypsohsm.startup.LockedStore;
import org.calypsohsm.startup.StartupException;
import org.calypsohsm.testkeys.TestKeys;

/** The real components, wired by hand: one module for each form of SAM, and four key groups. */
final class Platform implements AutoCloseable {

    /** Form of the SAMs of each key group; the module of the first form serves the last group as well. */
    static final List<SamForm> FORMS = List.of(SamForm.HSM_C1, SamForm.S1E1, SamForm.S1D, SamForm.HSM_C1);
    /** Key group of the control SAMs. Its authentication key is invalidated, so that its reads are not signed. */
    static final int CONTROL = 3;

    /** KIF and greatest KVC of the keys that a control SAM hands out. */
    static final int HANDED_OUT = 0x61;
    static final int LAST_HANDED_OUT = 60;
    /** KIF of a key whose counter does not exist (KVC 1), and of an invalidated one (KVC 2). */
    static final int UNUSABLE = 0x62;
    /** System keys count their uses from this event counter on, debit keys from 1. */
    static final int SYSTEM_COUNTERS = 5;
    static final int[] ALGS = {0x20, 0x30, 0x40, 0x50};

    private static final int FIRST_HANDED_OUT_RECORD = 0x38;
    private static final int FIRST_SUCCESSOR_RECORD = 0x11;
    /** Plain keys and static writes are allowed. */
    private static final byte PARAMETERS = 0x0C;

    // They keep nothing, and each tests itself when it is made.
    private static final SecurityPlugin CD97 = new Cd97Plugin();
    private static final SecurityPlugin CD21 = new Cd21Plugin();
    private static final SecurityPlugin TANGO = new TangoPlugin();

    private final KeyStore store;
    private final Path folder;
    private final ManagerWiring manager;

    /**
     * Wires them.
     *
     * @param folder where to make a durable store; null for one in memory
     * @param serial serial number of the first module
     */
    Platform(Path folder, int serial, IntFunction<byte[]> random, LongSupplier clock) throws IOException, StartupException {
        this.folder = folder;
        int[] groups = {0, 1, 2, CONTROL};
        if (folder == null) {
            store = new TestKeyStore(Configs.of(TestKeyStore.Config.class, Map.of("groups", groups)));
        } else {
            Files.createDirectories(folder);
            DurableKeyStore durable = new DurableKeyStore(Configs.of(DurableKeyStore.Config.class,
                    Map.of("directory", folder.resolve("keys").toString(), "testGroups", groups)));
            durable.initialize(new byte[LockedStore.STORAGE_KEY_LENGTH], new CardSet("0123456789ABCDEF", 1, 0));
            store = durable;
        }
        for (int group : groups) {
            prepare(store.keyGroup(group));
        }
        prepareControl(store.keyGroup(CONTROL));
        SamWiring sams = new SamWiring(random, clock);
        sams.add(CD97, 0x20);
        sams.add(CD21, 0x30);
        sams.add(TANGO, 0x40, 0x50);
        manager = new ManagerWiring(Configs.of(DefaultChannelManager.Config.class, Map.of("asyncThreads", 1)),
                module(sams, serial, 0, CONTROL), module(sams, serial + 1, 1), module(sams, serial + 2, 2));
    }

    private PciS3Module module(SamWiring sams, int serial, int... groups) {
        SamForm form = FORMS.get(groups[0]);
        return new PciS3Module(Configs.of(PciS3Module.Config.class, Map.of("hsm_module_name", form.name(), "model", 0, "form", form,
                "keyGroups", groups, "serialNumber", String.format("%08X", serial))), store, sams.emulation());
    }

    private static SamKey key(int reference, int kif, int kvc, int alg, int counter, KeyValue value) {
        byte[] parameters = new byte[SamKey.PARAMETERS];
        parameters[0] = 1;
        parameters[3] = (byte) counter;
        parameters[4] = 1;
        return new SamKey(reference, kif, kvc, alg, parameters, value);
    }

    private static void prepare(KeyGroup group) {
        byte[] parameters = new byte[KeyGroup.PARAMETERS_LENGTH];
        parameters[0] = PARAMETERS;
        group.writeParameters(parameters);
        for (SystemKeyType type : SystemKeyType.values()) {
            // The same in all groups, so that each SAM may send keys to each other one.
            group.writeKey(key(type.reference(), type.kif(), TestKeys.SYSTEM_KVC, 0x40, SYSTEM_COUNTERS + type.ordinal(),
                    system(type)));
        }
        int counter = 1;
        for (int alg : ALGS) {
            SamKey debit = group.workKey(TestKeys.DEBIT, TestKeys.kvc(alg));
            group.writeKey(key(debit.reference(), debit.kif(), debit.kvc(), alg, counter++, debit.value()));
        }
        group.writeKey(key(0x7D, UNUSABLE, 1, 0x40, KeyGroup.COUNTERS, TestKeys.value(0, UNUSABLE, 1)));
        group.writeKey(key(0x7E, UNUSABLE, 2, 0x40, 0, TestKeys.value(0, UNUSABLE, 2)).invalidated());
    }

    private static KeyValue system(SystemKeyType type) {
        return TestKeys.value(0, type.kif(), TestKeys.SYSTEM_KVC);
    }

    private static void prepareControl(KeyGroup group) {
        for (int kvc = 1; kvc <= LAST_HANDED_OUT; kvc++) {
            group.writeKey(key(FIRST_HANDED_OUT_RECORD + kvc, HANDED_OUT, kvc, ALGS[kvc % ALGS.length], 0,
                    TestKeys.value(0, HANDED_OUT, kvc)));
        }
        int record = FIRST_SUCCESSOR_RECORD;
        for (SystemKeyType type : SystemKeyType.values()) {
            for (int kvc = 1; kvc <= 2; kvc++) {
                // Successors of the system keys have their value, so that transfers go on.
                group.writeKey(key(record++, type.kif(), kvc, 0x40, 0, system(type)));
            }
        }
        group.writeKey(group.systemKey(SystemKeyType.AUTHENTICATION).invalidated());
    }

    KeyGroup group(int number) {
        return store.keyGroup(number);
    }

    Channel open(int group) {
        try {
            return manager.manager().open(ChannelRequest.forKeyGroup(group).withDeadline(Duration.ZERO).withIdleTimeout(Duration.ZERO));
        } catch (ChannelException e) {
            throw new Find("A channel for key group " + group + " did not open.", e);
        } catch (InterruptedException e) {
            throw new IllegalStateException("The fuzzer was interrupted.", e);
        }
    }

    /** Tells how full the key groups have become, and how much was counted. */
    void tell(Totals totals) {
        for (int number : store.keyGroups()) {
            KeyGroup group = store.keyGroup(number);
            totals.deepest("work keys in a group", (int) IntStream.rangeClosed(1, KeyGroup.LAST_WORK_KEY_RECORD)
                    .filter(record -> group.workKeyAt(record) != null).count());
            totals.deepest("uses of a key counted", IntStream.range(0, KeyGroup.COUNTERS).map(group::eventCounter).max().orElse(0));
        }
    }

    @Override
    public void close() throws IOException {
        manager.close();
        if (store instanceof DurableKeyStore durable) {
            StoreWiring.close(durable);
            try (Stream<Path> files = Files.walk(folder)) {
                for (Path file : files.sorted((one, other) -> other.compareTo(one)).toList()) {
                    Files.delete(file);
                }
            }
        }
    }
}
