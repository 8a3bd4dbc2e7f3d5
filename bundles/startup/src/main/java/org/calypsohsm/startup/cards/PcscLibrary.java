package org.calypsohsm.startup.cards;

import java.lang.reflect.Field;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

import javax.smartcardio.TerminalFactory;

/** What the JDK's way to PC/SC needs from outside: the native library, and a new connection after pcscd was started again. */
final class PcscLibrary {

    /** The property that names the library to the JDK. */
    static final String PROPERTY = "sun.security.smartcardio.library";

    private static final List<String> WELL_KNOWN = List.of(
            "/usr/lib/x86_64-linux-gnu/libpcsclite.so.1",
            "/usr/lib/aarch64-linux-gnu/libpcsclite.so.1",
            "/usr/lib/arm-linux-gnueabihf/libpcsclite.so.1",
            "/usr/lib64/libpcsclite.so.1",
            "/usr/lib/libpcsclite.so.1",
            "/System/Library/Frameworks/PCSC.framework/Versions/Current/PCSC");

    private PcscLibrary() {
    }

    /** Names the library to the JDK unless somebody has done so; Windows needs no name. */
    static void find() {
        if (System.getProperty(PROPERTY) == null) {
            // The link of macOS leads to a cache in which no file exists, but its folder does.
            WELL_KNOWN.stream().filter(path -> Files.exists(Path.of(path)) || Files.isSymbolicLink(Path.of(path))).findFirst()
                    .ifPresent(path -> System.setProperty(PROPERTY, path));
        }
    }

    /**
     * Has the JDK connect to pcscd again. It connects once in the life of the process, so that without this no card would be
     * seen after pcscd was restarted. Works if the package is open to this bundle:
     * {@code --add-opens java.smartcardio/sun.security.smartcardio=ALL-UNNAMED}, which the launcher has in its manifest.
     *
     * @return true if the next use connects again
     */
    static boolean forgetConnection() {
        try {
            Class<?> terminals = Class.forName("sun.security.smartcardio.PCSCTerminals", false,
                    TerminalFactory.class.getClassLoader());
            Field known = terminals.getDeclaredField("terminals");
            known.setAccessible(true);
            Field connection = terminals.getDeclaredField("contextId");
            connection.setAccessible(true);
            synchronized (terminals) {
                // Each reader object keeps the old connection too.
                ((Map<?, ?>) known.get(null)).clear();
                connection.setLong(null, 0);
            }
            return true;
        } catch (ReflectiveOperationException | RuntimeException e) {
            return false;
        }
    }
}
