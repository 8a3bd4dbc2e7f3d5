package org.calypsohsm.itest.soak;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;

/**
 * Tells for how long the machine lets a process wait that does nothing: a JVM of its own, which wakes every millisecond. What
 * exchanges wait beside that is the platform's.
 */
final class Machine implements AutoCloseable {

    private static final long TICK_NANOS = TimeUnit.MILLISECONDS.toNanos(1);
    private static final long LEAST_NANOS = TimeUnit.MILLISECONDS.toNanos(2);

    private final Process process;
    private final Map<String, Double> longest = new ConcurrentHashMap<>();

    /** @param phase tells under which name a wait counts */
    Machine(Supplier<String> phase) throws IOException {
        process = new ProcessBuilder(ProcessHandle.current().info().command().orElse("java"), "-Xmx16m", "-XX:+UseSerialGC", "-cp", System.getProperty("java.class.path"),
                Machine.class.getName()).redirectError(ProcessBuilder.Redirect.DISCARD).start();
        Thread reader = new Thread(() -> read(phase), "soak-machine");
        reader.setDaemon(true);
        reader.start();
    }

    private void read(Supplier<String> phase) {
        try (BufferedReader lines = process.inputReader()) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                longest.merge(phase.get(), Double.parseDouble(line), Math::max);
            }
        } catch (IOException | UncheckedIOException e) {
            // The process has been stopped.
        }
    }

    /** @return the longest wait in milliseconds, by phase; a phase without one of 2 ms is not there */
    Map<String, Double> longest() {
        return new TreeMap<>(longest);
    }

    /** Forgets what was. */
    void reset() {
        longest.clear();
    }

    @Override
    public void close() {
        process.destroy();
    }

    /**
     * The process.
     *
     * @param arguments none
     */
    public static void main(String[] arguments) {
        while (!System.out.checkError()) {
            long before = System.nanoTime();
            LockSupport.parkNanos(TICK_NANOS);
            long late = System.nanoTime() - before - TICK_NANOS;
            if (late >= LEAST_NANOS) {
                System.out.println(late / 1e6);
            }
        }
    }
}
