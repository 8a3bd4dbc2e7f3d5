package org.calypsohsm.keystore.admin;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.MessageDigest;
import java.security.PrivateKey;
import java.security.Provider;
import java.security.SecureRandom;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.security.spec.PKCS8EncodedKeySpec;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.Arrays;
import java.util.Date;

import org.bouncycastle.asn1.ASN1Encoding;
import org.bouncycastle.asn1.ASN1OctetString;
import org.bouncycastle.asn1.ASN1Sequence;
import org.bouncycastle.asn1.DEROctetString;
import org.bouncycastle.asn1.DERSequence;
import org.bouncycastle.asn1.x500.X500NameBuilder;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x500.style.BCStyle;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.jce.provider.BouncyCastleProvider;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.calypsohsm.keystore.KeyStoreException;
import org.calypsohsm.keystore.OpenStore;

/**
 * What a store is known by to others: an EC P-256 key pair, and a certificate that it signed itself. It is made at its first
 * use, and sealed in the store.
 *
 * @param certificate the certificate
 * @param key         the private key
 */
record StoreIdentity(X509Certificate certificate, PrivateKey key) {

    /** Name of the record: SEQUENCE of the private key (PKCS #8) and the certificate (X.509), each in an OCTET STRING. */
    static final String RECORD = "identity";
    /** Handed to those who use it; not registered, so that nobody else gets it unasked. */
    static final Provider PROVIDER = new BouncyCastleProvider();
    static final String CURVE = "secp256r1";
    static final String SIGNATURE = "SHA256withECDSA";

    private static final int YEARS = 30;
    private static final int SERIAL_BITS = 127;

    /** @return the identity of the store; null if it was never used */
    static StoreIdentity read(OpenStore store) {
        byte[] record = store.records().get(RECORD);
        if (record == null) {
            return null;
        }
        byte[] key = null;
        try {
            ASN1Sequence fields = ASN1Sequence.getInstance(record);
            key = ASN1OctetString.getInstance(fields.getObjectAt(0)).getOctets();
            byte[] certificate = ASN1OctetString.getInstance(fields.getObjectAt(1)).getOctets();
            return new StoreIdentity(
                    (X509Certificate) CertificateFactory.getInstance("X.509").generateCertificate(new ByteArrayInputStream(certificate)),
                    KeyFactory.getInstance("EC", PROVIDER).generatePrivate(new PKCS8EncodedKeySpec(key)));
        } catch (GeneralSecurityException | IllegalArgumentException e) {
            throw new KeyStoreException("its identity has an unknown form.", e);
        } finally {
            Arrays.fill(record, (byte) 0);
            if (key != null) {
                Arrays.fill(key, (byte) 0);
            }
        }
    }

    /** @return the identity of the store, made if it is missing */
    static StoreIdentity of(OpenStore store, String name) {
        StoreIdentity present = read(store);
        if (present != null) {
            return present;
        }
        try {
            StoreIdentity made = make(name);
            byte[] key = made.key.getEncoded();
            byte[] record = new DERSequence(new DEROctetString[] {new DEROctetString(key),
                new DEROctetString(made.certificate.getEncoded())}).getEncoded(ASN1Encoding.DER);
            Arrays.fill(key, (byte) 0);
            try {
                store.commits().commit(records -> records.put(RECORD, record));
            } finally {
                Arrays.fill(record, (byte) 0);
            }
            return made;
        } catch (GeneralSecurityException | OperatorCreationException | IOException e) {
            throw new KeyStoreException("its identity cannot be made.", e);
        }
    }

    private static StoreIdentity make(String name) throws GeneralSecurityException, OperatorCreationException, IOException {
        KeyPairGenerator generator = KeyPairGenerator.getInstance("EC", PROVIDER);
        generator.initialize(new ECGenParameterSpec(CURVE));
        KeyPair pair = generator.generateKeyPair();
        X500Name subject = new X500NameBuilder().addRDN(BCStyle.CN, commonName(name)).build();
        OffsetDateTime now = OffsetDateTime.now(ZoneOffset.UTC);
        JcaX509v3CertificateBuilder builder = new JcaX509v3CertificateBuilder(subject, new BigInteger(SERIAL_BITS, new SecureRandom()),
                Date.from(now.minusDays(1).toInstant()), Date.from(now.plusYears(YEARS).toInstant()), subject, pair.getPublic());
        builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(false));
        builder.addExtension(Extension.keyUsage, true, new KeyUsage(KeyUsage.digitalSignature | KeyUsage.keyAgreement));
        byte[] certificate = builder.build(new JcaContentSignerBuilder(SIGNATURE).setProvider(PROVIDER).build(pair.getPrivate())).getEncoded();
        return new StoreIdentity(
                (X509Certificate) CertificateFactory.getInstance("X.509").generateCertificate(new ByteArrayInputStream(certificate)),
                pair.getPrivate());
    }

    static String commonName(String store) {
        return "Calypso HSM key store " + store;
    }

    /** @return SHA-256 of a certificate: its fingerprint */
    static byte[] fingerprint(X509Certificate certificate) throws GeneralSecurityException {
        return MessageDigest.getInstance("SHA-256").digest(certificate.getEncoded());
    }

    /** Shows nothing of the key. */
    @Override
    public String toString() {
        return "StoreIdentity[" + certificate.getSubjectX500Principal() + "]";
    }
}
