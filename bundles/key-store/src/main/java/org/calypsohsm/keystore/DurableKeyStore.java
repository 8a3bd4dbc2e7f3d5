package org.calypsohsm.keystore;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.function.Consumer;

import org.calypsohsm.key.KeyGroup;
import org.calypsohsm.key.KeyStore;
import org.calypsohsm.key.KeyStoreStatus;
import org.calypsohsm.testkeys.TestKeys;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.ConfigurationPolicy;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.metatype.annotations.AttributeDefinition;
import org.osgi.service.metatype.annotations.Designate;
import org.osgi.service.metatype.annotations.ObjectClassDefinition;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A key store in a file: sealed with AES-256-GCM, and every change durable before it is answered. Groups that are missing
 * are made with the public test keys.
 */
@Component(immediate = true, service = KeyStore.class, configurationPid = "org.calypsohsm.keystore.durable",
        configurationPolicy = ConfigurationPolicy.REQUIRE)
@Designate(ocd = DurableKeyStore.Config.class)
public final class DurableKeyStore implements KeyStore {

    /** Configuration of the key store. */
    @ObjectClassDefinition(name = "Durable key store")
    public @interface Config {

        /** @return folder of the store and its token */
        @AttributeDefinition(description = "Folder of the store and its token; it is made if it is missing")
        String directory();

        /** @return file with the PIN of the software token */
        @AttributeDefinition(description = "File with the PIN of the software token, in one line")
        String pinFile();

        /** @return numbers of the key groups that are made with test keys if they are missing */
        @AttributeDefinition(description = "Numbers of the key groups that are made with public test keys if they are missing")
        int[] testGroups() default {};
    }

    private static final Logger LOG = LoggerFactory.getLogger(DurableKeyStore.class);

    private final SealedStore store;
    private final GroupCommit commits;
    private final KeyStoreStatus status = new KeyStoreStatus(KeyStoreStatus.State.OPEN, "It is open.");
    private final Map<Integer, DurableKeyGroup> groups = new ConcurrentSkipListMap<>();

    /**
     * Opens the store.
     *
     * @param config where it is
     * @throws IllegalStateException         if it cannot be opened; the message says why
     * @throws java.io.UncheckedIOException if the folder cannot be made or the PIN not be read
     */
    @Activate
    public DurableKeyStore(Config config) {
        this(Path.of(config.directory()), pin(Path.of(config.pinFile())), config.testGroups());
        LOG.warn("The key store in {} is opened by a SOFTWARE TOKEN: for development, never for the field.", config.directory());
    }

    DurableKeyStore(Path directory, char[] pin, int... testGroups) {
        try {
            Files.createDirectories(directory);
        } catch (IOException e) {
            throw new UncheckedIOException("Key store: the folder " + directory + " cannot be made.", e);
        }
        StorageKey key = SoftwareToken.release(directory.resolve("storage.p12"), pin);
        Arrays.fill(pin, '\0');
        store = new SealedStore(directory.resolve("keys.mv"), key);
        commits = new GroupCommit(store);
        for (int number : DurableKeyGroup.numbers(store)) {
            groups.put(number, DurableKeyGroup.read(number, store, commits));
        }
        for (int group : testGroups) {
            if (!groups.containsKey(group)) {
                LOG.warn("Key group {} is made with PUBLIC TEST KEYS: they protect nothing, never use them in the field.", group);
                groups.put(group, DurableKeyGroup.create(group, TestKeys.workKeys(group), TestKeys.systemKeys(group), commits));
            }
        }
    }

    private static char[] pin(Path file) {
        try {
            return Files.readString(file).strip().toCharArray();
        } catch (IOException e) {
            throw new UncheckedIOException("Key store: the PIN file " + file + " cannot be read.", e);
        }
    }

    /** Writes what is under way, and closes the file. */
    @Deactivate
    void close() {
        commits.close();
        store.close();
    }

    @Override
    public Set<Integer> keyGroups() {
        return Set.copyOf(groups.keySet());
    }

    @Override
    public KeyGroup keyGroup(int number) {
        return groups.get(number);
    }

    @Override
    public KeyStoreStatus status() {
        return status;
    }

    @Override
    public Watch watch(Consumer<KeyStoreStatus> listener) {
        listener.accept(status);
        return () -> { };
    }
}
