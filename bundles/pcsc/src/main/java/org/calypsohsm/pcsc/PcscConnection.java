package org.calypsohsm.pcsc;

import java.security.NoSuchAlgorithmException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;

import javax.smartcardio.CardException;
import javax.smartcardio.CardTerminal;

/**
 * A connection to pcscd for one user, who calls it on one thread. The JDK has one for the whole process, and PC/SC lets one call
 * at a time into a connection: with it a card that does not answer would hold up all others. The readers listed here keep their
 * connection. Where the JDK does not let us (see {@link Pcsc#forgetConnection()}), it is the one of all.
 */
public final class PcscConnection implements AutoCloseable {

    /** Nobody can end a connection, so those that are not needed any more are used again. */
    private static final Deque<Long> UNUSED = new ArrayDeque<>();

    private long context;

    /** Makes one; it connects when it is first used. */
    public PcscConnection() {
        synchronized (UNUSED) {
            Long unused = UNUSED.poll();
            context = unused == null ? 0 : unused;
        }
    }

    /**
     * Lists the readers.
     *
     * @return all of them, each with this connection
     * @throws NoSuchAlgorithmException if PC/SC is not there: no library, or no daemon
     * @throws CardException            if it does not answer; after a loss, see {@link Pcsc#isConnectionLost}, {@link #forget()}
     */
    public List<CardTerminal> list() throws NoSuchAlgorithmException, CardException {
        JdkConnection jdk = JdkConnection.reach();
        if (jdk == null) {
            return Pcsc.terminals().list();
        }
        synchronized (jdk.monitor()) {
            long shared = jdk.exchange(context);
            try {
                return Pcsc.terminals().list();
            } finally {
                context = jdk.exchange(shared);
            }
        }
    }

    /**
     * Has it connect again when it is next used, after pcscd has ended.
     *
     * @return false if the JDK does not let us
     */
    public boolean forget() {
        context = 0;
        return JdkConnection.reach() != null;
    }

    /** Leaves the connection to the next one; nothing may use its readers any more. */
    @Override
    public void close() {
        synchronized (UNUSED) {
            if (context != 0) {
                UNUSED.add(context);
                context = 0;
            }
        }
    }
}
