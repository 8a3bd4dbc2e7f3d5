package org.calypsohsm.manager;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

import org.calypsohsm.audit.AuditLog;
import org.calypsohsm.auditing.AuditClient;
import org.calypsohsm.channel.Channel;
import org.calypsohsm.channel.ChannelException;
import org.calypsohsm.channel.ChannelManager;
import org.calypsohsm.channel.ChannelReport;
import org.calypsohsm.channel.ChannelRequest;
import org.calypsohsm.channel.DrainReport;
import org.calypsohsm.channel.ModuleReport;
import org.calypsohsm.channel.NoChannelFreeException;
import org.calypsohsm.channel.UnknownKeyGroupException;
import org.calypsohsm.module.ModuleChannel;
import org.calypsohsm.module.ModuleException;
import org.calypsohsm.module.ModuleState;
import org.calypsohsm.module.ModuleStatus;
import org.calypsohsm.module.SecurityModule;
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
import org.slf4j.event.Level;

/** The channel manager over all modules that are registered as services. */
@Component(immediate = true, configurationPid = DefaultChannelManager.PID)
@Designate(ocd = DefaultChannelManager.Config.class)
public final class DefaultChannelManager implements ChannelManager, ChannelContext {

    /** Configuration of the channel manager. */
    @ObjectClassDefinition(name = "Channel manager")
    public @interface Config {

        /** @return how long sessions may go on at a module whose service goes, in milliseconds */
        @AttributeDefinition(description = "How long sessions may go on at a module whose service goes, in milliseconds")
        long drainMillis() default 5000;

        /** @return how long an exchange waits for a successor when its module is gone, in milliseconds */
        @AttributeDefinition(description = "How long an exchange waits for a module when its own is gone, in milliseconds")
        long successorGraceMillis() default 2000;

        /** @return how often states of modules and leases of channels are looked at, in milliseconds */
        @AttributeDefinition(description = "How often states of modules and leases of channels are looked at, in milliseconds")
        long watchMillis() default 200;

        /** @return how long a call may be in a module before it counts as stuck, in milliseconds */
        @AttributeDefinition(description = "How long a call may be in a module before it counts as stuck, in milliseconds")
        long stuckMillis() default 2000;

        /** @return threads for asynchronous exchanges; 0 takes twice the number of processors */
        @AttributeDefinition(description = "Threads for asynchronous exchanges; 0 takes twice the number of processors")
        int asyncThreads() default 0;

        /** @return whether modules are drained, undrained and tested only while an audit log is present */
        @AttributeDefinition(description = "Whether modules are drained, undrained and tested only while an audit log is present")
        boolean auditRequired() default false;
    }

    static final String PID = "org.calypsohsm.manager";

    private static final Logger LOG = LoggerFactory.getLogger(DefaultChannelManager.class);

    /** The interface does not tell who a client is. */
    private static final String CLIENT = "client";
    /** How long a stop, or the end of a drain, waits for calls that do not come back from a module. */
    private static final long STUCK_NANOS = TimeUnit.SECONDS.toNanos(1);

    private final Placement placement = new Placement();
    private final ConcurrentHashMap<SecurityModule, ModuleSlot> slots = new ConcurrentHashMap<>();
    private final AtomicLong ids = new AtomicLong();
    private final AtomicLong sequence = new AtomicLong();
    private final long leaseTickNanos;
    private volatile long leaseClock = System.nanoTime();
    private final AtomicBoolean placingParked = new AtomicBoolean();
    private final AuditClient audit;
    private final Duration drainTimeout;
    private final long graceNanos;
    private final long stuckNanos;
    private final int threads;
    private final ThreadPoolExecutor executor;
    private final ThreadPoolExecutor opening;
    private final ExecutorService housekeeping;
    private final ScheduledThreadPoolExecutor scheduler;
    private volatile boolean stopped;

