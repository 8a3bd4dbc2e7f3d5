package org.calypsohsm.virtualreader.daemon;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/**
 * The daemon of PC/SC with the virtual reader, for tests: the one that runs, or one of its own, which needs root and ends
 * with it.
 */
public final class PcscDaemon implements AutoCloseable {

    private static final Path PROGRAM = Path.of("/usr/sbin/pcscd");
    private static final Path DRIVER = Path.of("/usr/lib/pcsc/drivers/serial/libifdvpcd.so");
    private static final Path SOCKET = Path.of("/run/pcscd/pcscd.comm");
    private static final long PATIENCE_SECONDS = 20;
    private static final long LOOK_MILLIS = 20;

    private Process process;

    /**
     * Starts the daemon unless one runs.
     *
     * @throws IOException          if a package is missing, or it does not start
     * @throws InterruptedException if the thread is told to end
     */
    public PcscDaemon() throws IOException, InterruptedException {
        if (!Files.isExecutable(PROGRAM) || !Files.exists(DRIVER)) {
            throw new IOException("There is no pcscd with a virtual reader; install it: sudo apt-get install pcscd vsmartcard-vpcd");
        }
        if (!answers()) {
            start();
        }
    }

    private static boolean answers() {
        try (SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
            return channel.connect(UnixDomainSocketAddress.of(SOCKET));
        } catch (IOException e) {
            return false;
        }
    }

    private void start() throws IOException, InterruptedException {
        process = new ProcessBuilder(PROGRAM.toString(), "--foreground").redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD).start();
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
        while (!answers()) {
            if (process.waitFor(LOOK_MILLIS, TimeUnit.MILLISECONDS) || System.nanoTime() - end > 0) {
                process.destroy();
                throw new IOException("pcscd does not start; it has to be started as root, or by the system before the tests.");
            }
        }
    }

    /** @return true if the daemon was started here, so that it may be stopped */
    public boolean isOwn() {
        return process != null;
    }

    /**
     * Stops a daemon that was started here, as its update does.
     *
     * @throws InterruptedException if the thread is told to end
     */
    public void stop() throws InterruptedException {
        process.destroy();
        process.waitFor();
    }

    /**
     * Starts it again.
     *
     * @throws IOException          if it does not start
     * @throws InterruptedException if the thread is told to end
     */
    public void startAgain() throws IOException, InterruptedException {
        start();
    }

    /** Stops the daemon if it was started here, and waits for its end: the next test starts one of its own. */
    @Override
    public void close() {
        if (process != null) {
            process.destroy();
            process.onExit().join();
        }
    }
}
