package org.calypsohsm.shell;

import java.io.Console;
import java.io.IOException;
import java.util.Arrays;

import org.apache.felix.service.command.CommandSession;

/** Asks the person at the shell. */
final class Prompt {

    private static final int LONGEST = 1024;

    private Prompt() {
    }

    /**
     * Asks whether to go on.
     *
     * @return true for {@code y} or {@code yes}
     */
    static boolean confirmed(CommandSession session, String question) throws CommandException {
        char[] answer = line(session, question + " [y/N] ");
        String word = answer == null ? "" : new String(answer).strip();
        return word.equalsIgnoreCase("y") || word.equalsIgnoreCase("yes");
    }

    /**
     * Asks for something that nobody else may read: a PIN, a password, a component of a key. On a terminal it is not shown.
     *
     * @return what was typed, never empty; the caller overwrites it
     * @throws CommandException if nothing was typed
     */
    static char[] secret(CommandSession session, String question) throws CommandException {
        Console terminal = Boolean.TRUE.equals(session.get(InteractiveShell.TERMINAL)) ? System.console() : null;
        char[] typed = terminal == null ? line(session, question) : terminal.readPassword("%s", question);
        if (typed == null || typed.length == 0) {
            throw new CommandException("Nothing was typed, so nothing was done.");
        }
        return typed;
    }

    /**
     * Asks for a line.
     *
     * @return what was typed; null at the end of the input
     */
    private static char[] line(CommandSession session, String question) throws CommandException {
        session.getConsole().print(question);
        session.getConsole().flush();
        char[] typed = new char[LONGEST];
        int length = 0;
        try {
            // Byte by byte: what follows the line is the next command.
            int c = session.getKeyboard().read();
            if (c < 0) {
                return null;
            }
            for (; c >= 0 && c != '\n'; c = session.getKeyboard().read()) {
                if (length == LONGEST) {
                    throw new CommandException("That is too long a line, so nothing was done.");
                }
                if (c != '\r') {
                    typed[length++] = (char) c;
                }
            }
            return Arrays.copyOf(typed, length);
        } catch (IOException e) {
            throw new CommandException("Nobody can be asked here: " + e.getMessage());
        } finally {
            Arrays.fill(typed, '\0');
        }
    }
}