    /**
     * Starts the manager.
     *
     * @param config its configuration
     * @throws IllegalArgumentException if a number is out of range; the message says which
     */
    @Activate
    public DefaultChannelManager(Config config) {
        audit = new AuditClient("Channel manager", PID, config.auditRequired());
        drainTimeout = Duration.ofMillis(atLeast(0, "drainMillis", config.drainMillis()));
        graceNanos = Nanos.of(Duration.ofMillis(atLeast(0, "successorGraceMillis", config.successorGraceMillis())));
        long watchMillis = atLeast(1, "watchMillis", config.watchMillis());
        long asyncThreads = atLeast(0, "asyncThreads", config.asyncThreads());
        stuckNanos = Nanos.of(Duration.ofMillis(atLeast(1, "stuckMillis", config.stuckMillis())));
        threads = asyncThreads > 0 ? (int) asyncThreads : 2 * Runtime.getRuntime().availableProcessors();
        executor = pool(threads, threads, "hsm-channel-", new LinkedBlockingQueue<>());
        // Not on the same threads: a module that holds up exchanges must not hold up those who open elsewhere.
        opening = pool(threads, threads, "hsm-channel-open-", new LinkedBlockingQueue<>());
        // Busy with no more than one task for each module that is being drained, one for all parked channels, and one for each
        // thread that waits for a channel to open.
        housekeeping = pool(0, Integer.MAX_VALUE, "hsm-channel-housekeeping-", new SynchronousQueue<>());
        // Two threads: a module that is slow to tell its state holds up the watch, but no deadline.
        scheduler = new ScheduledThreadPoolExecutor(2, threads("hsm-channel-timer-"));
        scheduler.setRemoveOnCancelPolicy(true);
        scheduler.scheduleWithFixedDelay(this::watch, watchMillis, watchMillis, TimeUnit.MILLISECONDS);
        // Apart from the watch, which a slow module can hold up: a late clock would take channels back too early.
        leaseTickNanos = TimeUnit.MILLISECONDS.toNanos(watchMillis);
        scheduler.scheduleWithFixedDelay(() -> leaseClock = System.nanoTime(), watchMillis, watchMillis, TimeUnit.MILLISECONDS);
    }

    private static ThreadPoolExecutor pool(int least, int most, String prefix, BlockingQueue<Runnable> queue) {
        // What comes after the shutdown finds its channel closed, so it is done at once on the thread that brings it.
        return new ThreadPoolExecutor(least, most, 10, TimeUnit.SECONDS, queue, threads(prefix), (task, pool) -> task.run());
    }

    private static long atLeast(long least, String name, long value) {
        if (value < least) {
            throw new IllegalArgumentException("Channel manager: " + name + " is at least " + least + ", not " + value
                    + "; correct org.calypsohsm.manager.");
        }
        return value;
    }

    private static ThreadFactory threads(String prefix) {
        AtomicInteger number = new AtomicInteger();
        return task -> {
            Thread thread = new Thread(task, prefix + number.incrementAndGet());
            thread.setDaemon(true);
            return thread;
        };
    }

    /** Closes all channels, and fails all who wait. */
    @Deactivate
    void stop() {
        stopped = true;
        placement.clearQueues().forEach(waiter -> waiter.future.completeExceptionally(stopping()));
        long until = System.nanoTime() + STUCK_NANOS;
        placement.slots().forEach(slot -> slot.channels.forEach(channel -> close(channel, until)));
        placement.parked().forEach(channel -> close(channel, until));
        scheduler.shutdown();
        executor.shutdown();
        opening.shutdown();
        housekeeping.shutdown();
        audit.stop();
    }

    private static void close(ManagedChannel channel, long until) {
        if (!channel.closeWithin(until - System.nanoTime())) {
            LOG.error("Channel {} on module {} is not closed: an exchange does not come back from the provider.",
                    channel.id(), channel.module());
        }
    }

    private static NoChannelFreeException stopping() {
        return new NoChannelFreeException(null, 0, "the channel manager stops; try again when it is back.");
    }

    // ---- the audit log and modules come and go

    @Reference(cardinality = ReferenceCardinality.OPTIONAL, policy = ReferencePolicy.DYNAMIC)
    void bindAuditLog(AuditLog log) {
        audit.come(log);
        // Whichever came first: a module that serves is in the log.
        placement.slots().forEach(slot -> audit.note("module.present", slot.name(), slot.describe()));
    }

    void unbindAuditLog(AuditLog log) {
        audit.go(log);
    }

