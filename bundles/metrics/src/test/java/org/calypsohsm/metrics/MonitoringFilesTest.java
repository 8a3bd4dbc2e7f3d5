package org.calypsohsm.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

import org.calypsohsm.channel.ExchangeTimes;
import org.calypsohsm.channel.ModuleReport;
import org.calypsohsm.monitoring.Caller.Role;
import org.calypsohsm.monitoring.Exchange;
import org.calypsohsm.monitoring.TestPlatform;
import org.junit.jupiter.api.Test;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;

/** The dashboard and the alert rules of the distribution ask for metrics that are there, by labels that they have. */
class MonitoringFilesTest {

    private static final Path FOLDER = Path.of("../../feature-repo/src/dist/monitoring");
    private static final Pattern EXPRESSION = Pattern.compile("(?m)^ +expr: (.*)$");
    private static final Pattern NAME = Pattern.compile("\\b(hsm|jvm|process)_[a-z_]+");
    private static final Pattern GROUPING = Pattern.compile("by \\(([^)]*)\\)");
    private static final Pattern LABEL_USE = Pattern.compile("\\$labels\\.([a-z_]+)");
    /** What Prometheus adds when it collects. */
    private static final Set<String> ADDED = Set.of("job", "instance");

    private static String metrics() throws Exception {
        try (TestPlatform platform = new TestPlatform()) {
            platform.channelManager().auditLog().product("CD97").group(0, Map.of("quota", 5)).keyStore();
            platform.modules.add(new ModuleReport("card", "SAM-S20", "C0000001", true, "OPERATIONAL", "Well.", 20, 0, Set.of(0), 0, 0, 0,
                    0, 1, 1, 16_000_000, ExchangeTimes.NONE));
            return Exchange.get(null).by("prometheus", Role.METRICS).to(new MetricsServlet(platform.context())).text();
        }
    }

    private static Set<String> found(Pattern pattern, String text) {
        return pattern.matcher(text).results().map(MatchResult::group).collect(Collectors.toCollection(TreeSet::new));
    }

    private static List<String> alerts() throws IOException {
        List<String> expressions = EXPRESSION.matcher(Files.readString(FOLDER.resolve("hsm-alerts.yml"))).results()
                .map(result -> result.group(1)).toList();
        assertThat(expressions).hasSizeGreaterThan(15);
        return expressions;
    }

    private static List<String> panels() throws IOException {
        List<String> expressions = new ObjectMapper().readTree(FOLDER.resolve("hsm-dashboard.json").toFile()).findValues("expr").stream()
                .map(JsonNode::asText).toList();
        assertThat(expressions).hasSizeGreaterThan(15);
        return expressions;
    }

    @Test
    void everyMetricThatTheyNameIsThere() throws Exception {
        String metrics = metrics();
        Set<String> there = metrics.lines().filter(line -> !line.startsWith("#")).map(line -> line.split("[{ ]", 2)[0])
                .collect(Collectors.toSet());
        for (List<String> expressions : List.of(alerts(), panels())) {
            // The state of a module is a label of the same name.
            assertThat(expressions).allSatisfy(expression -> assertThat(there).containsAll(found(NAME, expression)));
        }
    }

    @Test
    void everyLabelThatTheyNameIsThere() throws Exception {
        String metrics = metrics();
        Set<String> there = new TreeSet<>(ADDED);
        Pattern.compile("([a-z_]+)=\"").matcher(metrics).results().forEach(result -> there.add(result.group(1)));
        Set<String> used = new TreeSet<>();
        for (List<String> expressions : List.of(alerts(), panels())) {
            String all = String.join("\n", expressions);
            GROUPING.matcher(all).results().forEach(result -> used.addAll(List.of(result.group(1).split(", *"))));
            Pattern.compile("[{,]([a-z_]+)=").matcher(all).results().forEach(result -> used.add(result.group(1)));
        }
        LABEL_USE.matcher(Files.readString(FOLDER.resolve("hsm-alerts.yml"))).results().forEach(result -> used.add(result.group(1)));

        assertThat(used).contains("module", "group", "instance");
        assertThat(there).containsAll(used);
    }

    @Test
    void everyAlertSaysWhatToDo() throws Exception {
        String rules = Files.readString(FOLDER.resolve("hsm-alerts.yml"));
        int alerts = found(Pattern.compile("(?m)^ +- alert: \\w+"), rules).size();
        assertThat(alerts).isEqualTo(alerts().size());
        assertThat(Pattern.compile("(?m)^ +action: \"[^\"]+\\.\"$").matcher(rules).results()).hasSize(alerts);
        assertThat(Pattern.compile("(?m)^ +summary: \"[^\"]+\\.\"$").matcher(rules).results()).hasSize(alerts);
    }
}
