package org.calypsohsm.startup.cards;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.SecureRandom;
import java.security.UnrecoverableKeyException;
import java.util.Arrays;

import javax.crypto.SecretKey;
import javax.crypto.spec.SecretKeySpec;

import org.calypsohsm.startup.LockedStore;
import org.calypsohsm.startup.StartupException;
import org.calypsohsm.startup.StartupException.Reason;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A storage key in a PKCS #12 file under a PIN: for development. It takes the place of startup cards. */
final class SoftwareToken {

    private static final Logger LOG = LoggerFactory.getLogger(SoftwareToken.class);
    private static final String TYPE = "PKCS12";
    private static final String ENTRY = "storage";
    private static final String SAFE_NAME = "[A-Za-z0-9][A-Za-z0-9._-]*";

    private final String store;
    private final Path file;

    /**
     * Names the token of a store.
     *
     * @param directory folder of the tokens; empty if there is none
     * @param store     name of the store
     * @throws StartupException FAILED if there is no folder, or the name cannot be that of a file
     */
    SoftwareToken(String directory, String store) throws StartupException {
        if (directory.isEmpty()) {
            throw new StartupException(Reason.FAILED, "Key store " + store + ": software tokens are refused; take startup cards, or for"
                    + " development set org.calypsohsm.startup tokenDirectory.");
        }
        if (!store.matches(SAFE_NAME)) {
            throw new StartupException(Reason.FAILED, "Key store " + store + ": a software token is a file of its name, so give the store"
                    + " a name of letters, digits, dots and dashes.");
        }
        this.store = store;
        file = Path.of(directory, store + ".p12");
    }

    /**
     * Releases the storage key.
     *
     * @param pin its PIN
     * @return the key; the caller overwrites it
     * @throws StartupException WRONG_PIN, or FAILED if the file is no token
     */
    byte[] read(char[] pin) throws StartupException {
        LOG.warn("Key store {}: SOFTWARE TOKEN {}: for development, never for the field.", store, file);
        try (InputStream in = Files.newInputStream(file)) {
            KeyStore token = KeyStore.getInstance(TYPE);
            token.load(in, pin);
            if (token.getKey(ENTRY, pin) instanceof SecretKey key && key.getEncoded().length == LockedStore.STORAGE_KEY_LENGTH) {
                return key.getEncoded();
            }
            throw new StartupException(Reason.FAILED, place() + "it holds no storage key; bring the right file back.");
        } catch (IOException | GeneralSecurityException e) {
            if (e.getCause() instanceof UnrecoverableKeyException || e instanceof UnrecoverableKeyException) {
                throw new StartupException(Reason.WRONG_PIN, place() + "the PIN is wrong; it has no limit of tries.", e);
            }
            throw new StartupException(Reason.FAILED, place() + "it cannot be read (" + e + "); bring the file back.", e);
        }
    }

    /**
     * Makes the token with a random storage key. A token that is there already, since its store was never begun, is taken
     * as it is.
     *
     * @param pin its PIN
     * @return the key; the caller overwrites it
     * @throws StartupException WRONG_PIN, or FAILED if the file cannot be written
     */
    byte[] make(char[] pin) throws StartupException {
        if (Files.exists(file)) {
            return read(pin);
        }
        LOG.warn("Key store {}: SOFTWARE TOKEN {}: for development, never for the field.", store, file);
        byte[] key = new byte[LockedStore.STORAGE_KEY_LENGTH];
        new SecureRandom().nextBytes(key);
        try {
            KeyStore token = KeyStore.getInstance(TYPE);
            token.load(null, pin);
            token.setEntry(ENTRY, new KeyStore.SecretKeyEntry(new SecretKeySpec(key, "AES")), new KeyStore.PasswordProtection(pin));
            Files.createDirectories(file.getParent());
            // Complete under another name first: a half-written token would take all keys with it. Only its owner may read it.
            Path draft = Files.createTempFile(file.getParent(), "token", null);
            try (FileChannel channel = FileChannel.open(draft, StandardOpenOption.WRITE); OutputStream out = Channels.newOutputStream(channel)) {
                token.store(out, pin);
                channel.force(true);
            }
            Files.move(draft, file, StandardCopyOption.ATOMIC_MOVE);
            return key;
        } catch (IOException | GeneralSecurityException e) {
            Arrays.fill(key, (byte) 0);
            throw new StartupException(Reason.FAILED, place() + "it cannot be written (" + e + "); check the folder.", e);
        }
    }

    /**
     * Deletes the file.
     *
     * @throws StartupException FAILED if it stays
     */
    void delete() throws StartupException {
        try {
            Files.deleteIfExists(file);
        } catch (IOException e) {
            throw new StartupException(Reason.FAILED, place() + "it cannot be deleted (" + e + "); delete it by hand.", e);
        }
    }

    private String place() {
        return "Key store " + store + ", software token " + file + ": ";
    }
}
