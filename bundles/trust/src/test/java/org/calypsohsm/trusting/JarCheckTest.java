package org.calypsohsm.trusting;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

import org.calypsohsm.trust.TrustReport;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Jars, signed and spoilt in every way known, before they are installed. */
class JarCheckTest {

    private static final String MANIFEST = "META-INF/MANIFEST.MF";
    private static final String VERSION = "Bundle-Version: 1.0.0";
    private static final String ACTIVATOR = VERSION + "\r\nBundle-Activator: evil.Code";

    private static Signer us;
    private static Signer stranger;
    private static byte[] unsigned;

    @TempDir
    private Path store;

    @BeforeAll
    static void makeSigners() throws Exception {
        us = Signer.selfSigned("US");
        stranger = Signer.selfSigned("STRANGER");
        unsigned = Jars.bundle("com.example.oem");
    }

    @BeforeEach
    void trustUs() throws Exception {
        us.trustedIn(store);
    }

    private TrustReport check(byte[] jar) {
        return new Trust(null, new Records(), store).check(jar);
    }

    private void assertRefused(byte[] jar, String... reasons) {
        TrustReport report = check(jar);
        assertThat(report.trusted()).as(report.sentence()).isFalse();
        assertThat(report.sentence()).contains(reasons).startsWith("Bundle " + report.bundle() + " is refused since it ")
                .endsWith(".");
    }

    private void assertTrusted(byte[] jar, Signer signer) {
        TrustReport report = check(jar);
        assertThat(report.trusted()).as(report.sentence()).isTrue();
        assertThat(report.bundle()).isEqualTo("com.example.oem 1.0.0");
        assertThat(report.signer()).isEqualTo(signer.subject());
        assertThat(report.sentence()).isEqualTo("Bundle com.example.oem 1.0.0 is signed by " + signer.subject() + ", who is trusted.");
    }

    @Test
    void signedByUs() throws Exception {
        assertTrusted(us.sign(unsigned), us);
    }

    @Test
    void orderOfEntriesDoesNotMatter() throws Exception {
        byte[] manifestLast = Jars.change(us.sign(unsigned), entries -> entries.put(MANIFEST, entries.remove(MANIFEST)));
        assertTrusted(manifestLast, us);
        assertRefused(Jars.replace(manifestLast, Jars.CODE, "the", "THE"), "changed", Jars.CODE);
    }

    @Test
    void unsigned() {
        assertRefused(unsigned, "com.example.oem 1.0.0", "is not signed", "jarsigner");
    }

    @Test
    void changedEntry() throws Exception {
        byte[] signed = us.sign(unsigned);
        assertRefused(Jars.replace(signed, Jars.CODE, "code", "c0de"), "changed", Jars.CODE);
        assertRefused(Jars.replace(signed, Jars.RESOURCE, "data", "date"), "changed", Jars.RESOURCE);
    }

    @Test
    void changedManifest() throws Exception {
        byte[] signed = us.sign(unsigned);
        assertRefused(Jars.replace(signed, MANIFEST, "Bundle-Version: 1.0.0", "Bundle-Version: 9.0.0"), "changed");
        assertRefused(Jars.replace(signed, MANIFEST, VERSION, ACTIVATOR), "changed");
    }

    /** Without the digest of the main attributes, Java takes a jar with another activator for intact. */
    @Test
    void signatureThatDoesNotCoverTheManifest() throws Exception {
        byte[] uncovered = signedAnew(us.sign(unsigned), "-Digest-Manifest-Main-Attributes", "-Digest-Nothing");
        assertRefused(uncovered, "does not cover");
        assertRefused(Jars.replace(uncovered, MANIFEST, VERSION, ACTIVATOR),
                "does not cover");
        assertTrusted(signedAnew(us.sign(unsigned), "Created-By", "Created-by"), us);
    }

