package org.calypsohsm.manager;

import java.lang.annotation.Annotation;

import org.calypsohsm.module.SecurityModule;

/** The real channel manager, with modules that a test brings as the service registry does. */
public final class TestManager implements AutoCloseable {

    private static final class Settings implements DefaultChannelManager.Config {

        @Override
        public long drainMillis() {
            return 200;
        }

        @Override
        public long successorGraceMillis() {
            return 200;
        }

        @Override
        public long watchMillis() {
            return 20;
        }

        @Override
        public long stuckMillis() {
            return 60_000;
        }

        @Override
        public int asyncThreads() {
            return 2;
        }

        @Override
        public boolean auditRequired() {
            return false;
        }

        @Override
        public Class<? extends Annotation> annotationType() {
            return DefaultChannelManager.Config.class;
        }
    }

    private final DefaultChannelManager manager = new DefaultChannelManager(new Settings());

    /** @return the channel manager */
    public DefaultChannelManager channels() {
        return manager;
    }

    /** A module comes. */
    public void come(SecurityModule module) {
        manager.bindModule(module);
    }

    /** A module goes. */
    public void go(SecurityModule module) {
        manager.unbindModule(module);
    }

    /** @return how many channels are open */
    public int open() {
        return manager.channels().size();
    }

    @Override
    public void close() {
        manager.stop();
    }
}
