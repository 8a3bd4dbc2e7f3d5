package org.calypsohsm.keystore.admin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.calypsohsm.keystore.admin.Admin.ADA;
import static org.calypsohsm.keystore.admin.Admin.CARL;
import static org.calypsohsm.keystore.admin.Admin.CLEO;
import static org.calypsohsm.keystore.admin.Admin.CORA;
import static org.calypsohsm.keystore.admin.Admin.refused;
import static org.calypsohsm.keystore.admin.Admin.work;

import java.nio.file.Path;
import java.util.HexFormat;
import java.util.concurrent.TimeUnit;

import org.calypsohsm.key.KeyAdministration;
import org.calypsohsm.key.KeyAdministrationException;
import org.calypsohsm.key.KeyAdministrationException.Reason;
import org.calypsohsm.key.KeyImport;
import org.calypsohsm.key.KeyTemplate;
import org.calypsohsm.key.KeyValue;
import org.calypsohsm.key.Officer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ComponentImportsTest {

    private static final KeyTemplate KEY = work(0x21, 1);
    private static final String A = "11111111111111111111111111111111";
    private static final String B = "22222222222222222222222222222222";
    private static final String C = "2b7e151628aed2a6abf7158809cf4f3c";

    @TempDir
    Path folder;

    private Admin admin;

    @BeforeEach
    void open() throws KeyAdministrationException {
        admin = new Admin(folder);
        admin.administration.createGroup(ADA, 0, 0, 1000);
    }

    @AfterEach
    void close() {
        admin.close();
    }

    private KeyImport give(Officer by, KeyTemplate key, int components, String component) throws KeyAdministrationException {
        byte[] bytes = HexFormat.of().parseHex(component);
        try {
            return admin.administration.importComponent(by, 0, key, components, bytes);
        } finally {
            assertThat(bytes).containsOnly(0);
        }
    }

    private KeyImport give(Officer by, String component) throws KeyAdministrationException {
        return give(by, KEY, 3, component);
    }

    /** The check value of C is the CMAC that OpenSSL computes. */
    @Test
    void theKeyIsTheExclusiveOrOfAll() throws KeyAdministrationException {
        KeyImport first = give(CLEO, C);
        assertThat(first.checkValue()).isEqualTo("7AD386");
        assertThat(first.given()).containsExactly("cleo");
        assertThat(first.isComplete()).isFalse();
        assertThat(give(CARL, A).given()).containsExactly("cleo", "carl");
        assertThat(admin.group(0).keys()).isEmpty();
        KeyImport last = give(CORA, A);
        assertThat(last.given()).containsExactly("cleo", "carl", "cora");
        assertThat(last.checkValue()).as("of the key").isEqualTo("7AD386");
        assertThat(last.key()).isSameAs(admin.group(0).workKey(0x21, 1));
        assertThat(last.key().value()).isEqualTo(KeyValue.copyOf(HexFormat.of().parseHex(C)));
        assertThat(admin.acts()).containsExactly("group.create", "key.component", "key.component", "key.import");
        refused(Reason.ALREADY_THERE, () -> give(CLEO, A));
    }

    @Test
    void nobodyGivesTwo() throws KeyAdministrationException {
        give(CLEO, A);
        refused(Reason.BAD_INPUT, () -> give(CLEO, B));
        refused(Reason.NOT_PERMITTED, () -> give(ADA, B));
        give(CARL, B);
        refused(Reason.BAD_INPUT, () -> give(CLEO, C));
        assertThat(give(CORA, C).isComplete()).isTrue();
    }

    @Test
    void allComponentsAreOfTheSameKey() throws KeyAdministrationException {
        give(CLEO, A);
        refused(Reason.BAD_INPUT, () -> give(CARL, KEY, 2, B));
        byte[] parameters = KEY.parameters();
        parameters[4] ^= 1;
        refused(Reason.BAD_INPUT, () -> give(CARL, new KeyTemplate(0x21, 1, 0x40, parameters, false), 3, B));
        refused(Reason.BAD_INPUT, () -> give(CARL, KEY, 1, B));
        refused(Reason.BAD_INPUT, () -> give(CARL, work(0x21, 2), 9, B));
        refused(Reason.BAD_INPUT, () -> give(CARL, KEY, 3, B + "00"));
        assertThat(give(CLEO, work(0x21, 2), 3, A).given()).as("another key has its own import").containsExactly("cleo");
        assertThat(give(CARL, B).given()).containsExactly("cleo", "carl");
    }

    @Test
    void componentsThatCancelOutMakeNoKey() throws KeyAdministrationException {
        give(CLEO, KEY, 2, A);
        refused(Reason.BAD_INPUT, () -> give(CARL, KEY, 2, A));
        assertThat(admin.group(0).keys()).isEmpty();
        assertThat(give(CARL, KEY, 2, A).given()).as("it begins anew").containsExactly("carl");
    }

    @Test
    void anImportExpires() throws KeyAdministrationException {
        give(CLEO, A);
        admin.nanos.addAndGet(TimeUnit.MINUTES.toNanos(KeyAdministration.IMPORT_MINUTES) - 1);
        assertThat(give(CARL, B).given()).hasSize(2);
        admin.nanos.addAndGet(TimeUnit.MINUTES.toNanos(KeyAdministration.IMPORT_MINUTES) - 1);
        assertThat(give(CORA, KEY, 3, C).isComplete()).as("each component gives it the full time").isTrue();
        admin.administration.delete(ADA, 0, 1);
        give(CLEO, A);
        admin.nanos.addAndGet(TimeUnit.MINUTES.toNanos(KeyAdministration.IMPORT_MINUTES));
        refused(Reason.NOT_FOUND, () -> admin.administration.cancelImport(ADA, 0, KEY));
        assertThat(give(CARL, B).given()).containsExactly("carl");
    }

    @Test
    void anImportCanBeGivenUp() throws KeyAdministrationException {
        refused(Reason.NOT_FOUND, () -> admin.administration.cancelImport(CLEO, 0, KEY));
        give(CLEO, A);
        refused(Reason.NOT_PERMITTED, () -> admin.administration.cancelImport(Admin.AL, 0, KEY));
        admin.administration.cancelImport(CARL, 0, KEY);
        assertThat(give(CLEO, A).given()).containsExactly("cleo");
    }

    @Test
    void whatWasGivenIsOverwritten() {
        PendingImports.Target target = PendingImports.Target.of(0, KEY);
        PendingImports pending = new PendingImports(() -> 0, gone -> { });
        PendingImports.Import current = new PendingImports.Import(KEY, 3);
        byte[] component = HexFormat.of().parseHex(A);
        assertThat(pending.add(target, current, "cleo", component, () -> true)).isTrue();
        assertThat(pending.sum(current, new byte[16])).isEqualTo(component);
        pending.dropAll();
        assertThat(pending.sum(current, new byte[16])).containsOnly(0);
        assertThat(pending.add(target, current, "carl", component, () -> true)).as("an import that is over").isFalse();
        assertThat(pending.add(target, new PendingImports.Import(KEY, 3), "carl", component, () -> false)).as("locked").isFalse();
        assertThat(pending.find(target)).isNull();
        pending.close();
        assertThat(pending.add(target, new PendingImports.Import(KEY, 3), "carl", component, () -> true)).as("closed").isFalse();
    }
}
