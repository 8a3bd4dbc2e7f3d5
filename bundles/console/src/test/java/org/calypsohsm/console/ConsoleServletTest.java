package org.calypsohsm.console;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.StringReader;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

import org.calypsohsm.audit.AuditEntry;
import org.calypsohsm.audit.AuditEvent;
import org.calypsohsm.audit.AuditLog;
import org.calypsohsm.audit.AuditTrail;
import org.calypsohsm.feature.FeatureChange;
import org.calypsohsm.feature.FeatureImpact;
import org.calypsohsm.feature.FeatureInfo;
import org.calypsohsm.feature.FeatureKind;
import org.calypsohsm.feature.FeatureManager;
import org.calypsohsm.feature.FeatureOperation;
import org.calypsohsm.feature.FeatureOutcome;
import org.calypsohsm.monitoring.Caller.Role;
import org.calypsohsm.monitoring.Exchange;
import org.calypsohsm.monitoring.Services;
import org.calypsohsm.monitoring.TestPlatform;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import jakarta.json.Json;
import jakarta.json.JsonObject;
import jakarta.servlet.ServletException;

class ConsoleServletTest {

    private static final String ORDER = "{\"from\":\"old\",\"to\":\"new\",\"drainSeconds\":7}";

    private final TestPlatform platform = new TestPlatform();
    private final History history = new History(new Services(platform.context()), false);
    private final ConsoleServlet servlet = new ConsoleServlet(platform.context(), history, new Swaps(platform.context()));
    private final List<FeatureChange> begun = new ArrayList<>();
    private final List<AuditEvent> recorded = new ArrayList<>();
    private final CompletableFuture<FeatureOutcome> outcome = new CompletableFuture<>();

    @BeforeEach
    void aPlatform() {
        platform.channelManager().keyStore().auditLog().product("CD97").group(0, Map.of("value", 500));
        platform.modules.add(TestPlatform.module("main", "OPERATIONAL", 10, 500));
        platform.entries.add(new AuditEntry(1, new AuditEvent(Instant.EPOCH, "module.drain", "main", "somebody", "Well.")));
        FeatureInfo old = new FeatureInfo("g:old:1", "old", "1", FeatureKind.PROVIDER, true, true, List.of(), List.of(), "Trusted.",
                List.of("main"), List.of());
        platform.register(FeatureManager.class, TestPlatform.fake(FeatureManager.class, Map.of(
                "features", arguments -> List.of(old),
                "impact", arguments -> new FeatureImpact("g:old:1", "g:new:1",
                        List.of(new FeatureImpact.Module("main", 10, 2, Duration.ofMillis(70))), List.of("Something will be missing.")),
                "begin", arguments -> {
                    begun.add((FeatureChange) arguments[0]);
                    return TestPlatform.fake(FeatureOperation.class, Map.of("change", all -> arguments[0], "step", all -> "draining module main",
                            "channelsLeft", all -> 4, "outcome", all -> outcome, "cancel", all -> !outcome.isDone()));
                })), Map.of());
        platform.register(AuditLog.class, TestPlatform.fake(AuditLog.class, Map.of("record", arguments -> {
            if (platform.auditProblem != null) {
                throw new IllegalStateException(platform.auditProblem);
            }
            return recorded.add((AuditEvent) arguments[0]);
        })), Map.of());
    }

    @AfterEach
    void stop() throws Exception {
        history.stop();
        platform.close();
    }

    private JsonObject state(Role role) throws Exception {
        Exchange exchange = Exchange.get("/api/state").by("anna", role).to(servlet);
        assertThat(exchange.status).isEqualTo(200);
        assertThat(exchange.text()).doesNotContain(TestPlatform.SECRET);
        return Json.createReader(new StringReader(exchange.text())).readObject();
    }

    private Exchange order(String path, String body) throws ServletException, IOException {
        return Exchange.of("POST", path).by("anna", Role.ADMINISTRATOR).header("X-HSM-Console", "1").header("Content-Type", "application/json")
                .body(body).to(servlet);
    }

