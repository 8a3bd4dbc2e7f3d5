package org.calypsohsm.audit;

import java.time.Instant;
import java.util.Objects;

/**
 * One act worth keeping. No field may hold a key byte or APDU data.
 *
 * @param time    when
 * @param act     what was done, in the form {@code "module.drain"}
 * @param subject to what: a module, channel, key group or plugin by name
 * @param actor   who asked for it; {@code "platform"} for what the platform does by itself
 * @param outcome how it ended, in one sentence
 */
public record AuditEvent(Instant time, String act, String subject, String actor, String outcome) {

    /** Checks that every part is there. */
    public AuditEvent {
        Objects.requireNonNull(time, "time");
        Objects.requireNonNull(act, "act");
        Objects.requireNonNull(subject, "subject");
        Objects.requireNonNull(actor, "actor");
        Objects.requireNonNull(outcome, "outcome");
    }
}
