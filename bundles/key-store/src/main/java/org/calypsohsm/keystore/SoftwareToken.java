package org.calypsohsm.keystore;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.KeyStore;

import javax.crypto.KeyGenerator;
import javax.crypto.SecretKey;

/** The storage key in a PKCS #12 file under a PIN: for development. It takes the place of a startup card. */
final class SoftwareToken {

    private static final String TYPE = "PKCS12";
    private static final String ENTRY = "storage";
    private static final int KEY_BITS = 256;

    private SoftwareToken() {
    }

    /**
     * Releases the storage key; makes it, with the file, if there is none.
     *
     * @param file the token
     * @param pin  its PIN
     * @throws KeyStoreException if the PIN is wrong, or the file is no token
     */
    static StorageKey release(Path file, char[] pin) {
        try {
            return new StorageKey(Files.exists(file) ? read(file, pin) : make(file, pin));
        } catch (IOException e) {
            throw new KeyStoreException("the token " + file + " does not release the storage key: the PIN is wrong, or it is no token.",
                    e);
        } catch (GeneralSecurityException e) {
            throw new KeyStoreException("the token " + file + " cannot be used: " + e.getMessage() + ".", e);
        }
    }

    private static SecretKey read(Path file, char[] pin) throws IOException, GeneralSecurityException {
        KeyStore token = KeyStore.getInstance(TYPE);
        try (InputStream in = Files.newInputStream(file)) {
            token.load(in, pin);
        }
        if (!(token.getKey(ENTRY, pin) instanceof SecretKey key)) {
            throw new KeyStoreException("the token " + file + " holds no storage key.", null);
        }
        return key;
    }

    private static SecretKey make(Path file, char[] pin) throws IOException, GeneralSecurityException {
        KeyGenerator generator = KeyGenerator.getInstance("AES");
        generator.init(KEY_BITS);
        SecretKey key = generator.generateKey();
        KeyStore token = KeyStore.getInstance(TYPE);
        token.load(null, pin);
        token.setEntry(ENTRY, new KeyStore.SecretKeyEntry(key), new KeyStore.PasswordProtection(pin));
        // Complete under another name first: a half-written token would take all keys with it.
        Path draft = Files.createTempFile(file.toAbsolutePath().getParent(), "token", null,
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        try (OutputStream out = Files.newOutputStream(draft)) {
            token.store(out, pin);
        }
        Files.move(draft, file, StandardCopyOption.ATOMIC_MOVE);
        return key;
    }
}
