package org.calypsohsm.launcher;

import java.util.concurrent.Callable;

import picocli.CommandLine.Command;

/** Stands in the help; the script carries it out, since the sources are needed. */
@Command(name = "test", mixinStandardHelpOptions = true,
        description = "Builds everything and runs all tests: unit, in the container, end to end. Needs the source checkout.")
final class TestCommand implements Callable<Integer> {

    @Override
    public Integer call() throws LauncherException {
        throw new LauncherException("The tests need the source checkout: run ./hsm test in its root.");
    }
}
