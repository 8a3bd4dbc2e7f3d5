package org.calypsohsm.launcher;

import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/**
 * The folder that the platform is started from: {@code bundle/*.jar}, and configurations in {@code conf}.
 *
 * @param home the folder
 */
record Distribution(Path home) {

    /** System property with the folder; without it, the launcher's jar lies in the subfolder {@code lib} of it. */
    static final String HOME = "hsm.home";

    static Distribution locate() throws LauncherException {
        String home = System.getProperty(HOME);
        Path folder = home != null ? Path.of(home) : ofLauncher();
        if (!Files.isDirectory(folder.resolve("bundle"))) {
            throw new LauncherException("No distribution: the folder " + folder + " has no subfolder bundle."
                    + " Start the script hsm, or set the system property " + HOME + ".");
        }
        return new Distribution(folder.toAbsolutePath().normalize());
    }

    private static Path ofLauncher() throws LauncherException {
        try {
            Path jar = Path.of(Distribution.class.getProtectionDomain().getCodeSource().getLocation().toURI());
            return jar.getParent().resolveSibling("").toAbsolutePath();
        } catch (URISyntaxException e) {
            throw new LauncherException("No distribution: the launcher cannot tell where its own jar lies.", e);
        }
    }

    List<Path> bundles() throws IOException {
        try (Stream<Path> files = Files.list(home.resolve("bundle"))) {
            return files.filter(file -> file.getFileName().toString().endsWith(".jar")).sorted().toList();
        }
    }

    /** @return a file of the folder conf */
    Path configuration(String file) {
        return home.resolve("conf").resolve(file);
    }
}
