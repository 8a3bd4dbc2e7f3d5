package org.calypsohsm.certificates;

import java.io.IOException;
import java.io.OutputStream;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.KeyStore;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.Date;
import java.util.HexFormat;
import java.util.Set;

import javax.security.auth.x500.X500Principal;

import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.ExtendedKeyUsage;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.cert.X509v3CertificateBuilder;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;

/**
 * An authority that certifies servers and clients, for development and tests. Its own key is never written down: who needs
 * another certificate later makes all of them anew.
 */
public final class Authority {

    private static final String CURVE = "secp256r1";
    private static final String SIGNATURE = "SHA256withECDSA";
    private static final Duration VALIDITY = Duration.ofDays(365);
    /** Clocks differ. */
    private static final Duration SLACK = Duration.ofMinutes(5);
    private static final int SERIAL_BITS = 127;
    private static final int PASSWORD_BYTES = 18;
    private static final int PEM_LINE = 64;

    private final SecureRandom random = new SecureRandom();
    private final KeyPair keys;
    private final X509Certificate certificate;

    /**
     * Makes an authority.
     *
     * @param name its common name
     * @throws GeneralSecurityException if the Java runtime lacks something
     */
    public Authority(String name) throws GeneralSecurityException {
        keys = keyPair();
        X500Principal subject = principal(name);
        X509v3CertificateBuilder builder = builder(subject, subject, keys);
        try {
            builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(0));
            builder.addExtension(Extension.keyUsage, true, new KeyUsage(KeyUsage.keyCertSign | KeyUsage.cRLSign));
        } catch (IOException e) {
            throw new GeneralSecurityException(e);
        }
        certificate = sign(builder);
    }

    /** @return the certificate of the authority */
    public X509Certificate certificate() {
        return certificate;
    }

    /**
     * Writes the certificate of the authority as PEM.
     *
     * @param file where to
     * @return the file
     * @throws IOException              if it cannot be written
     * @throws GeneralSecurityException if the Java runtime lacks something
     */
    public Path write(Path file) throws IOException, GeneralSecurityException {
        Base64.Encoder base64 = Base64.getMimeEncoder(PEM_LINE, new byte[] {'\n'});
        return Files.writeString(file, "-----BEGIN CERTIFICATE-----\n" + base64.encodeToString(certificate.getEncoded())
                + "\n-----END CERTIFICATE-----\n");
    }

    /**
     * Makes keys and a certificate of a server on this machine, for {@code localhost}, 127.0.0.1 and ::1.
     *
     * @param folder gets {@code NAME.p12}, and {@code NAME.password} with a random password
     * @param name   name of the files, and common name
     * @return what was made
     * @throws IOException              if a file cannot be written
     * @throws GeneralSecurityException if the Java runtime lacks something
     */
    public Credentials server(Path folder, String name) throws IOException, GeneralSecurityException {
        return make(folder, name, KeyPurposeId.id_kp_serverAuth, new GeneralNames(new GeneralName[] {
            new GeneralName(GeneralName.dNSName, "localhost"), new GeneralName(GeneralName.iPAddress, "127.0.0.1"),
            new GeneralName(GeneralName.iPAddress, "::1")}));
    }

    /**
     * Makes keys and a certificate of a client.
     *
     * @param folder gets {@code NAME.p12}, and {@code NAME.password} with a random password
     * @param name   name of the files, and common name
     * @return what was made
     * @throws IOException              if a file cannot be written
     * @throws GeneralSecurityException if the Java runtime lacks something
     */
    public Credentials client(Path folder, String name) throws IOException, GeneralSecurityException {
        return make(folder, name, KeyPurposeId.id_kp_clientAuth, null);
    }

    private Credentials make(Path folder, String name, KeyPurposeId purpose, GeneralNames names)
            throws IOException, GeneralSecurityException {
        KeyPair pair = keyPair();
        X509v3CertificateBuilder builder = builder(certificate.getSubjectX500Principal(), principal(name), pair);
        builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(false));
        builder.addExtension(Extension.keyUsage, true, new KeyUsage(KeyUsage.digitalSignature));
        builder.addExtension(Extension.extendedKeyUsage, true, new ExtendedKeyUsage(purpose));
        if (names != null) {
            builder.addExtension(Extension.subjectAlternativeName, false, names);
        }
        X509Certificate made = sign(builder);
        byte[] bytes = new byte[PASSWORD_BYTES];
        random.nextBytes(bytes);
        String password = Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(null, null);
        store.setKeyEntry(name, pair.getPrivate(), password.toCharArray(), new Certificate[] {made, certificate});
        Path keyStore = folder.resolve(name + ".p12");
        try (OutputStream out = create(keyStore)) {
            store.store(out, password.toCharArray());
        }
        Path passwordFile = folder.resolve(name + ".password");
        try (OutputStream out = create(passwordFile)) {
            out.write((password + "\n").getBytes(StandardCharsets.US_ASCII));
        }
        return new Credentials(name, made, sha256(made), keyStore, passwordFile, password);
    }

    /** Makes a file that only its owner can read. */
    private static OutputStream create(Path file) throws IOException {
        boolean posix = FileSystems.getDefault().supportedFileAttributeViews().contains("posix");
        FileAttribute<?>[] secret = posix
                ? new FileAttribute<?>[] {PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"))}
                : new FileAttribute<?>[0];
        return java.nio.channels.Channels.newOutputStream(Files.newByteChannel(file,
                Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE), secret));
    }

    private static String sha256(X509Certificate certificate) throws GeneralSecurityException {
        return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(certificate.getEncoded()));
    }

    private static X500Principal principal(String name) {
        return new X500Principal("CN=" + name + ", O=Calypso HSM development");
    }

    private KeyPair keyPair() throws GeneralSecurityException {
        KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
        generator.initialize(new ECGenParameterSpec(CURVE), random);
        return generator.generateKeyPair();
    }

    private X509v3CertificateBuilder builder(X500Principal issuer, X500Principal subject, KeyPair pair) {
        Instant now = Instant.now();
        return new JcaX509v3CertificateBuilder(issuer, new BigInteger(SERIAL_BITS, random).add(BigInteger.ONE),
                Date.from(now.minus(SLACK)), Date.from(now.plus(VALIDITY)), subject, pair.getPublic());
    }

    private X509Certificate sign(X509v3CertificateBuilder builder) throws GeneralSecurityException {
        try {
            return new JcaX509CertificateConverter().getCertificate(
                    builder.build(new JcaContentSignerBuilder(SIGNATURE).build(keys.getPrivate())));
        } catch (OperatorCreationException e) {
            throw new GeneralSecurityException(e);
        }
    }
}