    @Test
    void theStateHoldsWhatThePageShows() throws Exception {
        JsonObject state = state(Role.ADMINISTRATOR);
        assertThat(state.getJsonObject("verdict").getString("level")).isEqualTo("WELL");
        assertThat(state.getJsonArray("modules").getJsonObject(0).getInt("inUse")).isEqualTo(10);
        JsonObject counter = state.getJsonArray("stores").getJsonObject(0).getJsonArray("groups").getJsonObject(0).getJsonArray("counters")
                .getJsonObject(0);
        assertThat(counter.getInt("value")).isEqualTo(500);
        assertThat(counter.getInt("ceiling")).isEqualTo(1000);
        assertThat(counter.getInt("percent")).isEqualTo(50);
        assertThat(state.getJsonArray("features").getJsonObject(0).getString("kind")).isEqualTo("PROVIDER");
        assertThat(state.getJsonArray("audit").getJsonObject(0).getString("actor")).isEqualTo("somebody");
    }

    @Test
    void rolesDecideWhatIsShown() throws Exception {
        assertThat(state(Role.OPERATOR)).doesNotContainKeys("audit", "features").containsKeys("modules");
        assertThat(state(Role.SUPERVISOR)).doesNotContainKeys("audit", "features");
        assertThat(state(Role.AUDITOR)).containsKey("audit").doesNotContainKey("features");
        for (Role role : List.of(Role.METRICS, Role.CLIENT)) {
            assertThat(Exchange.get("/api/state").by("anna", role).to(servlet).status).isEqualTo(403);
            assertThat(Exchange.get("/").by("anna", role).to(servlet).status).isEqualTo(403);
        }
        assertThat(Exchange.get("/").to(servlet).status).isEqualTo(403);
    }

    @Test
    void onlyAnAdministratorSwaps() throws Exception {
        for (Role role : List.of(Role.OPERATOR, Role.SUPERVISOR, Role.AUDITOR)) {
            assertThat(Exchange.get("/api/impact").by("anna", role).to(servlet).status).isEqualTo(403);
            assertThat(Exchange.of("POST", "/api/swap").by("anna", role).header("X-HSM-Console", "1")
                    .header("Content-Type", "application/json").body(ORDER).to(servlet).status).isEqualTo(403);
            assertThat(Exchange.of("POST", "/api/swap/cancel").by("anna", role).header("X-HSM-Console", "1")
                    .header("Content-Type", "application/json").body("{}").to(servlet).status).isEqualTo(403);
        }
        assertThat(begun).isEmpty();
    }

    @Test
    void aSwapIsRecordedBegunAndWatched() throws Exception {
        assertThat(Exchange.get("/api/impact").by("anna", Role.ADMINISTRATOR).parameter("from", "old").parameter("to", "new").to(servlet)
                .text()).contains("\"longestSessionMillis\":70", "Something will be missing.");
        assertThat(order("/api/swap", ORDER).status).isEqualTo(202);
        assertThat(begun).containsExactly(FeatureChange.swap("old", "new").withDrainTimeout(Duration.ofSeconds(7)));
        assertThat(recorded).singleElement().satisfies(event -> {
            assertThat(event.actor()).isEqualTo("anna");
            assertThat(event.act()).isEqualTo("console.swap");
        });
        assertThat(state(Role.OPERATOR).getJsonObject("swap").getInt("channelsLeft")).isEqualTo(4);

        assertThat(order("/api/swap/cancel", "{}").text()).isEqualTo("{\"cancelled\":true}");
        outcome.complete(new FeatureOutcome("It is done.", 10, 0, Duration.ofMillis(50)));
        assertThat(state(Role.OPERATOR).getJsonObject("swap").getString("sentence")).startsWith("It is done. It took 50 ms");
        assertThat(order("/api/swap/cancel", "{}").text()).isEqualTo("{\"cancelled\":false}");
    }

