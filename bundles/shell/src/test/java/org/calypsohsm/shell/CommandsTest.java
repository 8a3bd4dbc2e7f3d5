package org.calypsohsm.shell;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.StringReader;
import java.time.Duration;
import java.time.Instant;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;

import jakarta.json.Json;
import jakarta.json.JsonArray;
import jakarta.json.JsonObject;
import jakarta.json.JsonReader;
import org.calypsohsm.audit.AuditEntry;
import org.calypsohsm.audit.AuditEvent;
import org.calypsohsm.audit.AuditTrail;
import org.calypsohsm.channel.ChannelManager;
import org.calypsohsm.channel.ModuleReport;
import org.calypsohsm.key.KeyStore;
import org.calypsohsm.trust.BundleTrust;
import org.calypsohsm.trust.TrustReport;
import org.calypsohsm.trust.TrustStoreReport;
import org.calypsohsm.trust.TrustedCertificate;
import org.junit.jupiter.api.Test;
import org.osgi.framework.Bundle;
import org.osgi.service.component.runtime.ServiceComponentRuntime;

/** The commands that only read. */
class CommandsTest {

    private static final String OPERATIONAL = "OPERATIONAL";

    private final Fakes fakes = new Fakes();

    private static JsonArray array(String json) {
        try (JsonReader reader = Json.createReader(new StringReader(json))) {
            return reader.readArray();
        }
    }

    private static JsonObject object(String json) {
        try (JsonReader reader = Json.createReader(new StringReader(json))) {
            return reader.readObject();
        }
    }

    private void manager(ModuleReport... modules) {
        fakes.service(ChannelManager.class, Fakes.fake(ChannelManager.class, Map.of("modules", arguments -> List.of(modules))));
    }

    @Test
    void modulesAreListed() throws Exception {
        manager(Fakes.module("main", OPERATIONAL, 500, 12, 1, 0));
        ModuleCommands commands = new ModuleCommands(fakes.context());
        assertThat(commands.modules(false).lines()).hasSize(2).element(1).asString()
                .matches("main +PCI-S3 +B0000001 +OPERATIONAL +12/500 +0 1 +7 +1 +2 +3 +Because of main\\.");
        JsonObject module = array(commands.modules(true)).getJsonObject(0);
        assertThat(module.getInt("channelsInUse")).isEqualTo(12);
        assertThat(module.getBoolean("emulated")).isTrue();
        assertThat(module.getJsonArray("keyGroups").toString()).isEqualTo("[0,1]");
    }

    @Test
    void noModuleIsSaid() throws Exception {
        manager();
        assertThat(new ModuleCommands(fakes.context()).modules(false)).isEqualTo("There is no module.");
        assertThat(new ModuleCommands(fakes.context()).modules(true)).isEqualTo("[]");
    }

    @Test
    void missingServiceIsSaid() {
        assertThatThrownBy(() -> new ModuleCommands(fakes.context()).modules(false)).hasMessageContaining("no service ChannelManager");
        assertThatThrownBy(() -> new KeyCommands(fakes.context()).groups(false, "")).hasMessageContaining("no service KeyStore");
    }

    @Test
    void highestRankingServesAnAlg() throws Exception {
        fakes.plugin("New", new int[] {0x40}).plugin("Old", new Integer[] {0x50, 0x40, 0x100}).plugin("One", 0x20);
        ProductCommands commands = new ProductCommands(fakes.context());
        assertThat(commands.products(false).lines().skip(1)).satisfiesExactly(
                line -> assertThat(line).matches("New +40 +- +0 +bundle.New 1\\.2\\.3 +Notice of New\\."),
                line -> assertThat(line).matches("Old +50 +40 +.*"),
                line -> assertThat(line).matches("One +20 +- .*"));
        assertThat(array(commands.products(true)).getJsonObject(1).getJsonArray("shadowed").getString(0)).isEqualTo("40");
    }

