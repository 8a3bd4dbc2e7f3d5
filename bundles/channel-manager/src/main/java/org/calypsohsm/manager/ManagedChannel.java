package org.calypsohsm.manager;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLongFieldUpdater;
import java.util.concurrent.atomic.AtomicReferenceFieldUpdater;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

import org.calypsohsm.apdu.StatusWord;
import org.calypsohsm.channel.BatchResult;
import org.calypsohsm.channel.Channel;
import org.calypsohsm.channel.ChannelClosedException;
import org.calypsohsm.channel.ChannelException;
import org.calypsohsm.channel.ChannelExpiredException;
import org.calypsohsm.channel.ChannelLostException;
import org.calypsohsm.channel.ChannelReport;
import org.calypsohsm.channel.ModuleUnavailableException;
import org.calypsohsm.module.ChannelState;
import org.calypsohsm.module.ModuleChannel;
import org.calypsohsm.module.ModuleException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A channel as its user holds it. Behind it is a channel of a module, or, while no module has room for it, only the state
 * that the next module takes over: it is then parked.
 */
final class ManagedChannel implements Channel {

    private static final Logger LOG = LoggerFactory.getLogger(ManagedChannel.class);

    private static final AtomicReferenceFieldUpdater<ManagedChannel, AsyncExchanges> ASYNC =
            AtomicReferenceFieldUpdater.newUpdater(ManagedChannel.class, AsyncExchanges.class, "async");

    private static final AtomicReferenceFieldUpdater<ManagedChannel, Thread> CALLER =
            AtomicReferenceFieldUpdater.newUpdater(ManagedChannel.class, Thread.class, "caller");

    private static final AtomicLongFieldUpdater<ManagedChannel> CALL_SINCE =
            AtomicLongFieldUpdater.newUpdater(ManagedChannel.class, "callSince");
    /** Length of the answer to reset in bytes (sam-s1-apdu.md section 1.1). */
    private static final int ATR_LENGTH = 19;
    /** A response APDU with 256 bytes and its status word. */
    private static final int LONGEST_RESPONSE = 258;

    /**
     * What an exchange gave.
     *
     * @param response the response APDU
     * @param pending  completes when the response may leave; null if it may at once
     */
    record Answer(byte[] response, CompletionStage<Void> pending) {
    }

    private enum Life {
        OPEN, CLOSED, EXPIRED, LOST
    }

    private final ChannelContext context;
    private final long id;
    private final int keyGroup;
    private final long idleNanos;
    private final byte[] atr;
    private final ReentrantLock lock = new ReentrantLock();

    /** Made at the first asynchronous exchange, and then the same for ever. */
    private volatile AsyncExchanges async;

    // All below is guarded by the lock; what is volatile may be read without it.
    private volatile Life life = Life.OPEN;
    private volatile ModuleSlot slot;
    private ModuleChannel delegate;
    private ChannelState parkedState;
    /** Since when the channel is parked, by {@link System#nanoTime()}; 0 if it is not. */
    private volatile long parkedSince;
    private Condition placed;
    private String lossReason;
    private volatile long lastUse;
    /** Since when an exchange is in the module, by {@link ChannelContext#leaseClock()}; 0 if none is. */
    private volatile long callSince;
    /** The thread that is in the module; null if none is. */
    private volatile Thread caller;
    /** Since when a session has been running, by {@link ChannelContext#leaseClock()}; 0 if none is. For reports only. */
    private volatile long sessionSince;
    /** What holds back the response of the asynchronous exchange in progress. */
    private CompletionStage<Void> pending;
    /** Number of the next exchange, for the choice of those that are timed. */
    private int exchangeNumber;

    ManagedChannel(ChannelContext context, long id, int keyGroup, long idleNanos, ModuleSlot slot, ModuleChannel delegate) {
        this.context = context;
        this.id = id;
        this.keyGroup = keyGroup;
        this.idleNanos = idleNanos;
        this.slot = slot;
        this.delegate = delegate;
        this.atr = delegate.atr().clone();
        if (atr.length != ATR_LENGTH) {
            throw new IllegalStateException("its ATR has " + atr.length + " bytes, not " + ATR_LENGTH);
        }
        this.lastUse = System.nanoTime();
        this.exchangeNumber = (int) id;
        slot.channels.add(this);
    }

