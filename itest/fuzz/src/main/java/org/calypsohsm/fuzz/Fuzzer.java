package org.calypsohsm.fuzz;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Runs the threads of the fuzzer, and watches them. */
final class Fuzzer {

    private static final long LONGEST_EXCHANGE_SECONDS = 5;

    private final List<Worker> workers = new ArrayList<>();
    private final long begun = System.nanoTime();

    /**
     * Makes a fuzzer. Worker i has the seed {@code seed + i}, so that a find of one thread repeats with that thread alone.
     *
     * @param folder where to make durable stores; null for stores in memory
     */
    Fuzzer(long seed, long count, int threads, int channels, Path folder) {
        for (int i = 0; i < threads; i++) {
            workers.add(new Worker(seed + i, (count + threads - 1) / threads, Math.max(4, channels / threads), folder));
        }
    }

    /** What came of it. */
    record Result(Totals totals, List<String> finds, double seconds) {
    }

    Result run() throws InterruptedException {
        List<Thread> threads = new ArrayList<>();
        for (Worker worker : workers) {
            Thread thread = new Thread(worker, "fuzz-" + threads.size());
            // A thread that hangs must not keep the process.
            thread.setDaemon(true);
            thread.start();
            threads.add(thread);
        }
        boolean running = true;
        while (running && finds().isEmpty()) {
            running = false;
            for (int i = 0; i < threads.size(); i++) {
                threads.get(i).join(200);
                running |= threads.get(i).isAlive();
                workers.get(i).watch(TimeUnit.SECONDS.toNanos(LONGEST_EXCHANGE_SECONDS));
            }
        }
        workers.forEach(Worker::stop);
        Totals totals = new Totals();
        workers.forEach(worker -> totals.add(worker.totals));
        List<String> finds = finds();
        for (Find left = Warnings.any(); left != null; left = Warnings.any()) {
            finds.add("FIND: an exception in the log that no exchange shows: " + left.getMessage() + ": " + left.getCause());
        }
        return new Result(totals, finds, (System.nanoTime() - begun) / 1e9);
    }

    private List<String> finds() {
        List<String> finds = new ArrayList<>();
        for (Worker worker : workers) {
            if (worker.find() != null) {
                finds.add(worker.find());
            }
        }
        return finds;
    }
}
