package org.calypsohsm.auditlog;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.SecureRandom;
import java.security.Signature;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Base64;
import java.util.Date;

import org.bouncycastle.asn1.ASN1EncodableVector;
import org.bouncycastle.asn1.ASN1Encoding;
import org.bouncycastle.asn1.ASN1Integer;
import org.bouncycastle.asn1.DERBitString;
import org.bouncycastle.asn1.DERSequence;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.AlgorithmIdentifier;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;
import org.bouncycastle.asn1.x509.TBSCertificate;
import org.bouncycastle.asn1.x509.Time;
import org.bouncycastle.asn1.x509.V3TBSCertificateGenerator;
import org.bouncycastle.asn1.x9.X9ObjectIdentifiers;

/** The key that signs the log, ECDSA over P-256, in a PKCS #12 file under a PIN: for development. */
final class SigningToken {

    private static final String TYPE = "PKCS12";
    private static final String ENTRY = "audit";
    /** Signatures of a fixed length, r and s. */
    private static final String SIGNATURE = "SHA256withECDSAinP1363Format";
    private static final X500Name NAME = new X500Name("CN=Calypso HSM audit log");
    private static final int SERIAL_BITS = 63;
    private static final long YEARS = 30;
    private static final long DAYS_OF_A_YEAR = 365;

    private final PrivateKey key;
    private final Certificate certificate;

    private SigningToken(PrivateKey key, Certificate certificate) {
        this.key = key;
        this.certificate = certificate;
    }

    /**
     * Releases the key; makes it, with the file, if there is none.
     *
     * @param file the token
     * @param pin  its PIN
     * @throws IOException if the PIN is wrong, or the file is no token
     */
    static SigningToken release(Path file, char[] pin) throws IOException {
        try {
            return Files.exists(file) ? read(file, pin) : make(file, pin);
        } catch (GeneralSecurityException e) {
            throw new IOException("the token " + file + " cannot be used: " + e.getMessage(), e);
        }
    }

    private static SigningToken read(Path file, char[] pin) throws IOException, GeneralSecurityException {
        KeyStore token = KeyStore.getInstance(TYPE);
        try (InputStream in = Files.newInputStream(file)) {
            token.load(in, pin);
        } catch (IOException e) {
            throw new IOException("the token " + file + " does not release the signing key: the PIN is wrong, or it is no token", e);
        }
        if (!(token.getKey(ENTRY, pin) instanceof PrivateKey key)) {
            throw new IOException("the token " + file + " holds no signing key");
        }
        return new SigningToken(key, token.getCertificate(ENTRY));
    }

    private static SigningToken make(Path file, char[] pin) throws IOException, GeneralSecurityException {
        KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
        generator.initialize(new ECGenParameterSpec("secp256r1"));
        KeyPair pair = generator.generateKeyPair();
        Certificate certificate = selfSigned(pair);
        KeyStore token = KeyStore.getInstance(TYPE);
        token.load(null, pin);
        token.setKeyEntry(ENTRY, pair.getPrivate(), pin, new Certificate[] {certificate});
        // Complete under another name first; a temporary file is readable by its owner only.
        Path draft = Files.createTempFile(file.toAbsolutePath().getParent(), "token", null);
        try (OutputStream out = Files.newOutputStream(draft)) {
            token.store(out, pin);
        }
        Files.move(draft, file, StandardCopyOption.ATOMIC_MOVE);
        return new SigningToken(pair.getPrivate(), certificate);
    }

    private static X509Certificate selfSigned(KeyPair pair) throws IOException, GeneralSecurityException {
        Instant now = Instant.now();
        AlgorithmIdentifier algorithm = new AlgorithmIdentifier(X9ObjectIdentifiers.ecdsa_with_SHA256);
        V3TBSCertificateGenerator generator = new V3TBSCertificateGenerator();
        generator.setSerialNumber(new ASN1Integer(new BigInteger(SERIAL_BITS, new SecureRandom()).add(BigInteger.ONE)));
        generator.setIssuer(NAME);
        generator.setSubject(NAME);
        generator.setStartDate(new Time(Date.from(now)));
        generator.setEndDate(new Time(Date.from(now.plus(YEARS * DAYS_OF_A_YEAR, ChronoUnit.DAYS))));
        generator.setSubjectPublicKeyInfo(SubjectPublicKeyInfo.getInstance(pair.getPublic().getEncoded()));
        generator.setSignature(algorithm);
        TBSCertificate content = generator.generateTBSCertificate();
        Signature signature = Signature.getInstance("SHA256withECDSA");
        signature.initSign(pair.getPrivate());
        signature.update(content.getEncoded(ASN1Encoding.DER));
        ASN1EncodableVector parts = new ASN1EncodableVector();
        parts.add(content);
        parts.add(algorithm);
        parts.add(new DERBitString(signature.sign()));
        byte[] encoded = new DERSequence(parts).getEncoded(ASN1Encoding.DER);
        return (X509Certificate) CertificateFactory.getInstance("X.509").generateCertificate(new ByteArrayInputStream(encoded));
    }

    byte[] sign(byte[] bytes) {
        try {
            Signature signature = Signature.getInstance(SIGNATURE);
            signature.initSign(key);
            signature.update(bytes);
            return signature.sign();
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("the signing key does not sign: " + e.getMessage(), e);
        }
    }

    static boolean verifies(PublicKey key, byte[] bytes, byte[] signed) {
        try {
            Signature signature = Signature.getInstance(SIGNATURE);
            signature.initVerify(key);
            signature.update(bytes);
            return signature.verify(signed);
        } catch (GeneralSecurityException e) {
            return false;
        }
    }

    PublicKey publicKey() {
        return certificate.getPublicKey();
    }

    /** @return the name of the key in signatures: the first half of the hash of the public key */
    String keyName() {
        return keyName(publicKey());
    }

    static String keyName(PublicKey key) {
        String hash = Entry.sha256(key.getEncoded());
        return hash.substring(0, hash.length() / 2);
    }

    /** Writes the certificate for those who check the log elsewhere. */
    void writeCertificate(Path file) throws IOException {
        try {
            String base64 = Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(certificate.getEncoded());
            Files.writeString(file, "-----BEGIN CERTIFICATE-----\n" + base64 + "\n-----END CERTIFICATE-----\n", StandardCharsets.US_ASCII);
        } catch (GeneralSecurityException e) {
            throw new IOException("the certificate cannot be written to " + file, e);
        }
    }
}
