package org.calypsohsm.startupcard;

import java.io.BufferedReader;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;

import jdk.net.ExtendedSocketOptions;

/**
 * A simulated card in a slot of the virtual reader of vsmartcard. The reader listens on a loopback port; a connection is an
 * inserted card. Each message is a length of two bytes, most significant first, and as many bytes.
 */
public final class VirtualCard {

    /** Answer to reset of a card that offers T=0 and T=1, with its check byte. */
    private static final byte[] ANSWER_TO_RESET = HexFormat.of().parseHex("3B80800101");

    private static final int POWER_OFF = 0;
    private static final int POWER_ON = 1;
    private static final int RESET = 2;
    private static final int ASK_FOR_ATR = 4;

    private final OpenPgpCardSimulator card;
    private final int port;
    private Socket socket;

    /**
     * Makes a card that is not inserted yet.
     *
     * @param card what answers
     * @param port loopback port of the slot
     */
    public VirtualCard(OpenPgpCardSimulator card, int port) {
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
        Thread thread = new Thread(() -> serve(inserted), "virtual card on port " + port);
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
                return ANSWER_TO_RESET;
            default:
                return null;
        }
    }

    /**
     * Inserts a card and takes commands from standard input until it ends.
     *
     * @param arguments port, serial number and, if it is not that of a new card, PIN
     * @throws IOException if the reader is not there
     */
    public static void main(String[] arguments) throws IOException {
        if (arguments.length < 2 || arguments.length > 3) {
            System.err.println("Give the port of the slot, a serial number of 8 hexadecimal digits and, if you like, a PIN.");
            System.exit(2);
        }
        OpenPgpCardSimulator simulator = arguments.length == 3 ? new OpenPgpCardSimulator(arguments[1], arguments[2])
                : new OpenPgpCardSimulator(arguments[1]);
        VirtualCard card = new VirtualCard(simulator, Integer.parseInt(arguments[0]));
        card.insert();
        System.out.println("inserted");
        BufferedReader commands = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.US_ASCII));
        for (String line = commands.readLine(); line != null; line = commands.readLine()) {
            switch (line) {
                case "insert":
                    card.insert();
                    System.out.println("inserted");
                    break;
                case "remove":
                    card.remove();
                    System.out.println("removed");
                    break;
                default:
                    System.out.println("unknown");
            }
        }
        card.remove();
    }
}
