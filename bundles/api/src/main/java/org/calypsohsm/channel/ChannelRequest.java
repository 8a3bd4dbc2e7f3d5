package org.calypsohsm.channel;

import java.time.Duration;
import java.util.Objects;

/**
 * What a client asks for when it opens a channel.
 *
 * @param keyGroup    number of the key group, 0 or more; 0 is the usual one
 * @param deadline    how long to wait in the queue for a free channel; zero does not wait
 * @param idleTimeout the lease: a channel without an exchange for this long is taken back; zero or less never
 */
public record ChannelRequest(int keyGroup, Duration deadline, Duration idleTimeout) {

    /** Default time in the queue: 5 s. */
    public static final Duration DEFAULT_DEADLINE = Duration.ofSeconds(5);
    /** Default lease: 2 min, several times the length of a sale. */
    public static final Duration DEFAULT_IDLE_TIMEOUT = Duration.ofMinutes(2);

    /** Checks the ranges. */
    public ChannelRequest {
        Objects.requireNonNull(deadline, "deadline");
        Objects.requireNonNull(idleTimeout, "idleTimeout");
        if (keyGroup < 0) {
            throw new IllegalArgumentException("A key group is numbered from 0, not " + keyGroup + ".");
        }
        if (deadline.isNegative()) {
            throw new IllegalArgumentException("The deadline to open a channel is not negative: " + deadline + ".");
        }
    }

    /**
     * Asks for a channel with the default deadline and lease.
     *
     * @param keyGroup number of the key group
     * @return the request
     */
    public static ChannelRequest forKeyGroup(int keyGroup) {
        return new ChannelRequest(keyGroup, DEFAULT_DEADLINE, DEFAULT_IDLE_TIMEOUT);
    }

    /**
     * Changes the deadline.
     *
     * @param newDeadline how long to wait in the queue
     * @return a new request
     */
    public ChannelRequest withDeadline(Duration newDeadline) {
        return new ChannelRequest(keyGroup, newDeadline, idleTimeout);
    }

    /**
     * Changes the lease.
     *
     * @param newIdleTimeout after how long without an exchange the channel is taken back
     * @return a new request
     */
    public ChannelRequest withIdleTimeout(Duration newIdleTimeout) {
        return new ChannelRequest(keyGroup, deadline, newIdleTimeout);
    }
}
