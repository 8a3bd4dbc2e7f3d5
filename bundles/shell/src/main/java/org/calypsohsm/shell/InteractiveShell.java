package org.calypsohsm.shell;

import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.util.Map;
import java.util.function.ToIntFunction;

import org.apache.felix.service.command.CommandProcessor;
import org.apache.felix.service.command.CommandSession;
import org.apache.felix.service.command.annotations.RequireGogo;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;

/**
 * Runs Gogo's shell on the terminal until it ends: the launcher's {@code hsm start --shell}. The one that Gogo starts by
 * itself would be there before the platform is, and would hold up its end.
 */
@Component(property = "hsm.command=shell")
@RequireGogo
public final class InteractiveShell implements ToIntFunction<Map<String, Object>> {

    /** Variable of a session that is typed on the terminal of the process, so that a PIN can be read without showing it. */
    static final String TERMINAL = "hsm.terminal";

    private final CommandProcessor processor;

    /**
     * Makes the shell.
     *
     * @param processor Gogo
     */
    @Activate
    public InteractiveShell(@Reference CommandProcessor processor) {
        this.processor = processor;
    }

    @Override
    public int applyAsInt(Map<String, Object> options) {
        // Not System.in: Gogo puts a stream there that reads from the session.
        try (CommandSession session = processor.createSession(new FileInputStream(FileDescriptor.in),
                new FileOutputStream(FileDescriptor.out), new FileOutputStream(FileDescriptor.err))) {
            session.put(TERMINAL, Boolean.TRUE);
            session.execute("gosh --login --noshutdown");
            return 0;
        } catch (InterruptedException e) {
            // The container was stopped by a command; Gogo closed the session.
            Thread.currentThread().interrupt();
            return 0;
        } catch (Exception e) {
            System.err.println("The shell ended: " + e);
            return 1;
        }
    }
}
