package org.calypsohsm.itest.launcher;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The life of a key store as its officers live it, typed into the shell of the shipped launcher. */
class AdministrationIT {

    private static final Path HOME = Path.of(System.getProperty("hsm.home")).toAbsolutePath().normalize();
    private static final String PIN = "258025";
    private static final String PASSWORD = "correct horse";
    private static final String COMPONENT = "C0FFEE00C0FFEE01C0FFEE02C0FFEE03";
    private static final String OTHER_COMPONENT = "5EED0000000000000000000000005EED";

    @TempDir
    Path work;

    private Path conf;

    @BeforeEach
    void configure() throws Exception {
        Path pin = Files.writeString(work.resolve("audit-pin"), "1234");
        conf = Files.writeString(work.resolve("conf.json"), """
                {
                  ":configurator:resource-version": 1,
                  ":configurator:symbolic-name": "org.calypsohsm.itest.administration",
                  ":configurator:version": "1.0.0",
                  "org.calypsohsm.keystore.durable": {"directory": "%1$s/keys", "auditRequired": true},
                  "org.calypsohsm.startup": {"tokenDirectory": "%1$s"},
                  "org.calypsohsm.auditlog": {"directory": "%1$s/audit", "pinFile": "%2$s"},
                  "org.calypsohsm.provider.pcis3~one": {"hsm.module.name": "one", "model": 100, "serialNumber": "B0000009"}
                }
                """.formatted(work, pin));
    }

    /** @return what the shell printed */
    private String type(String... lines) throws Exception {
        try (HsmProcess hsm = new HsmProcess(HOME, work, Map.of(), "start", "--shell", "--conf", conf.toString())) {
            hsm.firstLine();
            hsm.type(lines);
            assertThat(hsm.exitCode()).as(hsm.errors()).isZero();
            return hsm.output() + hsm.errors();
        }
    }

    @Test
    void aKeyStoreIsBegunFilledLockedAndOpenedAgain() throws Exception {
        Path backup = work.resolve("backup");
        String first = type("stores", "modules",
                "initialize main --software-token", PIN, PIN,
                "creategroup 7",
                "putofficer alice --roles administrator,supervisor", PASSWORD, PASSWORD,
                "login alice", "not the password", "login alice", PASSWORD,
                "putofficer bob --roles custodian", PASSWORD, PASSWORD,
                "putofficer carol --roles custodian", PASSWORD, PASSWORD,
                "creategroup 7 --ceiling 1000 --quota 3",
                "generatekey 7 21 79 40 --counter 5",
                "generatekey 7 E7 11 40 --system",
                "login bob", PASSWORD, "importkey 7 27 79 40", COMPONENT, "importkey 7 27 79 40", COMPONENT,
                "login carol", PASSWORD, "importkey 7 27 79 40", OTHER_COMPONENT, "deletekey 7 01 --yes",
                "login alice", PASSWORD,
                "raiseceiling 7 5 2000", "raiseceiling 7 5 1500",
                "groups", "keys 7", "ceilings 7", "selftest one", "backup " + backup, "certificate --out " + work.resolve("main.pem"),
                "lock main --yes", "modules", "keys 7", "unlock main", "000000", "unlock main", PIN, "status", "audit --verify",
                "audit --last 60");
        assertThat(first).contains("has to be initialized", "LOCKED", "Key store main is open.", "Nobody is logged in",
                "Officer alice is administrator, supervisor.", "there is no officer of this name and password",
                "Key group 7 is made", "Made: key KIF 21 KVC 79 ALG 40 in record 01.",
                "1 of 2 components, from bob", "Made: key KIF 27 KVC 79 ALG 40",
                "The ceiling of event counter 5 of key group 7 is 2000.", "Module one is OPERATIONAL", "A backup of 1 key group",
                "waits for the PIN of its software token: hsm:unlock main", "the PIN is wrong", "INTACT:", "OK: 1 module",
                "keystore.initialize", "officer.put", "group.create", "key.generate", "key.component", "key.import", "ceiling.raise",
                "store.backup", "keystore.lock", "keystore.open", "alice", "bob", "carol");
        assertThat(first).doesNotContain("NOT INTACT").doesNotContain("in record 01 of key group 7 is deleted");
        assertThat(first).doesNotContainIgnoringCase(COMPONENT.substring(8)).doesNotContainIgnoringCase(OTHER_COMPONENT.substring(4));
        assertThat(backup).isNotEmptyFile();
        assertThat(work.resolve("main.pem")).content().startsWith("-----BEGIN CERTIFICATE-----");

        Path token = work.resolve("main.p12");
        Path saved = Files.copy(token, work.resolve("saved.p12"));
        String second = type("unlock main", PIN, "keys 7", "ceilings 7", "login alice", PASSWORD, "invalidatekey 7 02",
                "deletekey 7 01 --yes", "restore " + backup + " --yes", "keys 7", "zeroize main --yes-destroy main", "stores");
        assertThat(second).contains("Key store main is open.", "2000", "is invalidated", "is deleted", "Restored: 0 key groups; 1 key",
                "no, invalidated", "Key store main is destroyed", "has to be initialized");

        // Zeroizing destroys the token too. With it, as after the loss of a disk, the backup opens, and no use comes back.
        assertThat(token).doesNotExist();
        Files.copy(saved, token);
        String third = type("initialize main --software-token", PIN, PIN,
                "putofficer alice --roles administrator,supervisor", PASSWORD, PASSWORD, "login alice", PASSWORD,
                "restore " + backup + " --yes", "keys 7", "ceilings 7 --json", "raiseceiling 7 5 3000", "ceilings 7 --json");
        assertThat(third).contains("Restored: 1 key group [7], with event counters at their ceilings",
                "\"counter\":5,\"value\":2000,\"ceiling\":2000,\"percent\":100", "of event counter 5 of key group 7 is 3000",
                "\"counter\":5,\"value\":2000,\"ceiling\":3000,\"percent\":66");
    }

