package org.calypsohsm.libs3;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletionStage;

import org.calypsohsm.channel.Channel;
import org.calypsohsm.channel.ChannelException;
import org.calypsohsm.channel.ChannelManager;
import org.calypsohsm.channel.ChannelReport;
import org.calypsohsm.channel.ChannelRequest;
import org.calypsohsm.channel.DrainReport;
import org.calypsohsm.channel.ModuleReport;

/** A channel manager as a jar on the class path offers it; it hands on to the one of the test. */
public class OnClassPath implements ChannelManager, AutoCloseable {

    public static volatile ChannelManager delegate;
    public static volatile boolean closed;

    /** One that does not start. */
    public static final class Failing extends OnClassPath {

        /** Fails. */
        public Failing() {
            throw new IllegalStateException("the folder of the distribution is missing.");
        }
    }

    /** One that does not end. */
    public static final class Unending extends OnClassPath {

        @Override
        public void close() {
            throw new IllegalStateException("a bundle does not stop.");
        }
    }

    /** Begins. */
    public OnClassPath() {
        closed = false;
    }

    @Override
    public Channel open(ChannelRequest request) throws ChannelException, InterruptedException {
        return delegate.open(request);
    }

    @Override
    public CompletionStage<Channel> openAsync(ChannelRequest request) {
        return delegate.openAsync(request);
    }

    @Override
    public List<ModuleReport> modules() {
        return delegate.modules();
    }

    @Override
    public CompletionStage<DrainReport> drain(String module, Duration deadline) {
        return delegate.drain(module, deadline);
    }

    @Override
    public void undrain(String module) {
        delegate.undrain(module);
    }

    @Override
    public List<ChannelReport> channels() {
        return delegate.channels();
    }

    @Override
    public ModuleReport selfTest(String module) {
        return delegate.selfTest(module);
    }

    @Override
    public void close() {
        closed = true;
    }
}