    /** Changes the signature file of a jar, and signs that. */
    private static byte[] signedAnew(byte[] jar, String from, String to) throws Exception {
        byte[] changed = Jars.replace(jar, "META-INF/US.SF", from, to);
        byte[] block = us.signFile(Content.of(changed).get("META-INF/US.SF"));
        return Jars.change(changed, entries -> entries.put("META-INF/US.EC", block));
    }

    @Test
    void changedSignature() throws Exception {
        byte[] signed = us.sign(unsigned);
        assertRefused(Jars.replace(signed, "META-INF/US.SF", "Created-By", "Created-by"), "changed");
        int last = Content.of(signed).get("META-INF/US.EC").length - 1;
        assertRefused(Jars.change(signed, entries -> entries.get("META-INF/US.EC")[last] ^= 1), "changed");
        assertRefused(Jars.change(signed, entries -> entries.remove("META-INF/US.EC")), "nobody signed");
        assertRefused(Jars.change(signed, entries -> entries.remove("META-INF/US.SF")), "is not signed");
    }

    @Test
    void addedEntry() throws Exception {
        byte[] signed = us.sign(unsigned);
        assertRefused(Jars.change(signed, entries -> entries.put("com/example/Evil.class", Jars.bytes("evil"))),
                "com/example/Evil.class", "nobody signed");
        assertRefused(Jars.change(signed, entries -> entries.put("META-INF/services/x", Jars.bytes("evil"))), "META-INF/services/x");
        assertRefused(Jars.change(signed, entries -> entries.put("META-INF/SIG-X", Jars.bytes("evil"))), "META-INF/SIG-X");
        assertRefused(Jars.change(signed, entries -> entries.put("META-INF/manifest.mf", Jars.bytes("evil"))), "META-INF/manifest.mf");
        assertRefused(Jars.change(signed, entries -> entries.put("META-INF/sub/X.SF", Jars.bytes("evil"))), "META-INF/sub/X.SF");
    }

    @Test
    void removedEntry() throws Exception {
        assertRefused(Jars.change(us.sign(unsigned), entries -> entries.remove(Jars.CODE)), "lacks the entry " + Jars.CODE);
    }

    @Test
    void sameEntryTwice() throws Exception {
        byte[] signed = us.sign(Jars.change(unsigned, entries -> entries.put("com/example/C0de.class", Jars.bytes("evil"))));
        assertTrusted(signed, us);
        assertRefused(Jars.rename(signed, "com/example/C0de.class", Jars.CODE), Jars.CODE, "twice");
    }

    /** A reader from the beginning sees the entry; the framework goes by the directory at the end, where it is not. */
    @Test
    void whatIsBeforeTheJarDoesNotCount() throws Exception {
        byte[] signed = us.sign(unsigned);
        byte[] before = unsigned;
        byte[] both = new byte[before.length + signed.length];
        System.arraycopy(before, 0, both, 0, before.length);
        System.arraycopy(signed, 0, both, before.length, signed.length);
        assertTrusted(both, us);
    }

    @Test
    void signedByAStranger() throws Exception {
        TrustReport report = check(stranger.sign(unsigned));
        assertThat(report.signer()).isEqualTo("CN=STRANGER");
        assertRefused(stranger.sign(unsigned), "CN=STRANGER", "whom nobody trusts",
                TrustedCertificates.fingerprint(stranger.certificate()),
                store.toString());
    }

    @Test
    void sameNameIsNotTheSameCertificate() throws Exception {
        assertRefused(Signer.selfSigned("US").sign(unsigned), "whom nobody trusts");
    }

    @Test
    void expired() throws Exception {
        Signer old = Signer.expired("OLD");
        old.trustedIn(store);
        assertRefused(old.sign(unsigned), "CN=OLD", "is valid from");
    }