    @Override
    public long id() {
        return id;
    }

    @Override
    public int keyGroup() {
        return keyGroup;
    }

    @Override
    public String module() {
        return slot.name();
    }

    @Override
    public byte[] atr() {
        return atr.clone();
    }

    @Override
    public boolean isOpen() {
        return life == Life.OPEN;
    }

    @Override
    public byte[] exchange(byte[] command) throws ChannelException {
        Objects.requireNonNull(command, "command");
        lock.lock();
        try {
            return exchangeLocked(command, true);
        } finally {
            endUse();
        }
    }

    @Override
    public BatchResult exchangeAll(List<byte[]> commands) throws ChannelException {
        commands.forEach(command -> Objects.requireNonNull(command, "command"));
        List<byte[]> responses = new ArrayList<>(commands.size());
        lock.lock();
        try {
            for (byte[] command : commands) {
                byte[] response = exchangeLocked(command, true);
                responses.add(response);
                if (!StatusWord.isSuccessful(StatusWord.of(response))) {
                    break;
                }
            }
        } finally {
            endUse();
        }
        return new BatchResult(responses, commands.size());
    }

    @Override
    public CompletionStage<byte[]> exchangeAsync(byte[] command) {
        // A copy, since the caller goes on before the command is on its way.
        byte[] copy = command.clone();
        // Without the lock, which an exchange in progress holds.
        if (async == null) {
            ASYNC.compareAndSet(this, null, new AsyncExchanges(this, context));
        }
        return async.submit(copy);
    }

    /**
     * Exchanges one APDU unless the channel is parked.
     *
     * @return the response, perhaps to be held back; null if the channel is parked, so that the caller waits without holding
     *         a thread
     */
    Answer exchangeUnlessParked(byte[] command) throws ChannelException {
        lock.lock();
        try {
            byte[] response = exchangeLocked(command, false);
            return response == null ? null : new Answer(response, pending);
        } finally {
            pending = null;
            endUse();
        }
    }

    /** Gives the session up, because what it used up could not be kept. */
    ChannelLostException commitFailed(Throwable fault) {
        lock.lock();
        try {
            return lose(notKept(fault));
        } finally {
            lock.unlock();
        }
    }

    private static String notKept(Throwable fault) {
        Throwable cause = fault instanceof CompletionException && fault.getCause() != null ? fault.getCause() : fault;
        return "what the exchange used up could not be kept: " + cause.getMessage();
    }

    /** The lease counts from the end of the last exchange. */
    private void endUse() {
        lastUse = context.leaseClock();
        lock.unlock();
    }

    /** @return the response; null if the channel is parked and must not wait */
    private byte[] exchangeLocked(byte[] command, boolean mayWait) throws ChannelException {
        checkOpen();
        if (delegate != null && slot.leaving) {
            leaveBeforeExchange();
        }
        if (delegate == null && !awaitPlace(mayWait)) {
            return null;
        }
        byte[] response;
        try {
            response = call(command, mayWait);
        } catch (ModuleException e) {
            response = exchangeElsewhere(command, e, mayWait);
            if (response == null) {
                return null;
            }
        }
        slot.exchanges.increment();
        if (slot.leaving) {
            leaveAfterExchange();
        }
        return response;
    }

    /** Calls the module, and turns whatever a faulty provider does into a ModuleException. */
    private byte[] call(byte[] command, boolean mayWait) throws ModuleException {
        byte[] response;
        boolean timed = TimedExchanges.isTimed(exchangeNumber++);
        long began = timed ? System.nanoTime() : 0;
        // Whoever looks for calls that do not come back may see it a moment later.
        CALLER.lazySet(this, Thread.currentThread());
        CALL_SINCE.lazySet(this, context.leaseClock() | 1);
        try {
            response = delegate.exchange(command);
        } catch (RuntimeException | Error e) {
            // Errors too: a provider whose bundle was updated throws NoClassDefFoundError.
            throw new ModuleException(ModuleException.Reason.FAILED, "the provider threw " + e + ".", e);
        } finally {
            CALL_SINCE.lazySet(this, 0);
            CALLER.lazySet(this, null);
        }
        if (response == null || response.length < 2) {
            throw new ModuleException(ModuleException.Reason.FAILED, "the provider answered without a status word.");
        }
        if (response.length > LONGEST_RESPONSE) {
            throw new ModuleException(ModuleException.Reason.FAILED, "the provider answered with " + response.length
                    + " bytes, more than a response has.");
        }
        noteSession();
        holdBack(mayWait);
        if (timed) {
            noteTime(began);
        }
        return response;
    }