    @Test
    void keysAreTransferredBetweenTwoModulesWithStoresOfTheirOwn() throws Exception {
        conf = Files.writeString(work.resolve("two.json"), """
                {
                  ":configurator:resource-version": 1,
                  ":configurator:symbolic-name": "org.calypsohsm.itest.transfer",
                  ":configurator:version": "1.0.0",
                  "org.calypsohsm.keystore.durable~left": {"hsm.keystore.name": "left", "directory": "%1$s/left"},
                  "org.calypsohsm.keystore.durable~right": {"hsm.keystore.name": "right", "directory": "%1$s/right"},
                  "org.calypsohsm.startup": {"tokenDirectory": "%1$s"},
                  "org.calypsohsm.provider.pcis3~one": {"hsm.module.name": "one", "model": 100, "serialNumber": "B0000001",
                    "keyStore.target": "(hsm.keystore.name=left)"},
                  "org.calypsohsm.provider.sams20~two": {"hsm.module.name": "two", "serialNumber": "C0000002",
                    "keyStore.target": "(hsm.keystore.name=right)"}
                }
                """.formatted(work));
        Path left = work.resolve("left.pem");
        Path right = work.resolve("right.pem");
        Path sealed = work.resolve("keys.p7m");
        String shown = type("initialize left --software-token", PIN, PIN, "selftest one", "selftest two", "initialize right --software-token", PIN, PIN,
                "putofficer ann --store left --roles administrator", PASSWORD, PASSWORD,
                "putofficer ray --store right --roles administrator", PASSWORD, PASSWORD,
                "keys 7",
                "login ann --store left", PASSWORD,
                "creategroup 7 --store left", "generatekey 7 21 79 40 --store left", "generatekey 7 27 79 40 --store left",
                "certificate --store left --out " + left, "certificate --store right --out " + right,
                "exportkeys 7 01 02 --store left --to " + right + " --out " + sealed, "yes",
                "creategroup 8 --store right",
                "login ray --store right", PASSWORD,
                "creategroup 8 --store right",
                "importkeys 8 " + sealed + " --store right --from " + right + " --yes",
                "importkeys 8 " + sealed + " --store right --from " + left + " --yes",
                "importkeys 8 " + sealed + " --store right --from " + left + " --yes",
                "keys 8 --store right --json", "modules --json");
        assertThat(shown).contains("several key stores", "2 keys sealed into", "Nobody is logged in at key store right",
                "Taken: key KIF 21 KVC 79 ALG 40 in record 01; key KIF 27 KVC 79 ALG 40 in record 02.",
                "\"kif\":\"21\"", "\"kif\":\"27\"");
        assertThat(shown.split("Taken: ")).as("taken once").hasSize(2);
        assertThat(shown).contains("Module one is OPERATIONAL", "Module two is LOCKED: Key store right");
    }
}
