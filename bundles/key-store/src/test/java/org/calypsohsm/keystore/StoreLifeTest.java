package org.calypsohsm.keystore;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

import org.calypsohsm.audit.AuditEvent;
import org.calypsohsm.key.KeyGroup;
import org.calypsohsm.key.KeyStore;
import org.calypsohsm.key.KeyStoreStatus;
import org.calypsohsm.key.KeyStoreStatus.State;
import org.calypsohsm.key.KeyValue;
import org.calypsohsm.key.SamKey;
import org.calypsohsm.startup.StartupException;
import org.calypsohsm.startup.StartupException.Reason;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** How a store is begun, opened, locked, copied and destroyed. */
class StoreLifeTest {

    private static final int COUNTER = 5;
    private static final int RECORD = 0x60;
    private static final int CEILING = 1000;
    private static final int PAGE = 4096;

    @TempDir
    Path folder;

    private DurableKeyStore store;
    private final List<AuditEvent> recorded = new ArrayList<>();

    @AfterEach
    void close() {
        if (store != null) {
            store.close();
        }
    }

    private static SamKey counted() {
        byte[] parameters = new byte[SamKey.PARAMETERS];
        parameters[3] = COUNTER;
        byte[] value = new byte[KeyValue.LENGTH];
        Arrays.fill(value, (byte) 7);
        return new SamKey(RECORD, 0x31, 1, 0x40, parameters, KeyValue.copyOf(value));
    }

    private void startWithUses(int uses) {
        store = Stores.open(folder, 0);
        KeyGroup group = store.keyGroup(0);
        group.writeKey(counted());
        group.writeCeilings(COUNTER, new int[] {CEILING}, null);
        for (int use = 0; use < uses; use++) {
            group.countUse(group.workKeyAt(RECORD));
        }
    }

    private static StartupException refused(org.assertj.core.api.ThrowableAssert.ThrowingCallable act) {
        try {
            act.call();
        } catch (StartupException e) {
            assertThat(e).hasMessageStartingWith("Key store main: ");
            return e;
        } catch (Throwable e) {
            throw new AssertionError(e);
        }
        throw new AssertionError("not refused");
    }

    @Test
    void aNewStoreIsLockedAndSaysWhatToDo() {
        store = Stores.locked(folder, 0);
        assertThat(store.status().state()).isEqualTo(State.LOCKED);
        assertThat(store.status().sentence()).contains("main").contains("hsm:initialize main");
        assertThat(store.cardSet()).isNull();
        assertThat(store.keyGroups()).isEmpty();
        assertThat(store.keyGroup(0)).isNull();
        assertThat(refused(() -> store.open(Stores.storageKey(), 0)).reason()).isEqualTo(Reason.NOT_INITIALIZED);
    }

    @Test
    void theStorageKeyThatIsHandedOverIsOverwritten() throws StartupException {
        store = Stores.locked(folder);
        byte[] key = Stores.storageKey();
        store.initialize(key, Stores.CARDS);
        assertThat(key).containsOnly(0);
        store.lock("Test.");
        key = Stores.storageKey();
        store.open(key, 0);
        assertThat(key).containsOnly(0);
    }

    @Test
    void staysLockedUntilTheRightKeyComes() throws StartupException {
        startWithUses(3);
        store.close();
        store = Stores.locked(folder, 0);
        assertThat(store.cardSet()).isEqualTo(Stores.CARDS);
        assertThat(store.status().sentence()).contains("2 of its 3 startup cards").contains("hsm:unlock main");

        byte[] wrong = Stores.storageKey();
        wrong[31] ^= 1;
        assertThat(refused(() -> store.open(wrong, 0)).reason()).isEqualTo(Reason.WRONG_KEY);
        assertThat(store.status().state()).isEqualTo(State.LOCKED);
        store.open(Stores.storageKey(), 0);
        assertThat(store.keyGroup(0).eventCounter(COUNTER)).isEqualTo(3);
        assertThat(refused(() -> store.open(Stores.storageKey(), 0)).reason()).isEqualTo(Reason.ALREADY_OPEN);
        assertThat(refused(() -> store.initialize(Stores.storageKey(), Stores.CARDS)).reason())
                .isEqualTo(Reason.ALREADY_INITIALIZED);
    }

