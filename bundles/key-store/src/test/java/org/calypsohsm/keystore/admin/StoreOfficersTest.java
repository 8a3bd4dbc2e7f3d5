package org.calypsohsm.keystore.admin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.calypsohsm.keystore.admin.Admin.ADA;
import static org.calypsohsm.keystore.admin.Admin.AL;
import static org.calypsohsm.keystore.admin.Admin.PASSWORD;
import static org.calypsohsm.keystore.admin.Admin.refused;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.HexFormat;
import java.util.Set;

import org.bouncycastle.crypto.generators.Argon2BytesGenerator;
import org.bouncycastle.crypto.params.Argon2Parameters;
import org.calypsohsm.key.KeyAdministrationException;
import org.calypsohsm.key.KeyAdministrationException.Reason;
import org.calypsohsm.key.Officer;
import org.calypsohsm.key.Officers;
import org.calypsohsm.key.Role;
import org.calypsohsm.startup.StartupException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StoreOfficersTest {

    @TempDir
    Path folder;

    private Admin admin;

    @BeforeEach
    void open() {
        admin = new Admin(folder);
    }

    @AfterEach
    void close() {
        admin.close();
    }

    private static char[] password() {
        return PASSWORD.toCharArray();
    }

    private void wrong(String name) {
        refused(Reason.NOT_PERMITTED, () -> admin.officers.authenticate(name, "wrong password".toCharArray()));
    }

    @Test
    void theFirstOfficerIsAnAdministratorAndNeedsNobody() throws KeyAdministrationException {
        refused(Reason.NOT_PERMITTED, () -> admin.officers.put(null, AL, password()));
        admin.officers.put(null, ADA, password());
        refused(Reason.NOT_PERMITTED, () -> admin.officers.put(null, new Officer("eve", EnumSet.of(Role.ADMINISTRATOR)), password()));
        refused(Reason.NOT_PERMITTED, () -> admin.officers.put(AL, new Officer("eve", EnumSet.of(Role.ADMINISTRATOR)), password()));
        admin.officers.put(ADA, AL, password());
        assertThat(admin.officers.list()).containsExactly(ADA, AL);
        assertThat(admin.acts()).containsExactly("officer.put", "officer.put");
    }

    @Test
    void aPasswordIsKnownAfterARestartAndNowhereInTheStore() throws KeyAdministrationException {
        admin.officers.put(null, ADA, password());
        admin.close();
        admin = new Admin(folder);
        assertThat(admin.officers.authenticate("ada", password())).isEqualTo(ADA);
        wrong("ada");
        wrong("eve");
        byte[] record = admin.store.opened().records().get("officer/ada");
        assertThat(new String(record, StandardCharsets.ISO_8859_1)).doesNotContain(PASSWORD);
        assertThat(OfficerRecord.read(admin.store.opened().records(), "ada").toString())
                .doesNotContain(HexFormat.of().formatHex(OfficerRecord.read(admin.store.opened().records(), "ada").password().hash()));
    }

    @Test
    void aShortPasswordIsRefused() {
        assertThat(refused(Reason.BAD_INPUT, () -> admin.officers.put(null, ADA, "1234567".toCharArray())))
                .hasMessageContaining(String.valueOf(Officers.LEAST_PASSWORD)).message().doesNotContain("1234567");
    }

    @Test
    void afterTooManyWrongPasswordsTheRightOneIsRefusedEvenAfterARestart() throws KeyAdministrationException {
        admin.officers.put(null, ADA, password());
        for (int i = 1; i < Officers.MOST_ATTEMPTS; i++) {
            wrong("ada");
        }
        admin.officers.authenticate("ada", password());
        for (int i = 0; i < Officers.MOST_ATTEMPTS - 1; i++) {
            wrong("ada");
        }
        admin.close();
        admin = new Admin(folder);
        wrong("ada");
        refused(Reason.NOT_PERMITTED, () -> admin.officers.authenticate("ada", password()));
        admin.officers.put(ADA, ADA, password());
        assertThat(admin.officers.authenticate("ada", password())).isEqualTo(ADA);
    }

    @Test
    void whoIsRefusedLearnsNothing() throws KeyAdministrationException {
        admin.officers.put(null, ADA, password());
        String unknown = refused(Reason.NOT_PERMITTED, () -> admin.officers.authenticate("eve", password())).getMessage();
        String known = refused(Reason.NOT_PERMITTED, () -> admin.officers.authenticate("ada", "wrong password".toCharArray())).getMessage();
        assertThat(unknown).isEqualTo(known);
    }

    @Test
    void theLastAdministratorStays() throws KeyAdministrationException {
        Officer other = new Officer("bob", EnumSet.of(Role.ADMINISTRATOR));
        admin.officers.put(null, ADA, password());
        admin.officers.put(ADA, AL, password());
        refused(Reason.NOT_PERMITTED, () -> admin.officers.remove(ADA, "ada"));
        refused(Reason.NOT_PERMITTED, () -> admin.officers.put(ADA, new Officer("ada", Set.of(Role.AUDITOR)), password()));
        refused(Reason.NOT_FOUND, () -> admin.officers.remove(ADA, "eve"));
        admin.officers.put(ADA, other, password());
        admin.officers.remove(other, "ada");
        assertThat(admin.officers.list()).containsExactly(AL, other);
        wrong("ada");
    }

    @Test
    void whileTheStoreIsLockedNobodyIsKnown() throws KeyAdministrationException, StartupException {
        admin.officers.put(null, ADA, password());
        admin.store.lock("Test.");
        assertThat(refused(Reason.NOT_OPEN, () -> admin.officers.authenticate("ada", password()))).hasMessageContaining("locked");
        refused(Reason.NOT_OPEN, () -> admin.officers.list());
        refused(Reason.NOT_OPEN, () -> admin.officers.put(null, ADA, password()));
        refused(Reason.NOT_OPEN, () -> admin.officers.remove(ADA, "ada"));
    }

    /** The cost in use is the one of RFC 9106, and the generator gives what section 5.3 of it says. */
    @Test
    void argon2idGivesTheAnswerOfRfc9106() {
        assertThat(PasswordHash.Cost.RECOMMENDED).isEqualTo(new PasswordHash.Cost(3, 65536, 4));
        byte[] password = new byte[32];
        java.util.Arrays.fill(password, (byte) 1);
        byte[] salt = new byte[16];
        java.util.Arrays.fill(salt, (byte) 2);
        byte[] secret = new byte[8];
        java.util.Arrays.fill(secret, (byte) 3);
        byte[] data = new byte[12];
        java.util.Arrays.fill(data, (byte) 4);
        Argon2BytesGenerator argon2 = new Argon2BytesGenerator();
        argon2.init(new Argon2Parameters.Builder(Argon2Parameters.ARGON2_id).withVersion(Argon2Parameters.ARGON2_VERSION_13)
                .withIterations(3).withMemoryAsKB(32).withParallelism(4).withSalt(salt).withSecret(secret).withAdditional(data).build());
        byte[] tag = new byte[32];
        argon2.generateBytes(password, tag);
        assertThat(HexFormat.of().formatHex(tag)).isEqualTo("0d640df58d78766c08c037a34a8b53c9d01ef0452d75b65eb52520e96b01e659");
        char[] own = "\u0001".repeat(32).toCharArray();
        PasswordHash hash = PasswordHash.of(PasswordHash.Cost.RECOMMENDED, own);
        assertThat(hash.fits(own)).isTrue();
        assertThat(hash.fits("\u0001".repeat(31).toCharArray())).isFalse();
    }
}
