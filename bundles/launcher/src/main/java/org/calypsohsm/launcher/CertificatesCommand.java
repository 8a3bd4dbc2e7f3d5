package org.calypsohsm.launcher;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** Makes certificates for a gateway; a bundle does it, see {@link Platform#COMMAND}. */
@Command(name = "certificates", description = "Makes certificates for a gateway, for development: an authority, a server on this"
        + " machine, and one client for each role.",
        footer = {"", "The folder also gets gateway.json: what to add to conf/hsm.json, see bundles/gateway/README.md."})
final class CertificatesCommand extends ContainerCommand {

    @Parameters(paramLabel = "FOLDER", description = "Where to; it must not exist.")
    private Path folder;

    /** It needs no module. */
    CertificatesCommand() {
        super("demo.json", 0);
    }

    @Override
    void check() {
        check(!Files.exists(folder), folder + " is there already; name a folder that does not exist");
    }

    @Override
    int run(Platform platform) throws LauncherException, InterruptedException {
        return platform.run("certificates", Map.of("folder", folder.toAbsolutePath()), timeout());
    }
}
