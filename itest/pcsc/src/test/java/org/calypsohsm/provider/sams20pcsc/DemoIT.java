package org.calypsohsm.provider.sams20pcsc;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

import org.calypsohsm.virtualreader.daemon.PcscDaemon;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The demo over cards, as a user runs it. */
class DemoIT {

    private static PcscDaemon daemon;

    @TempDir
    Path folder;

    @BeforeAll
    static void startDaemon() throws Exception {
        daemon = Cards.startDaemon();
    }

    @AfterAll
    static void stopDaemon() {
        daemon.close();
    }

    /** @return what it said; its exit code is checked */
    private String demo(int exitCode, String... arguments) throws IOException, InterruptedException {
        Path output = folder.resolve("output");
        List<String> command = new ArrayList<>(List.of(Path.of(System.getProperty("hsm.home"), "hsm").toString(), "demo", "--via", "pcsc"));
        command.addAll(List.of(arguments));
        Process process = new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(output.toFile()).start();
        int exit = process.waitFor();
        String text = Files.readString(output);
        assertThat(exit).as(text).isEqualTo(exitCode);
        return text;
    }

    @Test
    void sellsOverTwoCardsOfWhichOneGoes() throws Exception {
        try (Cards cards = new Cards()) {
            cards.first();
            cards.second();
            assertThat(demo(0)).contains("20 simultaneous channels, 400 sessions, 0 failed", "Swapped sam-s20-1 for sam-s20-2", "0 sessions lost");
            cards.removeAll();
        }
    }

    @Test
    void saysWhatToDoWithoutCards() throws Exception {
        assertThat(demo(1)).contains("Module sam-s20-1 did not come up", "There is no card in reader Virtual PCD 00 00",
                "leave ./hsm sam-s20-card running");
    }
}