    @Test
    void anOrderThatIsNotRecordedIsNotCarriedOut() throws Exception {
        platform.auditProblem = "Audit log: the disk is full.";
        Exchange exchange = order("/api/swap", ORDER);
        assertThat(exchange.status).isEqualTo(503);
        assertThat(exchange.text()).contains("the disk is full");
        assertThat(begun).isEmpty();
    }

    @Test
    void anOrderFromAnotherSiteIsRefused() throws Exception {
        assertThat(Exchange.of("POST", "/api/swap").by("anna", Role.ADMINISTRATOR).header("Content-Type", "application/json").body(ORDER)
                .to(servlet).status).isEqualTo(403);
        assertThat(Exchange.of("POST", "/api/swap").by("anna", Role.ADMINISTRATOR).header("X-HSM-Console", "1")
                .header("Content-Type", "text/plain").body(ORDER).to(servlet).status).isEqualTo(403);
        assertThat(begun).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "[]", "{}", "{\"from\":\"old\"}", "{\"from\":1,\"to\":2}", "{\"from\":\"old\",\"to\":\"new\",\"drainSeconds\":-1}",
        "{\"from\":\"old\",\"to\":\"new\",\"drainSeconds\":3601}", "{\"from\":\"old\",\"to\":\"new\",\"drainSeconds\":1.5}",
        "{\"from\":\"old\",\"to\":\"new\",\"drainSeconds\":\"7\"}", "{\"from\":\"old\",\"to\":\"new\",\"drainSeconds\":9999999999}", "{\"from\":"})
    void anOrderThatIsNoneIsRefused(String body) throws Exception {
        assertThat(order("/api/swap", body).status).isEqualTo(400);
        assertThat(begun).isEmpty();
    }

    @Test
    void thePageMayLoadNothingFromElsewhere() throws Exception {
        Exchange page = Exchange.get("/").by("anna", Role.OPERATOR).to(servlet);
        assertThat(page.headers.get("Content-Security-Policy")).startsWith("default-src 'none'; script-src 'self'; ").doesNotContain("unsafe");
        assertThat(page.text()).contains("<title>Calypso HSM</title>").doesNotContain("http://", "https://", "<style", "style=", "onclick");
        for (String file : List.of("/main.js", "/dom.js", "/charts.js", "/swap.js", "/console.css", "/icon.svg", "/uplot/uPlot.esm.js",
                "/uplot/uPlot.min.css", "/uplot/LICENSE")) {
            assertThat(Exchange.get(file).by("anna", Role.OPERATOR).to(servlet).status).as(file).isEqualTo(200);
        }
        assertThat(Exchange.get(null).by("anna", Role.OPERATOR).to(servlet).headers).containsEntry("Location", "/console/");
    }

    @ParameterizedTest
    @ValueSource(strings = {"/../ConsoleServlet.class", "/package-info.class", "/uplot/../main.js", "/api/other", "/none"})
    void otherFilesAreNotServed(String path) throws Exception {
        assertThat(Exchange.get(path).by("anna", Role.ADMINISTRATOR).to(servlet).status).isEqualTo(404);
    }

    @Test
    void withoutAFeatureManagerItSaysSo() throws Exception {
        platform.withdraw(FeatureManager.class.getName());
        Exchange exchange = order("/api/swap", ORDER);
        assertThat(exchange.status).isEqualTo(503);
        assertThat(exchange.text()).contains("There is no feature manager");
        assertThat(recorded).isEmpty();
    }

    @Test
    void theAuditLogIsReadOnlyWhenItHasBecomeLonger() throws Exception {
        int[] reads = new int[1];
        platform.register(AuditTrail.class, TestPlatform.fake(AuditTrail.class, Map.of(
                "newest", arguments -> 1L, "problem", arguments -> null, "tail", arguments -> {
                    reads[0]++;
                    return platform.entries;
                })), Map.of());
        state(Role.AUDITOR);
        state(Role.AUDITOR);
        assertThat(reads[0]).isEqualTo(1);
    }
}