    private void noteSession() {
        boolean running;
        try {
            running = delegate.inSession();
        } catch (RuntimeException | Error e) {
            // It is for reports only: nobody loses a session because it is not told.
            running = false;
        }
        if (running != (sessionSince != 0)) {
            sessionSince = running ? context.leaseClock() | 1 : 0;
        }
    }

    private void noteTime(long began) {
        TimedExchanges times = slot.times;
        if (pending == null) {
            times.ended(began);
        } else {
            pending.whenComplete((kept, fault) -> times.ended(began));
        }
    }

    /** Sees to it that the response does not leave before what it used up is kept: waits, or leaves that to the caller. */
    private void holdBack(boolean mayWait) throws ModuleException {
        CompletionStage<Void> commit = delegate.pendingCommit();
        if (commit == null) {
            return;
        }
        if (!mayWait) {
            pending = commit;
            return;
        }
        try {
            commit.toCompletableFuture().join();
        } catch (CompletionException | CancellationException e) {
            throw new ModuleException(ModuleException.Reason.FAILED, notKept(e), e);
        }
    }

    /**
     * After a module failed in an exchange: without a session nothing is lost, since another module can do it.
     *
     * @return the response; null if the channel is parked and must not wait
     */
    private byte[] exchangeElsewhere(byte[] command, ModuleException first, boolean mayWait) throws ChannelException {
        ModuleException failure = first;
        Set<ModuleSlot> failed = new HashSet<>();
        boolean parked = false;
        while (true) {
            ModuleSlot from = slot;
            from.refresh();
            failed.add(from);
            ChannelState state = idleState();
            if (state == null) {
                throw lose(failure.getMessage());
            }
            LOG.warn("Channel {} leaves module {}: {}", id, from.name(), failure.getMessage());
            if (!moveTo(state, failed)) {
                if (parked || !from.mustBeLeft()) {
                    throw new ModuleUnavailableException(from.name(), id, failure.getMessage()
                            + " No other module has room; the channel stays open, try again.");
                }
                parked = true;
                park(state);
                if (delegate == null && !awaitPlace(mayWait)) {
                    return null;
                }
            }
            try {
                return call(command, mayWait);
            } catch (ModuleException e) {
                failure = e;
            }
        }
    }

    /** @return what another module needs to go on; null while a session is running, or if the module does not tell */
    private ChannelState idleState() {
        if (slot.isGone()) {
            return null;
        }
        try {
            return delegate.idleState();
        } catch (RuntimeException | Error e) {
            LOG.warn("Channel {} on module {}: the provider does not tell whether a session is running.", id, slot.name(), e);
            return null;
        }
    }

    private void checkOpen() throws ChannelClosedException {
        switch (life) {
            case OPEN -> { }
            case EXPIRED -> throw new ChannelExpiredException(slot.name(), id, "its lease ran out after "
                    + TimeUnit.NANOSECONDS.toMillis(idleNanos) + " ms without an exchange; open a new channel.");
            case LOST -> throw new ChannelLostException(slot.name(), id, lossReason);
            default -> throw new ChannelClosedException(slot.name(), id, "it is closed; open a new channel.");
        }
    }

    // ---- moving: all with the lock held

    /** Leaves a module that has to be left, unless a session is running; fails if the session must not go on. */
    private void leaveBeforeExchange() throws ChannelException {
        if (!leave()) {
            String overdue = slot.overdue;
            if (overdue != null) {
                throw lose(overdue);
            }
        }
    }

