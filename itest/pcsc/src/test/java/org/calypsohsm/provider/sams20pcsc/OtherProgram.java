package org.calypsohsm.provider.sams20pcsc;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

import javax.smartcardio.Card;
import javax.smartcardio.CardException;
import javax.smartcardio.CardTerminal;

import org.calypsohsm.pcsc.Pcsc;

/** Another program that uses the card in a reader: {@code hold} keeps it to itself until the input ends, {@code reset} resets it. */
public final class OtherProgram {

    private OtherProgram() {
    }

    /**
     * Runs it.
     *
     * @param arguments name of the reader, and what to do
     * @throws Exception if the card cannot be reached
     */
    public static void main(String[] arguments) throws Exception {
        CardTerminal reader = Pcsc.terminals().getTerminal(arguments[0]);
        while (!reader.isCardPresent()) {
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(10));
        }
        Card card = connect(reader);
        if (arguments[1].equals("hold")) {
            card.beginExclusive();
        }
        System.out.println("inserted");
        while (System.in.read() >= 0) {
            if (arguments[1].equals("reset")) {
                card.disconnect(true);
                System.out.println("done");
                card = connect(reader);
            }
        }
        card.disconnect(true);
    }

    private static Card connect(CardTerminal reader) throws CardException {
        return reader.connect("*");
    }
}
