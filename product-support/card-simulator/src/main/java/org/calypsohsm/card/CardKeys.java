package org.calypsohsm.card;

import java.util.Arrays;

import org.calypsohsm.key.KeyValue;
import org.calypsohsm.profile.ReferenceKey;
import org.calypsohsm.profile.ReferenceProfile;
import org.calypsohsm.testkeys.TestKeys;

/**
 * The keys of one card: test keys diversified by its serial number, each at its first use, so that a large batch is
 * made quickly; and what Change Key loaded in their place. Source: calypso-card.md section d.
 */
final class CardKeys {

    /** Keys of a directory: issuer, load, debit. */
    static final int PER_DIRECTORY = 3;
    static final int ISSUER = 1;
    static final int DEBIT = 3;
    /** KIF and KVC of the null key. */
    static final int NULL_NAME = 0;

    /** Of the ticketing application (and MF), then of the stored value application. */
    private static final int[] KIFS = {TestKeys.ISSUER, TestKeys.LOAD, TestKeys.DEBIT, 0x01, 0x07, 0x10};
    private static final int NAMES = 0x1_0000;

    private final Masters masters;
    private final byte[] diversifier;
    private final ReferenceKey[] keys = new ReferenceKey[KIFS.length];
    /** KIF and KVC of each key as one number; null while all are the test keys. */
    private int[] names;

    CardKeys(Masters masters, byte[] diversifier, boolean virgin) {
        this.masters = masters;
        this.diversifier = diversifier;
        if (virgin) {
            names = new int[KIFS.length];
        }
    }

    /** @return KIF of a key of a personalized directory, 0..FF; index 1 issuer, 2 load, 3 debit */
    static int usualKif(Directory directory, int index) {
        return KIFS[slot(directory, index)];
    }

    private static int slot(Directory directory, int index) {
        return directory.firstKey() + index - 1;
    }

    /** @return KIF of a key of a directory as it is now, 0..FF */
    int kif(Directory directory, int index) {
        return name(directory, index) >> 8;
    }

    /** @return KVC of a key of a directory as it is now, 0..FF */
    int kvc(Directory directory, int index) {
        return name(directory, index) & 0xFF;
    }

    private int name(Directory directory, int index) {
        int slot = slot(directory, index);
        return names == null ? usualName(slot) : names[slot];
    }

    private int usualName(int slot) {
        return KIFS[slot] << 8 | masters.kvc;
    }

    /** @return true if the key was not loaded yet, or was returned to the null key */
    boolean isNull(Directory directory, int index) {
        return name(directory, index) == NULL_NAME;
    }

    /** @return the key; the null key, whose bytes are all zero, where none is loaded */
    ReferenceKey key(Directory directory, int index) {
        int slot = slot(directory, index);
        if (isNull(directory, index)) {
            return masters.nullKey;
        }
        if (keys[slot] == null) {
            keys[slot] = masters.profile.diversify(masters.values[slot], diversifier);
        }
        return keys[slot];
    }

    /** A key out of a cryptogram of Change Key: diversified value, 16 bytes, and KIF and KVC as one number. */
    record NewKey(byte[] value, int name) {

        boolean isNull() {
            return name == NULL_NAME;
        }

        /** KIF 00 and KVC 00 belong to the null key, and to no other. */
        boolean isConsistent() {
            return isNull() == Arrays.equals(value, new byte[KeyValue.LENGTH]);
        }

        void destroy() {
            Arrays.fill(value, (byte) 0);
        }

        @Override
        public String toString() {
            return String.format("key %04X", name);
        }
    }

    /**
     * Deciphers a new key under the issuer key of the directory.
     *
     * @param challenge  8 bytes
     * @param cryptogram 32 bytes
     * @return the new key, to destroy after use; null if the cryptogram was not made with this key and challenge
     */
    NewKey decipher(Directory directory, int index, byte[] challenge, byte[] cryptogram) {
        ReferenceKey issuer = key(directory, ISSUER);
        if (masters.profile == ReferenceProfile.AES_CMAC) {
            return search(issuer, challenge, cryptogram, usualName(slot(directory, index)), name(directory, index));
        }
        byte[] value = issuer.decipherCardKey(challenge, cryptogram, 0, 0);
        if (value == null) {
            return null;
        }
        // KIF, KVC and six zeros are the third block of a CBC chain: a "PIN" whose challenge is the second block.
        byte[] names = issuer.decipherPin(Arrays.copyOfRange(cryptogram, 8, 16), Arrays.copyOfRange(cryptogram, 16, 24));
        return new NewKey(value, (names[0] & 0xFF) << 8 | names[1] & 0xFF);
    }

    /**
     * The AES cryptogram holds neither KIF nor KVC, but its checksum covers them, and Change Key has no room for them. So
     * the card finds them by trial: first with the KIFs that are to be expected, at the end with all 256.
     */
    private static NewKey search(ReferenceKey issuer, byte[] challenge, byte[] cryptogram, int usualName, int name) {
        int[] expected = {usualName, name, NULL_NAME};
        for (int i = -expected.length * 0x100; i < NAMES; i++) {
            int candidate = i >= 0 ? i : expected[(i + expected.length * 0x100) >> 8] & 0xFF00 | i & 0xFF;
            byte[] value = issuer.decipherCardKey(challenge, cryptogram, candidate >> 8, candidate & 0xFF);
            if (value != null) {
                return new NewKey(value, candidate);
            }
        }
        return null;
    }

    /** Puts a new key in its place, under its own KIF and KVC; nothing keeps the new key's array. */
    void load(Directory directory, int index, NewKey newKey) {
        int slot = slot(directory, index);
        if (names == null) {
            names = new int[KIFS.length];
            Arrays.setAll(names, this::usualName);
        }
        if (keys[slot] != null) {
            keys[slot].destroy();
        }
        names[slot] = newKey.name();
        keys[slot] = newKey.isNull() ? null : masters.profile.undiversified(KeyValue.copyOf(newKey.value()));
    }

    /** The master keys of a batch of cards. */
    static final class Masters {

        private final ReferenceProfile profile;
        private final int kvc;
        private final KeyValue[] values = new KeyValue[KIFS.length];
        private final ReferenceKey nullKey;

        Masters(ReferenceProfile profile, int keyGroup) {
            this.profile = profile;
            this.kvc = TestKeys.kvc(profile.alg());
            this.nullKey = profile.undiversified(KeyValue.copyOf(new byte[KeyValue.LENGTH]));
            for (int i = 0; i < values.length; i++) {
                values[i] = TestKeys.value(keyGroup, KIFS[i], kvc);
            }
        }
    }
}
