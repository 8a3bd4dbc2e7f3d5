package org.calypsohsm.keystore;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionStage;

import org.calypsohsm.key.KeyGroup;
import org.calypsohsm.key.KeyValue;
import org.calypsohsm.key.SamKey;
import org.calypsohsm.key.SystemKeyType;

/**
 * A key group in the store. It works on a copy in memory, and hands itself to the {@link GroupCommit} after each change:
 * what is written is on the disk when the call returns, what is counted when {@link #pendingCommit()} is complete.
 */
public final class DurableKeyGroup implements KeyGroup, Change {

    /** Names of records: group number in 8 hexadecimal digits, then its state, or one of its keys by reference. */
    private static final String GROUPS = "group/";
    private static final String STATE = "/state";
    private static final String KEYS = "/key/";
    private static final int HEXADECIMAL = 16;

    private static final int FREE_FLAGS = Integer.BYTES;
    private static final int NUMBER = Integer.BYTES;
    private static final int STATE_LENGTH = 2 * COUNTERS * NUMBER + FREE_FLAGS + NUMBER + PARAMETERS_LENGTH
            + LOCK_FILE_LENGTH + NUMBER;
    private static final int KEY_LENGTH = 1 + SamKey.READABLE_LENGTH + KeyValue.LENGTH;

    private final MemoryKeyGroup memory;
    private final GroupCommit commits;
    /** Keys that changed since they were written last, by reference; null for one that was deleted. */
    private final Map<Integer, SamKey> changedKeys = new HashMap<>();
    private volatile boolean deleted;

    private DurableKeyGroup(MemoryKeyGroup memory, GroupCommit commits) {
        this.memory = memory;
        this.commits = commits;
    }

    private static String prefix(int number) {
        return GROUPS + String.format("%08X", number);
    }

    private static String stateName(int number) {
        return prefix(number) + STATE;
    }

    private static String keyName(int number, int reference) {
        return prefix(number) + KEYS + String.format("%02X", reference);
    }

    /**
     * Lists groups.
     *
     * @param store their records
     * @return their numbers
     */
    public static List<Integer> numbers(Records store) {
        return store.names(GROUPS).stream().filter(name -> name.endsWith(STATE))
                .map(name -> Integer.parseUnsignedInt(name.substring(GROUPS.length(), name.length() - STATE.length()), HEXADECIMAL))
                .toList();
    }

    /** Makes a group, on the disk when this returns. */
    static DurableKeyGroup create(int number, List<SamKey> workKeys, List<SamKey> systemKeys, CounterMarks.Listener marks,
            GroupCommit commits) {
        DurableKeyGroup group = new DurableKeyGroup(new MemoryKeyGroup(number, workKeys, systemKeys, marks), commits);
        workKeys.forEach(key -> group.changedKeys.put(key.reference(), key));
        systemKeys.forEach(key -> group.changedKeys.put(key.reference(), key));
        commits.commit(group);
        return group;
    }

    /**
     * Prepares a group without keys; it is on the disk when {@link #writeTo} was committed.
     *
     * @param number  its number
     * @param quota   how many channels may be open for it at once; 0 for no limit
     * @param ceiling ceiling of all its event counters
     * @param marks   told when a counter has used up a good part of its ceiling
     * @param commits makes its changes durable
     * @return the group
     */
    public static DurableKeyGroup empty(int number, int quota, int ceiling, CounterMarks.Listener marks, GroupCommit commits) {
        MemoryKeyGroup memory = new MemoryKeyGroup(number, List.of(), List.of(), marks);
        int[] ceilings = new int[COUNTERS];
        Arrays.fill(ceilings, ceiling);
        memory.writeCeilings(0, ceilings, null);
        memory.limitChannels(quota);
        return new DurableKeyGroup(memory, commits);
    }

