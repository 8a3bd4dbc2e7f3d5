package org.calypsohsm.keystore.admin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.calypsohsm.keystore.admin.Admin.ADA;
import static org.calypsohsm.keystore.admin.Admin.AL;
import static org.calypsohsm.keystore.admin.Admin.refused;
import static org.calypsohsm.keystore.admin.Admin.system;
import static org.calypsohsm.keystore.admin.Admin.work;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Date;
import java.util.List;
import java.util.Map;
import java.util.Set;

import org.bouncycastle.cms.CMSSignedData;
import org.bouncycastle.cms.CMSAuthEnvelopedData;
import org.calypsohsm.key.KeyAdministrationException;
import org.calypsohsm.key.KeyAdministrationException.Reason;
import org.calypsohsm.key.SamKey;
import org.calypsohsm.key.SystemKeyType;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TransfersTest {

    @TempDir
    Path folder;

    private Admin source;
    private Admin target;
    private Admin other;

    @BeforeEach
    void open() throws KeyAdministrationException {
        source = new Admin(folder.resolve("source"));
        target = new Admin(folder.resolve("target"));
        other = new Admin(folder.resolve("other"));
        source.administration.createGroup(ADA, 0, 0, 1000);
        target.administration.createGroup(ADA, 7, 0, 1000);
        source.administration.generate(ADA, 0, work(0x21, 1));
        source.administration.generate(ADA, 0, work(0x21, 2));
        source.administration.generate(ADA, 0, system(0xE7, 1));
        source.administration.invalidate(ADA, 0, 2);
    }

    @AfterEach
    void close() {
        source.close();
        target.close();
        other.close();
    }

    private byte[] export(Admin to, Integer... references) throws KeyAdministrationException {
        return source.administration.exportKeys(ADA, 0, List.of(references), to.administration.certificate());
    }

    private List<SamKey> take(byte[] message) throws KeyAdministrationException {
        return target.administration.importKeys(ADA, 7, message, source.administration.certificate());
    }

    @Test
    void theCertificateStays() throws Exception {
        X509Certificate certificate = source.administration.certificate();
        assertThat(certificate.getSubjectX500Principal().getName()).isEqualTo("CN=Calypso HSM key store main");
        assertThat(certificate.getNotAfter()).isAfter(Date.from(Instant.now().plus(29 * 365, ChronoUnit.DAYS)));
        certificate.verify(certificate.getPublicKey());
        source.close();
        source = new Admin(folder.resolve("source"));
        assertThat(source.administration.certificate()).isEqualTo(certificate);
        assertThat(other.administration.certificate()).isNotEqualTo(certificate);
    }

    @Test
    void keysAreTheSameOnTheOtherSide() throws Exception {
        byte[] message = export(target, 1, 2, 0xC3);
        List<SamKey> keys = take(message);
        assertThat(keys).extracting(SamKey::reference).containsExactly(1, 2, 0xC3);
        assertThat(source.group(0).keys()).hasSize(3);
        target.close();
        target = new Admin(folder.resolve("target"));
        for (SamKey key : source.group(0).keys()) {
            SamKey there = target.group(7).key(key.reference());
            assertThat(there.value()).isEqualTo(key.value());
            assertThat(there).hasToString(key.toString());
            assertThat(there.isUsable()).isEqualTo(key.isUsable());
            for (int par = 1; par <= SamKey.PARAMETERS; par++) {
                assertThat(there.parameter(par)).isEqualTo(key.parameter(par));
            }
        }
    }

    @Test
    void theMessageIsStandardCms() throws Exception {
        byte[] message = export(target, 1);
        CMSSignedData signed = new CMSSignedData(message);
        CMSAuthEnvelopedData enveloped = new CMSAuthEnvelopedData((byte[]) signed.getSignedContent().getContent());
        assertThat(enveloped.getEncryptionAlgOID()).as("id-aes256-GCM").isEqualTo("2.16.840.1.101.3.4.1.46");
        assertThat(enveloped.getMac()).hasSize(16);
        assertThat(enveloped.getRecipientInfos().getRecipients()).hasSize(1);
        String value = new String(source.group(0).key(1).value().revealKeyBytes(), StandardCharsets.ISO_8859_1);
        assertThat(new String(message, StandardCharsets.ISO_8859_1)).doesNotContain(value);
    }

    @Test
    void aMessageCountsOnce() throws KeyAdministrationException {
        byte[] message = export(target, 1);
        take(message);
        assertThat(refused(Reason.BAD_INPUT, () -> take(message))).hasMessageContaining("taken before");
        target.administration.delete(ADA, 7, 1);
        target.close();
        target = new Admin(folder.resolve("target"));
        assertThat(refused(Reason.BAD_INPUT, () -> take(message))).hasMessageContaining("taken before");
        assertThat(take(export(target, 1))).hasSize(1);
    }

    @Test
    void allKeysComeOrNone() throws KeyAdministrationException {
        target.administration.generate(ADA, 7, work(0x21, 2));
        byte[] message = export(target, 1, 2);
        Map<String, String> before = target.state();
        refused(Reason.ALREADY_THERE, () -> take(message));
        assertThat(target.state()).isEqualTo(before);
        target.administration.delete(ADA, 7, 1);
        assertThat(take(message)).hasSize(2);
        refused(Reason.ALREADY_THERE, () -> {
            take(export(target, 0xC3));
            take(export(target, 0xC3));
        });
        assertThat(target.group(7).systemKey(SystemKeyType.RELOADING).value()).isEqualTo(source.group(0).key(0xC3).value());
    }

    @Test
    void aMessageForAnotherStoreIsToldApart() throws KeyAdministrationException {
        byte[] message = export(other, 1);
        assertThat(refused(Reason.BAD_INPUT, () -> take(message))).hasMessageContaining("for another store");
        target.administration.certificate();
        assertThat(refused(Reason.BAD_INPUT, () -> take(message))).hasMessageContaining("for another store");
    }

    @Test
    void aMessageOfAnotherStoreIsToldApart() throws KeyAdministrationException {
        byte[] message = export(target, 1);
        assertThat(refused(Reason.BAD_INPUT, () -> target.administration.importKeys(ADA, 7, message, other.administration.certificate())))
                .hasMessageContaining("not signed by");
    }

    /** Somebody who may export signs what he cannot read as his own. */
    @Test
    void whatAnotherStoreSealedCannotBeSignedAnew() throws Exception {
        CMSSignedData signed = new CMSSignedData(export(target, 1));
        StoreIdentity thief = StoreIdentity.of(other.store.opened(), "main");
        byte[] forged = Forgery.sign((byte[]) signed.getSignedContent().getContent(), thief,
                StoreIdentity.fingerprint(target.administration.certificate()));
        assertThat(refused(Reason.BAD_INPUT, () -> target.administration.importKeys(ADA, 7, forged, other.administration.certificate())))
                .hasMessageContaining("another store than the one that signed it");
        assertThat(target.group(7).keys()).isEmpty();
    }

    /** Every byte is tried, so none is left out by chance; what still counts must be the same keys. */
    @Test
    void aChangedByteIsNoticedOrWithoutMeaning() throws KeyAdministrationException {
        byte[] message = export(target, 1);
        int refused = 0;
        for (int at = 0; at < message.length; at++) {
            byte[] changed = message.clone();
            changed[at] ^= 0x04;
            try {
                List<SamKey> keys = take(changed);
                assertThat(keys).hasSize(1);
                assertThat(keys.get(0).value()).isEqualTo(source.group(0).key(1).value());
                target.administration.delete(ADA, 7, 1);
                message = export(target, 1);
            } catch (KeyAdministrationException e) {
                assertThat(e.reason()).as("byte " + at + ": " + e.getMessage()).isEqualTo(Reason.BAD_INPUT);
                refused++;
            }
        }
        assertThat(refused).isGreaterThan(message.length * 9 / 10);
        assertThat(target.group(7).keys()).isEmpty();
    }

    @Test
    void whatCannotBeExportedOrImportedIsRefused() throws Exception {
        X509Certificate certificate = target.administration.certificate();
        refused(Reason.NOT_PERMITTED, () -> source.administration.exportKeys(AL, 0, Set.of(1), certificate));
        refused(Reason.NOT_FOUND, () -> source.administration.exportKeys(ADA, 1, Set.of(1), certificate));
        refused(Reason.NOT_FOUND, () -> source.administration.exportKeys(ADA, 0, Set.of(1, 3), certificate));
        refused(Reason.BAD_INPUT, () -> source.administration.exportKeys(ADA, 0, Set.of(), certificate));
        refused(Reason.BAD_INPUT, () -> source.administration.exportKeys(ADA, 0, Set.of(1), Forgery.rsa()));
        byte[] message = export(target, 1);
        refused(Reason.NOT_PERMITTED, () -> target.administration.importKeys(AL, 7, message, certificate));
        refused(Reason.NOT_FOUND, () -> target.administration.importKeys(ADA, 0, message, certificate));
        refused(Reason.BAD_INPUT, () -> target.administration.importKeys(ADA, 7, new byte[0], certificate));
        refused(Reason.BAD_INPUT, () -> target.administration.importKeys(ADA, 7, "no message".getBytes(StandardCharsets.US_ASCII), certificate));
    }
}
