package org.calypsohsm.certificates;

import java.nio.file.Path;
import java.security.cert.X509Certificate;

/**
 * Keys and certificate of a server or a client.
 *
 * @param name         its common name, and the name of its files
 * @param certificate  its certificate
 * @param sha256       SHA-256 of the certificate, 64 hexadecimal digits
 * @param keyStore     file with its keys and certificates, PKCS#12
 * @param passwordFile file with the password of the key store, one line
 * @param password     the password of the key store
 */
public record Credentials(String name, X509Certificate certificate, String sha256, Path keyStore, Path passwordFile,
        String password) {

    /** Tells the name only. */
    @Override
    public String toString() {
        return "Credentials[" + name + "]";
    }
}
