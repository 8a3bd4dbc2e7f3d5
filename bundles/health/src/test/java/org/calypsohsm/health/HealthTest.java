package org.calypsohsm.health;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.StringReader;
import java.lang.reflect.Constructor;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

import org.apache.felix.hc.api.HealthCheck;
import org.apache.felix.hc.api.Result;
import org.apache.felix.hc.api.execution.HealthCheckExecutionResult;
import org.apache.felix.hc.api.execution.HealthCheckExecutor;
import org.apache.felix.hc.api.execution.HealthCheckMetadata;
import org.apache.felix.hc.api.execution.HealthCheckSelector;
import org.calypsohsm.channel.ModuleReport;
import org.calypsohsm.key.KeyStoreStatus;
import org.calypsohsm.monitoring.Caller.Role;
import org.calypsohsm.monitoring.Exchange;
import org.calypsohsm.monitoring.TestPlatform;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.osgi.framework.BundleContext;
import org.osgi.service.component.annotations.Activate;

import jakarta.json.Json;
import jakarta.json.JsonObject;

class HealthTest {

    private final TestPlatform platform = new TestPlatform();
    private final Map<String, Class<? extends HealthCheck>> ready = new LinkedHashMap<>();
    private final Map<String, Class<? extends HealthCheck>> live = new LinkedHashMap<>();
    private boolean timesOut;
    private final HealthServlet servlet = new HealthServlet(TestPlatform.fake(HealthCheckExecutor.class,
            Map.of("execute", arguments -> execute((HealthCheckSelector) arguments[0]))));

    @BeforeEach
    void aPlatformThatIsWell() {
        live.put("channel manager", ManagerCheck.class);
        ready.put("modules", ModulesCheck.class);
        ready.put("key stores", KeyStoresCheck.class);
        ready.put("audit log", AuditLogCheck.class);
        platform.channelManager().keyStore().auditLog().group(0, Map.of());
        platform.modules.add(TestPlatform.module("main", "OPERATIONAL", 10, 500));
    }

    @AfterEach
    void stop() throws Exception {
        platform.close();
    }

    private List<HealthCheckExecutionResult> execute(HealthCheckSelector selector) {
        return (Arrays.asList(selector.tags()).contains("live") ? live : ready).entrySet().stream().map(check -> {
            Result result = timesOut ? new Result(Result.Status.TEMPORARILY_UNAVAILABLE, "late") : made(check.getValue()).execute();
            HealthCheckMetadata metadata = new HealthCheckMetadata(TestPlatform.fake(org.osgi.framework.ServiceReference.class,
                    Map.of("getProperty", arguments -> HealthCheck.NAME.equals(arguments[0]) ? check.getKey()
                            : "service.id".equals(arguments[0]) ? 1L : null)));
            return TestPlatform.fake(HealthCheckExecutionResult.class, Map.of("getHealthCheckResult", arguments -> result,
                    "hasTimedOut", arguments -> timesOut, "getHealthCheckMetadata", arguments -> metadata));
        }).toList();
    }

    private HealthCheck made(Class<? extends HealthCheck> type) {
        try {
            Constructor<? extends HealthCheck> constructor = type.getConstructor(BundleContext.class);
            return constructor.newInstance(platform.context());
        } catch (ReflectiveOperationException e) {
            throw new AssertionError(Activate.class + " is missing", e);
        }
    }

    private JsonObject health(String path, int status) throws Exception {
        Exchange exchange = Exchange.get(path).by("balancer", Role.CLIENT).to(servlet);
        JsonObject answer = Json.createReader(new StringReader(exchange.text())).readObject();
        assertThat(exchange.status).as(answer.toString()).isEqualTo(status);
        assertThat(answer.getString("status")).isEqualTo(status == 200 ? "OK" : "NOT OK");
        return answer;
    }

    private String sentence(String name, int status) throws Exception {
        JsonObject check = health("/ready", status).getJsonArray("checks").getValuesAs(JsonObject.class).stream()
                .filter(one -> one.getString("name").equals(name)).findFirst().orElseThrow();
        assertThat(check.getString("status")).isEqualTo(status == 200 ? "OK" : "CRITICAL");
        return check.getString("sentence");
    }

    @Test
    void aPlatformThatIsWellIsLiveAndReady() throws Exception {
        assertThat(health("/live", 200).getJsonArray("checks")).hasSize(1);
        assertThat(health("/ready", 200).getJsonArray("checks")).hasSize(3);
        assertThat(sentence("modules", 200)).isEqualTo("1 of 1 modules are in service and have room for 1 key groups.");
    }

    @Test
    void withoutAChannelManagerItIsNeither() throws Exception {
        platform.withdraw("org.calypsohsm.channel.ChannelManager");
        assertThat(health("/live", 503).toString()).contains("There is no channel manager");
        assertThat(sentence("modules", 503)).startsWith("There is no security module");
    }

    @Test
    void aCheckThatDoesNotComeBackIsAFault() throws Exception {
        timesOut = true;
        assertThat(health("/live", 503).toString()).contains("did not come back within 1000 ms");
    }

    @Test
    void thatNobodyLookedIsAFault() throws Exception {
        live.clear();
        health("/live", 503);
    }

    @Test
    void aModuleOutOfServiceIsAFaultOnlyIfNoOtherHasItsKeyGroups() throws Exception {
        platform.modules.add(TestPlatform.module("other", "FAILED", 0, 20));
        assertThat(sentence("modules", 200)).startsWith("1 of 2 modules are in service");
        platform.modules.remove(0);
        assertThat(sentence("modules", 503)).isEqualTo("No module is in service: other is FAILED.");
        ModuleReport other = new ModuleReport("spare", "PCI-S3", "B0000001", true, "OPERATIONAL", "Well.", 10, 0, Set.of(4), 0, 0, 0, 0);
        platform.modules.add(other);
        assertThat(sentence("modules", 503)).isEqualTo("Key group 0 is on no module in service.");
    }

    @Test
    void fullModulesAreAFault() throws Exception {
        platform.modules.set(0, TestPlatform.module("main", "OPERATIONAL", 500, 500));
        platform.group(7, Map.of());
        assertThat(sentence("modules", 503)).isEqualTo("All channels for key group 0 are in use; key group 7 is on no module in service.");
    }

    @Test
    void aLockedKeyStoreIsAFault() throws Exception {
        platform.storeState = KeyStoreStatus.State.LOCKED;
        assertThat(sentence("key stores", 503)).isEqualTo("Key store main is LOCKED: The test says so.");
        platform.withdraw("org.calypsohsm.key.KeyStore");
        assertThat(sentence("key stores", 503)).startsWith("There is no key store");
    }

    @Test
    void anAuditLogThatRefusesIsAFaultAndNoneIsNot() throws Exception {
        platform.auditProblem = "Audit log: it cannot be written.";
        assertThat(sentence("audit log", 503)).isEqualTo("Audit log: it cannot be written.");
        platform.withdraw("org.calypsohsm.audit.AuditTrail");
        assertThat(sentence("audit log", 200)).isEqualTo("No audit log is configured.");
    }

    @Test
    void otherPathsAndStrangersAreRefused() throws Exception {
        assertThat(Exchange.get("/other").by("balancer", Role.CLIENT).to(servlet).status).isEqualTo(404);
        assertThat(Exchange.get(null).by("balancer", Role.CLIENT).to(servlet).status).isEqualTo(404);
        assertThat(Exchange.get("/live").to(servlet).status).isEqualTo(403);
    }
}
