package org.calypsohsm.startup.cards;

import java.io.IOException;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

import org.calypsohsm.startup.CardSet;
import org.calypsohsm.startup.LockedStore;
import org.calypsohsm.startup.Startup;
import org.calypsohsm.startup.StartupException;
import org.calypsohsm.startup.StartupException.Reason;
import org.calypsohsm.startup.StartupReport;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.component.annotations.ReferenceCardinality;
import org.osgi.service.component.annotations.ReferencePolicy;
import org.osgi.service.metatype.annotations.AttributeDefinition;
import org.osgi.service.metatype.annotations.Designate;
import org.osgi.service.metatype.annotations.ObjectClassDefinition;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Start-up with OpenPGP cards in the readers of PC/SC, or with software tokens. PC/SC is loaded at its first use. */
@Component(service = {Startup.class, CardStartup.class}, configurationPid = "org.calypsohsm.startup")
@Designate(ocd = CardStartup.Config.class)
public final class CardStartup implements Startup {

    /** Configuration of the start-up. */
    @ObjectClassDefinition(name = "Start-up")
    public @interface Config {

        /** @return regular expression that a name of a reader matches as a whole */
        @AttributeDefinition(description = "Which PC/SC readers to use: a regular expression for their names")
        String readers() default ".*";

        /** @return folder of the software tokens; empty refuses them */
        @AttributeDefinition(description = "Folder of software tokens, for development; empty refuses them")
        String tokenDirectory() default "";
    }

    private static final Logger LOG = LoggerFactory.getLogger(CardStartup.class);
    /** How long a share is kept without the next one. */
    private static final Duration PATIENCE = Duration.ofMinutes(10);
    private static final int SET_NAME = 8;

    private final CardReaders readers;
    private final String tokenDirectory;
    private final Duration patience;
    private final Map<String, LockedStore> stores = new ConcurrentSkipListMap<>();
    private final Map<String, GivenShares> given = new ConcurrentHashMap<>();
    private final Map<String, Future<?>> forgetting = new ConcurrentHashMap<>();
    private final Set<String> beginning = ConcurrentHashMap.newKeySet();
    /** Sets whose ceremony failed: their cards hold nothing of worth. */
    private final Set<String> abandoned = ConcurrentHashMap.newKeySet();
    /** One card is handled at a time. */
    private final ReentrantLock oneCard = new ReentrantLock();
    private final ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor(task -> {
        Thread thread = new Thread(task, "startup shares");
        thread.setDaemon(true);
        return thread;
    });

    /**
     * Makes the service.
     *
     * @param config which readers, and where software tokens are
     * @throws IllegalArgumentException if the readers are no regular expression
     */
    @Activate
    public CardStartup(Config config) {
        this(new PcscReaders(pattern(config.readers())), config.tokenDirectory(), PATIENCE);
    }

    static Pattern pattern(String readers) {
        try {
            return Pattern.compile(readers);
        } catch (PatternSyntaxException e) {
            throw new IllegalArgumentException("Start-up: the names of the readers are a regular expression, and " + readers
                    + " is none; correct org.calypsohsm.startup readers.", e);
        }
    }

    /** A test has its own readers and less patience. */
    CardStartup(CardReaders readers, String tokenDirectory, Duration patience) {
        this.readers = readers;
        this.tokenDirectory = tokenDirectory;
        this.patience = patience;
    }

    /** Forgets what was given. */
    @Deactivate
    void close() {
        timer.shutdownNow();
        List.copyOf(given.keySet()).forEach(this::forget);
    }

    @Reference(cardinality = ReferenceCardinality.MULTIPLE, policy = ReferencePolicy.DYNAMIC)
    void bindStore(LockedStore store) {
        stores.put(store.name(), store);
    }

    void unbindStore(LockedStore store) {
        if (stores.remove(store.name(), store)) {
            forget(store.name());
        }
    }

    CardReaders readers() {
        return readers;
    }

    @Override
    public List<StartupReport> stores() {
        return stores.values().stream().map(this::report).toList();
    }

    private StartupReport report(LockedStore store) {
        GivenShares shares = given.get(store.name());
        return new StartupReport(store.name(), store.status(), store.cardSet(),
                shares == null || store.status().isOpen() ? 0 : shares.count());
    }

    @Override
    public List<String> readersWithCard() {
        try {
            return readers.withCard();
        } catch (StartupException e) {
            LOG.debug("{}", e.getMessage());
            return List.of();
        }
    }

