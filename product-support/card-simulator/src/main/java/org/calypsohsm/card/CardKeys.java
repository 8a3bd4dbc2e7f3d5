package org.calypsohsm.card;

import org.calypsohsm.key.KeyValue;
import org.calypsohsm.profile.ReferenceKey;
import org.calypsohsm.profile.ReferenceProfile;
import org.calypsohsm.testkeys.TestKeys;

/**
 * The keys of one card: test keys diversified by its serial number, each at its first use, so that a large batch is
 * made quickly. Source: calypso-card.md section d.
 */
final class CardKeys {

    /** Keys of a directory: issuer, load, debit. */
    static final int PER_DIRECTORY = 3;

    /** Of the ticketing application (and MF), then of the stored value application. */
    private static final int[] KIFS = {TestKeys.ISSUER, TestKeys.LOAD, TestKeys.DEBIT, 0x01, 0x07, 0x10};

    private final Masters masters;
    private final byte[] diversifier;
    private final ReferenceKey[] keys = new ReferenceKey[KIFS.length];

    CardKeys(Masters masters, byte[] diversifier) {
        this.masters = masters;
        this.diversifier = diversifier;
    }

    /** @return KIF of a key of a directory, 0..FF; index 1 issuer, 2 load, 3 debit */
    static int kif(Directory directory, int index) {
        return KIFS[directory.firstKey() + index - 1];
    }

    int kvc() {
        return masters.kvc;
    }

    ReferenceKey key(Directory directory, int index) {
        int slot = directory.firstKey() + index - 1;
        if (keys[slot] == null) {
            keys[slot] = masters.profile.diversify(masters.values[slot], diversifier);
        }
        return keys[slot];
    }

    /** The master keys of a batch of cards. */
    static final class Masters {

        private final ReferenceProfile profile;
        private final int kvc;
        private final KeyValue[] values = new KeyValue[KIFS.length];

        Masters(ReferenceProfile profile, int keyGroup) {
            this.profile = profile;
            this.kvc = TestKeys.kvc(profile.alg());
            for (int i = 0; i < values.length; i++) {
                values[i] = TestKeys.value(keyGroup, KIFS[i], kvc);
            }
        }
    }
}
