package org.calypsohsm.keyple;

import java.time.Duration;
import java.util.Comparator;
import java.util.HashSet;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantReadWriteLock;

import org.calypsohsm.channel.Channel;
import org.calypsohsm.channel.ChannelException;
import org.calypsohsm.channel.ChannelManager;
import org.calypsohsm.channel.ChannelRequest;
import org.eclipse.keyple.core.common.KeyplePluginExtension;
import org.eclipse.keyple.core.plugin.PluginIOException;
import org.eclipse.keyple.core.plugin.spi.PoolPluginSpi;
import org.eclipse.keyple.core.plugin.spi.reader.PoolReaderSpi;
import org.eclipse.keyple.core.plugin.spi.reader.ReaderSpi;

/** The pool: its reader groups are the key groups of the modules present, and an allocated reader is an open channel. */
final class ChannelPoolPlugin implements KeyplePluginExtension, PoolPluginSpi {

    /** As numbers, although they are texts. */
    private static final Comparator<String> BY_NUMBER = Comparator.comparing(String::length).thenComparing(Comparator.naturalOrder());

    private final String name;
    private final ChannelManager channels;
    private final Duration deadline;
    private final Duration idleTimeout;
    private final AtomicLong sequence = new AtomicLong();
    /** Who asks the manager holds it meanwhile, so that it does not go in between. */
    private final ReentrantReadWriteLock lease = new ReentrantReadWriteLock();
    private boolean closed;
    private final Set<ChannelReader> readers = new HashSet<>();

    ChannelPoolPlugin(String name, ChannelManager channels, Duration deadline, Duration idleTimeout) {
        this.name = name;
        this.channels = channels;
        this.deadline = deadline;
        this.idleTimeout = idleTimeout;
    }

    @Override
    public String getName() {
        return name;
    }

    @Override
    public SortedSet<String> getReaderGroupReferences() throws PluginIOException {
        lease.readLock().lock();
        try {
            checkOpen();
            SortedSet<String> groups = new TreeSet<>(BY_NUMBER);
            channels.modules().forEach(module -> module.keyGroups().forEach(group -> groups.add(Integer.toString(group))));
            return groups;
        } catch (RuntimeException e) {
            throw failed(e);
        } finally {
            lease.readLock().unlock();
        }
    }

    @Override
    public PoolReaderSpi allocateReader(String readerGroupReference) throws PluginIOException {
        ChannelRequest request = new ChannelRequest(keyGroup(readerGroupReference), deadline, idleTimeout);
        lease.readLock().lock();
        try {
            checkOpen();
            Channel channel = channels.open(request);
            ChannelReader reader = new ChannelReader(name + " " + channel.keyGroup() + "/" + channel.id() + "/"
                    + sequence.incrementAndGet(), channel);
            synchronized (readers) {
                // Keyple forgets readers whose card does not match; their channels are gone when their lease has run out.
                readers.removeIf(other -> !other.checkCardPresence());
                readers.add(reader);
            }
            return reader;
        } catch (ChannelException e) {
            throw new PluginIOException(e.getMessage(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new PluginIOException("The thread was interrupted while it waited for a channel.", e);
        } catch (RuntimeException e) {
            throw failed(e);
        } finally {
            lease.readLock().unlock();
        }
    }

    private static int keyGroup(String reference) throws PluginIOException {
        if (reference == null || reference.isEmpty()) {
            return 0;
        }
        try {
            int keyGroup = Integer.parseInt(reference);
            if (keyGroup >= 0) {
                return keyGroup;
            }
        } catch (NumberFormatException e) {
            // Said below, as for a negative one.
        }
        throw new PluginIOException("A reader group is the number of a key group, as in \"0\", not \"" + reference + "\".");
    }

    @Override
    public void releaseReader(ReaderSpi readerSpi) throws PluginIOException {
        if (!(readerSpi instanceof ChannelReader reader)) {
            throw new PluginIOException("The reader " + (readerSpi == null ? null : readerSpi.getName()) + " is not of plugin " + name + ".");
        }
        synchronized (readers) {
            readers.remove(reader);
        }
        reader.release();
    }

    /** Closes all channels, and waits for those who open one. */
    @Override
    public void onUnregister() {
        lease.writeLock().lock();
        try {
            closed = true;
        } finally {
            lease.writeLock().unlock();
        }
        Set<ChannelReader> left;
        synchronized (readers) {
            left = Set.copyOf(readers);
            readers.clear();
        }
        left.forEach(ChannelReader::release);
    }

    private void checkOpen() throws PluginIOException {
        if (closed) {
            throw new PluginIOException("Plugin " + name + " is closed, or its channel manager has gone; register it again.");
        }
    }

    private PluginIOException failed(RuntimeException e) {
        return new PluginIOException("Plugin " + name + ": the channel manager failed: " + e.getMessage(), e);
    }
}
