package org.calypsohsm.keystore.admin;

import java.util.Arrays;
import java.util.Locale;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import java.util.stream.Collectors;

import org.calypsohsm.auditing.AuditClient;
import org.calypsohsm.key.KeyAdministrationException;
import org.calypsohsm.key.KeyAdministrationException.Reason;
import org.calypsohsm.key.KeyStoreStatus;
import org.calypsohsm.key.Officer;
import org.calypsohsm.key.Role;
import org.calypsohsm.keystore.DurableKeyGroup;
import org.calypsohsm.keystore.KeyStoreException;
import org.calypsohsm.keystore.OpenStore;

/**
 * The way of all acts to one key store: one act at a time, only while the store is open, only by who has the role, and
 * recorded before it takes place.
 */
public final class StoreAccess {

    /** What is done with the open store. */
    @FunctionalInterface
    interface Act<T> {

        T run(OpenStore store) throws KeyAdministrationException;
    }

    private final String name;
    private final Supplier<OpenStore> opened;
    private final Supplier<KeyStoreStatus> status;
    private final AuditClient audit;
    /** Administration is rare, so one lock serves all of it. */
    private final ReentrantLock lock = new ReentrantLock();

    /**
     * Makes the way.
     *
     * @param name   name of the store
     * @param opened gives the store while it is open; null otherwise
     * @param status tells why it is not open
     * @param audit  takes what is ordered
     */
    public StoreAccess(String name, Supplier<OpenStore> opened, Supplier<KeyStoreStatus> status, AuditClient audit) {
        this.name = name;
        this.opened = opened;
        this.status = status;
        this.audit = audit;
    }

    String name() {
        return name;
    }

    /** Does one act after the other. */
    <T> T run(Act<T> act) throws KeyAdministrationException {
        lock.lock();
        try {
            return act.run(open());
        } catch (KeyStoreException e) {
            throw fault(Reason.FAILED, e.reason(), e);
        } finally {
            lock.unlock();
        }
    }

    private OpenStore open() throws KeyAdministrationException {
        OpenStore store = opened.get();
        if (store == null) {
            throw new KeyAdministrationException(Reason.NOT_OPEN, status.get().sentence());
        }
        return store;
    }

    /** @return true while the store given is the one that is open */
    boolean isOpen(OpenStore store) {
        return opened.get() == store;
    }

    /** Refuses who has none of the roles. */
    void require(Officer by, Role... roles) throws KeyAdministrationException {
        if (by == null || Arrays.stream(roles).noneMatch(by::is)) {
            String needed = Arrays.stream(roles).map(role -> role.name().toLowerCase(Locale.ROOT)).collect(Collectors.joining(" or "));
            String who = by == null ? "nobody" : by.name();
            audit.note("officer.refused", "officer " + who + " of " + subject(), "The role " + needed + " is missing.");
            throw fault(Reason.NOT_PERMITTED, "officer " + who + " is no " + needed + "; have one do it.");
        }
    }

    /** Records an act; returns when it may be done. */
    void order(String act, String subject, String actor, String outcome) throws KeyAdministrationException {
        try {
            audit.order(act, subject + " in " + subject(), actor, outcome);
        } catch (IllegalStateException e) {
            throw new KeyAdministrationException(Reason.NOT_RECORDED, e.getMessage(), e);
        }
    }

    /** Notes what happened by itself. */
    void note(String act, String subject, String outcome) {
        audit.note(act, subject + " in " + subject(), outcome);
    }

    private String subject() {
        return "key store " + name;
    }

    /** Finds a group, or refuses. */
    DurableKeyGroup group(OpenStore store, int number) throws KeyAdministrationException {
        DurableKeyGroup group = store.groups().get(number);
        if (group == null) {
            throw fault(Reason.NOT_FOUND, "there is no key group " + number + "; there are " + store.groups().keySet() + ".");
        }
        return group;
    }

    KeyAdministrationException fault(Reason reason, String sentence) {
        return fault(reason, sentence, null);
    }

    KeyAdministrationException fault(Reason reason, String sentence, Throwable cause) {
        return new KeyAdministrationException(reason, "Key store " + name + ": " + sentence, cause);
    }
}
