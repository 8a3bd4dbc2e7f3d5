package org.calypsohsm.shell;

/** A command was used in a wrong way, or cannot be carried out; the message is for the person at the shell. */
final class CommandException extends Exception {

    private static final long serialVersionUID = 1L;

    CommandException(String message) {
        super(message);
    }
}
