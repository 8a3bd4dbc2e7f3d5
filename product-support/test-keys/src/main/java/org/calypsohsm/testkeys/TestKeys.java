package org.calypsohsm.testkeys;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

import org.calypsohsm.key.KeyValue;
import org.calypsohsm.key.SamKey;
import org.calypsohsm.key.SystemKeyType;

/**
 * The test key set: for each of the reference algorithms the six usual work keys, and the four system keys.
 * Anybody can compute these keys, so they protect nothing; they let a card simulator and a key store agree.
 * KIFs are those of calypso-card.md section d; records of the CD97 keys are those of section c (revision 1 cards).
 */
public final class TestKeys {

    /** KIF of the issuer (personalization) key. */
    public static final int ISSUER = 0x21;
    /** KIF of the load key. */
    public static final int LOAD = 0x27;
    /** KIF of the debit key. */
    public static final int DEBIT = 0x30;
    /** KVC of the system keys. */
    public static final int SYSTEM_KVC = 0xFF;

    /** PAR1 and PAR5 as the virtual SAM reads them: the test keys may be used for everything. */
    private static final byte CIPHER_ENABLE = 0x01;
    private static final byte DATA_CIPHER_ENABLE = 0x01;

    private static final int ALG_DESX_CBC = 0x20;
    private static final int ALG_TDES_CBC = 0x40;
    private static final int[] ALGS = {ALG_DESX_CBC, 0x30, ALG_TDES_CBC, 0x50};
    private static final int[] KIFS = {ISSUER, LOAD, DEBIT, 0x01, 0x07, 0x10};
    private static final int[] CD97_RECORDS = {0x0C, 0x02, 0x0D, 0x01, 0x07, 0x10};
    private static final int FIRST_OTHER_RECORD = 0x20;

    private TestKeys() {
    }

    /**
     * Tells the KVC of the test work keys of an algorithm.
     *
     * @param alg ALG code: 20, 30, 40 or 50
     * @return the ALG code + 9, so that KIF and KVC together name one key of the set
     */
    public static int kvc(int alg) {
        return alg + 9;
    }

    /**
     * Makes the test work keys of a key group.
     *
     * @param keyGroup number of the group; each group has other values
     * @return 24 keys
     */
    public static List<SamKey> workKeys(int keyGroup) {
        List<SamKey> keys = new ArrayList<>();
        int other = FIRST_OTHER_RECORD;
        for (int alg : ALGS) {
            for (int i = 0; i < KIFS.length; i++) {
                int record = alg == ALG_DESX_CBC ? CD97_RECORDS[i] : other++;
                keys.add(key(keyGroup, record, KIFS[i], kvc(alg), alg));
            }
        }
        return keys;
    }

    /**
     * Makes the test system keys of a key group.
     *
     * @param keyGroup number of the group
     * @return 4 keys with ALG 40
     */
    public static List<SamKey> systemKeys(int keyGroup) {
        return Arrays.stream(SystemKeyType.values())
                .map(type -> key(keyGroup, type.reference(), type.kif(), SYSTEM_KVC, ALG_TDES_CBC))
                .toList();
    }

    /**
     * Computes the value of a test key.
     *
     * @param keyGroup number of the group
     * @param kif      key identifier, 0..FF
     * @param kvc      key version and category, 0..FF
     * @return the value
     */
    public static KeyValue value(int keyGroup, int kif, int kvc) {
        String name = String.format("Calypso HSM public test key, group %d, KIF %02X, KVC %02X", keyGroup, kif, kvc);
        try {
            byte[] hash = MessageDigest.getInstance("SHA-256").digest(name.getBytes(StandardCharsets.US_ASCII));
            return KeyValue.copyOf(Arrays.copyOf(hash, KeyValue.LENGTH));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("Every Java platform has SHA-256.", e);
        }
    }

    private static SamKey key(int keyGroup, int record, int kif, int kvc, int alg) {
        byte[] parameters = new byte[SamKey.PARAMETERS];
        parameters[0] = CIPHER_ENABLE;
        parameters[4] = DATA_CIPHER_ENABLE;
        return new SamKey(record, kif, kvc, alg, parameters, value(keyGroup, kif, kvc));
    }
}
