package org.calypsohsm.canary;

import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;

import org.calypsohsm.key.SystemKeyType;
import org.calypsohsm.startup.LockedStore;

/** The secrets that are looked for: random, so that nothing else in a heap is the same. Handed over as lines of hex digits. */
final class Canaries {

    /** KIF of the work keys; the KVC is the ALG code. */
    static final int KIF = 0x27;
    static final int[] ALGS = {0x20, 0x30, 0x40, 0x50};
    /** KIF of a key that is handed to another SAM, of the ALG 40. */
    static final int HANDED_OUT = 0x42;
    /** Of the system keys. */
    static final int SYSTEM_ALG = 0x40;
    static final int SYSTEM_KVC = 0x11;

    private static final String STORAGE = "storage key";
    private static final String LOCK = "lock value";
    private static final int KEY = 16;

    private final Map<String, byte[]> secrets = new LinkedHashMap<>();

    private Canaries() {
    }

    static Canaries random() {
        Canaries canaries = new Canaries();
        SecureRandom random = new SecureRandom();
        canaries.put(random, STORAGE, LockedStore.STORAGE_KEY_LENGTH);
        canaries.put(random, LOCK, KEY);
        canaries.put(random, workName(HANDED_OUT, SYSTEM_ALG), KEY);
        for (int alg : ALGS) {
            canaries.put(random, workName(KIF, alg), KEY);
        }
        for (SystemKeyType type : SystemKeyType.values()) {
            canaries.put(random, type.name(), KEY);
        }
        return canaries;
    }

    private void put(SecureRandom random, String name, int length) {
        byte[] bytes = new byte[length];
        random.nextBytes(bytes);
        secrets.put(name, bytes);
    }

    static Canaries read(Iterable<String> lines) {
        Canaries canaries = new Canaries();
        for (String line : lines) {
            int at = line.indexOf('=');
            canaries.secrets.put(line.substring(0, at), HexFormat.of().parseHex(line, at + 1, line.length()));
        }
        return canaries;
    }

    String lines() {
        StringBuilder lines = new StringBuilder();
        secrets.forEach((name, bytes) -> lines.append(name).append('=').append(HexFormat.of().formatHex(bytes)).append('\n'));
        return lines.toString();
    }

    private static String workName(int kif, int alg) {
        return String.format("work key %02X of ALG %02X", kif, alg);
    }

    Map<String, byte[]> all() {
        return secrets;
    }

    byte[] storageKey() {
        return secrets.get(STORAGE);
    }

    byte[] lockValue() {
        return secrets.get(LOCK);
    }

    byte[] work(int kif, int alg) {
        return secrets.get(workName(kif, alg));
    }

    byte[] system(SystemKeyType type) {
        return secrets.get(type.name());
    }

    void overwrite() {
        secrets.values().forEach(bytes -> java.util.Arrays.fill(bytes, (byte) 0));
    }
}
