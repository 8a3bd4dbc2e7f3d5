package org.calypsohsm.startup.cards;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

import org.calypsohsm.startup.CardSet;
import org.calypsohsm.startup.LockedStore;
import org.calypsohsm.startup.Startup;
import org.calypsohsm.startup.StartupException;
import org.calypsohsm.startup.StartupException.Reason;
import org.calypsohsm.startup.StartupReport;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.ConfigurationPolicy;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.component.annotations.ReferenceCardinality;
import org.osgi.service.component.annotations.ReferencePolicy;
import org.osgi.service.metatype.annotations.AttributeDefinition;
import org.osgi.service.metatype.annotations.Designate;
import org.osgi.service.metatype.annotations.ObjectClassDefinition;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Opens a store without a person, with the PIN from a file: once for each time that the store comes. A store that a person
 * locks stays locked. A PIN that was refused is not tried again before the configuration changes.
 */
@Component(immediate = true, service = {}, configurationPid = "org.calypsohsm.startup.unattended",
        configurationPolicy = ConfigurationPolicy.REQUIRE)
@Designate(ocd = UnattendedRestart.Config.class, factory = true)
public final class UnattendedRestart {

    /** Configuration of an unattended restart. */
    @ObjectClassDefinition(name = "Unattended restart")
    public @interface Config {

        /** @return name of the key store */
        @AttributeDefinition(description = "Name of the key store")
        String store();

        /** @return file with the PIN */
        @AttributeDefinition(description = "File with the PIN of the cards or of the software token, in one line")
        String pinFile();

        /** @return card or software */
        @AttributeDefinition(description = "card or software; with software a new store is initialized at once, for development")
        String token() default CARD;
    }

    private static final String CARD = "card";
    private static final String SOFTWARE = "software";
    private static final Logger LOG = LoggerFactory.getLogger(UnattendedRestart.class);
    /** The longest that the thread does not look whether it has to end. */
    private static final long LOOK_MILLIS = 500;
    private static final long AGAIN_SECONDS = 30;
    private static final long END_MILLIS = 5000;

    private final CardStartup startup;
    private final String name;
    private final Path pinFile;
    private final boolean software;
    private final Thread thread = new Thread(this::run, "unattended restart");
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private LockedStore waiting;
    private boolean ended;
    /** The last sentence in the log, which is not said twice in a row. */
    private String said;

    /**
     * Begins to wait for the store.
     *
     * @param startup opens it
     * @param config  which store, and its PIN
     * @throws IllegalArgumentException if the token is neither card nor software
     */
    @Activate
    public UnattendedRestart(@Reference CardStartup startup, Config config) {
        if (!List.of(CARD, SOFTWARE).contains(config.token())) {
            throw new IllegalArgumentException("Unattended restart of key store " + config.store() + ": the token is " + CARD + " or " + SOFTWARE
                    + ", not " + config.token() + "; correct org.calypsohsm.startup.unattended.");
        }
        this.startup = startup;
        name = config.store();
        pinFile = Path.of(config.pinFile());
        software = config.token().equals(SOFTWARE);
        thread.setDaemon(true);
        thread.start();
    }

    @Reference(cardinality = ReferenceCardinality.MULTIPLE, policy = ReferencePolicy.DYNAMIC)
    void bindStore(LockedStore store) {
        if (store.name().equals(name)) {
            set(store);
        }
    }

    void unbindStore(LockedStore store) {
        finish(store);
    }

