package org.calypsohsm.pcsc;

import java.nio.file.Files;
import java.nio.file.Path;
import java.security.NoSuchAlgorithmException;
import java.util.List;
import java.util.Set;

import javax.smartcardio.CardException;
import javax.smartcardio.CardTerminals;
import javax.smartcardio.TerminalFactory;

/** PC/SC by way of {@code javax.smartcardio}: the native library, and a new connection after pcscd was started again. */
public final class Pcsc {

    /** The property that names the library to the JDK. */
    private static final String LIBRARY = "sun.security.smartcardio.library";
    private static final List<String> WELL_KNOWN = List.of(
            "/usr/lib/x86_64-linux-gnu/libpcsclite.so.1",
            "/usr/lib/aarch64-linux-gnu/libpcsclite.so.1",
            "/usr/lib/arm-linux-gnueabihf/libpcsclite.so.1",
            "/usr/lib64/libpcsclite.so.1",
            "/usr/lib/libpcsclite.so.1",
            "/System/Library/Frameworks/PCSC.framework/Versions/Current/PCSC");
    /** What the JDK says when pcscd has ended since it connected. */
    private static final Set<String> CONNECTION_LOST = Set.of("SCARD_E_NO_SERVICE", "SCARD_E_SERVICE_STOPPED",
            "SCARD_E_INVALID_HANDLE", "SCARD_F_COMM_ERROR");

    private Pcsc() {
    }

    /**
     * Reaches the readers.
     *
     * @return the readers of this machine
     * @throws NoSuchAlgorithmException if PC/SC is not there: no library, or no daemon; {@link #code(Throwable)} tells which
     */
    public static CardTerminals terminals() throws NoSuchAlgorithmException {
        nameLibrary();
        // Not the default factory: it stays the one without readers once pcscd was not there.
        return TerminalFactory.getInstance("PC/SC", null).terminals();
    }

    /** Names the library to the JDK unless somebody has done so; Windows needs no name. */
    private static void nameLibrary() {
        if (System.getProperty(LIBRARY) == null) {
            // The link of macOS leads to a cache in which no file exists, but its folder does.
            WELL_KNOWN.stream().filter(path -> Files.exists(Path.of(path)) || Files.isSymbolicLink(Path.of(path))).findFirst()
                    .ifPresent(path -> System.setProperty(LIBRARY, path));
        }
    }

    /**
     * Reads the error of PC/SC, which the JDK has as the message of the innermost cause.
     *
     * @param e what the JDK threw
     * @return its name, as in {@code SCARD_E_NO_SERVICE}; another message if PC/SC gave none
     */
    public static String code(Throwable e) {
        Throwable cause = e;
        while (cause.getCause() != null) {
            cause = cause.getCause();
        }
        return cause.getMessage();
    }

    /**
     * Tells whether pcscd has ended since the JDK connected to it.
     *
     * @param e what the JDK threw
     * @return true if nothing will be reached until {@link #forgetConnection()}
     */
    public static boolean isConnectionLost(CardException e) {
        return CONNECTION_LOST.contains(code(e));
    }

    /**
     * Has the JDK connect to pcscd again. It connects once in the life of the process, so that without this no card would be
     * seen after pcscd was restarted. Works if the package is open to the caller:
     * {@code --add-opens java.smartcardio/sun.security.smartcardio=ALL-UNNAMED}, which the launcher has in its manifest.
     *
     * @return true if the next use connects again
     */
    public static boolean forgetConnection() {
        JdkConnection jdk = JdkConnection.reach();
        if (jdk != null) {
            jdk.exchange(0);
        }
        return jdk != null;
    }
}
