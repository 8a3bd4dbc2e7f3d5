package org.calypsohsm.fuzz;

import java.util.concurrent.ConcurrentLinkedQueue;

import org.slf4j.ILoggerFactory;
import org.slf4j.IMarkerFactory;
import org.slf4j.Marker;
import org.slf4j.event.Level;
import org.slf4j.helpers.BasicMarkerFactory;
import org.slf4j.helpers.LegacyAbstractLogger;
import org.slf4j.helpers.MessageFormatter;
import org.slf4j.helpers.NOPMDCAdapter;
import org.slf4j.spi.MDCAdapter;
import org.slf4j.spi.SLF4JServiceProvider;

/**
 * The log of the platform while it is fuzzed. A virtual SAM answers 6985 when a plugin or the key store throws, and logs what
 * was thrown; so each warning that carries an exception is kept here, and is a find.
 */
public final class Warnings implements SLF4JServiceProvider {

    private static final ConcurrentLinkedQueue<Find> KEPT = new ConcurrentLinkedQueue<>();

    private final IMarkerFactory markers = new BasicMarkerFactory();

    /** Takes a warning that mentions a SAM or channel. Cheap when there is none. */
    static Find about(String subject) {
        if (KEPT.isEmpty()) {
            return null;
        }
        for (Find find : KEPT) {
            if (find.getMessage().contains(subject) && KEPT.remove(find)) {
                return find;
            }
        }
        return null;
    }

    /** Takes any warning that nobody took. */
    static Find any() {
        return KEPT.poll();
    }

    private static final class Log extends LegacyAbstractLogger {

        private static final long serialVersionUID = 1L;

        Log(String name) {
            this.name = name;
        }

        @Override
        protected void handleNormalizedLoggingCall(Level level, Marker marker, String pattern, Object[] arguments, Throwable thrown) {
            if (thrown != null) {
                KEPT.add(new Find(name + ": " + MessageFormatter.basicArrayFormat(pattern, arguments), thrown));
            }
        }

        @Override
        protected String getFullyQualifiedCallerName() {
            return null;
        }

        @Override
        public boolean isTraceEnabled() {
            return false;
        }

        @Override
        public boolean isDebugEnabled() {
            return false;
        }

        @Override
        public boolean isInfoEnabled() {
            return false;
        }

        @Override
        public boolean isWarnEnabled() {
            return true;
        }

        @Override
        public boolean isErrorEnabled() {
            return true;
        }
    }

    @Override
    public ILoggerFactory getLoggerFactory() {
        return Log::new;
    }

    @Override
    public IMarkerFactory getMarkerFactory() {
        return markers;
    }

    @Override
    public MDCAdapter getMDCAdapter() {
        return new NOPMDCAdapter();
    }

    @Override
    public String getRequestedApiVersion() {
        return "2.0.99";
    }

    @Override
    public void initialize() {
        // Nothing to prepare.
    }
}
