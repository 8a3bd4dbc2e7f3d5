package org.calypsohsm.canary;

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

import com.sun.management.HotSpotDiagnosticMXBean;
import org.calypsohsm.apdu.StatusWord;
import org.calypsohsm.channel.Channel;
import org.calypsohsm.channel.ChannelManager;
import org.calypsohsm.channel.ChannelRequest;
import org.calypsohsm.fuzz.Configs;
import org.calypsohsm.key.KeyGroup;
import org.calypsohsm.key.KeyValue;
import org.calypsohsm.key.SamKey;
import org.calypsohsm.key.SystemKeyType;
import org.calypsohsm.keystore.DurableKeyStore;
import org.calypsohsm.manager.DefaultChannelManager;
import org.calypsohsm.manager.ManagerWiring;
import org.calypsohsm.product.cd21.Cd21Plugin;
import org.calypsohsm.product.cd97.Cd97Plugin;
import org.calypsohsm.product.tango.TangoPlugin;
import org.calypsohsm.profile.ReferenceKey;
import org.calypsohsm.profile.ReferenceProfile;
import org.calypsohsm.profile.ReferenceSession;
import org.calypsohsm.provider.pcis3.PciS3Module;
import org.calypsohsm.sam.SamWiring;
import org.calypsohsm.startup.CardSet;

/**
 * The process whose heap is looked at: it fills a durable store with canaries, uses each of them, dumps its heap, locks the
 * store, and dumps its heap again.
 */
public final class Vault {

    /** Diversifier of the sessions. */
    static final byte[] CARD = {0, 0, 0, 0, 0x0A, 0x0B, 0x0C, 0x0D};
    /** Serial number of the only module. */
    static final byte[] SAM = {0x53, 0x33, 0x00, 0x01};

    private static final int CONTROL_GROUP = 0;
    private static final int TARGET_GROUP = 1;
    private static final int FIRST_RECORD = 0x40;
    private static final byte[] CIPHER_AND_SIGN = {1, 0, 0, 0, 1, 0, 0, 0, 0, 0};
    private static final Duration LONGEST_LOCKING = Duration.ofSeconds(10);

    // What a platform holds on to as long as it runs; its clients do not let go of their channels either.
    private final DurableKeyStore store;
    private final ManagerWiring wiring;
    private final List<Channel> channels = new ArrayList<>();
    // Keys must be overwritten also where somebody still holds them.
    private final List<KeyGroup> held;

    private Vault(Path folder, Canaries canaries) throws Exception {
        store = new DurableKeyStore(Configs.of(DurableKeyStore.Config.class,
                Map.of("directory", folder.toString(), "testGroups", new int[] {CONTROL_GROUP, TARGET_GROUP})));
        store.initialize(canaries.storageKey(), new CardSet("0123456789ABCDEF", 1, 0));
        fill(store.keyGroup(CONTROL_GROUP), canaries, true);
        fill(store.keyGroup(TARGET_GROUP), canaries, false);
        held = List.of(store.keyGroup(CONTROL_GROUP), store.keyGroup(TARGET_GROUP));
        SecureRandom random = new SecureRandom();
        SamWiring sams = new SamWiring(length -> {
            byte[] bytes = new byte[length];
            random.nextBytes(bytes);
            return bytes;
        }, System::nanoTime);
        sams.add(new Cd97Plugin(), 0x20);
        sams.add(new Cd21Plugin(), 0x30);
        sams.add(new TangoPlugin(), 0x40, 0x50);
        wiring = new ManagerWiring(Configs.of(DefaultChannelManager.Config.class, Map.of()),
                new PciS3Module(Configs.of(PciS3Module.Config.class, Map.of("hsm_module_name", "vault", "model", 0,
                        "serialNumber", "53330001")), store, sams.emulation()));
    }

