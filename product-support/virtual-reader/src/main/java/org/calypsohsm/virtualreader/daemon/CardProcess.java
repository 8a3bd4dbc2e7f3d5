package org.calypsohsm.virtualreader.daemon;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.Writer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

import org.calypsohsm.virtualreader.CardProgram;

/** A simulated card in a process of its own, which {@link CardProgram} runs. */
public final class CardProcess implements AutoCloseable {

    private final Process process;
    private final BufferedReader answers;
    private final Writer commands;

    /**
     * Inserts a card.
     *
     * @param java options for Java, with what to run: {@code -cp}, its class path, the class; or {@code -jar} and the jar
     * @param rest arguments of the program
     * @throws IOException if the card is not inserted
     */
    public CardProcess(List<String> java, String... rest) throws IOException {
        List<String> command = new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"));
        command.addAll(java);
        command.addAll(List.of(rest));
        process = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
        answers = process.inputReader();
        commands = process.outputWriter();
        try {
            expect("inserted");
        } catch (IOException e) {
            close();
            throw e;
        }
    }

    /**
     * Runs a class of the class path of this process.
     *
     * @param program the class
     * @param rest    arguments of the program
     * @return the process
     * @throws IOException if the card is not inserted
     */
    public static CardProcess of(Class<?> program, String... rest) throws IOException {
        return new CardProcess(List.of("-cp", System.getProperty("java.class.path"), program.getName()), rest);
    }

    /**
     * Takes the card out.
     *
     * @throws IOException if it does not do so
     */
    public void remove() throws IOException {
        command("remove", "removed");
    }

    /**
     * Inserts the card again.
     *
     * @throws IOException if it does not do so
     */
    public void insert() throws IOException {
        command("insert", "inserted");
    }

    /**
     * Gives the card a command.
     *
     * @param command one line
     * @param answer  what it must say to it
     * @throws IOException if it says something else
     */
    public void command(String command, String answer) throws IOException {
        commands.write(command + "\n");
        commands.flush();
        expect(answer);
    }

    private void expect(String answer) throws IOException {
        String line = answers.readLine();
        if (!answer.equals(line)) {
            throw new IOException("The card says '" + line + "' instead of '" + answer + "'.");
        }
    }

    /**
     * Ends its input, and waits until the process has ended by itself.
     *
     * @throws IOException if the input does not end
     */
    public void end() throws IOException {
        commands.close();
        process.onExit().join();
    }

    /** Ends the process, as when it is killed. */
    @Override
    public void close() {
        process.destroyForcibly();
    }
}
