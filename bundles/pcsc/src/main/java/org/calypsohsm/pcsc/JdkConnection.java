package org.calypsohsm.pcsc;

import java.lang.reflect.Field;
import java.util.Map;

import javax.smartcardio.TerminalFactory;

/** The connection to pcscd that the JDK keeps in a static field, and the reader objects that it keeps with it. */
final class JdkConnection {

    private final Class<?> terminals;
    private final Map<?, ?> known;
    private final Field context;

    private JdkConnection() throws ReflectiveOperationException {
        terminals = Class.forName("sun.security.smartcardio.PCSCTerminals", false, TerminalFactory.class.getClassLoader());
        Field field = terminals.getDeclaredField("terminals");
        field.setAccessible(true);
        known = (Map<?, ?>) field.get(null);
        context = terminals.getDeclaredField("contextId");
        context.setAccessible(true);
    }

    /** @return the way to it; null unless its package is open to the caller */
    static JdkConnection reach() {
        try {
            return new JdkConnection();
        } catch (ReflectiveOperationException | RuntimeException e) {
            return null;
        }
    }

    /** @return what the JDK itself synchronizes on when it connects */
    Object monitor() {
        return terminals;
    }

    /**
     * Puts another connection in place.
     *
     * @param next the connection; 0 has the JDK connect at the next use
     * @return the one before
     */
    long exchange(long next) {
        synchronized (monitor()) {
            try {
                long before = context.getLong(null);
                // Each reader object keeps its connection.
                known.clear();
                context.setLong(null, next);
                return before;
            } catch (IllegalAccessException e) {
                throw new IllegalStateException(e);
            }
        }
    }
}
