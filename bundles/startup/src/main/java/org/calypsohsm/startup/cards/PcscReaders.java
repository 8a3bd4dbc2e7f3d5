package org.calypsohsm.startup.cards;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Predicate;
import java.util.regex.Pattern;

import javax.smartcardio.Card;
import javax.smartcardio.CardException;
import javax.smartcardio.CardNotPresentException;
import javax.smartcardio.CardTerminal;
import javax.smartcardio.CardTerminals;

import org.calypsohsm.pcsc.Pcsc;
import org.calypsohsm.pcsc.ReaderClaim;
import org.calypsohsm.startup.StartupException;
import org.calypsohsm.startup.StartupException.Reason;

/** The readers of PC/SC, by way of {@code javax.smartcardio}. Nothing is loaded before the first use. */
final class PcscReaders implements CardReaders {

    private static final String OWNER = "the start-up";
    /** Response data of a short APDU and its status word, in bytes. */
    private static final int MOST_RESPONSE = 258;
    private static final long LOOK_MILLIS = 100;
    /** What is said of a card that another program has just taken or reset. */
    private static final Set<String> BUSY = Set.of("SCARD_E_SHARING_VIOLATION", "SCARD_W_RESET_CARD", "SCARD_W_INSERTED_CARD",
            "SCARD_W_UNPOWERED_CARD");
    private static final int MOST_ATTEMPTS = 5;

    private final Predicate<String> names;

    /** @param names which readers to use */
    PcscReaders(Pattern names) {
        this.names = names.asMatchPredicate();
    }

    @FunctionalInterface
    private interface Use<T> {
        T of(CardTerminals terminals) throws CardException;
    }

    @Override
    public List<String> withCard() throws StartupException {
        return connected(terminals -> terminals.list(CardTerminals.State.CARD_PRESENT).stream().map(CardTerminal::getName)
                // A reader that a module has taken holds no startup card.
                .filter(names.and(reader -> otherOwner(reader) == null)).toList());
    }

    /** Uses PC/SC, with a new connection if the old one is lost. */
    private static <T> T connected(Use<T> use) throws StartupException {
        try {
            return use.of(terminals());
        } catch (CardException e) {
            if (!Pcsc.isConnectionLost(e)) {
                throw broken(e);
            }
            if (!Pcsc.forgetConnection()) {
                throw new StartupException(Reason.NO_CARD, "PC/SC: pcscd has ended or was started again, and Java does not connect"
                        + " a second time; start it and then this platform, or give Java the option --add-opens"
                        + " java.smartcardio/sun.security.smartcardio=ALL-UNNAMED.", e);
            }
        }
        try {
            return use.of(terminals());
        } catch (CardException e) {
            throw broken(e);
        }
    }

    private static CardTerminals terminals() throws StartupException {
        try {
            return Pcsc.terminals();
        } catch (NoSuchAlgorithmException e) {
            throw new StartupException(Reason.NO_CARD, "PC/SC: it is not there (" + Pcsc.code(e) + "); install and start pcscd, the package"
                    + " of that name on Debian, and connect a card reader.", e);
        }
    }

    private static StartupException broken(CardException e) {
        return new StartupException(Reason.NO_CARD, "PC/SC: it does not reach a card (" + Pcsc.code(e) + "); check that pcscd runs, that a"
                + " card reader is connected, and that no other program has the card.", e);
    }

    @Override
    public <T> T converse(String reader, Conversation<T> conversation) throws StartupException {
        try (ReaderClaim claim = ReaderClaim.take(reader, OWNER)) {
            String other = claim == null ? otherOwner(reader) : null;
            if (other != null) {
                throw new StartupException(Reason.NO_CARD, "Reader " + reader + ": " + other + " has its card; use another reader.");
            }
            return converseAlone(reader, conversation);
        }
    }

    /** @return who else in this process has the reader; null if nobody has */
    private static String otherOwner(String reader) {
        String owner = ReaderClaim.owner(reader);
        return OWNER.equals(owner) ? null : owner;
    }

    private static <T> T converseAlone(String reader, Conversation<T> conversation) throws StartupException {
        Card card = connected(terminals -> connect(terminals, reader));
        if (card == null) {
            throw new StartupException(Reason.NO_CARD, "Reader " + reader + ": there is no card in it; insert a startup card.");
        }
        try {
            card.beginExclusive();
            try {
                return conversation.with(command -> transmit(card, command));
            } finally {
                card.endExclusive();
            }
        } catch (IOException | CardException | IllegalStateException e) {
            throw new StartupException(Reason.FAILED, "Reader " + reader + ": the card does not answer (" + Pcsc.code(e) + "); insert it again.",
                    e);
        } finally {
            try {
                // With a reset: the PIN counts as given until then, for every other program too.
                card.disconnect(true);
            } catch (CardException e) {
                // It was taken out.
            }
        }
    }

    /** @return the connection; null if there is no card */
    private static Card connect(CardTerminals terminals, String reader) throws CardException {
        CardTerminal terminal = terminals.getTerminal(reader);
        if (terminal == null) {
            return null;
        }
        for (int attempt = 1;; attempt++) {
            try {
                return terminal.connect("*");
            } catch (CardNotPresentException e) {
                return null;
            } catch (CardException e) {
                if (attempt == MOST_ATTEMPTS || !BUSY.contains(Pcsc.code(e))) {
                    throw e;
                }
                LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(LOOK_MILLIS));
            }
        }
    }

    private static byte[] transmit(Card card, byte[] command) throws IOException {
        ByteBuffer answer = ByteBuffer.allocate(MOST_RESPONSE);
        try {
            int length = card.getBasicChannel().transmit(ByteBuffer.wrap(command), answer);
            return Arrays.copyOf(answer.array(), length);
        } catch (CardException | IllegalStateException e) {
            throw new IOException(Pcsc.code(e), e);
        } finally {
            Arrays.fill(answer.array(), (byte) 0);
        }
    }

    @Override
    public Changes changes() {
        return new PcscChanges();
    }

    /** Waits at PC/SC, or, while there is no reader, for the time to pass. */
    private static final class PcscChanges implements Changes {

        private CardTerminals terminals;

        @Override
        public boolean await(long millis) throws InterruptedException {
            try {
                if (terminals == null) {
                    terminals = connected(found -> {
                        found.list();
                        return found;
                    });
                }
                // A short look now and then: while one thread waits in PC/SC, every other call of this process waits for it,
                // since the JDK has one connection for all (500 ms measured for a wait of 500 ms).
                long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis);
                boolean changed = terminals.waitForChange(1);
                while (!changed && System.nanoTime() - end < 0) {
                    Thread.sleep(LOOK_MILLIS);
                    changed = terminals.waitForChange(1);
                }
                return changed;
            } catch (CardException | IllegalStateException | StartupException e) {
                terminals = null;
                Thread.sleep(millis);
                return false;
            }
        }
    }
}
