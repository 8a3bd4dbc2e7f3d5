package org.calypsohsm.trusting;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.cert.CertPathBuilder;
import java.security.cert.CertPathBuilderException;
import java.security.cert.CertStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.CollectionCertStoreParameters;
import java.security.cert.PKIXBuilderParameters;
import java.security.cert.TrustAnchor;
import java.security.cert.X509CertSelector;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.Collection;
import java.util.Date;
import java.util.HexFormat;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import org.calypsohsm.trust.TrustStoreReport;
import org.calypsohsm.trust.TrustedCertificate;

/**
 * The certificates of a folder at one moment. If there is a problem with the folder or with one of its files, none is trusted.
 *
 * @param folder       the folder
 * @param certificates what is in it; empty if there is a problem
 * @param problem      why nothing is trusted, as the end of a sentence; null if there is none
 */
record TrustedCertificates(Path folder, Set<X509Certificate> certificates, String problem) {

    private static final Pattern FILES = Pattern.compile(".*\\.(pem|crt|cer|der)");
    private static final String CODE_SIGNING = "1.3.6.1.5.5.7.3.3";
    private static final String WHAT_FILES = "a certificate as PEM or DER in a file *.pem, *.crt, *.cer or *.der";

    /** Reads a folder. */
    static TrustedCertificates read(Path folder) {
        Set<X509Certificate> certificates = new LinkedHashSet<>();
        Path at = folder;
        try (Stream<Path> all = Files.list(folder)) {
            CertificateFactory factory = CertificateFactory.getInstance("X.509");
            for (Path file : all.filter(TrustedCertificates::isCertificate).sorted().toList()) {
                at = file;
                Collection<? extends Certificate> found =
                        factory.generateCertificates(new ByteArrayInputStream(Files.readAllBytes(file)));
                if (found.isEmpty()) {
                    throw new CertificateException("there is none in it");
                }
                found.forEach(certificate -> certificates.add((X509Certificate) certificate));
            }
        } catch (CertificateException e) {
            return new TrustedCertificates(folder, Set.of(), "the file " + at
                    + " of the trust store holds no certificate that can be read (" + e.getMessage() + "): replace or remove it");
        } catch (IOException e) {
            return new TrustedCertificates(folder, Set.of(), "the trust store " + at + " cannot be read (" + e + "): put " + WHAT_FILES
                    + " there, or name another folder by the property " + Activator.STORE);
        }
        if (certificates.isEmpty()) {
            return new TrustedCertificates(folder, Set.of(), "the trust store " + folder + " is empty: put " + WHAT_FILES + " there");
        }
        return new TrustedCertificates(folder, certificates, null);
    }

    private static boolean isCertificate(Path file) {
        return FILES.matcher(file.getFileName().toString().toLowerCase(Locale.ROOT)).matches();
    }

    TrustStoreReport report() {
        List<TrustedCertificate> list = certificates.stream().map(certificate -> new TrustedCertificate(name(certificate),
                fingerprint(certificate), certificate.getNotAfter().toInstant(), isAuthority(certificate))).toList();
        return new TrustStoreReport(folder.toString(), list, problem == null ? null : "No bundle is trusted since " + problem + ".");
    }

    /** @return the certificates in a sentence */
    String describe() {
        return problem != null ? "No bundle is trusted since " + problem + "." : "Trusted are now: " + certificates.stream()
                .map(certificate -> name(certificate) + " (SHA-256 " + fingerprint(certificate) + ")")
                .collect(Collectors.joining("; ")) + ".";
    }

    /**
     * Checks who signed. Time stamps do not count: a certificate must be valid now.
     *
     * @param chain the certificate that signed, and those above it as far as they are known
     * @throws RefusedException if it is not trusted
     */
    void check(List<X509Certificate> chain) throws RefusedException {
        X509Certificate signer = chain.get(0);
        Instant now = Instant.now();
        if (now.isAfter(signer.getNotAfter().toInstant()) || now.isBefore(signer.getNotBefore().toInstant())) {
            throw new RefusedException("is signed by " + name(signer) + ", whose certificate is valid from "
                    + signer.getNotBefore().toInstant() + " until " + signer.getNotAfter().toInstant()
                    + " only: sign it with one that is valid now");
        }
        if (certificates.contains(signer)) {
            return;
        }
        try {
            Set<TrustAnchor> authorities = certificates.stream().filter(TrustedCertificates::isAuthority)
                    .filter(authority -> !now.isAfter(authority.getNotAfter().toInstant()))
                    .map(authority -> new TrustAnchor(authority, null)).collect(Collectors.toSet());
            if (authorities.isEmpty()) {
                throw new RefusedException(unknown(signer) + ": if it should be trusted, put its certificate into " + folder);
            }
            X509CertSelector target = new X509CertSelector();
            target.setCertificate(signer);
            // Not whoever has a certificate of the same authority for another purpose, as for a web server.
            target.setExtendedKeyUsage(Set.of(CODE_SIGNING));
            target.setKeyUsage(new boolean[] {true});
            PKIXBuilderParameters parameters = new PKIXBuilderParameters(authorities, target);
            parameters.addCertStore(CertStore.getInstance("Collection", new CollectionCertStoreParameters(chain)));
            parameters.setRevocationEnabled(false);
            parameters.setDate(Date.from(now));
            CertPathBuilder.getInstance("PKIX").build(parameters);
        } catch (CertPathBuilderException e) {
            throw new RefusedException(unknown(signer) + ", and which no trusted authority certified for code signing ("
                    + e.getMessage() + "): if it should be trusted, put its certificate or that of its authority into " + folder, e);
        } catch (GeneralSecurityException | IOException e) {
            throw new RefusedException("is signed by " + name(signer) + ", whose certificate cannot be checked (" + e.getMessage()
                    + "): sign it with another one", e);
        }
    }

    private static String unknown(X509Certificate signer) {
        return "is signed by " + name(signer) + " (SHA-256 " + fingerprint(signer) + "), whom nobody trusts";
    }

    private static boolean isAuthority(X509Certificate certificate) {
        return certificate.getBasicConstraints() >= 0;
    }

    static String name(X509Certificate certificate) {
        return certificate.getSubjectX500Principal().getName();
    }

    static String fingerprint(X509Certificate certificate) {
        try {
            return HexFormat.of().withUpperCase().formatHex(MessageDigest.getInstance("SHA-256").digest(certificate.getEncoded()));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }
}
