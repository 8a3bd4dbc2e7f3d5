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

        String second = type("unlock main", PIN, "keys 7", "ceilings 7", "login alice", PASSWORD, "invalidatekey 7 02",
                "deletekey 7 01 --yes", "restore " + backup + " --yes", "keys 7", "zeroize main --yes-destroy main", "stores");
        assertThat(second).contains("Key store main is open.", "2000", "is invalidated", "is deleted", "Restored: 0 key groups; 1 key",
                "no, invalidated", "Key store main is destroyed", "has to be initialized");
    }
}