    @Test
    void certifiedByAnAuthority() throws Exception {
        Signer root = Signer.authority("ROOT");
        root.trustedIn(store);
        Signer middle = root.certifiesAuthority("MIDDLE");
        assertTrusted(root.certifies("LEAF").sign(unsigned), new Signer(null, root.certifies("LEAF").chain()));
        assertTrusted(middle.certifies("DEEP").sign(unsigned), new Signer(null, middle.certifies("DEEP").chain()));
        assertRefused(root.certifiesServer("WEB").sign(unsigned), "CN=WEB", "code signing");
        assertRefused(root.certifiesExpired("LATE").sign(unsigned), "CN=LATE", "is valid from");
        assertRefused(Signer.authority("OTHER").certifies("FOREIGN").sign(unsigned), "CN=FOREIGN", "whom nobody trusts");
    }

    @Test
    void whoIsNoAuthorityCertifiesNobody() throws Exception {
        assertRefused(us.certifies("FRIEND").sign(unsigned), "CN=FRIEND", "whom nobody trusts");
    }

    @Test
    void twoSigners() throws Exception {
        byte[] both = us.sign(stranger.sign(unsigned));
        assertTrusted(both, us);
        assertTrusted(stranger.sign(us.sign(unsigned)), us);
        assertRefused(Jars.change(both, entries -> {
            entries.remove("META-INF/US.SF");
            entries.remove("META-INF/US.EC");
        }), "CN=STRANGER");
    }

    /** What one signer had not seen yet. */
    @Test
    void strangerMayNotAddWhatWeHaveNotSigned() throws Exception {
        byte[] added = Jars.change(us.sign(unsigned), entries -> entries.put("com/example/Evil.class", Jars.bytes("evil")));
        assertRefused(stranger.sign(added), "CN=STRANGER");
    }

    @Test
    void noJarAtAll() {
        assertRefused(Jars.bytes("no jar"), "no jar that can be read");
        assertRefused(new byte[0], "no jar that can be read");
    }

    @Test
    void storeThatTrustsNobody() throws Exception {
        byte[] signed = us.sign(unsigned);
        assertThat(new Trust(null, new Records(), store.resolve("missing")).check(signed).sentence())
                .contains("cannot be checked because the trust store", "missing", "hsm.trust.store");
        Path empty = Files.createDirectory(store.resolve("empty"));
        assertThat(new Trust(null, new Records(), empty).check(signed).sentence()).contains("is empty: put a certificate");
        Files.writeString(store.resolve("broken.pem"), "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
        assertRefused(signed, "broken.pem", "replace or remove it");
        Files.writeString(store.resolve("broken.pem"), "");
        assertRefused(signed, "broken.pem", "replace or remove it");
        Files.delete(store.resolve("broken.pem"));
        Files.writeString(store.resolve("README"), "no certificate");
        assertTrusted(signed, us);
    }

    @Test
    void storeReadsDerAndSeveralInAFile() throws Exception {
        Files.write(store.resolve("stranger.cer"), stranger.certificate().getEncoded());
        assertTrusted(stranger.sign(unsigned), stranger);
        Files.delete(store.resolve("stranger.cer"));
        stranger.trustedIn(store);
        Files.writeString(store.resolve("US.pem"),
                Files.readString(store.resolve("STRANGER.pem")) + Files.readString(store.resolve("US.pem")));
        Files.delete(store.resolve("STRANGER.pem"));
        assertTrusted(stranger.sign(unsigned), stranger);
        assertThat(TrustedCertificates.read(store).report().certificates()).hasSize(2)
                .allSatisfy(certificate -> assertThat(certificate.fingerprint()).hasSize(64));
    }

    @Test
    void everyChangedByteOfCodeIsSeen() throws Exception {
        byte[] signed = us.sign(unsigned);
        Map<String, byte[]> entries = Content.of(signed);
        for (int i = 0; i < entries.get(Jars.CODE).length; i++) {
            int at = i;
            assertRefused(Jars.change(signed, all -> all.get(Jars.CODE)[at] ^= 1), Jars.CODE);
        }
    }
}
