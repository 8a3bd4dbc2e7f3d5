package org.calypsohsm.provider.sams20pcsc;

import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Predicate;
import java.util.stream.Collectors;

import javax.smartcardio.Card;
import javax.smartcardio.CardException;
import javax.smartcardio.CardNotPresentException;
import javax.smartcardio.CardTerminal;

import org.calypsohsm.module.ModuleException;
import org.calypsohsm.module.ModuleException.Reason;
import org.calypsohsm.module.ModuleState;
import org.calypsohsm.module.ModuleStatus;
import org.calypsohsm.pcsc.Pcsc;
import org.calypsohsm.pcsc.PcscConnection;
import org.calypsohsm.pcsc.ReaderClaim;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The line to one card: a thread that looks for the card, connects it, and carries out what is asked of it, one thing after the
 * other in the order of asking. PC/SC binds exclusive use to a thread, and a reader takes one command at a time anyway.
 */
final class CardLine implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(CardLine.class);
    private static final long LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(100);
    /** How often a card that serves is asked for its state. */
    private static final long ASK_NANOS = TimeUnit.SECONDS.toNanos(1);
    /** How long a card is left alone that was refused: each look at it is a reset. */
    private static final long REFUSED_NANOS = TimeUnit.SECONDS.toNanos(2);
    private static final long END_MILLIS = 2000;
    /** The command has not reached the card when PC/SC says so. */
    private static final Set<String> NOT_SENT = Set.of("SCARD_W_RESET_CARD");
    private static final Set<String> BUSY = Set.of("SCARD_E_SHARING_VIOLATION");

    /**
     * Which card, and how it is used.
     *
     * @param module       name of the module, for messages
     * @param readers      which readers, by their names
     * @param wanted       the readers as configured, for messages
     * @param serialNumber serial number of the card
     * @param version      software version of the card
     * @param keyGroups    key groups to test; empty means all of the card
     * @param exclusive    whether other programs are kept off the card
     * @param answerMillis how long the card may take for an answer
     */
    record Settings(String module, Predicate<String> readers, String wanted, int serialNumber, int version, Set<Integer> keyGroups,
            boolean exclusive, long answerMillis) {

        Set<Integer> served(CardStatus card) {
            return keyGroups.isEmpty() ? card.keyGroups() : card.keyGroups().stream().filter(keyGroups::contains)
                    .collect(Collectors.toUnmodifiableSet());
        }
    }

    /**
     * What is done with a connected card, on the thread of the line.
     *
     * @param <T> what comes out of it
     */
    @FunctionalInterface
    interface Work<T> {

        /**
         * Does it.
         *
         * @param connection the card
         * @param era        what {@link CardLine#era()} is meanwhile
         * @return what comes out of it
         * @throws CardException   if the card or the way to it broke: then it is connected anew
         * @throws ModuleException if the card refuses
         */
        T with(Connection connection, int era) throws CardException, ModuleException;
    }

    private static final class Task<T> {

        private final Work<T> work;
        private final CompletableFuture<T> result = new CompletableFuture<>();

        Task(Work<T> work) {
            this.work = work;
        }

        void run(Connection connection, int era) throws CardException {
            try {
                result.complete(work.with(connection, era));
            } catch (ModuleException e) {
                result.completeExceptionally(e);
            }
        }
    }

    /**
     * A card that was looked at and refused: it is not looked at again as long as it stays, for a while.
     *
     * @param status what is said of it
     * @param until  until when
     */
    private record Refusal(ModuleStatus status, long until) {
    }

    private final Settings settings;
    private final PcscConnection pcsc = new PcscConnection();
    private final LinkedBlockingQueue<Task<?>> tasks = new LinkedBlockingQueue<>();
    private final Thread thread;
    private volatile boolean closed;
    private volatile ModuleStatus status = new ModuleStatus(ModuleState.SELF_TEST, "It looks for its card.");
    private volatile Set<Integer> keyGroups = Set.of();
    /** Counts the times that all SAM of the card were lost: what was begun in another era is gone. */
    private volatile int era;
    /** Since when PC/SC has been asked something, by {@link System#nanoTime()}; 0 while it has not. */
    private volatile long busySince;
    /** What is said if PC/SC does not come back. */
    private volatile ModuleStatus overdue;
    /** The era in which somebody gave up waiting. */
    private volatile int givenUp = -1;

    // All below belongs to the thread.
    /** By reader. */
    private final Map<String, Refusal> refusals = new HashMap<>();
    private Connection connection;
    private CardTerminal terminal;
    private CardStatus card;
    private int warned;
    private long nextAttempt = System.nanoTime();
    private long askedAt;

    CardLine(Settings settings) {
        this.settings = settings;
        thread = new Thread(this::run, "card of module " + settings.module());
        thread.setDaemon(true);
    }

    /** Begins to look for the card. */
    void start() {
        thread.start();
    }

    /** @return the state now; cheap */
    ModuleStatus status() {
        return isOverdue() ? overdue : status;
    }

    /** @return the numbers of the key groups of the card that are served; empty while it is not connected */
    Set<Integer> keyGroups() {
        return keyGroups;
    }

    int era() {
        return era;
    }

    private boolean isOverdue() {
        long since = busySince;
        return since != 0 && System.nanoTime() - since >= TimeUnit.MILLISECONDS.toNanos(settings.answerMillis());
    }

    // ---- asking: any thread

    /**
     * Has something done with the card, and waits for it. Whoever asks first is served first.
     *
     * @throws ModuleException if the card refuses, is not there or breaks; FAILED if it does not answer
     */
    <T> T call(Work<T> work) throws ModuleException {
        Task<T> task = new Task<>(work);
        tasks.add(task);
        if (closed) {
            task.result.completeExceptionally(notServing());
        }
        boolean interrupted = false;
        try {
            while (true) {
                try {
                    return task.result.get(patience(), TimeUnit.NANOSECONDS);
                } catch (InterruptedException e) {
                    interrupted = true;
                } catch (TimeoutException e) {
                    if (isOverdue()) {
                        tasks.remove(task);
                        givenUp = era;
                        throw new ModuleException(Reason.FAILED, sentence(overdue));
                    }
                }
            }
        } catch (ExecutionException e) {
            if (e.getCause() instanceof ModuleException refusal) {
                throw new ModuleException(refusal.reason(), refusal.getMessage(), refusal);
            }
            throw new ModuleException(Reason.FAILED, "Module " + settings.module() + ": " + e.getCause() + ".", e.getCause());
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private long patience() {
        long since = busySince;
        long most = TimeUnit.MILLISECONDS.toNanos(settings.answerMillis());
        return since == 0 ? most : Math.max(TimeUnit.MILLISECONDS.toNanos(1), since + most - System.nanoTime());
    }

    /**
     * Has something done with the card that nobody waits for, if there is one.
     *
     * @param work what to do
     */
    void later(Work<Void> work) {
        if (!closed) {
            tasks.add(new Task<>(work));
        }
    }

    /** @return what is thrown while it does not serve */
    ModuleException notServing() {
        ModuleStatus now = status();
        return new ModuleException(now.state() == ModuleState.FAILED ? Reason.FAILED : Reason.NOT_SERVING, sentence(now));
    }

    private String sentence(ModuleStatus now) {
        return "Module " + settings.module() + " is " + now.state() + ": " + now.sentence();
    }

    /** Ends the line. A thread that is in PC/SC ends when that comes back. */
    @Override
    public void close() {
        closed = true;
        thread.interrupt();
        try {
            thread.join(END_MILLIS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        if (thread.isAlive()) {
            LOG.warn("Module {}: PC/SC does not come back; its thread ends when it does.", settings.module());
        }
    }

    // ---- the thread

    private void run() {
        while (!closed) {
            try {
                step();
            } catch (InterruptedException e) {
                // Told to end.
                break;
            } catch (RuntimeException | Error e) {
                LOG.error("Module {}: the line to its card failed, and goes on.", settings.module(), e);
                drop(new ModuleStatus(ModuleState.FAILED, "The line to the card failed: " + e + "."));
            }
        }
        drop(new ModuleStatus(ModuleState.OFFLINE, "The module was stopped."));
        closed = true;
        pcsc.close();
        for (Task<?> task = tasks.poll(); task != null; task = tasks.poll()) {
            task.result.completeExceptionally(notServing());
        }
    }

    private void step() throws InterruptedException {
        if (connection == null && System.nanoTime() - nextAttempt >= 0) {
            nextAttempt = System.nanoTime() + LOOK_NANOS;
            connect();
        }
        Task<?> task = tasks.poll(LOOK_NANOS, TimeUnit.NANOSECONDS);
        if (connection != null && givenUp == era) {
            lost("does not answer in time", null);
        }
        if (task != null) {
            carryOut(task);
        }
        if (connection != null && (task == null || System.nanoTime() - askedAt >= ASK_NANOS)) {
            look();
        }
    }

    private void carryOut(Task<?> task) {
        if (connection == null) {
            task.result.completeExceptionally(notServing());
            return;
        }
        try {
            run(task);
        } catch (CardException | RuntimeException e) {
            boolean sent = !NOT_SENT.contains(Pcsc.code(e));
            String reader = connection.reader();
            lost("broke off", e);
            connect();
            if (sent || connection == null) {
                task.result.completeExceptionally(new ModuleException(Reason.FAILED, "Module " + settings.module()
                        + ": the card in reader " + reader + " broke off (" + Pcsc.code(e) + ").", e));
                return;
            }
            carryOutAgain(task);
        }
    }

    private void carryOutAgain(Task<?> task) {
        try {
            run(task);
        } catch (CardException | RuntimeException e) {
            lost("broke off again", e);
            task.result.completeExceptionally(new ModuleException(Reason.FAILED, "Module " + settings.module()
                    + ": the card broke off again (" + Pcsc.code(e) + ").", e));
        }
    }

    private void run(Task<?> task) throws CardException {
        enter(new ModuleStatus(ModuleState.FAILED, "The card in reader " + connection.reader() + " has not answered for "
                + settings.answerMillis() + " ms; take it out, and insert it again or another one."));
        try {
            task.run(connection, era);
        } finally {
            exit();
        }
    }

    private void enter(ModuleStatus ifOverdue) {
        overdue = ifOverdue;
        busySince = System.nanoTime() | 1;
    }

    private void exit() {
        busySince = 0;
    }

    /** Asks the card how it is, and notices that it was taken out. */
    private void look() {
        String reader = connection.reader();
        enter(new ModuleStatus(ModuleState.FAILED, "The card in reader " + reader + " has not answered for "
                + settings.answerMillis() + " ms; take it out, and insert it again or another one."));
        try {
            if (!terminal.isCardPresent()) {
                drop(noCard(List.of(reader)));
            } else if (System.nanoTime() - askedAt >= ASK_NANOS) {
                ask();
            }
        } catch (CardException | RuntimeException e) {
            lost("broke off", e);
        } finally {
            exit();
        }
    }

    private void ask() throws CardException {
        askedAt = System.nanoTime();
        card = connection.status();
        if (card.serialNumber() != settings.serialNumber()) {
            throw new CardException("it is another card now");
        }
        keyGroups = settings.served(card);
        boolean servedBefore = status.state() == ModuleState.OPERATIONAL;
        if (card.state() == ModuleState.OPERATIONAL && !servedBefore) {
            test();
        }
        status = new ModuleStatus(card.state(), describe());
        warn();
    }

    /** On the last channel, so that no channel in use is disturbed; nothing is in use in a new era. */
    private void test() throws CardException {
        era++;
        for (int group : keyGroups) {
            connection.test(0, group);
        }
    }

    /**
     * Tests the card again, on a channel that is free.
     *
     * @param channel the channel
     * @return the state afterwards
     */
    ModuleStatus test(int channel) throws ModuleException {
        return call((connected, now) -> {
            for (int group : keyGroups) {
                connected.test(channel, group);
            }
            ask();
            return status;
        });
    }

    /** Asks the card for its state after an answer that only the state explains. */
    ModuleException explain() throws CardException {
        ask();
        return notServing();
    }

    private String describe() {
        String reader = "The card in reader " + connection.reader();
        return switch (card.state()) {
            case LOCKED -> reader + " is locked; present its startup card to it.";
            case FAILED -> reader + " says that it has failed; replace it.";
            case END_OF_LIFE -> reader + " has used up its " + card.lifetime() + " operations; replace it.";
            default -> card.warning() > 0
                    ? reader + " has used up " + card.warning() + " % of its " + card.lifetime() + " operations; have another card ready."
                    : reader + " has passed its self test with the key groups " + new TreeSet<>(keyGroups) + ".";
        };
    }

    private void warn() {
        if (card.warning() > warned) {
            warned = card.warning();
            LOG.warn("Module {} has used up {} % of its {} operations; have another card ready.", settings.module(), warned,
                    card.lifetime());
        }
    }

    // ---- connecting

    private void lost(String how, Throwable e) {
        String code = e == null ? "" : " (" + Pcsc.code(e) + ")";
        LOG.info("Module {}: the card in reader {} {}{}.", settings.module(), connection.reader(), how, code);
        drop(new ModuleStatus(ModuleState.OFFLINE, "The card in reader " + connection.reader() + " " + how + code
                + "; it is looked for again."));
        nextAttempt = System.nanoTime();
        if (e instanceof CardException fault && Pcsc.isConnectionLost(fault)) {
            pcsc.forget();
        }
    }

    private void drop(ModuleStatus now) {
        status = now;
        keyGroups = Set.of();
        era++;
        if (connection != null) {
            Connection old = connection;
            connection = null;
            enter(now);
            try {
                old.close();
            } finally {
                exit();
            }
        }
    }

    private void connect() {
        enter(new ModuleStatus(ModuleState.OFFLINE, "PC/SC does not come back from looking for the card; perhaps another program has the"
                + " card to itself."));
        try {
            status = find();
        } catch (NoSuchAlgorithmException e) {
            status = new ModuleStatus(ModuleState.OFFLINE, "PC/SC is not there (" + Pcsc.code(e) + "); install and start pcscd, the"
                    + " package of that name on Debian, and connect a card reader.");
        } catch (CardException e) {
            status = new ModuleStatus(ModuleState.OFFLINE, "PC/SC does not answer (" + Pcsc.code(e) + "); start pcscd.");
            if (Pcsc.isConnectionLost(e) && !pcsc.forget()) {
                status = new ModuleStatus(ModuleState.OFFLINE, "pcscd has ended or was started again, and Java does not connect a second"
                        + " time; start it and then this platform, or give Java the option --add-opens"
                        + " java.smartcardio/sun.security.smartcardio=ALL-UNNAMED.");
            }
        } finally {
            exit();
        }
    }

    private ModuleStatus find() throws NoSuchAlgorithmException, CardException {
        List<CardTerminal> all = list();
        List<CardTerminal> matching = all.stream().filter(each -> settings.readers().test(each.getName())).toList();
        if (matching.isEmpty()) {
            return new ModuleStatus(ModuleState.OFFLINE, "There is no reader " + settings.wanted() + "; PC/SC has "
                    + (all.isEmpty() ? "none." : all.stream().map(CardTerminal::getName).toList() + "."));
        }
        List<String> taken = new ArrayList<>();
        List<String> empty = new ArrayList<>();
        ModuleStatus refused = null;
        for (CardTerminal each : matching) {
            ReaderClaim claim = ReaderClaim.take(each.getName(), "module " + settings.module());
            if (claim == null) {
                taken.add(each.getName() + " (" + ReaderClaim.owner(each.getName()) + ")");
                continue;
            }
            ModuleStatus found = tryReader(each, claim);
            if (connection != null) {
                return found;
            }
            if (found == null) {
                empty.add(each.getName());
            } else if (refused == null || found.state() == ModuleState.FAILED) {
                refused = found;
            }
        }
        if (refused != null) {
            return refused;
        }
        return empty.isEmpty() ? new ModuleStatus(ModuleState.OFFLINE, "Others of this platform have the card in each reader "
                + settings.wanted() + ": " + String.join(", ", taken) + "; connect another reader.") : noCard(empty);
    }

    private ModuleStatus noCard(List<String> names) {
        return new ModuleStatus(ModuleState.OFFLINE, "There is no card in reader " + String.join(", ", names) + String.format(
                "; insert the SAM-S20 with serial number %08X.", settings.serialNumber()));
    }

    private List<CardTerminal> list() throws NoSuchAlgorithmException, CardException {
        try {
            return pcsc.list();
        } catch (CardException e) {
            if ("SCARD_E_NO_READERS_AVAILABLE".equals(Pcsc.code(e))) {
                return List.of();
            }
            throw e;
        }
    }

    /** @return what is to say of a reader; null if there is no card in it */
    private ModuleStatus tryReader(CardTerminal each, ReaderClaim claim) throws CardException {
        String name = each.getName();
        try {
            if (!each.isCardPresent()) {
                refusals.remove(name);
                return null;
            }
            Refusal before = refusals.get(name);
            if (before != null && System.nanoTime() - before.until() < 0) {
                return before.status();
            }
            ModuleStatus found = tryCard(each, claim);
            if (connection == null) {
                refusals.put(name, new Refusal(found, System.nanoTime() + REFUSED_NANOS));
            } else {
                refusals.clear();
            }
            return found;
        } catch (CardNotPresentException e) {
            return null;
        } catch (CardException e) {
            if (Pcsc.isConnectionLost(e)) {
                throw e;
            }
            return BUSY.contains(Pcsc.code(e))
                    ? new ModuleStatus(ModuleState.OFFLINE, "Another program has the card in reader " + name
                            + " to itself; end it, or wait until it is done.")
                    : new ModuleStatus(ModuleState.FAILED, "The card in reader " + name + " cannot be used: " + Pcsc.code(e) + ".");
        } finally {
            if (connection == null) {
                claim.close();
            }
        }
    }

    private ModuleStatus tryCard(CardTerminal each, ReaderClaim claim) throws CardException {
        String reader = "Reader " + each.getName();
        Card found = each.connect("*");
        boolean good = false;
        try {
            byte[] atr = found.getATR().getBytes();
            SamAtr sam = SamAtr.of(atr);
            if (sam == null) {
                return new ModuleStatus(ModuleState.FAILED, reader + " holds a card that is no SAM, its answer to reset is "
                        + SamAtr.text(atr) + String.format("; insert the SAM-S20 with serial number %08X.", settings.serialNumber()));
            }
            if (sam.serialNumber() != settings.serialNumber() || sam.version() != settings.version()) {
                return new ModuleStatus(ModuleState.FAILED, reader + String.format(" holds the SAM with serial number %08X, version %d,"
                        + " instead of %08X, version %d; exchange it, or correct the configuration.", sam.serialNumber(), sam.version(),
                        settings.serialNumber(), settings.version()));
            }
            if (settings.exclusive()) {
                found.beginExclusive();
            }
            good = true;
        } finally {
            if (!good) {
                found.disconnect(false);
            }
        }
        connection = new Connection(each.getName(), found, claim, SamAtr.of(found.getATR().getBytes()));
        terminal = each;
        warned = 0;
        try {
            status = new ModuleStatus(ModuleState.SELF_TEST, "It tests the card in reader " + each.getName() + ".");
            ask();
            return status;
        } catch (CardException | RuntimeException e) {
            ModuleStatus failed = new ModuleStatus(ModuleState.FAILED, "The card in reader " + each.getName()
                    + " has not passed its self test: " + Pcsc.code(e) + ".");
            drop(failed);
            if (e instanceof CardException fault && Pcsc.isConnectionLost(fault)) {
                throw fault;
            }
            return failed;
        }
    }
}
