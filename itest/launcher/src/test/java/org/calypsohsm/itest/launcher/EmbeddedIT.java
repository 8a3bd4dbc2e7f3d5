package org.calypsohsm.itest.launcher;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

import org.calypsohsm.card.CardProduct;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A server for Lib-S3 in a plain Java process, with the whole platform embedded in it. */
class EmbeddedIT {

    private static final Path HOME = Path.of(System.getProperty("hsm.home")).toAbsolutePath().normalize();
    private static final Path REPOSITORY = HOME.resolveSibling("repo");

    @TempDir
    private Path work;

    private record Result(int exitCode, String output, String errors) {
    }

    @Test
    void aServerSellsWithThePlatformInItsOwnProcess() throws Exception {
        Path temporary = Files.createDirectories(work.resolve("tmp"));
        Result result = run(List.of("-Djava.io.tmpdir=" + temporary));
        assertThat(result.exitCode()).as(result.errors()).isZero();
        List<String> round = new ArrayList<>(List.of("main: B0000001, version 1, 500 channels", "spare: C0000001, version 1, 20 channels"));
        for (CardProduct product : CardProduct.values()) {
            round.add("sold " + product + " on main");
        }
        round.add("freed " + CardProduct.values().length);
        List<String> both = new ArrayList<>(round);
        both.addAll(round);
        assertThat(result.output().lines()).containsExactlyElementsOf(both);
        assertThat(result.errors()).doesNotContain("ERROR", "\tat ");
        try (Stream<Path> leftovers = Files.list(temporary)) {
            assertThat(leftovers).as("storage of the containers").isEmpty();
        }
    }

    @Test
    void aServerThatForgetsToFreeEndsAllTheSame() throws Exception {
        Path temporary = Files.createDirectories(work.resolve("tmp"));
        Result result = run(List.of("-Djava.io.tmpdir=" + temporary), "forgets");
        assertThat(result.exitCode()).as(result.errors()).isZero();
        assertThat(result.output().lines()).containsExactly("main");
        try (Stream<Path> leftovers = Files.list(temporary)) {
            assertThat(leftovers).as("storage of the container").isEmpty();
        }
    }

    @Test
    void withoutADistributionTheServerIsToldWhy() throws Exception {
        Result result = run(List.of("-Dhsm.home=" + work));
        assertThat(result.exitCode()).isNotZero();
        assertThat(result.errors()).contains("CsmException: The channel manager on the class path does not start: No distribution: the folder "
                + work + " has no subfolder bundle.");
    }

    private Result run(List<String> options, String... arguments) throws IOException, InterruptedException {
        String classPath = String.join(File.pathSeparator, List.of(jar("org.calypsohsm.libs3-"), jar("org.calypsohsm.api-"),
                jar("org.calypsohsm.card-"), jar("bcprov-"), HOME.resolve("lib/org.calypsohsm.launcher.jar").toString(), "target/test-classes"));
        List<String> command = new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp", classPath));
        command.addAll(options);
        command.add(EmbeddingServer.class.getName());
        command.addAll(List.of(arguments));
        Path output = work.resolve("output.txt");
        Path errors = work.resolve("errors.txt");
        Process process = new ProcessBuilder(command).redirectOutput(output.toFile()).redirectError(errors.toFile()).start();
        try {
            assertThat(process.waitFor(120, TimeUnit.SECONDS)).as("the server ends: %s", Files.readString(errors)).isTrue();
        } finally {
            process.destroyForcibly();
        }
        return new Result(process.exitValue(), Files.readString(output), Files.readString(errors));
    }

    private static String jar(String name) throws IOException {
        try (Stream<Path> files = Files.list(REPOSITORY)) {
            return files.filter(file -> file.getFileName().toString().startsWith(name)).findFirst().orElseThrow().toString();
        }
    }
}
