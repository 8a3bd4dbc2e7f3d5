package org.calypsohsm.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.util.Map;
import java.util.Set;

import org.calypsohsm.audit.AuditEntry;
import org.calypsohsm.audit.AuditEvent;
import org.calypsohsm.channel.ExchangeTimes;
import org.calypsohsm.channel.ModuleReport;
import org.calypsohsm.monitoring.Caller.Role;
import org.calypsohsm.monitoring.Exchange;
import org.calypsohsm.monitoring.TestPlatform;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class MetricsServletTest {

    private final TestPlatform platform = new TestPlatform();
    private final MetricsServlet servlet = new MetricsServlet(platform.context());

    @AfterEach
    void stop() throws Exception {
        platform.close();
    }

    private String metrics() throws Exception {
        Exchange exchange = Exchange.get(null).by("prometheus", Role.METRICS).to(servlet);
        assertThat(exchange.status).isEqualTo(200);
        assertThat(exchange.headers.get("Content-Type")).startsWith("text/plain; version=0.0.4");
        return exchange.text();
    }

    @Test
    void tellsWhatModulesDo() throws Exception {
        platform.channelManager();
        platform.modules.add(TestPlatform.module("main", "DRAINING", 40, 500));
        platform.modules.add(new ModuleReport("card", "SAM-S20", "C0000001", true, "OPERATIONAL", "Well.", 20, 0, Set.of(0), 0, 0, 0, 0,
                1, 15_000_000, 16_000_000, ExchangeTimes.NONE));
        platform.waiting = 7;

        assertThat(metrics().lines()).contains(
                "hsm_channel_manager_present 1.0",
                "hsm_channel_requests_waiting 7.0",
                "hsm_module_info{emulated=\"true\",kind=\"PCI-S3\",module=\"main\",serial=\"B0000001\"} 1",
                "hsm_module_state{module=\"main\",hsm_module_state=\"DRAINING\"} 1",
                "hsm_module_state{module=\"main\",hsm_module_state=\"OPERATIONAL\"} 0",
                "hsm_module_channels{module=\"main\"} 500.0",
                "hsm_module_channels_in_use{module=\"main\"} 40.0",
                "hsm_exchanges_total{module=\"main\"} 320.0",
                "hsm_channels_moved_in_total{module=\"main\"} 3.0",
                "hsm_channels_moved_out_total{module=\"main\"} 2.0",
                "hsm_sessions_lost_total{module=\"main\"} 1.0",
                "hsm_module_operations{module=\"card\"} 1.5E7",
                "hsm_module_operations_limit{module=\"card\"} 1.6E7")
                .noneMatch(line -> line.startsWith("hsm_module_operations{module=\"main\""));
    }

    @Test
    void theHistogramIsThatOfTheModule() throws Exception {
        platform.channelManager();
        platform.modules.add(TestPlatform.module("main", "OPERATIONAL", 0, 1));

        assertThat(metrics().lines()).contains(
                "hsm_exchange_seconds_bucket{module=\"main\",le=\"1.0E-5\"} 0",
                "hsm_exchange_seconds_bucket{module=\"main\",le=\"2.0E-5\"} 5",
                "hsm_exchange_seconds_bucket{module=\"main\",le=\"+Inf\"} 5",
                "hsm_exchange_seconds_count{module=\"main\"} 5",
                "hsm_exchange_seconds_sum{module=\"main\"} 7.5E-5");
    }

    @Test
    void aModuleThatGoesTakesItsMetricsAlong() throws Exception {
        platform.channelManager();
        platform.modules.add(TestPlatform.module("main", "OPERATIONAL", 0, 1));
        assertThat(metrics()).contains("module=\"main\"");
        platform.modules.clear();
        assertThat(metrics()).doesNotContain("module=\"main\"").contains("hsm_channel_manager_present 1.0");
    }

    @Test
    void tellsHowFarCountersAreFromTheirCeilingsAndNoKey() throws Exception {
        platform.group(0, Map.of("value", 799, "ceiling", 1000, "quota", 50, "inUse", 8)).keyStore();

        assertThat(metrics().lines()).contains(
                "hsm_key_store_state{store=\"main\",hsm_key_store_state=\"OPEN\"} 1",
                "hsm_key_uses_total{counter=\"1\",group=\"0\",store=\"main\"} 799.0",
                "hsm_key_uses_ceiling{counter=\"1\",group=\"0\",store=\"main\"} 1000.0",
                "hsm_key_group_channels_in_use{group=\"0\",store=\"main\"} 8.0",
                "hsm_key_group_channel_quota{group=\"0\",store=\"main\"} 50.0")
                .noneMatch(line -> line.contains(TestPlatform.SECRET) || line.contains("21/79"));
    }

    @Test
    void tellsWhetherTheAuditLogTakesEvents() throws Exception {
        assertThat(metrics().lines()).contains("hsm_audit_log_present 0.0").noneMatch(line -> line.startsWith("hsm_audit_log_writable"));
        platform.auditLog();
        platform.entries.add(new AuditEntry(1, new AuditEvent(Instant.EPOCH, "a", "b", "c", "d")));
        assertThat(metrics().lines()).contains("hsm_audit_log_present 1.0", "hsm_audit_log_writable 1.0", "hsm_audit_log_entries_total 1.0");
        platform.auditProblem = "The disk is full.";
        assertThat(metrics().lines()).contains("hsm_audit_log_writable 0.0");
    }

    @Test
    void tellsOfProductsAndOfTheProcess() throws Exception {
        platform.product("CD97");
        assertThat(metrics().lines()).contains("hsm_product_info{product=\"CD97\"} 1", "hsm_channel_manager_present 0.0")
                .anyMatch(line -> line.startsWith("jvm_memory_used_bytes{area=\"heap\"}"))
                .anyMatch(line -> line.startsWith("process_cpu_seconds_total"));
    }

    @Test
    void answersInOpenMetricsToWhoAsksForIt() throws Exception {
        Exchange exchange = Exchange.get(null).by("prometheus", Role.ADMINISTRATOR)
                .header("Accept", "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5").to(servlet);
        assertThat(exchange.headers.get("Content-Type")).startsWith("application/openmetrics-text");
        assertThat(exchange.text()).endsWith("# EOF\n");
    }

    @Test
    void onlyMetricsAndAdministratorAreAnswered() throws Exception {
        for (Role role : Role.values()) {
            assertThat(Exchange.get(null).by("client", role).to(servlet).status).as(role.name())
                    .isEqualTo(role == Role.METRICS || role == Role.ADMINISTRATOR ? 200 : 403);
        }
    }
}
