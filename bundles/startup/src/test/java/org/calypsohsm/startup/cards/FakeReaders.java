package org.calypsohsm.startup.cards;

import java.io.IOException;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

import org.calypsohsm.startup.StartupException;
import org.calypsohsm.startup.StartupException.Reason;
import org.calypsohsm.startupcard.OpenPgpCardSimulator;

/** Readers in memory. */
final class FakeReaders implements CardReaders {

    private final SortedMap<String, OpenPgpCardSimulator> cards = new TreeMap<>();
    private int changes;
    /** After how many commands from now on the card is taken out; below 0: never. */
    private int commandsLeft = -1;
    private StartupException missing;

    synchronized void insert(String reader, OpenPgpCardSimulator card) {
        cards.put(reader, card);
        changes++;
        notifyAll();
    }

    synchronized void remove(String reader) {
        OpenPgpCardSimulator card = cards.remove(reader);
        if (card != null) {
            card.reset();
        }
        changes++;
        notifyAll();
    }

    /** Makes this a machine without PC/SC. */
    synchronized void none() {
        missing = new StartupException(Reason.NO_CARD, "PC/SC: it is not there.");
    }

    synchronized void removeAfter(int commands) {
        commandsLeft = commands;
    }

    @Override
    public synchronized List<String> withCard() throws StartupException {
        if (missing != null) {
            throw missing;
        }
        return List.copyOf(cards.keySet());
    }

    @Override
    public <T> T converse(String reader, Conversation<T> conversation) throws StartupException {
        OpenPgpCardSimulator card;
        synchronized (this) {
            card = cards.get(reader);
        }
        if (card == null) {
            throw new StartupException(Reason.NO_CARD, "Reader " + reader + ": no card.");
        }
        try {
            return conversation.with(command -> {
                synchronized (this) {
                    if (commandsLeft == 0) {
                        throw new IOException("card removed");
                    }
                    commandsLeft--;
                }
                return card.transmit(command);
            });
        } catch (IOException e) {
            throw new StartupException(Reason.FAILED, "Reader " + reader + ": the card does not answer.", e);
        } finally {
            card.reset();
        }
    }

    @Override
    public Changes changes() {
        synchronized (this) {
            return new Changes() {
                private int seen = changes;

                @Override
                public boolean await(long millis) throws InterruptedException {
                    synchronized (FakeReaders.this) {
                        if (seen == changes) {
                            FakeReaders.this.wait(millis);
                        }
                        boolean changed = seen != changes;
                        seen = changes;
                        return changed;
                    }
                }
            };
        }
    }
}
