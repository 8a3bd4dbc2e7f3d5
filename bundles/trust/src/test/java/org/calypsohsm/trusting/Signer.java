package org.calypsohsm.trusting;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Date;
import java.util.List;
import java.util.zip.ZipFile;

import javax.security.auth.x500.X500Principal;

import jdk.security.jarsigner.JarSigner;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.ExtendedKeyUsage;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.cert.jcajce.JcaCertStore;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.cms.CMSProcessableByteArray;
import org.bouncycastle.cms.CMSSignedDataGenerator;
import org.bouncycastle.cms.jcajce.JcaSimpleSignerInfoGeneratorBuilder;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;

/** Somebody with a certificate, who signs jars and may certify others. */
record Signer(PrivateKey key, List<X509Certificate> chain) {

    private static final Duration YEAR = Duration.ofDays(365);

    static Signer selfSigned(String name) throws Exception {
        return make(name, null, false, KeyPurposeId.id_kp_codeSigning, YEAR.negated(), YEAR);
    }

    static Signer expired(String name) throws Exception {
        return make(name, null, false, KeyPurposeId.id_kp_codeSigning, YEAR.multipliedBy(-2), YEAR.negated());
    }

    static Signer authority(String name) throws Exception {
        return make(name, null, true, null, YEAR.negated(), YEAR);
    }

    Signer certifies(String name) throws Exception {
        return make(name, this, false, KeyPurposeId.id_kp_codeSigning, YEAR.negated(), YEAR);
    }

    Signer certifiesAuthority(String name) throws Exception {
        return make(name, this, true, null, YEAR.negated(), YEAR);
    }

    Signer certifiesServer(String name) throws Exception {
        return make(name, this, false, KeyPurposeId.id_kp_serverAuth, YEAR.negated(), YEAR);
    }

    Signer certifiesExpired(String name) throws Exception {
        return make(name, this, false, KeyPurposeId.id_kp_codeSigning, YEAR.multipliedBy(-2), YEAR.negated());
    }

    private static Signer make(String name, Signer issuer, boolean authority, KeyPurposeId purpose, Duration from, Duration until)
            throws GeneralSecurityException, OperatorCreationException, IOException {
        KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
        generator.initialize(256);
        KeyPair keys = generator.generateKeyPair();
        X500Principal subject = new X500Principal("CN=" + name);
        Instant now = Instant.now();
        var builder = new JcaX509v3CertificateBuilder(issuer == null ? subject : issuer.certificate().getSubjectX500Principal(),
                BigInteger.valueOf(System.nanoTime()), Date.from(now.plus(from)), Date.from(now.plus(until)), subject,
                keys.getPublic());
        if (authority) {
            builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(true));
        }
        if (purpose != null) {
            builder.addExtension(Extension.extendedKeyUsage, false, new ExtendedKeyUsage(purpose));
        }
        PrivateKey signing = issuer == null ? keys.getPrivate() : issuer.key();
        List<X509Certificate> chain = new ArrayList<>();
        chain.add(new JcaX509CertificateConverter().getCertificate(
                builder.build(new JcaContentSignerBuilder("SHA256withECDSA").build(signing))));
        if (issuer != null) {
            chain.addAll(issuer.chain());
        }
        return new Signer(keys.getPrivate(), chain);
    }

    X509Certificate certificate() {
        return chain.get(0);
    }

    String subject() {
        return certificate().getSubjectX500Principal().getName();
    }

    /** Writes the certificate into a trust store, as PEM. */
    void trustedIn(Path folder) throws Exception {
        Files.writeString(folder.resolve(subject().substring(3) + ".pem"), "-----BEGIN CERTIFICATE-----\n"
                + Base64.getMimeEncoder().encodeToString(certificate().getEncoded()) + "\n-----END CERTIFICATE-----\n");
    }

    /** Signs a signature file, as the block beside it. */
    byte[] signFile(byte[] content) throws Exception {
        CMSSignedDataGenerator generator = new CMSSignedDataGenerator();
        generator.addSignerInfoGenerator(new JcaSimpleSignerInfoGeneratorBuilder().build("SHA256withECDSA", key, certificate()));
        generator.addCertificates(new JcaCertStore(chain));
        return generator.generate(new CMSProcessableByteArray(content), false).getEncoded();
    }

    byte[] sign(byte[] jar) throws Exception {
        Path file = Files.createTempFile("signer", ".jar");
        try {
            Files.write(file, jar);
            ByteArrayOutputStream signed = new ByteArrayOutputStream();
            try (ZipFile zip = new ZipFile(file.toFile())) {
                new JarSigner.Builder(key, CertificateFactory.getInstance("X.509").generateCertPath(chain))
                        .signerName(subject().substring(3)).build().sign(zip, signed);
            }
            return signed.toByteArray();
        } finally {
            Files.delete(file);
        }
    }
}
