package org.calypsohsm.keystore.admin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.calypsohsm.keystore.admin.Admin.ADA;
import static org.calypsohsm.keystore.admin.Admin.AL;
import static org.calypsohsm.keystore.admin.Admin.CARL;
import static org.calypsohsm.keystore.admin.Admin.CLEO;
import static org.calypsohsm.keystore.admin.Admin.COUNTER;
import static org.calypsohsm.keystore.admin.Admin.OSCAR;
import static org.calypsohsm.keystore.admin.Admin.SUE;
import static org.calypsohsm.keystore.admin.Admin.refused;
import static org.calypsohsm.keystore.admin.Admin.work;

import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

import org.calypsohsm.key.KeyAdministrationException.Reason;
import org.calypsohsm.key.KeyValue;
import org.calypsohsm.key.Officer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What must not be done leaves everything as it was: for each act of the administration. */
class RefusedActsTest {

    private static final int GROUP = 7;

    @TempDir
    Path folder;

    private Admin admin;
    private X509Certificate certificate;
    private byte[] transfer;
    private Path backup;

    /** An act with the officer who does it, which is all that differs between being allowed and not. */
    private interface ActOf {

        void run(Officer by) throws Exception;
    }

    @BeforeEach
    void open() throws Exception {
        admin = new Admin(folder);
        admin.officers.put(null, ADA, Admin.PASSWORD.toCharArray());
        admin.administration.createGroup(ADA, GROUP, 0, 1000);
        admin.administration.createGroup(ADA, GROUP + 1, 0, 1000);
        admin.administration.generate(ADA, GROUP, work(0x21, 1));
        admin.administration.importComponent(CLEO, GROUP, work(0x22, 1), 2, component(1));
        certificate = admin.administration.certificate();
        transfer = admin.administration.exportKeys(ADA, GROUP, List.of(1), certificate);
        backup = folder.resolve("backup");
        admin.administration.backup(ADA, backup);
        // Something for the backup to bring back.
        admin.administration.generate(ADA, GROUP + 1, work(0x23, 1));
        admin.administration.deleteGroup(ADA, GROUP + 1);
    }

    @AfterEach
    void close() {
        admin.close();
    }

    private static byte[] component(int with) {
        byte[] component = new byte[KeyValue.LENGTH];
        component[0] = (byte) with;
        return component;
    }

    /** All acts that change something or let something out, each by an officer who may. */
    private Map<String, ActOf> acts() {
        Map<String, ActOf> acts = new LinkedHashMap<>();
        acts.put("create group", by -> admin.administration.createGroup(by, 9, 0, 1));
        acts.put("limit channels", by -> admin.administration.limitChannels(by, GROUP, 3));
        acts.put("generate", by -> admin.administration.generate(by, GROUP, work(0x30, 1)));
        acts.put("import component", by -> admin.administration.importComponent(by, GROUP, work(0x22, 1), 2, component(2)));
        acts.put("begin an import", by -> admin.administration.importComponent(by, GROUP, work(0x31, 1), 2, component(2)));
        acts.put("cancel import", by -> admin.administration.cancelImport(by, GROUP, work(0x22, 1)));
        acts.put("invalidate", by -> admin.administration.invalidate(by, GROUP, 1));
        acts.put("delete", by -> admin.administration.delete(by, GROUP, 1));
        acts.put("raise ceiling", by -> admin.administration.raiseCeiling(by, GROUP, COUNTER, 2000, GROUP));
        acts.put("export keys", by -> admin.administration.exportKeys(by, GROUP, List.of(1), certificate));
        acts.put("backup", by -> admin.administration.backup(by, folder.resolve("second")));
        acts.put("restore", by -> admin.administration.restore(by, backup));
        acts.put("put officer", by -> admin.officers.put(by, new Officer("eve", AL.roles()), Admin.PASSWORD.toCharArray()));
        acts.put("remove officer", by -> admin.officers.remove(by, OSCAR.name()));
        acts.put("delete group", by -> admin.administration.deleteGroup(by, GROUP));
        return acts;
    }

    private static Officer whoMay(String act) {
        return switch (act) {
            case "import component", "begin an import" -> CARL;
            case "raise ceiling" -> SUE;
            default -> ADA;
        };
    }

    @Test
    void anActThatTheAuditLogDoesNotTakeIsNotDone() throws Exception {
        admin.officers.put(ADA, OSCAR, Admin.PASSWORD.toCharArray());
        Map<String, String> before = admin.state();
        admin.auditBroken = true;
        acts().forEach((name, act) -> {
            // It has no reloading key; CeilingRaiseTest has a group with one.
            refused(name.equals("raise ceiling") ? Reason.NOT_FOUND : Reason.NOT_RECORDED, () -> act.run(whoMay(name)));
            assertThat(admin.state()).as(name).isEqualTo(before);
        });
        assertThat(folder.resolve("second")).doesNotExist();
        // And with the log back each is done, so that it was the log that kept it from being done.
        admin.auditBroken = false;
        for (String name : List.of("import component", "generate", "delete")) {
            Map<String, String> now = admin.state();
            acts().get(name).run(whoMay(name));
            assertThat(admin.state()).as(name).isNotEqualTo(now);
        }
    }

    @Test
    void anOfficerWithoutTheRoleChangesNothing() throws Exception {
        admin.officers.put(ADA, OSCAR, Admin.PASSWORD.toCharArray());
        Map<String, String> before = admin.state();
        int recorded = admin.acts().size();
        acts().forEach((name, act) -> {
            refused(Reason.NOT_PERMITTED, () -> act.run(AL));
            refused(Reason.NOT_PERMITTED, () -> act.run(null));
            assertThat(admin.state()).as(name).isEqualTo(before);
        });
        refused(Reason.NOT_PERMITTED, () -> admin.administration.importKeys(AL, GROUP, transfer, certificate));
        assertThat(admin.acts()).hasSize(recorded);
    }

    @Test
    void aLockedStoreDoesNothing() throws Exception {
        admin.store.lock("Test.");
        acts().forEach((name, act) -> assertThat(refused(Reason.NOT_OPEN, () -> act.run(whoMay(name)))).as(name)
                .hasMessageContaining("hsm:unlock main"));
        refused(Reason.NOT_OPEN, () -> admin.officers.list());
        refused(Reason.NOT_OPEN, () -> admin.officers.authenticate(ADA.name(), Admin.PASSWORD.toCharArray()));
        assertThat(Files.exists(folder.resolve("second"))).isFalse();
    }
}
