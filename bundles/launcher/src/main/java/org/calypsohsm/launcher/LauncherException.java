package org.calypsohsm.launcher;

/** Something the user can mend; the message says what and how. Ends the command with exit code 1, without a stack trace. */
final class LauncherException extends Exception {

    private static final long serialVersionUID = 1L;

    LauncherException(String message) {
        super(message);
    }

    LauncherException(String message, Throwable cause) {
        super(message, cause);
    }
}
