package org.calypsohsm.product.tck;

import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.AtomicInteger;

import org.calypsohsm.key.KeyGroup;
import org.calypsohsm.key.KeyValue;
import org.calypsohsm.key.SamKey;
import org.calypsohsm.key.SystemKeyType;

/** The keys of the virtual SAM that uses the plugin: in memory, without counters or quotas. */
final class SamKeys implements KeyGroup {

    private static final int CIPHER_ENABLE = 0x01;

    private final Map<Integer, SamKey> keys = new ConcurrentSkipListMap<>();
    private final AtomicInteger transactionNumber = new AtomicInteger();

    SamKeys put(int reference, int kif, int kvc, int alg, KeyValue value) {
        byte[] parameters = new byte[SamKey.PARAMETERS];
        parameters[0] = CIPHER_ENABLE;
        parameters[4] = CIPHER_ENABLE;
        writeKey(new SamKey(reference, kif, kvc, alg, parameters, value));
        return this;
    }

    @Override
    public int number() {
        return 0;
    }

    @Override
    public SamKey workKey(int kif, int kvc) {
        return keys.values().stream().filter(key -> key.reference() <= LAST_WORK_KEY_RECORD && key.kif() == kif && key.kvc() == kvc)
                .findFirst().orElse(null);
    }

    @Override
    public SamKey workKeyAt(int record) {
        return record >= 1 && record <= LAST_WORK_KEY_RECORD ? keys.get(record) : null;
    }

    @Override
    public SamKey systemKey(SystemKeyType type) {
        return keys.get(type.reference());
    }

    @Override
    public byte[] parameters() {
        return new byte[PARAMETERS_LENGTH];
    }

    @Override
    public int countUse(SamKey key) {
        return 0;
    }

    @Override
    public int eventCounter(int number) {
        return 0;
    }

    @Override
    public int ceiling(int number) {
        return HIGHEST_CEILING;
    }

    @Override
    public boolean isFree(int number) {
        return false;
    }

    @Override
    public byte[] lockFile() {
        return new byte[LOCK_FILE_LENGTH];
    }

    @Override
    public int nextTransactionNumber() {
        return transactionNumber.incrementAndGet();
    }

    @Override
    public CompletionStage<Void> pendingCommit() {
        return null;
    }

    @Override
    public void writeKey(SamKey key) {
        keys.put(key.reference(), key);
    }

    @Override
    public void writeLockFile(byte[] file) {
        // A lock would only end the test.
    }

    @Override
    public void writeParameters(byte[] parameters) {
        // So would a work key lock.
    }

    @Override
    public void writeCeilings(int first, int[] ceilings, boolean[] free) {
        // There are none.
    }

    @Override
    public void deleteKey(int reference) {
        keys.remove(reference);
    }

    @Override
    public int channelQuota() {
        return 0;
    }

    @Override
    public int channelsInUse() {
        return 0;
    }

    @Override
    public boolean takeChannel(boolean overQuota) {
        return true;
    }

    @Override
    public void giveChannel() {
        // No quota here.
    }

    @Override
    public String toString() {
        return "SamKeys" + Arrays.toString(keys.keySet().toArray());
    }
}
