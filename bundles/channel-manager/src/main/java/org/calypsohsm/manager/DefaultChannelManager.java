package org.calypsohsm.manager;

import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

import org.calypsohsm.channel.Channel;
import org.calypsohsm.channel.ChannelException;
import org.calypsohsm.channel.ChannelManager;
import org.calypsohsm.channel.ChannelRequest;
import org.calypsohsm.channel.DrainReport;
import org.calypsohsm.channel.ModuleReport;
import org.calypsohsm.channel.NoChannelFreeException;
import org.calypsohsm.channel.UnknownKeyGroupException;
import org.calypsohsm.module.ModuleException;
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

/** The channel manager over all modules that are registered as services. */
@Component(immediate = true, configurationPid = "org.calypsohsm.manager")
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

        /** @return threads for asynchronous exchanges; 0 takes twice the number of processors */
        @AttributeDefinition(description = "Threads for asynchronous exchanges; 0 takes twice the number of processors")
        int asyncThreads() default 0;
    }

    private static final Logger LOG = LoggerFactory.getLogger(DefaultChannelManager.class);

    private final Placement placement = new Placement();
    private final ConcurrentHashMap<SecurityModule, ModuleSlot> slots = new ConcurrentHashMap<>();
    private final AtomicLong ids = new AtomicLong();
    private final AtomicLong sequence = new AtomicLong();
    private final Duration drainTimeout;
    private final long graceNanos;
    private final ExecutorService executor;
    private final ScheduledThreadPoolExecutor scheduler;
    private volatile boolean stopped;

    /**
     * Starts the manager.
     *
     * @param config its configuration
     */
    @Activate
    public DefaultChannelManager(Config config) {
        drainTimeout = Duration.ofMillis(config.drainMillis());
        graceNanos = TimeUnit.MILLISECONDS.toNanos(config.successorGraceMillis());
        int threads = config.asyncThreads() > 0 ? config.asyncThreads() : 2 * Runtime.getRuntime().availableProcessors();
        executor = Executors.newFixedThreadPool(threads, threads("hsm-channel-"));
        scheduler = new ScheduledThreadPoolExecutor(1, threads("hsm-channel-timer-"));
        scheduler.setRemoveOnCancelPolicy(true);
        scheduler.scheduleWithFixedDelay(this::watch, config.watchMillis(), config.watchMillis(), TimeUnit.MILLISECONDS);
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
        scheduler.shutdownNow();
        placement.slots().forEach(slot -> List.copyOf(slot.channels).forEach(Channel::close));
        placement.parked().forEach(Channel::close);
        placement.clearQueues().forEach(waiter -> waiter.future.completeExceptionally(
                new NoChannelFreeException(null, 0, "the channel manager stops; try again when it is back.")));
        executor.shutdown();
    }

    // ---- modules come and go

    @Reference(cardinality = ReferenceCardinality.MULTIPLE, policy = ReferencePolicy.DYNAMIC)
    void bindModule(SecurityModule module) {
        ModuleSlot slot = new ModuleSlot(module);
        slots.put(module, slot);
        LOG.info("Module {} came: {}, {} channels, serial number {}, {}.", slot.name(), slot.info.kind(), slot.info.channelsTotal(),
                String.format("%08X", slot.info.serialNumber()), slot.status().state());
        placement.add(slot);
        serveThoseWhoWait();
    }

    /** Returns when no call is in the module any more: it is deactivated after this. */
    void unbindModule(SecurityModule module) {
        ModuleSlot slot = slots.remove(module);
        if (slot == null) {
            return;
        }
        leave(slot, "Module " + slot.name() + " goes.");
        try {
            new Drain(slot, drainTimeout, this).start().get(2 * drainTimeout.toMillis() + 1000, TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (ExecutionException | TimeoutException e) {
            LOG.error("Module {} goes without being drained: {}", slot.name(), e.toString());
        } finally {
            placement.remove(slot);
        }
    }

    private static void leave(ModuleSlot slot, String reason) {
        slot.leavingReason = reason;
        slot.leaving = true;
    }

    @Override
    public CompletionStage<DrainReport> drain(String module, Duration deadline) {
        ModuleSlot slot = slot(module);
        slot.drainedByCommand = true;
        leave(slot, "Module " + module + " is drained by command.");
        return new Drain(slot, deadline, this).start();
    }

    @Override
    public void undrain(String module) {
        ModuleSlot slot = slot(module);
        slot.drainedByCommand = false;
        slot.leaving = false;
        serveThoseWhoWait();
    }

    private ModuleSlot slot(String name) {
        return placement.slots().stream().filter(slot -> slot.name().equals(name)).findFirst()
                .orElseThrow(() -> new IllegalArgumentException("No module " + name + " is present; present are "
                        + modules().stream().map(ModuleReport::name).toList() + "."));
    }

    @Override
    public List<ModuleReport> modules() {
        return placement.slots().stream().map(ModuleSlot::report).sorted(Comparator.comparing(ModuleReport::name)).toList();
    }

    /** Looks at what changes by itself: states of modules, leases of channels. */
    private void watch() {
        try {
            for (ModuleSlot slot : placement.slots()) {
                boolean servedBefore = slot.status().state().serves();
                slot.refresh();
                if (servedBefore && !slot.status().state().serves()) {
                    leave(slot, slot.status().sentence());
                    Drain drain = new Drain(slot, drainTimeout, this);
                    executor.execute(drain::start);
                } else if (!servedBefore && slot.status().state().serves()) {
                    slot.leaving = slot.drainedByCommand;
                }
                long now = System.nanoTime();
                slot.channels.forEach(channel -> channel.expireIfIdle(now));
            }
            long now = System.nanoTime();
            placement.parked().forEach(channel -> channel.expireIfIdle(now));
            serveThoseWhoWait();
        } catch (RuntimeException e) {
            LOG.error("Channel manager: watching modules failed: {}", e.toString(), e);
        }
    }

    // ---- opening

    @Override
    public Channel open(ChannelRequest request) throws ChannelException, InterruptedException {
        CompletableFuture<Channel> future = openAsync(request).toCompletableFuture();
        try {
            return future.get();
        } catch (InterruptedException e) {
            if (!future.cancel(false)) {
                future.thenAccept(Channel::close);
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
        int keyGroup = request.keyGroup();
        if (stopped) {
            waiter.future.completeExceptionally(new NoChannelFreeException(null, 0, "the channel manager is stopped."));
        } else if (placement.isUnknown(keyGroup)) {
            waiter.future.completeExceptionally(new UnknownKeyGroupException(null, 0, "no module has key group " + keyGroup
                    + "; present are the key groups " + placement.knownKeyGroups() + "."));
        } else {
            ModuleSlot slot = placement.reserve(keyGroup);
            if (slot != null) {
                takeTurn(new Placement.Turn(waiter, slot));
            } else {
                await(waiter, false);
            }
        }
        return waiter.future;
    }

    /** Joins the queue: at its head if the waiter had a turn already that came to nothing. */
    private void await(OpenWaiter waiter, boolean first) {
        long deadline = waiter.request.deadline().toNanos();
        if (deadline == 0) {
            waiter.future.completeExceptionally(noneFree(waiter));
            return;
        }
        if (first) {
            placement.enqueueFirst(waiter);
        } else {
            placement.enqueue(waiter);
        }
        if (!waiter.timed) {
            waiter.timed = true;
            ScheduledFuture<?> timer = scheduler.schedule(() -> waiter.future.completeExceptionally(noneFree(waiter)), deadline,
                    TimeUnit.NANOSECONDS);
            waiter.future.whenComplete((channel, fault) -> {
                timer.cancel(false);
                placement.dequeue(waiter);
            });
        }
        // Room may have been made between the attempt and the queue.
        giveTurns();
    }

    private NoChannelFreeException noneFree(OpenWaiter waiter) {
        int keyGroup = waiter.request.keyGroup();
        return new NoChannelFreeException(null, 0, "none became free for key group " + keyGroup + " within "
                + waiter.request.deadline().toMillis() + " ms (" + placement.occupancy(keyGroup)
                + "); try again later, or add a module.");
    }

    /** Opens the channel that is reserved for a waiter. */
    private void takeTurn(Placement.Turn turn) {
        OpenWaiter waiter = turn.waiter();
        ModuleSlot slot = turn.slot();
        int keyGroup = waiter.request.keyGroup();
        ManagedChannel channel;
        try {
            channel = new ManagedChannel(this, ids.incrementAndGet(), keyGroup, waiter.request.idleTimeout().toNanos(), slot,
                    slot.module.open(keyGroup));
        } catch (ModuleException | RuntimeException e) {
            LOG.warn("Module {} refused a channel for key group {}: {}", slot.name(), keyGroup, e.getMessage());
            slot.refused();
            placement.release(slot);
            retry(waiter);
            return;
        }
        if (!waiter.future.complete(channel)) {
            channel.close();
        }
    }

    private void retry(OpenWaiter waiter) {
        if (waiter.future.isDone()) {
            return;
        }
        ModuleSlot other = placement.reserve(waiter.request.keyGroup());
        if (other != null) {
            takeTurn(new Placement.Turn(waiter, other));
        } else {
            await(waiter, true);
        }
    }

    @Override
    public void roomMade() {
        giveTurns();
    }

    private void giveTurns() {
        if (!stopped) {
            // Not on this thread: it may hold the lock of a channel, and a module may be slow to open another.
            placement.turns().forEach(turn -> executor.execute(() -> takeTurn(turn)));
        }
    }

    /** Gives places to channels that lost theirs, then turns to those who wait for a new one. */
    private void serveThoseWhoWait() {
        placement.parked().forEach(ManagedChannel::placeIfParked);
        giveTurns();
    }

    // ---- for the channels

    @Override
    public Placement placement() {
        return placement;
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
    public ScheduledExecutorService scheduler() {
        return scheduler;
    }
}