    private LockedStore find(String name) throws StartupException {
        LockedStore store = stores.get(name);
        if (store == null) {
            throw new StartupException(Reason.NOT_FOUND, "There is no key store " + name + "; there " + (stores.isEmpty() ? "is none at all"
                    : "are: " + String.join(", ", stores.keySet())) + ".");
        }
        return store;
    }

    @Override
    public StartupReport unlock(String name, char[] pin) throws StartupException {
        return unlock(name, pin, 1);
    }

    /**
     * Unlocks as {@link #unlock(String, char[])} does, but only while enough tries are left.
     *
     * @param fewestTries how many tries of the card's PIN must be left, 1 or more
     */
    StartupReport unlock(String name, char[] pin, int fewestTries) throws StartupException {
        oneCard.lock();
        try {
            LockedStore store = find(name);
            CardSet set = store.cardSet();
            if (store.status().isOpen()) {
                throw new StartupException(Reason.ALREADY_OPEN, "Key store " + name + " is open already.");
            }
            if (set == null) {
                throw new StartupException(Reason.NOT_INITIALIZED, "Key store " + name + " is new; initialize it first.");
            }
            take(store, set, pin, fewestTries, LockedStore::open);
            return report(store);
        } finally {
            oneCard.unlock();
        }
    }

    @Override
    public StartupReport adopt(String name, CardSet set, char[] pin) throws StartupException {
        oneCard.lock();
        try {
            LockedStore store = find(name);
            if (store.cardSet() != null) {
                throw new StartupException(Reason.ALREADY_INITIALIZED, "Key store " + name + " has the set " + store.cardSet().id()
                        + " already; unlock it, or zeroize it first.");
            }
            take(store, set, pin, 1, (locked, key, epoch) -> locked.adopt(key, set, epoch));
            return report(store);
        } finally {
            oneCard.unlock();
        }
    }

    /** What the storage key is for: to open a store, or to begin one under cards that are there already. */
    @FunctionalInterface
    private interface Opening {
        long with(LockedStore store, byte[] key, long cardEpoch) throws StartupException;
    }

    /** Takes the key of the software token, or the share of a card. */
    private void take(LockedStore store, CardSet set, char[] pin, int fewestTries, Opening opening) throws StartupException {
        if (set.isSoftwareToken()) {
            opened(store, opening, new SoftwareToken(tokenDirectory, store.name()).read(pin), 0);
        } else {
            give(store, set, pin, fewestTries, opening);
        }
    }

    private static long opened(LockedStore store, Opening opening, byte[] key, long epoch) throws StartupException {
        try {
            long now = opening.with(store, key, epoch);
            LOG.info("Key store {}: it is open.", store.name());
            return now;
        } finally {
            Arrays.fill(key, (byte) 0);
        }
    }

    /** Takes the share of a card, and opens the store if it was the last one needed. */
    private void give(LockedStore store, CardSet set, char[] pin, int fewestTries, Opening opening) throws StartupException {
        GivenShares shares = given.computeIfAbsent(store.name(), name -> new GivenShares());
        Examination examination = card -> {
            CardLabel label = card.label();
            if (label == null) {
                return card.place() + "it is no startup card; insert one of set " + set.id() + ".";
            }
            if (!label.set().equals(set.id())) {
                return card.place() + "it is a startup card of the set " + label.set() + "; insert one of set " + set.id() + ", which key store "
                        + store.name() + " needs.";
            }
            return shares.contains(card.serial(), label.index()) ? card.place() + "it was given before; insert another one of the set." : null;
        };
        String reader = choose(examination);
        Pin bytes = Pin.of(pin);
        if (bytes == null) {
            throw new StartupException(Reason.WRONG_PIN, "Reader " + reader + ": a PIN has " + Pin.LEAST + " to " + Pin.MOST
                    + " digits or letters, so this one was not tried.");
        }
        List<GivenShares.Given> used = new ArrayList<>();
        boolean kept = false;
        long epoch = -1;
        try {
            GivenShares.Given last = readers.converse(reader, channel -> read(examined(channel, reader, examination), reader, set, bytes, fewestTries));
            shares.add(last);
            kept = true;
            if (given.get(store.name()) != shares) {
                shares.wipe();
                throw new StartupException(Reason.FAILED, "Key store " + store.name() + ": it was locked while a card gave its share; begin again.");
            }
            if (shares.count() < set.threshold()) {
                forgetLater(store.name());
                return;
            }
            used.addAll(shares.take());
            epoch = opened(store, opening, KeySharing.combine(used.stream().map(GivenShares.Given::share).toList()),
                    used.stream().mapToLong(card -> card.label().epoch()).max().orElse(0));
        } finally {
            if (!kept) {
                bytes.close();
            }
            if (epoch >= 0) {
                for (GivenShares.Given card : used) {
                    remember(card, epoch);
                }
            }
            used.forEach(GivenShares.Given::wipe);
            if (shares.count() == 0) {
                forget(store.name());
            }
        }
    }

