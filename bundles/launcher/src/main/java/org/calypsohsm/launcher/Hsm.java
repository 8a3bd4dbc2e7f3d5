package org.calypsohsm.launcher;

import java.util.concurrent.Callable;

import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The command {@code hsm}. */
@Command(name = "hsm", mixinStandardHelpOptions = true, versionProvider = Hsm.Version.class,
        subcommands = {StartCommand.class, CardCommand.class, DemoCommand.class, SamS20CardCommand.class,
            CertificatesCommand.class, CheckoutCommand.Bench.class, CheckoutCommand.Fuzz.class,
            CheckoutCommand.Soak.class, CheckoutCommand.NewProduct.class, CheckoutCommand.Test.class},
        header = "Modular Calypso HSM platform.",
        description = {"", "Opens channels (virtual SAM-S1) on security modules and exchanges APDUs on them.",
            "The modules are emulated, and the security profiles are published references: nothing here is certified."},
        optionListHeading = "%nOptions:%n", commandListHeading = "%nCommands:%n",
        footer = {"", "Exit codes: 0 done, 1 failed, 2 wrong use. Explain a command: hsm COMMAND --help",
            "Environment: JAVA_HOME (a JDK 17 or newer), HSM_JAVA_OPTS (options for the JVM)."})
public final class Hsm implements Callable<Integer> {

    @Spec
    private CommandSpec spec;

    private Hsm() {
    }

    /**
     * Runs the command and ends the process with its exit code.
     *
     * @param arguments the command line
     */
    public static void main(String[] arguments) {
        System.exit(commandLine().execute(arguments));
    }

    static CommandLine commandLine() {
        return new CommandLine(new Hsm())
                .setCaseInsensitiveEnumValuesAllowed(true)
                .setExecutionExceptionHandler(Hsm::failed)
                .setParameterExceptionHandler(Hsm::wrongUse);
    }

    private static int failed(Exception failure, CommandLine command, CommandLine.ParseResult result) throws Exception {
        if (failure instanceof LauncherException) {
            command.getErr().println("hsm: " + failure.getMessage());
            return CommandLine.ExitCode.SOFTWARE;
        }
        throw failure;
    }

    private static int wrongUse(ParameterException mistake, String[] arguments) {
        CommandLine command = mistake.getCommandLine();
        command.getErr().println("hsm: " + mistake.getMessage());
        command.getErr().println("Try: " + command.getCommandSpec().qualifiedName() + " --help");
        return CommandLine.ExitCode.USAGE;
    }

    @Override
    public Integer call() {
        throw new ParameterException(spec.commandLine(), "Name a command: start, card, demo, sam-s20-card, certificates, bench,"
                + " fuzz, soak, new-product or test.");
    }

    /** Takes the version from the jar's manifest. */
    static final class Version implements CommandLine.IVersionProvider {

        @Override
        public String[] getVersion() {
            return new String[] {"Calypso HSM platform " + Hsm.class.getPackage().getImplementationVersion()};
        }
    }
}