    /**
     * Runs.
     *
     * @param arguments folder of the store, file for the dump before the lock, file for the one behind it
     */
    public static void main(String[] arguments) throws Exception {
        List<String> lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.US_ASCII)).lines().toList();
        Canaries canaries = Canaries.read(lines);
        Vault vault = new Vault(Path.of(arguments[0]), canaries);
        canaries.overwrite();
        // On a thread that ends, so that nothing is left on a stack.
        int[] fault = new int[1];
        Thread thread = new Thread(() -> {
            try {
                vault.use();
            } catch (Exception e) {
                e.printStackTrace();
                fault[0] = 1;
            }
        });
        thread.start();
        thread.join();
        if (fault[0] == 0) {
            dump(arguments[1]);
            vault.lock();
            dump(arguments[2]);
        }
        // Here, so that all of it is alive until now.
        System.out.println(vault.store.status().sentence() + " " + vault.held.size() + " groups, " + vault.channels.size() + " channels, "
                + vault.wiring.manager().modules());
        System.exit(fault[0]);
    }

    private static void fill(KeyGroup group, Canaries canaries, boolean handsOut) {
        int record = FIRST_RECORD;
        for (int alg : Canaries.ALGS) {
            group.writeKey(key(record++, Canaries.KIF, alg, alg, canaries.work(Canaries.KIF, alg)));
        }
        if (handsOut) {
            group.writeKey(key(record, Canaries.HANDED_OUT, Canaries.SYSTEM_ALG, Canaries.SYSTEM_ALG,
                    canaries.work(Canaries.HANDED_OUT, Canaries.SYSTEM_ALG)));
        }
        for (SystemKeyType type : SystemKeyType.values()) {
            group.writeKey(key(type.reference(), type.kif(), Canaries.SYSTEM_KVC, Canaries.SYSTEM_ALG, canaries.system(type)));
        }
        byte[] lock = new byte[KeyGroup.LOCK_FILE_LENGTH];
        lock[0] = (byte) 0xEF;
        System.arraycopy(canaries.lockValue(), 0, lock, 13, 16);
        group.writeLockFile(lock);
        Arrays.fill(lock, (byte) 0);
    }

    private static SamKey key(int record, int kif, int kvc, int alg, byte[] value) {
        return new SamKey(record, kif, kvc, alg, CIPHER_AND_SIGN, KeyValue.copyOf(value));
    }

    // ---- before the lock

    /** Uses each key in every way, and leaves sessions open in the middle. */
    private void use() throws Exception {
        for (int alg : Canaries.ALGS) {
            for (boolean finished : new boolean[] {true, false}) {
                session(open(CONTROL_GROUP), alg, finished, false);
            }
        }
        for (boolean finished : new boolean[] {true, false}) {
            session(open(CONTROL_GROUP), 0x50, finished, true);
        }
        for (int alg : Canaries.ALGS) {
            Channel channel = open(CONTROL_GROUP);
            send(channel, 0x14, 0, 0, CARD);
            send(channel, 0x8F, 0, 0, bytes(Canaries.KIF, alg, 1, 2, 3));
            send(channel, 0x2A, 0x9E, 0x9A, bytes(0xFF, Canaries.KIF, alg, 8, 1, 2, 3));
            send(channel, 0x86, 0, 0, new byte[8]);
            send(channel, 0x12, 0x80, 0xFF, bytes(Canaries.KIF, alg, 1, 2, 3, 4));
            send(channel, 0x86, 0, 0, new byte[8]);
            send(channel, 0x12, 0xFF, 0xFF, bytes(Canaries.KIF, alg, Canaries.KIF, alg, 0x90));
            send(channel, 0xBE, 0, 0xA0, null);
        }
        Channel control = open(CONTROL_GROUP);
        Channel target = open(TARGET_GROUP);
        byte[] parameters = CIPHER_AND_SIGN;
        transfer(control, target, 0xF0, join(bytes(Canaries.SYSTEM_KVC, Canaries.HANDED_OUT, Canaries.SYSTEM_ALG), parameters));
        transfer(control, target, 0xE0, join(bytes(Canaries.SYSTEM_KVC, 0xEF, 0), new byte[10]));
    }

    private Channel open(int group) throws Exception {
        Channel channel = wiring.manager().open(ChannelRequest.forKeyGroup(group).withIdleTimeout(Duration.ZERO));
        channels.add(channel);
        return channel;
    }

    private void session(Channel channel, int alg, boolean finished, boolean extended) throws Exception {
        int length = extended ? 8 : 4;
        byte[] data = {1, 2, 3, 4, 5};
        send(channel, 0x14, 0, 0, CARD);
        byte[] challenge = send(channel, 0x84, 0, 0, length);
        send(channel, 0x8A, extended ? 2 : 0, 0xFF, join(bytes(Canaries.KIF, alg), data));
        send(channel, 0x8C, 0, 0, data);
        if (extended) {
            send(channel, 0x8C, 0, 0x80, bytes(0, 0xDC, 1, 0x3C, 2, 7, 7));
        }
        if (!finished) {
            return;
        }
        if (extended) {
            send(channel, 0x8E, 0, 0, 8);
            // What the card would answer does not matter: the session ends either way.
            exchange(channel, 0x82, 0, 0, new byte[8]);
            return;
        }
        byte[] certificate = send(channel, 0x8E, 0, 0, length);
        ReferenceProfile profile = Arrays.stream(ReferenceProfile.values()).filter(one -> one.alg() == alg).findFirst().orElseThrow();
        ReferenceKey key = profile.diversify(store.keyGroup(CONTROL_GROUP).workKey(Canaries.KIF, alg).value(), CARD);
        ReferenceSession card = key.openSession(challenge, false);
        card.update(data, 0, data.length);
        card.update(data, 0, data.length);
        if (!Arrays.equals(certificate, card.terminalCertificate())) {
            throw new IllegalStateException("The canary is not the key of the session.");
        }
        send(channel, 0x82, 0, 0, card.cardCertificate());
        card.destroy();
        key.destroy();
    }

    private static void transfer(Channel control, Channel target, int reference, byte[] request) throws Exception {
        send(control, 0x14, 0, 0, SAM);
        send(control, 0x86, 0, 0, send(target, 0x84, 0, 0, 8));
        send(target, 0x1A, 0, reference, send(control, 0x16, 0, reference, request));
    }

    private static byte[] send(Channel channel, int ins, int p1, int p2, int le) throws Exception {
        return successful(ins, channel.exchange(bytes(0x80, ins, p1, p2, le)));
    }

    /** @param data null for a command without */
    private static byte[] send(Channel channel, int ins, int p1, int p2, byte[] data) throws Exception {
        return successful(ins, exchange(channel, ins, p1, p2, data));
    }

    private static byte[] exchange(Channel channel, int ins, int p1, int p2, byte[] data) throws Exception {
        byte[] header = bytes(0x80, ins, p1, p2, data == null ? 0 : data.length);
        return channel.exchange(data == null ? header : join(header, data));
    }

    private static byte[] successful(int ins, byte[] answer) {
        if (StatusWord.of(answer) != StatusWord.OK) {
            throw new IllegalStateException(String.format("Instruction %02X answered %04X.", ins, StatusWord.of(answer)));
        }
        return Arrays.copyOf(answer, answer.length - 2);
    }

    private static byte[] bytes(int... values) {
        byte[] bytes = new byte[values.length];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) values[i];
        }
        return bytes;
    }

    private static byte[] join(byte[] first, byte[] second) {
        byte[] both = Arrays.copyOf(first, first.length + second.length);
        System.arraycopy(second, 0, both, first.length, second.length);
        return both;
    }

    // ---- the lock

    private void lock() throws Exception {
        store.lock("The test locks it.");
        long deadline = System.nanoTime() + LONGEST_LOCKING.toNanos();
        while (!isQuiet(wiring.manager())) {
            if (System.nanoTime() > deadline) {
                throw new IllegalStateException("Not locked after " + TimeUnit.NANOSECONDS.toSeconds(LONGEST_LOCKING.toNanos()) + " s: "
                        + wiring.manager().modules());
            }
            Thread.onSpinWait();
        }
    }

    private static boolean isQuiet(ChannelManager manager) {
        return manager.modules().stream().allMatch(module -> module.channelsInUse() == 0
                && module.state().equals("LOCKED"));
    }

    private static void dump(String file) throws Exception {
        System.gc();
        ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class).dumpHeap(file, true);
    }
}