    /**
     * Reads a group.
     *
     * @param number  its number
     * @param store   its records
     * @param marks   told when a counter has used up a good part of its ceiling
     * @param commits makes its changes durable
     * @return the group
     * @throws KeyStoreException if a record does not open, or is not of a group
     */
    public static DurableKeyGroup read(int number, Records store, CounterMarks.Listener marks, GroupCommit commits) {
        MemoryKeyGroup memory = new MemoryKeyGroup(number, List.of(), List.of(), marks);
        ByteBuffer state = ByteBuffer.wrap(store.get(stateName(number)));
        if (state.remaining() != STATE_LENGTH) {
            throw new KeyStoreException("the state of key group " + number + " has " + state.remaining() + " bytes instead of "
                    + STATE_LENGTH + ".", null);
        }
        memory.readState(state);
        Arrays.fill(state.array(), (byte) 0);
        for (String name : store.names(prefix(number) + KEYS)) {
            memory.writeKey(key(Integer.parseInt(name.substring(name.length() - 2), HEXADECIMAL), store.get(name)));
        }
        return new DurableKeyGroup(memory, commits);
    }

    private static SamKey key(int reference, byte[] record) {
        byte[] parameters = Arrays.copyOfRange(record, 4, 4 + SamKey.PARAMETERS);
        byte[] value = Arrays.copyOfRange(record, 1 + SamKey.READABLE_LENGTH, KEY_LENGTH);
        SamKey key = new SamKey(reference, record[1] & 0xFF, record[2] & 0xFF, record[3] & 0xFF, parameters, KeyValue.copyOf(value));
        Arrays.fill(value, (byte) 0);
        boolean usable = record[0] != 0;
        Arrays.fill(record, (byte) 0);
        return usable ? key : key.invalidated();
    }

    private static byte[] record(SamKey key) {
        byte[] record = new byte[KEY_LENGTH];
        record[0] = (byte) (key.isUsable() ? 1 : 0);
        key.copyReadable(record, 1);
        byte[] value = key.value().revealKeyBytes();
        System.arraycopy(value, 0, record, 1 + SamKey.READABLE_LENGTH, KeyValue.LENGTH);
        Arrays.fill(value, (byte) 0);
        return record;
    }

    /** Puts what changed into the store; called by the thread that commits. */
    @Override
    public void writeTo(SealedStore store) {
        if (deleted) {
            store.names(prefix(number()) + "/").forEach(store::remove);
            return;
        }
        Map<Integer, SamKey> keys;
        synchronized (changedKeys) {
            keys = new HashMap<>(changedKeys);
            changedKeys.clear();
        }
        keys.forEach((reference, key) -> {
            if (key == null) {
                store.remove(keyName(number(), reference));
            } else {
                putKey(store, key);
            }
        });
        ByteBuffer state = ByteBuffer.allocate(STATE_LENGTH);
        memory.writeState(state);
        store.put(stateName(number()), state.array());
        Arrays.fill(state.array(), (byte) 0);
    }

    private void putKey(SealedStore store, SamKey key) {
        byte[] record = record(key);
        store.put(keyName(number(), key.reference()), record);
        Arrays.fill(record, (byte) 0);
    }

    /**
     * Puts keys, and nothing else of the group, into the store; called by the thread that commits. {@link #serve} follows.
     *
     * @param keys  keys of this group
     * @param store takes them
     */
    public void putKeys(Collection<SamKey> keys, SealedStore store) {
        keys.forEach(key -> putKey(store, key));
    }

    /**
     * Lets commands use keys that are on the disk now.
     *
     * @param keys what {@link #putKeys} put
     */
    public void serve(Collection<SamKey> keys) {
        keys.forEach(memory::writeKey);
    }

    @Override
    public int number() {
        return memory.number();
    }

    @Override
    public SamKey workKey(int kif, int kvc) {
        return memory.workKey(kif, kvc);
    }

    @Override
    public SamKey workKeyAt(int record) {
        return memory.workKeyAt(record);
    }

    @Override
    public SamKey systemKey(SystemKeyType type) {
        return memory.systemKey(type);
    }

    @Override
    public byte[] parameters() {
        return memory.parameters();
    }