    private void set(LockedStore store) {
        lock.lock();
        try {
            waiting = store;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    private void finish(LockedStore store) {
        lock.lock();
        try {
            if (waiting == store) {
                waiting = null;
            }
        } finally {
            lock.unlock();
        }
    }

    /** Ends the thread, and waits until it has ended. */
    @Deactivate
    void close() {
        lock.lock();
        try {
            ended = true;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
        // No interrupt: it would close the file of a store that is just being opened. The thread looks often enough.
        try {
            thread.join(END_MILLIS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        if (thread.isAlive()) {
            LOG.warn("Unattended restart of key store {}: a card keeps its thread busy for more than {} ms.", name, END_MILLIS);
        }
    }

    private void run() {
        try {
            for (LockedStore store = next(); store != null; store = next()) {
                // Listed before the attempt: a card that comes while it goes on is a change.
                List<String> before = software ? List.of() : startup.readersWithCard();
                if (attempt(store)) {
                    finish(store);
                } else {
                    awaitChange(store, before);
                }
            }
        } catch (InterruptedException e) {
            // It is told to end.
        } catch (RuntimeException | Error e) {
            LOG.error("Unattended restart of key store {}: it ended and waits no more ({}); open the store with the command unlock.", name, e, e);
        }
    }

    /** Waits for the store; null at the end. */
    private LockedStore next() throws InterruptedException {
        lock.lockInterruptibly();
        try {
            while (waiting == null && !ended) {
                changed.await();
            }
            return ended ? null : waiting;
        } finally {
            lock.unlock();
        }
    }

    private boolean isWaiting(LockedStore store) {
        lock.lock();
        try {
            return !ended && waiting == store;
        } finally {
            lock.unlock();
        }
    }

    /** Waits until other cards are there, or, for a software token, for a while. */
    private void awaitChange(LockedStore store, List<String> before) throws InterruptedException {
        if (software) {
            lock.lockInterruptibly();
            try {
                if (waiting == store && !ended) {
                    changed.await(LOOK_MILLIS, TimeUnit.MILLISECONDS);
                }
            } finally {
                lock.unlock();
            }
            return;
        }
        CardReaders.Changes changes = startup.readers().changes();
        // Now and then all the same: another program may have had the card.
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(AGAIN_SECONDS);
        while (isWaiting(store) && System.nanoTime() - end < 0 && !changes.await(LOOK_MILLIS)
                && startup.readersWithCard().equals(before)) {
            LOG.trace("Key store {}: no other card yet.", name);
        }
    }

    /** @return true if there is nothing left to do for the store */
    private boolean attempt(LockedStore store) {
        CardSet set = store.cardSet();
        if (store.status().isOpen()) {
            return true;
        }
        if (set == null && !software) {
            say("it is new, so a person has to initialize it with startup cards");
            return true;
        }
        if (set != null && set.isSoftwareToken() != software) {
            say("it is opened by " + (software ? "startup cards" : "a software token") + "; correct the token of"
                    + " org.calypsohsm.startup.unattended");
            return true;
        }
        char[] pin = pin();
        if (pin == null) {
            return true;
        }
        try {
            StartupReport report = set == null ? startup.initialize(name, new Startup.Shares(1, 0), (number, cards) -> pin.clone())
                    : startup.unlock(name, pin, OpenPgpCard.SPARE_TRIES);
            if (report.status().isOpen()) {
                return true;
            }
            say("it needs " + report.missing() + " more startup card(s)");
            // Another card may be in a reader already; with none, it ends with the one that was given before.
            return attempt(store);
        } catch (StartupException e) {
            say(e.getMessage());
            return !(e.reason() == Reason.NO_CARD || e.reason() == Reason.WRONG_CARD || e.reason() == Reason.NOT_FOUND
                    || e.reason() == Reason.FAILED && !software);
        } finally {
            Arrays.fill(pin, '\0');
        }
    }

    private char[] pin() {
        try {
            return Files.readString(pinFile).strip().toCharArray();
        } catch (IOException e) {
            say("the file with the PIN, " + pinFile + ", cannot be read (" + e + "); correct it and change the configuration");
            return null;
        }
    }

    private void say(String sentence) {
        if (!sentence.equals(said)) {
            said = sentence;
            LOG.warn("Unattended restart of key store {}: {}{}", name, sentence, sentence.endsWith(".") ? "" : ".");
        }
    }
}
