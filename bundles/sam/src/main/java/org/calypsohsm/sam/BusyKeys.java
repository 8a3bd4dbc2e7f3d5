package org.calypsohsm.sam;

import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

import org.calypsohsm.key.KeyGroup;
import org.calypsohsm.key.SamKey;

/**
 * Holds signature verification in busy mode back after a wrong signature, for 3 s and even across a reset: so it is kept for
 * the key, not for the SAM. Source: sam-s1-apdu.md section 5.19.
 */
final class BusyKeys {

    private static final long BUSY_NANOS = TimeUnit.SECONDS.toNanos(3);

    private record Key(int group, int reference) {
    }

    private final ConcurrentHashMap<Key, Long> since = new ConcurrentHashMap<>();
    private final LongSupplier clock;

    /** @param clock nanoseconds, as of {@link System#nanoTime()} */
    BusyKeys(LongSupplier clock) {
        this.clock = clock;
    }

    boolean isBusy(KeyGroup group, SamKey key) {
        Key busy = new Key(group.number(), key.reference());
        Long start = since.get(busy);
        if (start == null) {
            return false;
        }
        if (clock.getAsLong() - start < BUSY_NANOS) {
            return true;
        }
        since.remove(busy, start);
        return false;
    }

    void wrongSignature(KeyGroup group, SamKey key) {
        since.put(new Key(group.number(), key.reference()), clock.getAsLong());
    }
}