    @Test
    void lockingTellsTheModulesFirstAndOverwritesEveryKey() throws StartupException {
        startWithUses(0);
        KeyGroup group = store.keyGroup(0);
        SamKey key = group.workKeyAt(RECORD);
        List<KeyStoreStatus> told = new ArrayList<>();
        List<Boolean> keyWasThere = new ArrayList<>();
        KeyStore.Watch watch = store.watch(status -> {
            told.add(status);
            keyWasThere.add(key.value().equals(counted().value()));
        });
        store.lock("Test.");
        assertThat(told).extracting(KeyStoreStatus::state).containsExactly(State.OPEN, State.LOCKED);
        assertThat(keyWasThere).containsExactly(true, true);
        assertThat(key.value().revealKeyBytes()).containsOnly(0);
        assertThatExceptionOfType(KeyStoreException.class).isThrownBy(() -> group.countUse(key));
        assertThat(store.keyGroup(0)).isNull();

        store.open(Stores.storageKey(), 0);
        assertThat(store.keyGroup(0).workKeyAt(RECORD).value()).isEqualTo(counted().value());
        watch.close();
        store.lock("Test.");
        assertThat(told).hasSize(3);
    }

    @Test
    void anOldCopyOfTheFolderGivesNoUsesBack() throws IOException {
        startWithUses(3);
        store.close();
        Path copy = folder.resolve("copy");
        Files.copy(folder.resolve("keys/keys.db"), copy);
        store = Stores.open(folder);
        KeyGroup group = store.keyGroup(0);
        for (int use = 0; use < 10; use++) {
            group.countUse(group.workKeyAt(RECORD));
        }
        store.close();

        Files.move(copy, folder.resolve("keys/keys.db"), StandardCopyOption.REPLACE_EXISTING);
        store = Stores.open(folder);
        group = store.keyGroup(0);
        assertThat(group.eventCounter(COUNTER)).isEqualTo(CEILING);
        assertThat(group.countUse(group.workKeyAt(RECORD))).isEqualTo(KeyGroup.BLOCKED);
        store.close();
        store = Stores.open(folder);
        assertThat(store.keyGroup(0).eventCounter(COUNTER)).isEqualTo(CEILING);
    }

    @Test
    void aCopyTakenWhileItRanIsOldAfterACleanStop() throws IOException {
        startWithUses(3);
        List<String> files = List.of("keys.db", "keys.db-wal");
        for (String file : files) {
            Files.copy(folder.resolve("keys").resolve(file), folder.resolve(file));
        }
        KeyGroup group = store.keyGroup(0);
        group.countUse(group.workKeyAt(RECORD));
        store.close();
        for (String file : files) {
            Files.move(folder.resolve(file), folder.resolve("keys").resolve(file), StandardCopyOption.REPLACE_EXISTING);
        }
        store = Stores.open(folder);
        assertThat(store.keyGroup(0).eventCounter(COUNTER)).isEqualTo(CEILING);
    }

    @Test
    void aStartupCardThatKnowsALaterEpochTellsAnOldCopyToo() throws StartupException {
        startWithUses(3);
        store.close();
        store = Stores.locked(folder);
        long epoch = store.open(Stores.storageKey(), 0);
        assertThat(store.keyGroup(0).eventCounter(COUNTER)).isEqualTo(3);
        store.lock("Test.");
        assertThat(store.open(Stores.storageKey(), epoch)).isGreaterThan(epoch);
        assertThat(store.keyGroup(0).eventCounter(COUNTER)).isEqualTo(3);
        store.lock("Test.");
        long later = store.open(Stores.storageKey(), epoch + 100);
        assertThat(later).isGreaterThan(epoch + 100);
        assertThat(store.keyGroup(0).eventCounter(COUNTER)).isEqualTo(CEILING);
    }

    @Test
    void aMissingEpochFileStopsTheStartUntilSomebodySaysItIsACopy() throws IOException, StartupException {
        startWithUses(3);
        store.close();
        Path epochFile = folder.resolve("keys.epoch");
        Files.delete(epochFile);
        store = Stores.locked(folder);
        StartupException fault = refused(() -> store.open(Stores.storageKey(), 0));
        assertThat(fault.reason()).isEqualTo(Reason.FAILED);
        assertThat(fault).hasMessageContaining(epochFile.toString()).hasMessageContaining("empty");
        Files.createFile(epochFile);
        store.open(Stores.storageKey(), 0);
        assertThat(store.keyGroup(0).eventCounter(COUNTER)).isEqualTo(CEILING);
    }

