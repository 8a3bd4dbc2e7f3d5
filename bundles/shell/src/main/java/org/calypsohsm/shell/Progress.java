package org.calypsohsm.shell;

import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;

import org.apache.felix.service.command.CommandSession;

/** Shows that long work goes on: one line each second. */
final class Progress {

    private static final long SECONDS = 1;

    private Progress() {
    }

    /**
     * Waits for work that goes on by itself.
     *
     * @param session where to show it
     * @param work    the work
     * @param state   how far it is, in a few words
     * @return what came of it
     * @throws ExecutionException   if the work failed
     * @throws InterruptedException if the person gave up waiting; the work goes on
     */
    static <T> T await(CommandSession session, Future<T> work, Supplier<String> state) throws ExecutionException, InterruptedException {
        while (true) {
            try {
                return work.get(SECONDS, TimeUnit.SECONDS);
            } catch (TimeoutException e) {
                session.getConsole().println("... " + state.get());
                session.getConsole().flush();
            }
        }
    }

    /**
     * Does work on another thread and waits for it.
     *
     * @param session where to show it
     * @param what    what is done, as in {@code "checking the audit log"}
     * @param work    the work
     * @return what came of it
     * @throws CommandException with what the work throws
     */
    static <T> T of(CommandSession session, String what, Callable<T> work) throws CommandException {
        CompletableFuture<T> done = new CompletableFuture<>();
        long begun = System.nanoTime();
        Thread thread = new Thread(() -> {
            try {
                done.complete(work.call());
            } catch (Exception | Error e) {
                done.completeExceptionally(e);
            }
        }, "hsm-shell-work");
        thread.setDaemon(true);
        thread.start();
        try {
            return await(session, done, () -> what + ", for " + TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - begun) + " s");
        } catch (ExecutionException e) {
            throw new CommandException(e.getCause() instanceof Error ? e.getCause().toString() : e.getCause().getMessage());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new CommandException("Interrupted while " + what + "; that goes on.");
        }
    }
}
