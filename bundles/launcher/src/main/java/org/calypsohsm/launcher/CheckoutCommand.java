package org.calypsohsm.launcher;

import java.util.List;
import java.util.concurrent.Callable;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;
import picocli.CommandLine.Unmatched;

/** A command that needs the sources: the script carries it out in a checkout, and here it only stands in the help. */
@Command(mixinStandardHelpOptions = true)
abstract class CheckoutCommand implements Callable<Integer> {

    @Spec
    private CommandSpec spec;

    @Unmatched
    private List<String> ignored;

    @Override
    public Integer call() throws LauncherException {
        throw new LauncherException("A distribution has no sources, which " + spec.name() + " needs: run ./hsm " + spec.name()
                + " in the root of a source checkout.");
    }

    /** Measures. */
    @Command(name = "bench", description = "Measures sessions through the channel API beside the raw cryptography. Needs the sources.",
            footer = {"", "In a source checkout, --help shows the options of the benchmarks."})
    static final class Bench extends CheckoutCommand {
    }

    /** Fuzzes. */
    @Command(name = "fuzz", description = "Sends millions of right and spoilt commands, and checks every answer. Needs the sources.",
            footer = {"", "In a source checkout, --help shows the options of the fuzzer."})
    static final class Fuzz extends CheckoutCommand {
    }

    /** Swaps. */
    @Command(name = "soak", description = "Swaps modules, providers and products under thousands of busy channels. Needs the sources.",
            footer = {"", "In a source checkout, --help shows the options of the soak."})
    static final class Soak extends CheckoutCommand {
    }

    /** Makes the project of a product. */
    @Command(name = "new-product", description = "Makes the project of a security plugin for a new card product. Needs the sources.",
            footer = {"", "As in: hsm new-product ../metro -Dproduct=METRO -Dalg=7A -DgroupId=com.example.metro",
                "product is the name of the card product, alg the ALG code of its keys (two hexadecimal digits).",
                "API, conformance suite and archetype go into the local Maven repository; further options go to Maven."})
    static final class NewProduct extends CheckoutCommand {
    }

    /** Tests. */
    @Command(name = "test", description = "Builds everything and runs all tests: units, in the container, end to end. Needs the sources.",
            footer = {"", "Further options go to Maven, as in: hsm test -pl itest/platform -am -DskipUnitTests"})
    static final class Test extends CheckoutCommand {
    }
}