    @Reference(cardinality = ReferenceCardinality.MULTIPLE, policy = ReferencePolicy.DYNAMIC)
    void bindModule(SecurityModule module) {
        ModuleSlot slot;
        try {
            slot = new ModuleSlot(module);
        } catch (RuntimeException | Error e) {
            LOG.error("A module of {} is left out, since it does not tell what it is: {}; that is a fault of the provider.",
                    module.getClass().getName(), e.toString(), e);
            return;
        }
        slots.put(module, slot);
        LOG.info("Module {} came: {}", slot.name(), slot.describe());
        placement.add(slot);
        audit.note("module.come", slot.name(), slot.describe());
        serveThoseWhoWait();
    }

    /** Returns when no call is in the module any more: it is deactivated after this. */
    void unbindModule(SecurityModule module) {
        ModuleSlot slot = slots.remove(module);
        if (slot == null) {
            return;
        }
        Drain drain = new Drain(slot, drainTimeout, this);
        placement.leave(slot, ModuleSlot.Cause.SERVICE_GOES, "Module " + slot.name() + " goes.");
        boolean interrupted = false;
        try {
            long most = Nanos.of(drainTimeout) + 2 * STUCK_NANOS;
            drain.start().get(most, TimeUnit.NANOSECONDS);
        } catch (InterruptedException e) {
            interrupted = true;
        } catch (ExecutionException | TimeoutException e) {
            LOG.error("Module {} goes without being drained: {}", slot.name(), e.toString());
        }
        forget(slot);
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private void forget(ModuleSlot slot) {
        String reason = slot.leavingReason + " It was still in use at the end.";
        slot.overdue = reason;
        slot.forget(STUCK_NANOS);
        placement.remove(slot);
        // Usually there is none left.
        slot.channels.forEach(channel -> channel.loseIfLeft(slot, reason));
        audit.note("module.go", slot.name(), "It is gone.");
    }

    @Override
    public CompletionStage<DrainReport> drain(String module, Duration deadline) {
        ModuleSlot slot = slot(module);
        audit.order("module.drain", module, CLIENT, "It begins; sessions may go on for " + deadline.toMillis() + " ms.");
        // Counted from here: once the module is marked, exchanges take their channels off by themselves.
        Drain drain = new Drain(slot, deadline, this);
        placement.leave(slot, ModuleSlot.Cause.COMMAND, "Module " + module + " is drained by command.");
        CompletableFuture<DrainReport> done = drain.start();
        done.thenAccept(report -> audit.note("module.drained", module, report.moved() + " channels moved, " + report.closed()
                + " closed, " + report.waiting() + " wait for a module, " + report.lost() + " sessions were lost."));
        return done;
    }

    @Override
    public void undrain(String module) {
        ModuleSlot slot = slot(module);
        audit.order("module.undrain", module, CLIENT, "It takes channels again.");
        placement.stay(slot, ModuleSlot.Cause.COMMAND);
        serveThoseWhoWait();
    }

    private ModuleSlot slot(String name) {
        // While a module is replaced by one of the same name, the one that stays is meant.
        return placement.slots().stream().filter(slot -> slot.name().equals(name)).min(Comparator.comparing(placement::isGoing))
                .orElseThrow(() -> new IllegalArgumentException("No module " + name + " is present; present are "
                        + modules().stream().map(ModuleReport::name).toList() + "."));
    }

    @Override
    public List<ModuleReport> modules() {
        return placement.slots().stream().map(ModuleSlot::report).sorted(Comparator.comparing(ModuleReport::name)).toList();
    }

    @Override
    public int waiting() {
        return placement.waiting();
    }

    @Override
    public List<ChannelReport> channels() {
        long now = System.nanoTime();
        Map<Long, ChannelReport> reports = new TreeMap<>();
        // Twice: a channel that moves meanwhile may be there only after its new place was looked at.
        for (int look = 0; look < 2; look++) {
            placement.slots().forEach(slot -> slot.channels.forEach(channel -> report(channel, now, reports)));
            placement.parked().forEach(channel -> report(channel, now, reports));
        }
        return List.copyOf(reports.values());
    }

    private static void report(ManagedChannel channel, long now, Map<Long, ChannelReport> reports) {
        if (channel.isOpen()) {
            reports.computeIfAbsent(channel.id(), id -> channel.report(now));
        }
    }

    @Override
    public ModuleReport selfTest(String module) {
        ModuleSlot slot = slot(module);
        audit.order("module.selftest", module, CLIENT, "It begins.");
        if (!placement.beginTest(slot)) {
            throw new IllegalArgumentException("Module " + module + " goes; it is not tested any more.");
        }
        // Not on the caller's thread: the module is in use until the test is over, whatever becomes of the caller.
        CompletableFuture<Void> done = CompletableFuture.runAsync(() -> test(slot), housekeeping);
        try {
            done.get();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("Module " + module + " still tests itself: the wait for it was interrupted.", e);
        } catch (ExecutionException e) {
            throw new IllegalStateException("Module " + module + " could not test itself: the provider threw " + e.getCause() + ".",
                    e.getCause());
        }
        return slot.report();
    }

    private void test(ModuleSlot slot) {
        String outcome = "The provider failed.";
        try {
            ModuleStatus after = slot.module.selfTest();
            outcome = "It is " + after.state() + " after its self test: " + after.sentence();
        } finally {
            slot.refresh();
            placement.endTest(slot);
            audit.note("module.selftest", slot.name(), outcome);
            evacuate(slot);
            serveThoseWhoWait();
        }
    }

    /** Looks at what changes by itself: states of modules, leases of channels. */
    private void watch() {
        try {
            // What a channel knows as the time of its last use is late by one tick of the clock at most.
            long now = System.nanoTime() - leaseTickNanos;
            int stuck = 0;
            for (ModuleSlot slot : placement.slots()) {
                slot.refresh();
                evacuate(slot);
                stuck += lookForStuck(slot);
                slot.channels.forEach(channel -> channel.expireIfIdle(now));
            }
            // Those who do not come back hold a thread each; nobody else has to do with fewer.
            resize(executor, threads + stuck);
            resize(opening, threads + stuck);
            placement.parked().forEach(channel -> channel.expireIfIdle(now));
            serveThoseWhoWait();
        } catch (RuntimeException | Error e) {
            LOG.error("Channel manager: watching modules failed: {}", e.toString(), e);
        }
    }

    private static void resize(ThreadPoolExecutor pool, int size) {
        if (size > pool.getCorePoolSize()) {
            pool.setMaximumPoolSize(size);
            pool.setCorePoolSize(size);
        } else if (size < pool.getCorePoolSize()) {
            pool.setCorePoolSize(size);
            pool.setMaximumPoolSize(size);
        }
    }

    /**
     * Takes the channels off a module whose provider does not come back from a call, for as long as it does not.
     *
     * @return how many calls are stuck
     */
    private int lookForStuck(ModuleSlot slot) {
        // What a channel tells is late by one tick of the clock at most.
        List<String> stuck = slot.stuck(System.nanoTime() - stuckNanos - leaseTickNanos);
        if (stuck.isEmpty()) {
            placement.stay(slot, ModuleSlot.Cause.STUCK);
            return 0;
        }
        String reason = "Module " + slot.name() + " takes no channels: " + stuck.get(0) + (stuck.size() == 1 ? " does"
                : " and " + (stuck.size() - 1) + " other calls do") + " not come back, which is a fault of the provider ("
                + slot.provider() + ") or of what it called.";
        if (placement.leave(slot, ModuleSlot.Cause.STUCK, reason)) {
            LOG.error(reason);
            audit.note("module.stuck", slot.name(), reason);
            Drain drain = new Drain(slot, drainTimeout, this);
            housekeeping.execute(drain::start);
        }
        return stuck.size();
    }

    /** Takes the channels off a module that stopped serving by itself. */
    private void evacuate(ModuleSlot slot) {
        ModuleStatus now = slot.status();
        if (now.state().serves()) {
            placement.stay(slot, ModuleSlot.Cause.NOT_SERVING);
            placement.stay(slot, ModuleSlot.Cause.MUTE);
            return;
        }
        boolean mute = now.state() == ModuleState.LOCKED || now.state() == ModuleState.FAILED;
        ModuleSlot.Cause cause = mute ? ModuleSlot.Cause.MUTE : ModuleSlot.Cause.NOT_SERVING;
        String reason = "Module " + slot.name() + " is " + now.state() + ": " + now.sentence();
        if (placement.leave(slot, cause, reason) && placement.reserved(slot) > 0) {
            // No session can go on at a module that is mute, so none waits for the deadline.
            Drain drain = new Drain(slot, mute ? Duration.ZERO : drainTimeout, this);
            housekeeping.execute(drain::start);
        }
    }

    // ---- opening

    @Override
    public Channel open(ChannelRequest request) throws ChannelException, InterruptedException {
        OpenWaiter waiter = new OpenWaiter(request, sequence.incrementAndGet());
        Placement.Turn turn = start(waiter);
        if (turn != null) {
            // Not on this thread, which a provider could keep beyond the deadline; nor on one of few, which others could hold up.
            housekeeping.execute(() -> takeTurns(turn));
        }
        try {
            try {
                // Who does not wait in the queue waits for the module all the same.
                long patience = request.deadline().isZero() ? stuckNanos : Math.max(0, waiter.nanosLeft());
                return waiter.future.get(patience, TimeUnit.NANOSECONDS);
            } catch (TimeoutException e) {
                waiter.future.completeExceptionally(noneFree(waiter));
                return waiter.future.get();
            }
        } catch (InterruptedException e) {
            if (!waiter.future.cancel(false)) {
                waiter.future.thenAccept(Channel::close);
            }
            throw e;
        } catch (ExecutionException e) {
            if (e.getCause() instanceof ChannelException fault) {
                throw fault;
            }
            throw new IllegalStateException("Channel manager: opening failed: " + e.getCause(), e.getCause());
        }
    }

    @Override
    public CompletionStage<Channel> openAsync(ChannelRequest request) {
        OpenWaiter waiter = new OpenWaiter(request, sequence.incrementAndGet());
        Placement.Turn turn = start(waiter);
        if (turn != null) {
            hand(List.of(turn));
        }
        // With a zero deadline it never waits: it has a turn, or it has failed.
        if (!request.deadline().isZero() && !waiter.future.isDone()) {
            long left = Math.max(0, waiter.nanosLeft());
            try {
                // The timer only passes it on, since what depends on the future may take its time.
                ScheduledFuture<?> timer = scheduler.schedule(
                        () -> executor.execute(() -> waiter.future.completeExceptionally(noneFree(waiter))), left, TimeUnit.NANOSECONDS);
                waiter.future.whenComplete((channel, fault) -> timer.cancel(false));
            } catch (RejectedExecutionException e) {
                waiter.future.completeExceptionally(stopping());
            }
        }
        return waiter.future;
    }

    /** @return the waiter's turn, if it has one at once */
    private Placement.Turn start(OpenWaiter waiter) {
        int keyGroup = waiter.request.keyGroup();
        if (placement.isUnknown(keyGroup)) {
            waiter.future.completeExceptionally(new UnknownKeyGroupException(null, 0, "no module has key group " + keyGroup
                    + "; present are the key groups " + placement.knownKeyGroups() + "."));
            return null;
        }
        waiter.future.whenComplete((channel, fault) -> placement.dequeue(waiter));
        return join(waiter);
    }

    /** @return the waiter's turn, if it has one at once */
    private Placement.Turn join(OpenWaiter waiter) {
        boolean stays = waiter.nanosLeft() > 0;
        Placement.Turn own = null;
        List<Placement.Turn> others = new ArrayList<>();
        for (Placement.Turn turn : placement.join(waiter, stays)) {
            if (turn.waiter() == waiter) {
                own = turn;
            } else {
                others.add(turn);
            }
        }
        hand(others);
        if (stopped) {
            // The queue may have been cleared just before the waiter joined it.
            waiter.future.completeExceptionally(stopping());
        } else if (own == null && !stays) {
            waiter.future.completeExceptionally(noneFree(waiter));
        }
        if (waiter.future.isDone()) {
            // It may have been given up before it joined.
            placement.dequeue(waiter);
        }
        return own;
    }

    private NoChannelFreeException noneFree(OpenWaiter waiter) {
        int keyGroup = waiter.request.keyGroup();
        String refusal = waiter.refusal() == null ? placement.refusal(keyGroup) : waiter.refusal();
        return new NoChannelFreeException(null, 0, "none became free for key group " + keyGroup + " within "
                + TimeUnit.NANOSECONDS.toMillis(Nanos.of(waiter.request.deadline())) + " ms (" + placement.occupancy(keyGroup)
                + (refusal == null ? "" : "; last refusal: " + refusal) + "); try again later, or add a module.");
    }

    private void hand(List<Placement.Turn> turns) {
        // Not on this thread: it may hold the lock of a channel, and a module may be slow to open another.
        turns.forEach(turn -> opening.execute(() -> takeTurns(turn)));
    }

    /** Takes a turn, and if it came to nothing the next one, until the waiter is served or waits in the queue. */
    private void takeTurns(Placement.Turn first) {
        Placement.Turn turn = first;
        while (turn != null && !takeTurn(turn)) {
            turn = join(turn.waiter());
        }
    }

    /**
     * Opens the channel that is reserved for a waiter.
     *
     * @return false if the module did not open it
     */
    private boolean takeTurn(Placement.Turn turn) {
        OpenWaiter waiter = turn.waiter();
        ModuleSlot slot = turn.slot();
        if (stopped) {
            waiter.future.completeExceptionally(stopping());
        }
        if (waiter.future.isDone() || slot.leaving) {
            // Its turn becomes the next one's.
            ended(slot, waiter.request.keyGroup());
            return waiter.future.isDone();
        }
        ManagedChannel channel;
        try {
            channel = open(slot, waiter.request);
        } catch (ModuleException | RuntimeException | Error e) {
            String reason = e instanceof ModuleException ? e.getMessage() : "the provider threw " + e;
            boolean full = e instanceof ModuleException fault && fault.reason() == ModuleException.Reason.FULL;
            // That none is free is everyday business, and who waits for one learns it in the end.
            LOG.atLevel(full ? Level.DEBUG : Level.WARN).log("Module {} refused a channel for key group {}: {}", slot.name(),
                    waiter.request.keyGroup(), reason);
            waiter.refusedBy(slot, slot.name() + ": " + reason);
            placement.refused(turn, full, slot.name() + ": " + reason);
            slot.refresh();
            release(slot);
            return false;
        }
        placement.opened(turn);
        if (stopped) {
            waiter.future.completeExceptionally(stopping());
            channel.close();
        } else if (!waiter.future.complete(channel)) {
            channel.close();
        }
        return true;
    }

    private ManagedChannel open(ModuleSlot slot, ChannelRequest request) throws ModuleException {
        ModuleChannel opened;
        slot.enter();
        try {
            opened = slot.module.open(request.keyGroup());
        } finally {
            slot.exit();
        }
        try {
            return new ManagedChannel(this, ids.incrementAndGet(), request.keyGroup(), Nanos.of(request.idleTimeout()), slot, opened);
        } catch (RuntimeException | Error e) {
            // It gave no channel, or one without an ATR.
            if (opened != null) {
                opened.close();
            }
            throw e;
        }
    }

    @Override
    public void release(ModuleSlot slot) {
        hand(placement.release(slot));
    }

    @Override
    public void ended(ModuleSlot slot, int keyGroup) {
        hand(placement.release(slot, keyGroup));
    }

    @Override
    public void roomMade() {
        // Once for all that became free at about the same time.
        if (placement.hasParked() && placingParked.compareAndSet(false, true)) {
            housekeeping.execute(() -> {
                placingParked.set(false);
                placement.parked().forEach(ManagedChannel::placeIfParked);
            });
        }
    }

    /** Gives places to channels that lost theirs, then turns to those who wait for a new one. */
    private void serveThoseWhoWait() {
        placement.parked().forEach(ManagedChannel::placeIfParked);
        hand(placement.turns());
    }

    // ---- for the channels

    @Override
    public AuditClient audit() {
        return audit;
    }

    @Override
    public Placement placement() {
        return placement;
    }

    @Override
    public long leaseClock() {
        return leaseClock;
    }

    @Override
    public long graceNanos() {
        return graceNanos;
    }

    @Override
    public Executor executor() {
        return executor;
    }

    @Override
    public Executor housekeeping() {
        return housekeeping;
    }

    @Override
    public ScheduledExecutorService scheduler() {
        return scheduler;
    }
}