    /** As before an exchange; but its response counts, so that only the next one fails. */
    private void leaveAfterExchange() {
        if (!leave()) {
            String overdue = slot.overdue;
            if (overdue != null) {
                lose(overdue);
            }
        }
    }

    /** Leaves a module that has to be left: to another one, or into parking. Stays as long as a session is running. */
    private boolean leave() {
        ChannelState state = idleState();
        if (state == null) {
            return false;
        }
        if (!moveTo(state, Set.of(slot))) {
            park(state);
        }
        return true;
    }

    private void park(ChannelState state) {
        parkedState = state;
        parkedSince = System.nanoTime() | 1;
        slot.parked.increment();
        // First, so that whoever lists the channels finds it at every moment.
        context.placement().park(this);
        detach(false);
        // A module may have come between the attempt and the parking.
        place();
    }

    private boolean place() {
        return moveTo(parkedState, Set.of());
    }

    private boolean moveTo(ChannelState state, Set<ModuleSlot> without) {
        Set<ModuleSlot> refused = without;
        while (true) {
            ModuleSlot target = context.placement().reserve(keyGroup, refused);
            if (target == null) {
                return false;
            }
            ModuleChannel next = resume(target, state);
            if (next != null) {
                arrive(target, next);
                return true;
            }
            context.release(target);
            Set<ModuleSlot> more = new HashSet<>(refused);
            more.add(target);
            refused = more;
        }
    }

    /** @return null if the module does not take the state over */
    private ModuleChannel resume(ModuleSlot target, ChannelState state) {
        target.enter();
        try {
            return Objects.requireNonNull(target.module.resume(keyGroup, state), "the provider gave no channel");
        } catch (ModuleException | RuntimeException | Error e) {
            LOG.debug("Channel {} cannot move to module {}: {}", id, target.name(), e.getMessage());
            target.refresh();
            return null;
        } finally {
            target.exit();
        }
    }

    private void arrive(ModuleSlot target, ModuleChannel next) {
        // First, so that whoever lists the channels finds it at every moment.
        target.channels.add(this);
        if (delegate == null) {
            context.placement().unpark(this);
        } else {
            slot.movedOut.increment();
            detach(false);
        }
        delegate = next;
        parkedState = null;
        parkedSince = 0;
        slot = target;
        target.movedIn.increment();
        wakeWaiting();
    }

    private void wakeWaiting() {
        if (placed != null) {
            placed.signalAll();
        }
        if (async != null) {
            async.resume();
        }
    }

    /**
     * Gives the module's channel back; the channel itself stays as it is.
     *
     * @param ended true if it goes on nowhere
     */
    private void detach(boolean ended) {
        ModuleChannel old = delegate;
        ModuleSlot left = slot;
        delegate = null;
        if (!left.isGone()) {
            try {
                old.close();
            } catch (RuntimeException | Error e) {
                LOG.warn("Channel {} on module {}: the provider failed to close it.", id, left.name(), e);
            }
        }
        left.channels.remove(this);
        if (ended) {
            context.ended(left, keyGroup);
        } else {
            context.release(left);
        }
        if (!left.leaving) {
            context.roomMade();
        }
    }