    @Test
    void keysAndCountersAreListedWithoutValues() throws Exception {
        fakes.service(KeyStore.class, Fakes.keyStore(Map.of(3, 250, 9, 1000), Fakes.key(1, 0x40, 3), Fakes.key(0x7E, 0x50, 0).invalidated(),
                Fakes.key(0xC2, 0x40, 0)));
        KeyCommands commands = new KeyCommands(fakes.context());
        assertThat(commands.groups(false, "").lines().skip(1)).singleElement().asString().matches("5 +2 +1 +2 +12 +200");
        assertThat(commands.keys(false, "", "5").lines().skip(1)).satisfiesExactly(
                line -> assertThat(line).matches("01 +21 +79 +40 +3 +yes"),
                line -> assertThat(line).matches("7E +21 +79 +50 +- +no, invalidated"),
                line -> assertThat(line).matches("C2 +21 +79 +40 +- +yes"));
        assertThat(commands.counters(false, "", "5").lines().skip(1)).satisfiesExactly(
                line -> assertThat(line).matches("3 +250 +01"),
                line -> assertThat(line).matches("9 +1000 +-"));
        JsonArray ceilings = array(commands.ceilings(true, "", "5"));
        assertThat(ceilings.getJsonObject(0).getInt("percent")).isEqualTo(25);
        assertThat(ceilings.getJsonObject(1).getInt("percent")).isEqualTo(100);

        String hex = HexFormat.of().withUpperCase().formatHex(Fakes.SECRET).substring(0, 8);
        for (boolean json : new boolean[] {false, true}) {
            String all = commands.groups(json, "") + commands.keys(json, "", "5") + commands.counters(json, "", "5") + commands.ceilings(json, "", "5");
            assertThat(all).doesNotContainIgnoringCase(hex).doesNotContain("CANARY", "KeyValue");
        }
    }

    @Test
    void wrongUseIsExplained() {
        manager();
        fakes.service(KeyStore.class, Fakes.keyStore(Map.of()));
        KeyCommands keys = new KeyCommands(fakes.context());
        assertThatThrownBy(() -> keys.keys(false, "", "--bogus", "5")).hasMessage("hsm:keys has no option --bogus. Try: help hsm:keys");
        assertThatThrownBy(() -> keys.keys(false, "")).hasMessageContaining("takes one argument");
        assertThatThrownBy(() -> keys.counters(false, "", "5", "6")).hasMessageContaining("there are 2");
        assertThatThrownBy(() -> keys.ceilings(false, "", "five")).hasMessageContaining("0 or more, and there is five");
        assertThatThrownBy(() -> keys.ceilings(false, "", "-1")).hasMessageContaining("no option -1");
        assertThatThrownBy(() -> keys.keys(false, "", "6")).hasMessage("There is no key group 6. There are: [5]");
        assertThatThrownBy(() -> new StatusCommands(fakes.context()).status(false, "now")).hasMessageContaining("takes no argument");
        assertThatThrownBy(() -> new ProductCommands(fakes.context()).products(true, "-x")).hasMessageContaining("no option -x");
    }

    private void trust(TrustStoreReport store, TrustReport... refused) {
        fakes.service(BundleTrust.class, Fakes.fake(BundleTrust.class, Map.of("store", arguments -> store,
                "refused", arguments -> List.of(refused))));
    }

    private static TrustStoreReport store(Duration left) {
        return new TrustStoreReport("/trust", List.of(new TrustedCertificate("CN=Us", "A1B2", Instant.now().plus(left), false)), null);
    }

    @Test
    void trustedCertificatesAreListed() throws Exception {
        trust(store(Duration.ofDays(900)));
        TrustCommands commands = new TrustCommands(fakes.context());
        assertThat(commands.trust(false).lines().skip(1)).singleElement().asString().matches("CN=Us +A1B2 +20.* +no");
        assertThat(array(commands.trust(true)).getJsonObject(0).getString("fingerprint")).isEqualTo("A1B2");
        trust(new TrustStoreReport("/trust", List.of(), "No bundle is trusted."));
        assertThat(commands.trust(false)).isEqualTo("No bundle is trusted.");
        assertThat(commands.trust(true)).isEqualTo("[]");
    }