    private static GivenShares.Given read(OpenPgpCard card, String reader, CardSet set, Pin pin, int fewestTries)
            throws StartupException, IOException {
        CardLabel label = card.label();
        card.verify(pin, fewestTries);
        Share share = card.share();
        if (!share.set().equals(set) || share.index() != label.index()) {
            share.wipe();
            throw new StartupException(Reason.WRONG_CARD, card.place() + "its share is not of the set that its label tells; use another card"
                    + " of the set.");
        }
        return new GivenShares.Given(card.serial(), reader, share, pin, label);
    }

    /** Writes the epoch to a card, if it is still in its reader. A card that is not keeps an older one, which is no harm. */
    private void remember(GivenShares.Given given, long epoch) {
        try {
            readers.converse(given.reader(), channel -> {
                OpenPgpCard card = OpenPgpCard.select(channel, given.reader());
                if (card != null && card.serial().equals(given.serial())) {
                    card.verify(given.pin(), OpenPgpCard.SPARE_TRIES);
                    card.writeLabel(given.label().withEpoch(epoch));
                }
                return null;
            });
        } catch (StartupException e) {
            LOG.info("The epoch was not written to startup card {}: {}", given.serial(), e.getMessage());
        }
    }

    /** Says what is wrong with a card; null if nothing is. */
    @FunctionalInterface
    private interface Examination {
        String refusal(OpenPgpCard card) throws StartupException, IOException;
    }

    /** Finds the reader with a card that will do, before any PIN is tried. */
    private String choose(Examination examination) throws StartupException {
        List<String> refusals = new ArrayList<>();
        StartupException fault = null;
        for (String reader : readers.withCard()) {
            try {
                readers.converse(reader, channel -> examined(channel, reader, examination));
                return reader;
            } catch (StartupException e) {
                fault = e;
                if (e.reason() == Reason.WRONG_CARD) {
                    refusals.add(e.getMessage());
                }
            }
        }
        if (fault == null) {
            throw new StartupException(Reason.NO_CARD, "There is no card in a reader; insert a startup card.");
        }
        if (refusals.size() > 1) {
            throw new StartupException(Reason.WRONG_CARD, String.join(" ", refusals), fault);
        }
        throw fault;
    }

    private static OpenPgpCard examined(CardChannel channel, String reader, Examination examination) throws StartupException, IOException {
        OpenPgpCard card = OpenPgpCard.select(channel, reader);
        String refusal = card == null ? "Reader " + reader + ": its card is no OpenPGP card; insert a startup card." : examination.refusal(card);
        if (refusal != null) {
            throw new StartupException(Reason.WRONG_CARD, refusal);
        }
        return card;
    }

    private void forgetLater(String name) {
        cancel(forgetting.put(name, timer.schedule(() -> {
            LOG.warn("Key store {}: no further startup card came within {} s, so the shares that were given are forgotten.", name,
                    patience.toSeconds());
            forget(name);
        }, patience.toMillis(), TimeUnit.MILLISECONDS)));
    }

    private void forget(String name) {
        GivenShares shares = given.remove(name);
        if (shares != null) {
            shares.wipe();
        }
        cancel(forgetting.remove(name));
    }

    private static void cancel(Future<?> task) {
        if (task != null) {
            task.cancel(false);
        }
    }

