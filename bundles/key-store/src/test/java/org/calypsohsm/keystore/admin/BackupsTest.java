package org.calypsohsm.keystore.admin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.calypsohsm.keystore.admin.Admin.ADA;
import static org.calypsohsm.keystore.admin.Admin.AL;
import static org.calypsohsm.keystore.admin.Admin.COUNTER;
import static org.calypsohsm.keystore.admin.Admin.OSCAR;
import static org.calypsohsm.keystore.admin.Admin.PASSWORD;
import static org.calypsohsm.keystore.admin.Admin.refused;
import static org.calypsohsm.keystore.admin.Admin.system;
import static org.calypsohsm.keystore.admin.Admin.work;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.lifecycle.AfterContainer;
import net.jqwik.api.lifecycle.BeforeContainer;
import org.calypsohsm.key.KeyAdministrationException;
import org.calypsohsm.key.KeyAdministrationException.Reason;
import org.calypsohsm.key.KeyGroup;
import org.calypsohsm.key.KeyValue;
import org.calypsohsm.key.Officer;
import org.calypsohsm.key.RestoreReport;
import org.calypsohsm.key.Role;
import org.calypsohsm.keystore.DurableKeyStore;
import org.calypsohsm.keystore.Stores;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BackupsTest {

    private static final int CEILING = 1000;

    @TempDir
    Path folder;

    private Admin admin;
    private Path file;

    @BeforeEach
    void open() throws KeyAdministrationException {
        admin = new Admin(folder.resolve("first"));
        admin.administration.createGroup(ADA, 0, 3, CEILING);
        admin.administration.generate(ADA, 0, work(0x21, 1));
        admin.administration.generate(ADA, 0, system(0xE7, 1));
        file = folder.resolve("backup.db");
    }

    @AfterEach
    void close() {
        admin.close();
    }

    private void reopen(String name) {
        admin.close();
        admin = new Admin(folder.resolve(name));
    }

    private RestoreReport restore() throws KeyAdministrationException {
        return admin.administration.restore(ADA, file);
    }

    @Test
    void aRestoredBackupGivesNoUseBack() throws KeyAdministrationException {
        admin.use(0, 1, 10);
        assertThat(admin.administration.backup(OSCAR, file)).isEqualTo(1);
        admin.use(0, 1, 20);
        RestoreReport report = restore();
        assertThat(report).isEqualTo(new RestoreReport(java.util.Set.of(), 0, 1));
        assertThat(admin.group(0).eventCounter(COUNTER)).isEqualTo(30);
        reopen("first");
        assertThat(admin.group(0).eventCounter(COUNTER)).isEqualTo(30);
    }

    @Test
    void aGroupThatWasGoneIsAtItsCeilings() throws KeyAdministrationException {
        admin.use(0, 1, 10);
        byte[] parameters = new byte[KeyGroup.PARAMETERS_LENGTH];
        parameters[5] = 9;
        admin.group(0).writeParameters(parameters);
        KeyValue value = KeyValue.copyOf(admin.group(0).key(1).value().revealKeyBytes());
        admin.administration.backup(OSCAR, file);
        reopen("second");
        assertThat(restore()).isEqualTo(new RestoreReport(java.util.Set.of(0), 0, 0));
        for (int round = 0; round < 2; round++) {
            KeyGroup group = admin.store.keyGroup(0);
            assertThat(group.workKeyAt(1).value()).isEqualTo(value);
            assertThat(group.countUse(group.workKeyAt(1))).isEqualTo(KeyGroup.BLOCKED);
            for (int counter = 0; counter < KeyGroup.COUNTERS; counter++) {
                assertThat(group.eventCounter(counter)).isEqualTo(CEILING);
            }
            assertThat(group.parameters()).isEqualTo(parameters);
            assertThat(group.channelQuota()).isEqualTo(3);
            reopen("second");
        }
        admin.group(0).writeCeilings(COUNTER, new int[] {CEILING + 2}, null);
        assertThat(admin.group(0).countUse(admin.group(0).key(1))).isEqualTo(CEILING + 1);
    }

    @Test
    void missingKeysComeBackAndOthersStay() throws KeyAdministrationException {
        admin.administration.generate(ADA, 0, work(0x21, 2));
        admin.administration.generate(ADA, 0, work(0x21, 3));
        admin.administration.generate(ADA, 0, work(0x21, 4));
        KeyValue second = KeyValue.copyOf(admin.group(0).key(2).value().revealKeyBytes());
        admin.administration.backup(OSCAR, file);
        admin.administration.delete(ADA, 0, 2);
        admin.administration.delete(ADA, 0, 3);
        admin.administration.generate(ADA, 0, work(0x30, 2));
        admin.administration.generate(ADA, 0, work(0x21, 3));
        admin.administration.delete(ADA, 0, 4);
        admin.administration.delete(ADA, 0, 3);
        admin.administration.generate(ADA, 0, work(0x21, 4));
        // Record 2 is used, record 3 has the KIF and KVC of the missing one in 4, and the missing one of 3 has no place.
        admin.administration.invalidate(ADA, 0, 1);
        admin.administration.delete(ADA, 0, 0xC3);
        admin.administration.limitChannels(ADA, 0, 8);
        admin.group(0).writeCeilings(3, new int[] {77}, null);
        String before = admin.group(0).key(2).toString() + admin.group(0).key(3);
        assertThat(restore()).isEqualTo(new RestoreReport(java.util.Set.of(), 1, 0));
        assertThat(admin.group(0).key(2).toString() + admin.group(0).key(3)).isEqualTo(before);
        assertThat(admin.group(0).key(4)).isNull();
        assertThat(admin.group(0).key(1).isUsable()).isFalse();
        admin.administration.delete(ADA, 0, 2);
        assertThat(restore().keys()).isEqualTo(1);
        reopen("first");
        assertThat(admin.group(0).key(2).value()).isEqualTo(second);
        assertThat(admin.group(0).key(0xC3).kvc()).isEqualTo(1);
        assertThat(admin.group(0).channelQuota()).isEqualTo(8);
        assertThat(admin.group(0).ceiling(3)).isEqualTo(77);
    }

    @Test
    void aBackupThatIsAheadRaisesCounters() throws IOException, KeyAdministrationException {
        Admin second = new Admin(folder.resolve("second"));
        second.administration.createGroup(ADA, 0, 0, CEILING);
        admin.use(0, 1, 10);
        admin.administration.backup(OSCAR, file);
        assertThat(second.administration.restore(ADA, file)).isEqualTo(new RestoreReport(java.util.Set.of(), 2, 0));
        second.close();
        reopen("second");
        assertThat(admin.group(0).eventCounter(COUNTER)).isEqualTo(10);
        assertThat(admin.group(0).keys()).hasSize(2);
    }

    @Test
    void aRemovedOfficerDoesNotComeBack() throws KeyAdministrationException {
        Officer bob = new Officer("bob", EnumSet.of(Role.ADMINISTRATOR));
        admin.officers.put(null, ADA, PASSWORD.toCharArray());
        admin.officers.put(ADA, AL, PASSWORD.toCharArray());
        admin.officers.put(ADA, bob, PASSWORD.toCharArray());
        admin.administration.backup(ADA, file);
        admin.officers.remove(ADA, "al");
        restore();
        assertThat(admin.officers.list()).containsExactly(ADA, bob);
        reopen("second");
        admin.officers.put(null, ADA, "another one".toCharArray());
        restore();
        assertThat(admin.officers.list()).containsExactly(ADA, AL, bob);
        assertThat(admin.officers.authenticate("al", PASSWORD.toCharArray())).isEqualTo(AL);
        assertThat(admin.officers.authenticate("ada", "another one".toCharArray())).as("he stays as he is").isEqualTo(ADA);
    }

    @Test
    void transfersThatWereTakenStayTaken() throws KeyAdministrationException {
        byte[] message = admin.administration.exportKeys(ADA, 0, List.of(1), admin.administration.certificate());
        admin.administration.delete(ADA, 0, 1);
        admin.administration.importKeys(ADA, 0, message, admin.administration.certificate());
        var certificate = admin.administration.certificate();
        admin.administration.backup(ADA, file);
        reopen("second");
        restore();
        assertThat(admin.administration.certificate()).isEqualTo(certificate);
        admin.administration.delete(ADA, 0, 1);
        assertThat(refused(Reason.BAD_INPUT, () -> admin.administration.importKeys(ADA, 0, message, certificate)))
                .hasMessageContaining("taken before");
    }

    @Test
    void whatIsNoBackupIsRefused() throws Exception {
        refused(Reason.NOT_PERMITTED, () -> admin.administration.backup(AL, file));
        refused(Reason.NOT_PERMITTED, () -> admin.administration.restore(OSCAR, file));
        assertThat(refused(Reason.BAD_INPUT, this::restore)).hasMessageContaining("there is no file");
        refused(Reason.BAD_INPUT, () -> admin.administration.backup(ADA, folder.resolve("none/backup.db")));
        Files.writeString(file, "no backup");
        refused(Reason.BAD_INPUT, this::restore);
        refused(Reason.BAD_INPUT, () -> admin.administration.backup(ADA, file));
        assertThat(file).hasContent("no backup");
        Files.delete(file);
        Stores.sql(file, "CREATE TABLE records (name TEXT, value BLOB)");
        refused(Reason.BAD_INPUT, this::restore);
        admin.close();
        Files.copy(folder.resolve("first/keys/keys.db"), folder.resolve("raw.db"));
        admin = new Admin(folder.resolve("first"));
        refused(Reason.BAD_INPUT, () -> admin.administration.restore(ADA, folder.resolve("raw.db")));
    }

    @Test
    void aBackupUnderAnotherStorageKeyIsRefused() throws Exception {
        admin.administration.backup(ADA, file);
        DurableKeyStore other = Stores.locked(folder.resolve("other"));
        byte[] key = Stores.storageKey();
        key[0] ^= 1;
        other.initialize(key, Stores.CARDS);
        StoreAdministration there = new StoreAdministration(new StoreAccess("main", other::opened, other::status, other.audit()));
        assertThat(refused(Reason.BAD_INPUT, () -> there.restore(ADA, file))).hasMessageContaining("other startup cards");
        assertThat(other.keyGroups()).isEmpty();
        there.close();
        Stores.close(other);
    }

    @Test
    void noKeyIsInTheBackup() throws Exception {
        admin.administration.backup(ADA, file);
        String bytes = Files.readString(file, StandardCharsets.ISO_8859_1);
        assertThat(bytes).contains("Calypso HSM key store backup 1");
        assertThat(bytes).doesNotContain(new String(admin.group(0).key(1).value().revealKeyBytes(), StandardCharsets.ISO_8859_1));
    }

    /** A record of a backup made before, put in the place of the present one. */
    @Test
    void recordsOfTwoBackupsAreNotMixed() throws Exception {
        admin.administration.backup(ADA, file);
        Path later = folder.resolve("later.db");
        admin.use(0, 1, 1);
        admin.administration.backup(ADA, later);
        byte[] old = BackupFile.read(file, admin.store.opened().key()).sealed("group/00000000/state");
        try (Connection connection = DriverManager.getConnection("jdbc:sqlite:" + later);
                PreparedStatement update = connection.prepareStatement("UPDATE records SET value = ? WHERE name LIKE '%/state'")) {
            update.setBytes(1, old);
            assertThat(update.executeUpdate()).isEqualTo(1);
        }
        assertThat(refused(Reason.BAD_INPUT, () -> admin.administration.restore(ADA, later))).hasMessageContaining("was changed");
    }

    // ---- any changed byte, wherever it is

    private static Path tampering;
    private static byte[] good;
    private static Admin present;
    private static Admin empty;
    private static int applied;

    @BeforeContainer
    static void makeBackup() throws Exception {
        tampering = Files.createTempDirectory("tampering");
        present = new Admin(tampering.resolve("present"));
        present.administration.createGroup(ADA, 0, 0, CEILING);
        present.administration.generate(ADA, 0, work(0x21, 1));
        present.use(0, 1, 10);
        present.administration.backup(ADA, tampering.resolve("good.db"));
        good = Files.readAllBytes(tampering.resolve("good.db"));
        present.use(0, 1, 20);
        empty = new Admin(tampering.resolve("empty"));
    }

    @AfterContainer
    static void remove() throws IOException {
        assertThat(applied).as("a change of free space is ignored").isPositive();
        present.close();
        empty.close();
        try (Stream<Path> files = Files.walk(tampering)) {
            files.sorted(java.util.Comparator.reverseOrder()).forEach(path -> path.toFile().delete());
        }
    }

    @Property(tries = 400)
    void aChangedByteGivesNoUseBack(@ForAll @IntRange(max = 99_999) int position, @ForAll @IntRange(min = 1, max = 255) int change)
            throws Exception {
        byte[] changed = good.clone();
        changed[(int) (position * (long) good.length / 100_000)] ^= (byte) change;
        Path path = tampering.resolve("changed.db");
        Files.write(path, changed);
        Map<String, String> before = present.state();
        try {
            assertThat(present.administration.restore(ADA, path)).isEqualTo(new RestoreReport(java.util.Set.of(), 0, 1));
        } catch (KeyAdministrationException e) {
            assertThat(e.reason()).as(e.getMessage()).isEqualTo(Reason.BAD_INPUT);
        }
        assertThat(present.state()).isEqualTo(before);
        try {
            assertThat(empty.administration.restore(ADA, path).groups()).containsExactly(0);
            applied++;
            assertThat(empty.group(0).eventCounter(COUNTER)).isEqualTo(CEILING);
            assertThat(empty.group(0).key(1).value()).isEqualTo(present.group(0).key(1).value());
            empty.administration.deleteGroup(ADA, 0);
        } catch (KeyAdministrationException e) {
            assertThat(e.reason()).as(e.getMessage()).isEqualTo(Reason.BAD_INPUT);
        }
        assertThat(empty.store.keyGroups()).isEmpty();
        assertThat(Files.readAllBytes(path)).as("the backup itself is only read").isEqualTo(changed);
        assertThat(Arrays.equals(good, changed)).isFalse();
    }
}
