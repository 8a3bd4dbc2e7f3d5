package org.calypsohsm.launcher;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

import picocli.CommandLine.Option;

/** A command that a bundle carries out, see {@link Platform#COMMAND}. */
abstract class ServiceCommand extends ContainerCommand {

    @Option(names = "--channels", paramLabel = "N", defaultValue = "50",
            description = "Channels to open at the same time (default: ${DEFAULT-VALUE}).")
    private int channels;

    @Option(names = "--modules", paramLabel = "LIST", split = ",",
            description = "Names of the modules to use, with commas between them (default: all).")
    private List<String> modules;

    @Option(names = "--json", paramLabel = "FILE", description = "Writes the figures to this file, as JSON.")
    private Path json;

    private final String name;

    ServiceCommand(String name) {
        this.name = name;
    }

    /** Adds the options of one command. */
    abstract void add(Map<String, Object> options);

    @Override
    void check() {
        check(channels > 0, "--channels is at least 1, not " + channels);
    }

    @Override
    final int run(Container container, Platform platform) throws LauncherException, InterruptedException {
        Map<String, Object> options = new HashMap<>();
        options.put("channels", channels);
        if (modules != null) {
            options.put("modules", List.copyOf(modules));
        }
        if (json != null) {
            options.put("json", json.toAbsolutePath());
        }
        add(options);
        return platform.run(name, Map.copyOf(options), timeout());
    }
}