    @Override
    public StartupReport initialize(String name, Shares shares, Ceremony ceremony) throws StartupException {
        LockedStore store = find(name);
        if (store.cardSet() != null) {
            throw new StartupException(Reason.ALREADY_INITIALIZED, "Key store " + name + " has the set " + store.cardSet().id()
                    + " already; unlock it, or zeroize it first.");
        }
        CardSet set = newSet(name, shares);
        if (!beginning.add(name)) {
            throw new StartupException(Reason.FAILED, "Key store " + name + " is being initialized; wait until that has ended.");
        }
        try {
            if (set.isSoftwareToken()) {
                makeToken(store, set, ceremony);
            } else {
                makeCards(store, set, ceremony);
            }
            LOG.info("Key store {}: it was initialized and is open.", name);
            return report(store);
        } finally {
            beginning.remove(name);
        }
    }

    private static CardSet newSet(String name, Shares shares) throws StartupException {
        byte[] id = new byte[SET_NAME];
        new SecureRandom().nextBytes(id);
        try {
            return new CardSet(HexFormat.of().withUpperCase().formatHex(id), shares.threshold(), shares.cards());
        } catch (IllegalArgumentException e) {
            throw new StartupException(Reason.FAILED, "Key store " + name + ": " + e.getMessage(), e);
        }
    }

    private void makeToken(LockedStore store, CardSet set, Ceremony ceremony) throws StartupException {
        SoftwareToken token = new SoftwareToken(tokenDirectory, store.name());
        char[] pin = next(store, ceremony, 1, 0);
        byte[] key = null;
        try {
            key = token.make(pin);
            store.initialize(key, set);
        } finally {
            Arrays.fill(pin, '\0');
            if (key != null) {
                Arrays.fill(key, (byte) 0);
            }
        }
    }

    private void makeCards(LockedStore store, CardSet set, Ceremony ceremony) throws StartupException {
        KeySharing.Shared shared = KeySharing.share(set);
        boolean done = false;
        try {
            Set<String> written = new HashSet<>();
            for (Share share : shared.shares()) {
                char[] pin = next(store, ceremony, share.index(), set.cards());
                try (Pin bytes = Pin.of(pin)) {
                    if (bytes == null) {
                        throw new StartupException(Reason.WRONG_PIN, "Key store " + store.name() + ": a PIN has " + Pin.LEAST + " to "
                                + Pin.MOST + " digits or letters; begin again and choose such a one.");
                    }
                    written.add(write(share, bytes, written));
                } finally {
                    Arrays.fill(pin, '\0');
                }
            }
            store.initialize(shared.key(), set);
            done = true;
        } finally {
            if (!done) {
                abandoned.add(set.id());
            }
            Arrays.fill(shared.key(), (byte) 0);
            shared.shares().forEach(Share::wipe);
        }
    }

    private static char[] next(LockedStore store, Ceremony ceremony, int number, int cards) throws StartupException {
        char[] pin = ceremony.nextCard(number, cards);
        if (pin == null) {
            throw new StartupException(Reason.FAILED, "Key store " + store.name() + ": it was given up"
                    + (cards == 0 ? "" : " at card " + number + " of " + cards) + ", so the store is as new as before.");
        }
        return pin;
    }

    /** @return serial number of the card written */
    private String write(Share share, Pin pin, Set<String> written) throws StartupException {
        Examination examination = card -> {
            if (written.contains(card.serial())) {
                return card.place() + "it has a share of this set already; insert another card.";
            }
            CardLabel label = card.label();
            boolean overwritten = card.isBlank() || label != null && abandoned.contains(label.set());
            return overwritten ? null : card.place() + "its data object 0101 is in use"
                    + (label == null ? "" : ", it is a startup card of the set " + label.set())
                    + "; insert another card, or first reset this one to what it was when it was sold.";
        };
        oneCard.lock();
        try {
            String reader = choose(examination);
            return readers.converse(reader, channel -> {
                OpenPgpCard card = examined(channel, reader, examination);
                card.requirePrivateUse();
                card.setPin(pin);
                card.write(share, new CardLabel(share.set().id(), share.index(), 0));
                return card.serial();
            });
        } finally {
            oneCard.unlock();
        }
    }

    @Override
    public void lock(String name) throws StartupException {
        LockedStore store = find(name);
        forget(name);
        store.lock("An operator locked it.");
    }

    @Override
    public void zeroize(String name) throws StartupException {
        LockedStore store = find(name);
        CardSet set = store.cardSet();
        forget(name);
        store.zeroize("An operator had it destroyed.");
        if (set != null && set.isSoftwareToken() && !tokenDirectory.isEmpty()) {
            new SoftwareToken(tokenDirectory, name).delete();
        }
    }
}
