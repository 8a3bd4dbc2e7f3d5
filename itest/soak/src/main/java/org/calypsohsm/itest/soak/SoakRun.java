package org.calypsohsm.itest.soak;

import java.util.concurrent.Callable;

import org.junit.runner.JUnitCore;
import org.junit.runner.Result;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Runs the swap soak from the command line. */
@Command(name = "hsm soak", mixinStandardHelpOptions = true, sortOptions = false, description = {
    "Swaps modules, providers and product plugins in a real container while all channels are busy with sales.",
    "Fails if a session fails, or if a channel, thread, module or class loader is left behind.",
    "Tells how long exchanges took during swaps and between them."})
public final class SoakRun implements Callable<Integer> {

    @Option(names = "--swaps", paramLabel = "N", defaultValue = "100", description = "Swaps in a row (default: ${DEFAULT-VALUE}).")
    private int swaps;

    @Option(names = "--channels", paramLabel = "N", defaultValue = "5000",
            description = "Busy channels, 100 to 5000 (default: ${DEFAULT-VALUE}).")
    private int channels;

    @Option(names = "--session-millis", paramLabel = "MS", defaultValue = "3000",
            description = "How long a session of 13 exchanges lasts, think time included (default: ${DEFAULT-VALUE}).")
    private int sessionMillis;

    /**
     * Runs from the command line.
     *
     * @param arguments see {@code --help}
     */
    public static void main(String[] arguments) {
        System.exit(new CommandLine(new SoakRun()).execute(arguments));
    }

    @Override
    public Integer call() {
        if (channels < 100 || channels > 5000 || swaps < 1 || sessionMillis < 100) {
            System.err.println("hsm soak: 100 to 5000 channels, at least 1 swap and sessions of at least 100 ms, please.");
            return CommandLine.ExitCode.USAGE;
        }
        System.setProperty("org.slf4j.simpleLogger.defaultLogLevel", "error");
        System.setProperty(SwapSoak.SWAPS, Integer.toString(swaps));
        System.setProperty(SwapSoak.CHANNELS, Integer.toString(channels));
        System.setProperty(SwapSoak.SESSION_MILLIS, Integer.toString(sessionMillis));
        Result result = JUnitCore.runClasses(SwapSoak.class);
        result.getFailures().forEach(failure -> System.err.println("hsm soak: " + failure.getMessage()));
        return result.wasSuccessful() ? 0 : 1;
    }
}
