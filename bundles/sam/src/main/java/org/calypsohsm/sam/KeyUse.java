package org.calypsohsm.sam;

import java.util.concurrent.CompletionStage;

import org.calypsohsm.apdu.StatusWord;
import org.calypsohsm.key.KeyGroup;
import org.calypsohsm.key.SamKey;
import org.calypsohsm.key.SystemKeyType;
import org.calypsohsm.product.DiversifiedKey;
import org.calypsohsm.product.SecurityPlugin;

/**
 * Uses a key for one computation: finds it, leases its plugin, counts the use, diversifies it, and overwrites it afterwards.
 * The meaning of the parameter bits is a choice of this project (README); the public sources name them without positions.
 */
final class KeyUse {

    /** PAR1: the key may cipher, sign, and protect writes. */
    static final int CIPHER_ENABLE = 0x01;
    /** PAR5: the key may be used by Data Cipher. */
    static final int DATA_CIPHER_ENABLE = 0x01;

    private static final int PAR1 = 1;

    private final KeyGroup keys;
    private final PluginRegistry plugins;
    private boolean usedUp;

    /** What is computed with a key. */
    interface Computation<T> {

        /**
         * Computes.
         *
         * @param key     the diversified key, only until this returns
         * @param counter new value of the key's event counter; 0 if it has none or is not counted
         */
        T run(DiversifiedKey key, int counter) throws Refusal;
    }

    KeyUse(KeyGroup keys, PluginRegistry plugins) {
        this.keys = keys;
        this.plugins = plugins;
    }

    /** Finds a work key that may be used; 6A83 or 6600 otherwise. */
    SamKey workKey(int kif, int kvc) throws Refusal {
        return usable(keys.workKey(kif, kvc));
    }

    /** Finds a work key that may be used to cipher and sign; 6A83, 6600 or 6985 otherwise. */
    SamKey cipheringKey(int kif, int kvc) throws Refusal {
        SamKey key = workKey(kif, kvc);
        requireCipherEnabled(key);
        return key;
    }

    /** Finds a system key of a given KVC that may be used. */
    SamKey systemKey(SystemKeyType type, int kvc) throws Refusal {
        SamKey key = usable(keys.systemKey(type));
        Refusal.unless(key.kvc() == kvc, StatusWord.NOT_FOUND);
        return key;
    }

    /** Lets a key pass that is there and was not invalidated. */
    static SamKey usable(SamKey key) throws Refusal {
        Refusal.unless(key != null, StatusWord.NOT_FOUND);
        Refusal.unless(key.isUsable(), StatusWord.KEY_NOT_USABLE);
        return key;
    }

    /** Refuses a key whose PAR1 does not allow to cipher. */
    static void requireCipherEnabled(SamKey key) throws Refusal {
        Refusal.unless((key.parameter(PAR1) & CIPHER_ENABLE) != 0, StatusWord.CONDITIONS_NOT_SATISFIED);
    }

    /**
     * Computes with a key, and counts the use.
     *
     * @param diversifier 4 or 8 bytes
     */
    <T> T counted(SamKey key, byte[] diversifier, Computation<T> computation) throws Refusal {
        return run(key, diversifier, true, null, computation);
    }

    /** Computes with a key whose algorithm has a function, and counts the use. */
    <T> T counted(SamKey key, byte[] diversifier, SecurityPlugin.Function function, Computation<T> computation) throws Refusal {
        return run(key, diversifier, true, function, computation);
    }

    /** Computes with a key without counting: a verification gives nothing away. */
    <T> T uncounted(SamKey key, byte[] diversifier, Computation<T> computation) throws Refusal {
        return run(key, diversifier, false, null, computation);
    }

    /** As {@link #uncounted(SamKey, byte[], Computation)}, with a key whose algorithm has a function. */
    <T> T uncounted(SamKey key, byte[] diversifier, SecurityPlugin.Function function, Computation<T> computation) throws Refusal {
        return run(key, diversifier, false, function, computation);
    }

    private <T> T run(SamKey key, byte[] diversifier, boolean counted, SecurityPlugin.Function function,
            Computation<T> computation) throws Refusal {
        PluginSlot slot = plugins.lease(key.alg());
        Refusal.unless(slot != null, StatusWord.CONDITIONS_NOT_SATISFIED);
        try {
            Refusal.unless(function == null || slot.plugin().supports(key.alg(), function), StatusWord.CONDITIONS_NOT_SATISFIED);
            int counter = counted ? count(key) : 0;
            DiversifiedKey diversified = slot.plugin().diversify(key.alg(), key.value(), diversifier);
            try {
                return computation.run(diversified, counter);
            } finally {
                Secrets.destroy(diversified::destroy);
            }
        } finally {
            slot.leave();
        }
    }

    /**
     * Counts the use of a key.
     *
     * @param key a key, or null for none
     * @return the new value of its event counter, 0 if it has none; refused with 6900 at the ceiling
     */
    int count(SamKey key) throws Refusal {
        int counter = key == null ? 0 : tryCount(key);
        Refusal.unless(counter != KeyGroup.BLOCKED, StatusWord.COUNTER_BLOCKED);
        return counter;
    }

    /** Counts the use of a key; answers as {@link KeyGroup#countUse(SamKey)} does. */
    int tryCount(SamKey key) {
        int counter = keys.countUse(key);
        usedUp |= counter > 0;
        return counter;
    }

    /** @return the next transaction number of the SAM */
    int nextTransactionNumber() {
        usedUp = true;
        return keys.nextTransactionNumber();
    }

    /** Begins a command, which has used up nothing yet. */
    void begin() {
        usedUp = false;
    }

    /** @return when what the command has used up can no longer be lost; null if it has used up nothing */
    CompletionStage<Void> pendingCommit() {
        return usedUp ? keys.pendingCommit() : null;
    }

    /**
     * Refuses with 6900 a key that cannot be counted so often, before anything is counted: for what computes before it
     * counts, and for what counts two keys. Another channel may still be faster, so {@link #count(SamKey)} has the last word.
     *
     * @param key a key, or null for none
     */
    void requireCountable(SamKey key, int uses) throws Refusal {
        int counter = key == null ? 0 : key.eventCounter();
        Refusal.unless(counter == 0 || counter < KeyGroup.COUNTERS && keys.eventCounter(counter) + uses <= keys.ceiling(counter),
                StatusWord.COUNTER_BLOCKED);
    }

    /** Tells whether an algorithm has a function; 6985 if no plugin serves it. */
    boolean supports(SamKey key, SecurityPlugin.Function function) throws Refusal {
        PluginSlot slot = plugins.lease(key.alg());
        Refusal.unless(slot != null, StatusWord.CONDITIONS_NOT_SATISFIED);
        try {
            return slot.plugin().supports(key.alg(), function);
        } finally {
            slot.leave();
        }
    }

    PluginRegistry plugins() {
        return plugins;
    }

    KeyGroup keys() {
        return keys;
    }
}
