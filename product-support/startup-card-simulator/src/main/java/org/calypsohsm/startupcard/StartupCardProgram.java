package org.calypsohsm.startupcard;

import java.io.IOException;

import org.calypsohsm.virtualreader.CardProgram;
import org.calypsohsm.virtualreader.VirtualCard;

/** A simulated startup card in the virtual reader, as a process. */
public final class StartupCardProgram {

    private StartupCardProgram() {
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
        CardProgram.run(new VirtualCard(simulator, Integer.parseInt(arguments[0])), System.in, System.out, line -> null);
    }
}
