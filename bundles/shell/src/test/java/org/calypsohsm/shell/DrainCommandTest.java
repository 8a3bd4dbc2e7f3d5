package org.calypsohsm.shell;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

import org.apache.felix.service.command.CommandSession;
import org.calypsohsm.channel.ChannelManager;
import org.calypsohsm.channel.DrainReport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Draining by command. */
class DrainCommandTest {

    private final List<String> done = new ArrayList<>();
    private final ByteArrayOutputStream console = new ByteArrayOutputStream();
    private final ModuleCommands commands = new ModuleCommands(new Fakes().service(ChannelManager.class, Fakes.fake(ChannelManager.class,
            Map.of("modules", arguments -> List.of(Fakes.module("main", "OPERATIONAL", 500, 30, 0, 1),
                            Fakes.module("spare", "OPERATIONAL", 20, 5, 0)),
                    "drain", arguments -> {
                        done.add("drain " + arguments[0] + " " + ((Duration) arguments[1]).toSeconds());
                        return CompletableFuture.completedFuture(new DrainReport("main", 4, 3, 2, 1, Duration.ofMillis(5)));
                    },
                    "undrain", arguments -> done.add("undrain " + arguments[0])))).context());

    private CommandSession session(String typed) {
        InputStream keyboard = new ByteArrayInputStream(typed.getBytes(StandardCharsets.UTF_8));
        PrintStream out = new PrintStream(console, true, StandardCharsets.UTF_8);
        return Fakes.fake(CommandSession.class, Map.of("getKeyboard", arguments -> keyboard, "getConsole", arguments -> out));
    }

    @Test
    void impactIsShownBeforeTheQuestion() throws Exception {
        assertThat(commands.drain(session("y\n"), "9", false, "main")).startsWith("Module main is drained after 5 ms: 4 channels moved,"
                + " 3 closed, 1 waiting for a module, 2 sessions lost.");
        assertThat(console.toString(StandardCharsets.UTF_8)).isEqualToNormalizingNewlines("""
                Module main has 30 of 500 channels in use; modules with its key groups have 15 free.
                Not all channels find a place: the others wait for one.
                Key group 1 is on no other module in service: its channels wait for one, and new ones cannot open.
                Drain main? [y/N]\s""");
        assertThat(done).containsExactly("drain main 9");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "\n", "n\n", "nonsense\n"})
    void nothingIsDoneWithoutAYes(String typed) throws Exception {
        assertThat(commands.drain(session(typed), "30", false, "main")).isEqualTo("Nothing was changed.");
        assertThat(done).isEmpty();
    }

    @Test
    void yesAsksNothing() throws Exception {
        commands.drain(session(""), "30", true, "main");
        assertThat(console.toString(StandardCharsets.UTF_8)).doesNotContain("?");
        assertThat(done).containsExactly("drain main 30");
    }

    @Test
    void wrongUseDrainsNothing() {
        assertThatThrownBy(() -> commands.drain(session(""), "30", true, "nobody")).hasMessage("There is no module nobody. There are: main, spare.");
        assertThatThrownBy(() -> commands.drain(session(""), "soon", true, "main")).hasMessageContaining("timeout in seconds");
        assertThatThrownBy(() -> commands.drain(session(""), "30", true, "--force", "main")).hasMessageContaining("no option --force");
        assertThatThrownBy(() -> commands.undrain("nobody")).hasMessageContaining("There is no module nobody");
        assertThat(done).isEmpty();
    }

    @Test
    void undrainShowsTheState() throws Exception {
        assertThat(commands.undrain("main")).isEqualTo("Module main is OPERATIONAL: Because of main.");
        assertThat(done).containsExactly("undrain main");
    }
}
