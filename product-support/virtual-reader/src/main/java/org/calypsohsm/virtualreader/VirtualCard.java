package org.calypsohsm.virtualreader;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
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

    private final SimulatedCard card;
    private final int port;
    private Socket socket;
    private Thread thread;

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
     * Inserts the card.
     *
     * @throws IOException if the reader is not there
     */
    public void insert() throws IOException {
        socket = new Socket(InetAddress.getLoopbackAddress(), port);
        socket.setTcpNoDelay(true);
        Socket inserted = socket;
        thread = new Thread(() -> serve(inserted), "virtual card on port " + port);
        thread.setDaemon(true);
        thread.start();
    }

    /**
     * Takes the card out; its memory stays.
     *
     * @throws IOException if the connection does not close
     */
    public void remove() throws IOException {
        if (socket != null) {
            socket.close();
        }
        card.reset();
    }

    /**
     * Waits until the reader lets the card go: it was taken out, or the reader ended.
     *
     * @throws InterruptedException if the thread is told to end
     */
    public void awaitEnd() throws InterruptedException {
        if (thread != null) {
            thread.join();
        }
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
        } catch (EOFException e) {
            // The reader is gone.
        } catch (IOException e) {
            if (!inserted.isClosed()) {
                System.err.println("The card on port " + port + " lost its reader: " + e.getMessage());
            }
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
