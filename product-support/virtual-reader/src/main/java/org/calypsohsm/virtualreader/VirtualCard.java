package org.calypsohsm.virtualreader;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;

import jdk.net.ExtendedSocketOptions;

/**
 * A simulated card in a slot of the virtual reader of vsmartcard. The reader listens on a loopback port; a connection is an
 * inserted card. Each message is a length of two bytes, most significant first, and as many bytes.
 */
public final class VirtualCard {

    /** Loopback port of the first slot of the virtual reader, as Debian sets it. */
    public static final int FIRST_SLOT = 35963;
    /** Loopback port of the second slot. */
    public static final int SECOND_SLOT = 35964;

    private static final int POWER_OFF = 0;
    private static final int POWER_ON = 1;
    private static final int RESET = 2;
    private static final int ASK_FOR_ATR = 4;

    private static final long RETRY_MILLIS = 50;

    private final SimulatedCard card;
    private final int port;
    private Insertion insertion;

    /** One time in the reader. */
    private final class Insertion {

        private final Thread thread = new Thread(this::stay, "virtual card on port " + port);
        private Socket socket;
        private boolean out;

        Insertion() throws IOException {
            socket = connect();
            thread.setDaemon(true);
            thread.start();
        }

        private void stay() {
            try {
                for (Socket served = current(); served != null; served = current()) {
                    serve(served);
                    again();
                }
            } catch (InterruptedException e) {
                // Taken out.
            }
        }

        private synchronized Socket current() {
            return out ? null : socket;
        }

        /** A card stays in its reader while pcscd is started again; and the reader at times drops one that has just come. */
        private void again() throws InterruptedException {
            while (current() != null) {
                Thread.sleep(RETRY_MILLIS);
                try {
                    Socket next = connect();
                    synchronized (this) {
                        socket = next;
                        if (out) {
                            next.close();
                        }
                        return;
                    }
                } catch (IOException e) {
                    // The reader is not there yet.
                }
            }
        }

        synchronized void end() throws IOException {
            out = true;
            socket.close();
            thread.interrupt();
        }
    }

    /**
     * Makes a card that is not inserted yet.
     *
     * @param card what answers
     * @param port loopback port of the slot
     */
    public VirtualCard(SimulatedCard card, int port) {
        this.card = card;
        this.port = port;
    }

    /**
     * Inserts the card; it stays in the reader until it is removed, also while the reader is started again.
     *
     * @throws IOException if the reader is not there
     */
    public synchronized void insert() throws IOException {
        remove();
        insertion = new Insertion();
    }

    /**
     * Takes the card out; its memory stays.
     *
     * @throws IOException if the connection does not close
     */
    public synchronized void remove() throws IOException {
        if (insertion != null) {
            insertion.end();
            insertion = null;
        }
        card.reset();
    }

    private Socket connect() throws IOException {
        Socket connected = new Socket(InetAddress.getLoopbackAddress(), port);
        connected.setTcpNoDelay(true);
        return connected;
    }

    private void serve(Socket inserted) {
        try (inserted; DataInputStream in = new DataInputStream(inserted.getInputStream());
                DataOutputStream out = new DataOutputStream(inserted.getOutputStream())) {
            boolean acknowledges = inserted.supportedOptions().contains(ExtendedSocketOptions.TCP_QUICKACK);
            while (true) {
                if (acknowledges) {
                    // The reader sends the length and then the rest, and waits 40 ms for a delayed acknowledgement between them.
                    inserted.setOption(ExtendedSocketOptions.TCP_QUICKACK, true);
                }
                byte[] message = new byte[in.readUnsignedShort()];
                in.readFully(message);
                byte[] answer = answer(message);
                if (answer != null) {
                    byte[] framed = new byte[2 + answer.length];
                    framed[0] = (byte) (answer.length >> 8);
                    framed[1] = (byte) answer.length;
                    System.arraycopy(answer, 0, framed, 2, answer.length);
                    out.write(framed);
                }
            }
        } catch (IOException e) {
            // The reader is gone, or the card was taken out.
        }
    }

    private byte[] answer(byte[] message) {
        if (message.length != 1) {
            return card.transmit(message);
        }
        switch (message[0]) {
            case POWER_OFF, POWER_ON, RESET:
                card.reset();
                return null;
            case ASK_FOR_ATR:
                return card.atr();
            default:
                return null;
        }
    }
}