    /**
     * Waits for a module, at most for the grace time.
     *
     * @return false if there is none and the channel must not wait
     */
    private boolean awaitPlace(boolean mayWait) throws ChannelException {
        if (place()) {
            return true;
        }
        if (!mayWait) {
            return false;
        }
        // Whoever waits here uses the channel: its lease does not run out meanwhile.
        lastUse = System.nanoTime();
        if (placed == null) {
            placed = lock.newCondition();
        }
        long left = context.graceNanos();
        try {
            while (delegate == null && life == Life.OPEN && left > 0) {
                left = placed.awaitNanos(left);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        checkOpen();
        if (delegate == null) {
            throw unavailable();
        }
        return true;
    }

    ModuleUnavailableException unavailable() {
        return new ModuleUnavailableException(slot.name(), id, "its module is gone and no other has room for key group " + keyGroup
                + " (" + context.placement().occupancy(keyGroup) + "); the channel stays open, try again.");
    }

    /** Leaves a module that is being drained, if no session is running and no exchange is in progress. */
    void leaveIfIdle(ModuleSlot drained) {
        if (!lock.tryLock()) {
            // An exchange is in progress; it takes the channel off by itself when it ends.
            return;
        }
        try {
            if (slot == drained && delegate != null && life == Life.OPEN) {
                leave();
            }
        } finally {
            lock.unlock();
        }
    }

    /** Looks for a module, if the channel has none. */
    void placeIfParked() {
        // Looked at first, so that this does not wait for an exchange of a channel that has found a place meanwhile.
        if (!isParked()) {
            return;
        }
        lock.lock();
        try {
            if (life == Life.OPEN && delegate == null) {
                place();
            }
        } finally {
            lock.unlock();
        }
    }

    /**
     * Tells what a deployer sees of it.
     *
     * @param now the time, by {@link System#nanoTime()}
     */
    ChannelReport report(long now) {
        long session = sessionSince;
        return new ChannelReport(id, keyGroup, parkedSince == 0 ? slot.name() : null, Duration.ofNanos(Math.max(0, now - lastUse)),
                session == 0 ? Duration.ZERO : Duration.ofNanos(Math.max(1, now - session)));
    }

    /** Tells whether an exchange has been in the module since before a time, by {@link System#nanoTime()}. */
    boolean isStuck(long before) {
        long since = callSince;
        return since != 0 && since - before < 0;
    }

    /** @return the thread that is in the module; null if none is */
    Thread caller() {
        return caller;
    }

    boolean isParked() {
        return life == Life.OPEN && parkedSince != 0;
    }

    /** @return since when the channel is parked, by {@link System#nanoTime()}; 0 if it is not */
    long parkedSince() {
        return parkedSince;
    }

    // ---- the end: by its user, its lease, or its module

    @Override
    public void close() {
        lock.lock();
        try {
            end(Life.CLOSED);
        } finally {
            lock.unlock();
        }
    }

    /**
     * Closes the channel, but waits only so long for an exchange in progress.
     *
     * @return false if the exchange did not come back in time
     */
    boolean closeWithin(long waitNanos) {
        boolean locked = false;
        try {
            locked = lock.tryLock() || waitNanos > 0 && lock.tryLock(waitNanos, TimeUnit.NANOSECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        if (!locked) {
            return false;
        }
        try {
            end(Life.CLOSED);
            return true;
        } finally {
            lock.unlock();
        }
    }

    /** Closes the channel if its lease ran out. */
    void expireIfIdle(long now) {
        if (idleNanos <= 0 || now - lastUse <= idleNanos || !lock.tryLock()) {
            return;
        }
        try {
            if (life == Life.OPEN && now - lastUse > idleNanos) {
                LOG.info("Channel {} on module {}: taken back after {} ms without an exchange.", id, slot.name(),
                        TimeUnit.NANOSECONDS.toMillis(now - lastUse));
                end(Life.EXPIRED);
            }
        } finally {
            lock.unlock();
        }
    }

    /** Gives a session up with its module; an exchange in progress does so by itself when it comes back. */
    void loseIfLeft(ModuleSlot left, String reason) {
        if (!lock.tryLock()) {
            return;
        }
        try {
            if (slot == left && delegate != null && life == Life.OPEN && !leave()) {
                lose(reason);
            }
        } finally {
            lock.unlock();
        }
    }

    private ChannelLostException lose(String reason) {
        slot.lost.increment();
        // Without the reason: it may hold what a provider says about its APDUs.
        context.audit().note("session.lost", "channel " + id + " on module " + slot.name(), slot.overdue == null
                ? "The module failed in a session." : "It was in a session when it had to leave the module.");
        lossReason = reason + " The session in progress is lost; the card drops it, so repeat it on a new channel.";
        end(Life.LOST);
        return new ChannelLostException(slot.name(), id, lossReason);
    }

    private void end(Life ended) {
        if (life != Life.OPEN) {
            return;
        }
        life = ended;
        if (delegate == null) {
            context.placement().unpark(this);
            parkedState = null;
            parkedSince = 0;
        } else {
            detach(true);
        }
        wakeWaiting();
    }

    @Override
    public String toString() {
        return "Channel " + id + " for key group " + keyGroup + " on module " + slot.name() + ", " + life;
    }
}