    @Test
    void aStoreUnderCardsOfBeforeBeginsAboveTheirEpoch() throws StartupException {
        store = Stores.locked(folder, 0);
        long epoch = store.adopt(Stores.storageKey(), Stores.CARDS, 12);
        assertThat(epoch).isEqualTo(13);
        KeyGroup group = store.keyGroup(0);
        group.writeKey(counted());
        group.countUse(group.workKeyAt(RECORD));
        store.lock("Test.");
        // What the cards remember is no later, so this is no old copy.
        store.open(Stores.storageKey(), epoch);
        assertThat(store.keyGroup(0).eventCounter(COUNTER)).isEqualTo(1);
        assertThat(refused(() -> store.adopt(Stores.storageKey(), Stores.CARDS, 0)).reason()).isEqualTo(Reason.ALREADY_INITIALIZED);
    }

    @Test
    void aBeginThatFailsCanBeTriedAgain() throws IOException, StartupException {
        Path epochFile = Files.createDirectories(folder.resolve("keys.epoch/in the way"));
        store = Stores.locked(folder, 0);
        assertThat(refused(() -> store.initialize(Stores.storageKey(), Stores.CARDS)).reason()).isEqualTo(Reason.FAILED);
        assertThat(store.cardSet()).isNull();
        Files.delete(epochFile);
        Files.delete(epochFile.getParent());
        store.initialize(Stores.storageKey(), Stores.CARDS);
        assertThat(store.status().isOpen()).isTrue();
    }

    @Test
    void zeroizingLeavesNothingThatAKeyCouldOpen() throws StartupException, IOException {
        startWithUses(3);
        KeyValue value = store.keyGroup(0).workKeyAt(RECORD).value();
        store.zeroize("Test.");
        assertThat(value.revealKeyBytes()).containsOnly(0);
        assertThat(store.status().state()).isEqualTo(State.LOCKED);
        assertThat(store.cardSet()).isNull();
        assertThat(refused(() -> store.open(Stores.storageKey(), 0)).reason()).isEqualTo(Reason.NOT_INITIALIZED);
        store.initialize(Stores.storageKey(), Stores.CARDS);
        assertThat(store.keyGroup(0).workKeyAt(RECORD)).isNull();
    }

    @Test
    void withoutTheAuditLogNothingOpensOrLocksButZeroizingGoes() throws StartupException {
        startWithUses(0);
        store.bindAuditLog(event -> {
            throw new IllegalStateException("Audit log: the disk is full.");
        });
        StartupException fault = null;
        try {
            store.lock("Test.");
        } catch (StartupException e) {
            fault = e;
        }
        assertThat(fault).isNotNull().hasMessageContaining("disk is full");
        assertThat(fault.reason()).isEqualTo(Reason.NOT_RECORDED);
        assertThat(store.status().isOpen()).isTrue();
        store.zeroize("Test.");
        assertThat(store.status().isOpen()).isFalse();
    }

    @Test
    void actsAreInTheAuditLog() throws StartupException {
        store = Stores.locked(folder, 0);
        store.bindAuditLog(recorded::add);
        store.initialize(Stores.storageKey(), Stores.CARDS);
        store.lock("Enough.");
        store.open(Stores.storageKey(), 0);
        store.zeroize("Enough.");
        assertThat(recorded).extracting(AuditEvent::act)
                .containsExactly("keystore.initialize", "keystore.lock", "keystore.open", "keystore.zeroize");
        assertThat(recorded).extracting(AuditEvent::subject).containsOnly("key store main");
    }

