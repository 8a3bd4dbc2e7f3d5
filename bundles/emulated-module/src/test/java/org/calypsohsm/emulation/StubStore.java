package org.calypsohsm.emulation;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

import org.calypsohsm.key.KeyGroup;
import org.calypsohsm.key.KeyStore;
import org.calypsohsm.key.KeyStoreStatus;

/** A key store in the state that a test wants, in front of one that is always open, with quotas that a test sets. */
public final class StubStore implements KeyStore {

    /** Quotas, by number of the key group; a group without one has none. */
    public final Map<Integer, Integer> quotas = new ConcurrentSkipListMap<>();

    private final KeyStore behind;
    private final Map<Integer, KeyGroup> groups = new ConcurrentSkipListMap<>();
    private final Map<Integer, AtomicInteger> inUse = new ConcurrentSkipListMap<>();
    private final List<Consumer<KeyStoreStatus>> listeners = new CopyOnWriteArrayList<>();
    private volatile KeyStoreStatus status = new KeyStoreStatus(KeyStoreStatus.State.OPEN, "It is open.");

    /** @param behind where the key groups are */
    public StubStore(KeyStore behind) {
        this.behind = behind;
        behind.keyGroups().forEach(this::add);
    }

    /**
     * Changes the state, and tells it.
     *
     * @param state    the state
     * @param sentence why
     */
    public void become(KeyStoreStatus.State state, String sentence) {
        status = new KeyStoreStatus(state, sentence);
        listeners.forEach(listener -> listener.accept(status));
    }

    /** @return how many watch it */
    public int listeners() {
        return listeners.size();
    }

    /**
     * Deletes a key group.
     *
     * @param number its number
     */
    public void remove(int number) {
        groups.remove(number);
    }

    /**
     * Makes a key group of the store behind that was deleted here.
     *
     * @param number its number
     */
    public void add(int number) {
        KeyGroup group = behind.keyGroup(number);
        AtomicInteger channels = inUse.computeIfAbsent(number, ignored -> new AtomicInteger());
        groups.put(number, (KeyGroup) Proxy.newProxyInstance(KeyGroup.class.getClassLoader(), new Class<?>[] {KeyGroup.class},
                (self, method, arguments) -> switch (method.getName()) {
                    case "channelQuota" -> quotas.getOrDefault(number, 0);
                    case "channelsInUse" -> channels.get();
                    case "takeChannel" -> take(number, channels, (Boolean) arguments[0]);
                    case "giveChannel" -> {
                        channels.decrementAndGet();
                        yield null;
                    }
                    default -> {
                        try {
                            yield method.invoke(group, arguments);
                        } catch (InvocationTargetException e) {
                            throw e.getCause();
                        }
                    }
                }));
    }

    private synchronized boolean take(int number, AtomicInteger channels, boolean overQuota) {
        int quota = quotas.getOrDefault(number, 0);
        if (!overQuota && quota != 0 && channels.get() >= quota) {
            return false;
        }
        channels.incrementAndGet();
        return true;
    }

    @Override
    public Set<Integer> keyGroups() {
        return status.isOpen() ? Set.copyOf(groups.keySet()) : Set.of();
    }

    @Override
    public KeyGroup keyGroup(int number) {
        return status.isOpen() ? groups.get(number) : null;
    }

    /**
     * Tells how many channels a group counts, also while the store is not open.
     *
     * @param number its number
     * @return how many
     */
    public int channelsInUse(int number) {
        return inUse.get(number).get();
    }

    @Override
    public KeyStoreStatus status() {
        return status;
    }

    @Override
    public Watch watch(Consumer<KeyStoreStatus> listener) {
        listeners.add(listener);
        listener.accept(status);
        return () -> listeners.remove(listener);
    }
}
