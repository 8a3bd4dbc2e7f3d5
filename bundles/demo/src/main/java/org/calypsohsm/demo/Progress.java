package org.calypsohsm.demo;

import java.io.PrintStream;
import java.util.concurrent.TimeUnit;

/** The progress line: count, rate, time to go. On a terminal it is rewritten in place, elsewhere it is a line now and then. */
final class Progress {

    private static final long TERMINAL_NANOS = TimeUnit.MILLISECONDS.toNanos(250);
    private static final long FILE_NANOS = TimeUnit.SECONDS.toNanos(2);
    private static final int WIDTH = 100;

    private final PrintStream out;
    private final String what;
    private final long total;
    private final boolean terminal = System.console() != null;
    private final long start = System.nanoTime();
    private long shown = start;

    Progress(PrintStream out, String what, long total) {
        this.out = out;
        this.what = what;
        this.total = total;
    }

    /** Shows the line if it is time. */
    void show(long done, long failed) {
        long now = System.nanoTime();
        if (now - shown >= (terminal ? TERMINAL_NANOS : FILE_NANOS)) {
            shown = now;
            print(done, failed, now);
        }
    }

    /** Shows the last line. */
    void end(long done, long failed) {
        print(done, failed, System.nanoTime());
        if (terminal) {
            out.println();
        }
    }

    /** Says something else between two progress lines. */
    void say(String sentence) {
        if (terminal) {
            out.printf("\r%-" + WIDTH + "s\r", "");
        }
        out.println(sentence);
    }

    private void print(long done, long failed, long now) {
        double seconds = Math.max(1e-3, (now - start) / 1e9);
        double rate = done / seconds;
        String line = String.format("%s: %,d of %,d (%d %%), %,.0f/s, %s to go%s", what, done, total,
                total == 0 ? 100 : 100 * done / total, rate, rate == 0 ? "?" : String.format("%.0f s", (total - done) / rate),
                failed == 0 ? "" : String.format(", %,d FAILED", failed));
        if (terminal) {
            out.printf("\r%-" + WIDTH + "s", line);
            out.flush();
        } else {
            out.println(line);
        }
    }
}