    @Override
    public int countUse(SamKey key) {
        int value = memory.countUse(key);
        if (value > 0) {
            commits.add(this);
        }
        return value;
    }

    @Override
    public int eventCounter(int counter) {
        return memory.eventCounter(counter);
    }

    @Override
    public int ceiling(int counter) {
        return memory.ceiling(counter);
    }

    @Override
    public boolean isFree(int counter) {
        return memory.isFree(counter);
    }

    @Override
    public byte[] lockFile() {
        return memory.lockFile();
    }

    @Override
    public int nextTransactionNumber() {
        int value = memory.nextTransactionNumber();
        commits.add(this);
        return value;
    }

    @Override
    public CompletionStage<Void> pendingCommit() {
        return commits.pending(this);
    }

    @Override
    public void writeKey(SamKey key) {
        synchronized (changedKeys) {
            changedKeys.put(key.reference(), key);
        }
        commits.commit(this);
        // Only now, so that no command uses a key that could still be lost.
        memory.writeKey(key);
    }

    @Override
    public void writeLockFile(byte[] file) {
        memory.writeLockFile(file);
        commits.commit(this);
    }

    @Override
    public void writeParameters(byte[] parameters) {
        memory.writeParameters(parameters);
        commits.commit(this);
    }

    @Override
    public void writeCeilings(int first, int[] ceilings, boolean[] free) {
        memory.writeCeilings(first, ceilings, free);
        commits.commit(this);
    }

    /**
     * Finds a key.
     *
     * @param reference record reference: 01..7E for a work key, C1..C4 for a system key
     * @return the key; null if there is none, or the reference is of no record
     */
    public SamKey key(int reference) {
        for (SystemKeyType type : SystemKeyType.values()) {
            if (type.reference() == reference) {
                return systemKey(type);
            }
        }
        return workKeyAt(reference);
    }

    @Override
    public void deleteKey(int reference) {
        SamKey key = key(reference);
        if (key == null) {
            return;
        }
        // First here, so that no command uses a key that is about to go.
        memory.deleteKey(reference);
        synchronized (changedKeys) {
            changedKeys.put(reference, null);
        }
        commits.commit(this);
        key.value().destroy();
    }

    /**
     * Lets no channel open any more: before the group is deleted.
     *
     * @return false if channels are open: nothing changed then
     */
    public boolean retire() {
        return memory.retire();
    }

    /** Deletes the group with all that it holds. */
    public void delete() {
        deleted = true;
        commits.commit(this);
        memory.destroy();
    }

    /**
     * Limits how many channels may be open for the group at once.
     *
     * @param quota the limit; 0 for none
     */
    public void limitChannels(int quota) {
        memory.limitChannels(quota);
        commits.commit(this);
    }

    /**
     * Raises counters, where they are not there already. It is in memory when this returns, and on the disk with the next
     * commit of the group: a counter that is ahead of the disk gives nothing back.
     *
     * @param values for each counter the value to raise it to; 0 leaves it as it is
     */
    public void raiseCounters(int[] values) {
        for (int counter = 0; counter < COUNTERS; counter++) {
            memory.raiseCounter(counter, values[counter]);
        }
    }

    /** Uses up all that the ceilings allow, as {@link #raiseCounters}: done where nobody knows how much was used. */
    public void exhaust() {
        int[] values = new int[COUNTERS];
        Arrays.setAll(values, memory::ceiling);
        raiseCounters(values);
    }

    /** Overwrites the values of all keys in memory; the disk keeps them sealed. */
    public void destroy() {
        memory.destroy();
    }

    /** @return all keys, work keys first */
    public List<SamKey> keys() {
        return memory.keys();
    }

    @Override
    public int channelQuota() {
        return memory.channelQuota();
    }

    @Override
    public int channelsInUse() {
        return memory.channelsInUse();
    }

    @Override
    public boolean takeChannel(boolean overQuota) {
        return memory.takeChannel(overQuota);
    }

    @Override
    public void giveChannel() {
        memory.giveChannel();
    }
}
