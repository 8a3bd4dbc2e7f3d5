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
import org.calypsohsm.feature.FeatureChange;
import org.calypsohsm.feature.FeatureException;
import org.calypsohsm.feature.FeatureImpact;
import org.calypsohsm.feature.FeatureInfo;
import org.calypsohsm.feature.FeatureKind;
import org.calypsohsm.feature.FeatureManager;
import org.calypsohsm.feature.FeatureOperation;
import org.calypsohsm.feature.FeatureOutcome;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Changes of what is installed, by command. */
class FeatureCommandsTest {

    private final List<FeatureChange> begun = new ArrayList<>();
    private final List<String> done = new ArrayList<>();
    private final ByteArrayOutputStream console = new ByteArrayOutputStream();
    private CompletableFuture<FeatureOutcome> outcome = CompletableFuture.completedFuture(
            new FeatureOutcome("Feature b has taken the place of a.", 4, 0, Duration.ofMillis(12)));

    private final FeatureOperation operation = Fakes.fake(FeatureOperation.class, Map.of("outcome", arguments -> outcome,
            "step", arguments -> "draining module main", "channelsLeft", arguments -> 3, "cancel", arguments -> done.add("cancel")));

    private final FeatureManager manager = new FeatureManager() {
        @Override
        public List<FeatureInfo> features() {
            return List.of(new FeatureInfo("g:a:1", "a", "1", FeatureKind.PROVIDER, true, true, List.of("g:jar:1"), List.of("pid~x"),
                    "Signed.", List.of("main"), List.of()),
                    new FeatureInfo("g:b:2", "b", "2", FeatureKind.PRODUCT, false, true, List.of("g:b:2"),
                            List.of(), "Not checked.", List.of(), List.of(0x30)));
        }

        @Override
        public FeatureImpact impact(FeatureChange change) throws FeatureException {
            if ("none".equals(change.to()) || change.act() == FeatureChange.Act.UPDATE) {
                throw new FeatureException(FeatureException.Reason.NOTHING_TO_DO, "There is nothing to do.");
            }
            return new FeatureImpact("a", "b", List.of(new FeatureImpact.Module("main", 4, 2, Duration.ofMillis(70))),
                    List.of("No module will serve key group 1."));
        }

        @Override
        public FeatureOperation begin(FeatureChange change) {
            begun.add(change);
            return operation;
        }

        @Override
        public CompletableFuture<List<String>> restored() {
            throw new UnsupportedOperationException();
        }
    };

    private final FeatureCommands commands = new FeatureCommands(new Fakes().service(FeatureManager.class, manager).context());

    private CommandSession session(String typed) {
        InputStream keyboard = new ByteArrayInputStream(typed.getBytes(StandardCharsets.UTF_8));
        PrintStream out = new PrintStream(console, true, StandardCharsets.UTF_8);
        return Fakes.fake(CommandSession.class, Map.of("getKeyboard", arguments -> keyboard, "getConsole", arguments -> out));
    }

    private String shown() {
        return console.toString(StandardCharsets.UTF_8);
    }

    @Test
    void impactIsShownBeforeTheQuestion() throws Exception {
        assertThat(commands.swap(session("y\n"), "9", false, "a", "b"))
                .isEqualTo("Feature b has taken the place of a. It took 12 ms: 4 channels moved, 0 sessions lost.");
        assertThat(shown()).isEqualToNormalizingNewlines("""
                Module main is drained: 4 channels in use, 2 in a session, the longest for 70 ms.
                WARNING: No module will serve key group 1.
                Swap a for b? [y/N]\s""");
        assertThat(begun).containsExactly(FeatureChange.swap("a", "b").withDrainTimeout(Duration.ofSeconds(9)));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "\n", "n\n", "nonsense\n"})
    void nothingIsDoneWithoutAYes(String typed) throws Exception {
        assertThat(commands.uninstall(session(typed), "30", false, "a")).isEqualTo("Nothing was changed.");
        assertThat(shown()).contains("Uninstall a? [y/N]");
        assertThat(begun).isEmpty();
    }

    @Test
    void yesAsksNothing() throws Exception {
        commands.install(session(""), true, "b");
        assertThat(shown()).doesNotContain("?");
        assertThat(begun).containsExactly(FeatureChange.install("b"));
    }

    @Test
    void whatIsRefusedIsSaid() {
        assertThatThrownBy(() -> commands.install(session(""), true, "none")).isInstanceOf(CommandException.class)
                .hasMessage("There is nothing to do.");
        outcome = CompletableFuture.failedFuture(
                new FeatureException(FeatureException.Reason.SELF_TEST, "It failed; all is as before."));
        assertThatThrownBy(() -> commands.install(session(""), true, "b")).isInstanceOf(CommandException.class)
                .hasMessage("It failed; all is as before.");
    }

    @Test
    void wrongUseChangesNothing() {
        assertThatThrownBy(() -> commands.swap(session(""), "30", true, "a")).hasMessageContaining("2 arguments");
        assertThatThrownBy(() -> commands.swap(session(""), "soon", true, "a", "b")).hasMessageContaining("timeout in seconds");
        assertThatThrownBy(() -> commands.uninstall(session(""), "30", true, "--force")).hasMessageContaining("no option --force");
        assertThat(begun).isEmpty();
    }

    @Test
    void updateOfAllTellsWhenThereIsNothingToDo() throws Exception {
        assertThat(commands.update(session(""), "30", true)).isEqualTo("All features are the newest that the repository has.");
        assertThat(begun).isEmpty();
    }

    @Test
    void anInterruptCancels() throws Exception {
        outcome = new CompletableFuture<>();
        Thread.currentThread().interrupt();
        assertThatThrownBy(() -> commands.swap(session(""), "30", true, "a", "b")).isInstanceOf(InterruptedException.class);
        assertThat(done).containsExactly("cancel");
        assertThat(shown()).contains("Cancelled");
    }

    @Test
    void featuresAreListed() throws Exception {
        assertThat(commands.features(false)).contains("a ", "provider", "installed", "main", "available", "30", "Signed.");
        assertThat(commands.features(true)).contains("\"id\":\"g:a:1\"", "\"installed\":true", "\"algs\":[\"30\"]",
                "\"configurations\":[\"pid~x\"]");
    }
}
