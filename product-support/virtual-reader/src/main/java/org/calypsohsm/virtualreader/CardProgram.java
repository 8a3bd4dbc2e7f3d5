package org.calypsohsm.virtualreader;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.function.Function;

/** A card as a process: inserts it, and takes one command a line from its input until that ends. */
public final class CardProgram {

    private CardProgram() {
    }

    /**
     * Inserts a card, says {@code inserted}, and takes the words {@code remove}, {@code insert} and those of the card.
     *
     * @param card  the card, not inserted
     * @param in    where commands come from
     * @param out   where answers go, one line each
     * @param words the card's own words: takes a line, gives the answer; null for a line that it does not know
     * @throws IOException if the reader is not there
     */
    public static void run(VirtualCard card, InputStream in, PrintStream out, Function<String, String> words) throws IOException {
        card.insert();
        out.println("inserted");
        BufferedReader commands = new BufferedReader(new InputStreamReader(in, StandardCharsets.US_ASCII));
        for (String line = commands.readLine(); line != null; line = commands.readLine()) {
            switch (line) {
                case "insert":
                    card.insert();
                    out.println("inserted");
                    break;
                case "remove":
                    card.remove();
                    out.println("removed");
                    break;
                default:
                    String answer = words.apply(line);
                    out.println(answer == null ? "unknown" : answer);
            }
        }
        card.remove();
    }
}
