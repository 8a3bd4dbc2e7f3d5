package org.calypsohsm.startup.cards;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.Writer;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.List;

import org.calypsohsm.startupcard.VirtualCard;

/** A simulated card in a process of its own. */
final class CardProcess implements AutoCloseable {

    private final Process process;
    private final BufferedReader answers;
    private final Writer commands;

    /** Inserts a card. */
    CardProcess(int port, String serial) throws IOException, URISyntaxException {
        String jar = Path.of(VirtualCard.class.getProtectionDomain().getCodeSource().getLocation().toURI()).toString();
        String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        process = new ProcessBuilder(List.of(java, "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-cp", jar, VirtualCard.class.getName(),
                Integer.toString(port), serial)).redirectError(ProcessBuilder.Redirect.INHERIT).start();
        answers = process.inputReader();
        commands = process.outputWriter();
        assertThat(answers.readLine()).isEqualTo("inserted");
    }

    void remove() throws IOException {
        command("remove", "removed");
    }

    void insert() throws IOException {
        command("insert", "inserted");
    }

    private void command(String command, String answer) throws IOException {
        commands.write(command + "\n");
        commands.flush();
        assertThat(answers.readLine()).isEqualTo(answer);
    }

    @Override
    public void close() {
        process.destroyForcibly();
    }
}