    @Test
    void statusSaysWhatIsNotTrusted() throws Exception {
        trust(store(Duration.ofDays(29)), new TrustReport("oem 1.0.0", false, null, "Bundle oem 1.0.0 is refused."));
        assertThat(new StatusCommands(fakes.context()).status(false)).contains("CN=Us expires on", "- Bundle oem 1.0.0 is refused.");
        trust(store(Duration.ofDays(-1)));
        assertThat(new StatusCommands(fakes.context()).status(false)).contains("CN=Us has expired on");
        trust(new TrustStoreReport("/trust", List.of(), "No bundle is trusted."));
        assertThat(new StatusCommands(fakes.context()).status(false)).contains("- No bundle is trusted.")
                .doesNotContain("not checked");
    }

    @Test
    void whyNamesWhoIsNotTrusted() throws Exception {
        trust(store(Duration.ofDays(900)),
                new TrustReport("com.example.oem 1.0.0", false, null, "Bundle com.example.oem 1.0.0 is refused."));
        fakes.service(ServiceComponentRuntime.class, Fakes.fake(ServiceComponentRuntime.class,
                Map.of("getComponentDescriptionDTOs", arguments -> List.of())));
        fakes.bundle("com.example.oem", Bundle.ACTIVE);
        WhyCommands commands = new WhyCommands(fakes.context());
        assertThat(commands.why("oem")).contains("Bundle com.example.oem runs.", "Bundle com.example.oem 1.0.0 is refused.", "hidden");
        assertThatThrownBy(() -> commands.why("other")).hasMessageContaining("has the name other");
    }

    @Test
    void whyTellsWhatTheAuditLogHasOfAModuleThatIsGone() throws Exception {
        manager();
        Instant time = Instant.parse("2026-01-02T03:04:05Z");
        fakes.service(AuditTrail.class, Fakes.fake(AuditTrail.class, Map.of("tail", arguments -> List.of(
                new AuditEntry(1, new AuditEvent(time, "module.stuck", "gone", "platform", "An exchange does not come back.")),
                new AuditEntry(2, new AuditEvent(time, "module.go", "other", "platform", "It is gone."))))));
        assertThat(new WhyCommands(fakes.context()).why("gone"))
                .isEqualTo("At 2026-01-02T03:04:05Z, module.stuck: An exchange does not come back.");
    }

    @Test
    void statusIsOkWhenAllIsWell() throws Exception {
        trust(store(Duration.ofDays(31)));
        manager(Fakes.module("main", OPERATIONAL, 500, 12, 5));
        fakes.service(KeyStore.class, Fakes.keyStore(Map.of(3, 1), Fakes.key(1, 0x40, 3))).plugin("Tango", 0x40);
        StatusCommands commands = new StatusCommands(fakes.context());
        assertThat(commands.status(false)).isEqualTo("""
                OK: 1 module with 500 channels, 12 in use; products Tango; 1 key group.
                Modules here are emulations in software, not certified devices.""");
        assertThat(object(commands.status(true)).getBoolean("ok")).isTrue();
    }

    @Test
    void statusSaysEverythingThatIsWrong() throws Exception {
        manager(Fakes.module("full", OPERATIONAL, 20, 20, 1), Fakes.module("down", "FAILED", 500, 0, 1));
        fakes.service(KeyStore.class, Fakes.keyStore(Map.of(3, 950), Fakes.key(1, 0x40, 3)));
        fakes.bundle("broken", Bundle.INSTALLED);
        fakes.bundle("halted", Bundle.RESOLVED);
        String status = new StatusCommands(fakes.context()).status(false);
        assertThat(status).startsWith("NOT OK: ").contains("Module full is full", "Module down is FAILED: Because of down.",
                "Bundle broken does not resolve.", "Bundle halted is stopped.", "Key group 5 is on no module", "There is no product plugin",
                "Key group 5 has 1 key of ALG 40, which no product plugin serves.", "Counter 3 of key group 5 is at 950, which is 95 %");
        assertThat(object(new StatusCommands(fakes.context()).status(true)).getJsonArray("problems")).hasSize(9);
    }

    @Test
    void statusWorksWithoutAnyService() throws Exception {
        assertThat(new StatusCommands(fakes.context()).status(false)).contains("no channel manager",
                "no key store", "no product plugin",
                "Signatures of bundles are not checked");
    }
}