    @Test
    void marksOfTheCeilingAreToldOnceEach() {
        List<Integer> percents = new ArrayList<>();
        MemoryKeyGroup group = new MemoryKeyGroup(0, List.of(counted()), List.of(), (number, counter, value, ceiling, percent) -> {
            assertThat(counter).isEqualTo(COUNTER);
            assertThat(value * 100 / ceiling).isEqualTo(percent);
            percents.add(percent);
        });
        group.writeCeilings(COUNTER, new int[] {CEILING}, null);
        for (int use = 0; use <= CEILING; use++) {
            group.countUse(group.workKeyAt(RECORD));
        }
        assertThat(percents).containsExactly(10, 20, 30, 40, 50, 60, 70, 80, 90, 95, 100);
        group.writeCeilings(COUNTER, new int[] {2 * CEILING}, null);
        for (int use = 0; use < CEILING; use++) {
            group.countUse(group.workKeyAt(RECORD));
        }
        assertThat(percents.subList(11, percents.size())).containsExactly(60, 70, 80, 90, 95, 100);
    }

    @Test
    void alarmsAndMilestonesAreInTheAuditLog() throws StartupException {
        startWithUses(0);
        store.bindAuditLog(recorded::add);
        KeyGroup group = store.keyGroup(0);
        for (int use = 0; use < CEILING * 85 / 100; use++) {
            group.countUse(group.workKeyAt(RECORD));
        }
        store.close();
        store = null;
        assertThat(recorded).extracting(AuditEvent::act).containsSequence("counter.milestone", "counter.alarm");
        AuditEvent alarm = recorded.get(7);
        assertThat(alarm.subject()).isEqualTo("event counter 5 of key group 0 in key store main");
        assertThat(alarm.outcome()).contains("800 of 1,000").contains("80 %");
    }

    private void opensNot(String because) {
        store = Stores.locked(folder);
        assertThat(store.status().state()).isEqualTo(State.FAILED);
        assertThat(store.status().sentence()).contains("main").contains("keys.db").contains(because);
        assertThat(refused(() -> store.open(Stores.storageKey(), 0)).reason()).isEqualTo(Reason.FAILED);
        store.close();
    }

    @Test
    void aBrokenFileIsAFailedStoreThatSaysSo() throws IOException {
        Path file = Files.createDirectories(folder.resolve("keys")).resolve("keys.db");
        Files.writeString(file, "no store at all, but something long enough to be looked at");
        opensNot("it is broken");
        Files.delete(file);
        Files.createDirectory(file);
        opensNot("does not open");
        Files.delete(file);

        store = Stores.open(folder, 0);
        store.close();
        byte[] cut = Arrays.copyOf(Files.readAllBytes(file), (int) Files.size(file) - PAGE);
        Files.write(file, cut);
        opensNot("it is broken");
    }

    @Test
    void aStoreThatIsBrokenCanBeZeroizedAndBegunAnew() throws IOException, StartupException {
        Path file = Files.createDirectories(folder.resolve("keys")).resolve("keys.db");
        Files.writeString(file, "no store at all, but something long enough to be looked at");
        Files.writeString(folder.resolve("keys/keys.db-wal"), "left by a process that was killed");
        store = Stores.locked(folder);
        store.zeroize("Test.");
        assertThat(store.status().state()).isEqualTo(State.LOCKED);
        store.initialize(Stores.storageKey(), Stores.CARDS);
        assertThat(store.status().isOpen()).isTrue();
    }

    @Test
    void aFileWithSomethingOfItsOwnInItIsRefused() throws SQLException {
        store = Stores.open(folder, 0);
        store.close();
        Stores.sql(folder.resolve("keys/keys.db"), "CREATE TRIGGER forget AFTER INSERT ON records BEGIN DELETE FROM records; END");
        opensNot("other tables");
    }

    @Test
    void aFileThatCanOnlyBeReadIsRefused() {
        store = Stores.open(folder, 0);
        store.close();
        Path file = folder.resolve("keys/keys.db");
        assertThat(file.toFile().setReadOnly()).isTrue();
        // Root may write all the same.
        assumeFalse(Files.isWritable(file));
        opensNot("it cannot be written");
    }

    @Test
    void aStoreThatIsInUseElsewhereIsAFailedStore() {
        store = Stores.open(folder, 0);
        DurableKeyStore second = Stores.locked(folder);
        assertThat(second.status().state()).isEqualTo(State.FAILED);
        assertThat(second.status().sentence()).contains("in use by another process");
        second.close();
    }
}
