package org.calypsohsm.keystore;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Dictionary;
import java.util.Hashtable;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;

import org.calypsohsm.audit.AuditLog;
import org.calypsohsm.auditing.AuditClient;
import org.calypsohsm.channel.ChannelManager;
import org.calypsohsm.key.KeyAdministration;
import org.calypsohsm.key.KeyGroup;
import org.calypsohsm.key.KeyStore;
import org.calypsohsm.key.KeyStoreStatus;
import org.calypsohsm.key.KeyStoreStatus.State;
import org.calypsohsm.key.Officers;
import org.calypsohsm.keystore.admin.StoreAccess;
import org.calypsohsm.keystore.admin.StoreAdministration;
import org.calypsohsm.keystore.admin.StoreOfficers;
import org.calypsohsm.startup.CardSet;
import org.calypsohsm.startup.LockedStore;
import org.calypsohsm.startup.StartupException;
import org.calypsohsm.startup.StartupException.Reason;
import org.calypsohsm.testkeys.TestKeys;
import org.osgi.framework.BundleContext;
import org.osgi.framework.ServiceRegistration;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.ConfigurationPolicy;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.component.annotations.ReferenceCardinality;
import org.osgi.service.component.annotations.ReferencePolicy;
import org.osgi.service.metatype.annotations.AttributeDefinition;
import org.osgi.service.metatype.annotations.Designate;
import org.osgi.service.metatype.annotations.ObjectClassDefinition;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A key store in a file: sealed with AES-256-GCM, and every change durable before it is answered. It is locked until
 * start-up releases its storage key.
 */
@Component(immediate = true, service = {KeyStore.class, LockedStore.class}, configurationPid = DurableKeyStore.PID,
        configurationPolicy = ConfigurationPolicy.REQUIRE)
@Designate(ocd = DurableKeyStore.Config.class, factory = true)
public final class DurableKeyStore implements KeyStore, LockedStore {

    static final String PID = "org.calypsohsm.keystore.durable";

    /** Configuration of the key store. */
    @ObjectClassDefinition(name = "Durable key store")
    public @interface Config {

        /** @return unique name of the store */
        @AttributeDefinition(description = "Unique name of the store")
        String hsm_keystore_name() default "main";

        /** @return folder of the store */
        @AttributeDefinition(description = "Folder of the store; it is made if it is missing")
        String directory();

        /** @return file that tells whether the store is an old copy */
        @AttributeDefinition(description = "File that tells whether the store is an old copy, outside of its folder and of every"
                + " backup; if not given, the folder's name with .epoch, beside it")
        String epochFile() default "";

        /** @return numbers of the key groups that are made with test keys if they are missing */
        @AttributeDefinition(description = "Numbers of the key groups that are made with public test keys if they are missing")
        int[] testGroups() default {};

        /** @return whether keys are administered only while an audit log is present */
        @AttributeDefinition(description = "Whether keys are administered only while an audit log is present")
        boolean auditRequired() default false;
    }

    private static final Logger LOG = LoggerFactory.getLogger(DurableKeyStore.class);
    private static final String FILE = "keys.db";
    /** The file, and what SQLite leaves beside it if it was not closed. */
    private static final List<String> PARTS = List.of("", "-wal", "-shm", "-journal");
    private static final String SET = "startup.set";
    private static final String THRESHOLD = "startup.threshold";
    private static final String CARDS = "startup.cards";
    /** From this percentage of a ceiling on, a mark is an alarm. */
    private static final int ALARM_PERCENT = 80;
    private static final String ACTOR = "start-up";

    private final String name;
    private final Path directory;
    private final EpochFile epochFile;
    private final int[] testGroups;
    private final AuditClient audit;
    private final StoreAdministration administration;
    private final StoreOfficers officers;
    private final List<ServiceRegistration<?>> services = new ArrayList<>();
    /** Held while the store opens, locks or ends. */
    private final ReentrantLock life = new ReentrantLock();
    private final List<Consumer<KeyStoreStatus>> listeners = new ArrayList<>();
    /** Held while listeners are told. */
    private final ReentrantLock telling = new ReentrantLock();
    private SealedStore file;
    private volatile OpenStore open;
    private volatile KeyStoreStatus status;

    /**
     * Opens the file; its records stay sealed.
     *
     * @param config where it is
     */
    @Activate
    public DurableKeyStore(Config config) {
        this(config.hsm_keystore_name(), Path.of(config.directory()), config.epochFile().isEmpty() ? null
                : Path.of(config.epochFile()), config.auditRequired(), config.testGroups());
    }

    /** @param epochFile null for its usual place */
    DurableKeyStore(String name, Path folder, Path epochFile, boolean auditRequired, int... testGroups) {
        this.name = name;
        directory = folder.toAbsolutePath();
        this.epochFile = new EpochFile(epochFile == null ? directory.resolveSibling(directory.getFileName() + ".epoch")
                : epochFile.toAbsolutePath());
        this.testGroups = testGroups.clone();
        audit = new AuditClient("Key store " + name, PID, auditRequired);
        openFile();
        StoreAccess access = new StoreAccess(name, this::opened, this::status, audit);
        administration = new StoreAdministration(access);
        officers = new StoreOfficers(access);
        watch(now -> {
            if (!now.isOpen()) {
                administration.forget();
            }
        });
    }

    /**
     * Registers the services that administer the keys.
     *
     * @param context of the bundle
     */
    @Activate
    void register(BundleContext context) {
        Dictionary<String, Object> properties = new Hashtable<>(Map.of(KeyStore.NAME, name));
        services.add(context.registerService(KeyAdministration.class, administration, properties));
        services.add(context.registerService(Officers.class, officers, properties));
    }

    private void openFile() {
        try {
            Files.createDirectories(directory);
            file = new SealedStore(directory.resolve(FILE));
            status = locked();
        } catch (IOException | RuntimeException e) {
            // A service all the same: the modules on it tell what is wrong.
            status = new KeyStoreStatus(State.FAILED, "Key store " + name + ": " + (e instanceof KeyStoreException fault
                    ? fault.reason() : "the folder " + directory + " cannot be made: " + e + "."));
            LOG.error(status.sentence(), e);
        }
    }

    private KeyStoreStatus locked() {
        CardSet set = cardSet();
        String needed = set == null ? "has to be initialized: hsm:initialize " + name
                : set.isSoftwareToken() ? "waits for the PIN of its software token: hsm:unlock " + name
                : "waits for " + set.threshold() + " of its " + set.cards() + " startup cards: hsm:unlock " + name;
        return new KeyStoreStatus(State.LOCKED, "Key store " + name + " is locked and " + needed + ".");
    }

    /** Writes what is under way, and closes the file. */
    @Deactivate
    void close() {
        services.forEach(ServiceRegistration::unregister);
        services.clear();
        life.lock();
        try {
            OpenStore ending = open;
            open = null;
            if (ending != null) {
                ending.endEpoch();
            }
            if (file != null) {
                file.close();
            }
        } finally {
            life.unlock();
            administration.close();
            audit.stop();
        }
    }

    @Reference(cardinality = ReferenceCardinality.OPTIONAL, policy = ReferencePolicy.DYNAMIC)
    void bindAuditLog(AuditLog log) {
        audit.come(log);
    }

    void unbindAuditLog(AuditLog log) {
        audit.go(log);
    }

    @Reference(cardinality = ReferenceCardinality.OPTIONAL, policy = ReferencePolicy.DYNAMIC)
    void bindChannelManager(ChannelManager manager) {
        administration.ceilings().come(manager);
    }

    void unbindChannelManager(ChannelManager manager) {
        administration.ceilings().go(manager);
    }

    // ---- KeyStore

    @Override
    public Set<Integer> keyGroups() {
        OpenStore now = open;
        return now == null ? Set.of() : Set.copyOf(now.groups().keySet());
    }

    @Override
    public KeyGroup keyGroup(int number) {
        OpenStore now = open;
        return now == null ? null : now.groups().get(number);
    }

    @Override
    public KeyStoreStatus status() {
        return status;
    }

    @Override
    public Watch watch(Consumer<KeyStoreStatus> listener) {
        telling.lock();
        try {
            listeners.add(listener);
            listener.accept(status);
        } finally {
            telling.unlock();
        }
        return () -> {
            telling.lock();
            try {
                listeners.remove(listener);
            } finally {
                telling.unlock();
            }
        };
    }

    private void become(KeyStoreStatus next) {
        status = next;
        telling.lock();
        try {
            for (Consumer<KeyStoreStatus> listener : List.copyOf(listeners)) {
                try {
                    listener.accept(next);
                } catch (RuntimeException e) {
                    LOG.error("Key store {}: a module does not take its state: {}", name, e.toString(), e);
                }
            }
        } finally {
            telling.unlock();
        }
    }

    // ---- LockedStore

    @Override
    public String name() {
        return name;
    }

    @Override
    public CardSet cardSet() {
        life.lock();
        try {
            String set = file == null ? null : file.label(SET);
            return set == null ? null
                    : new CardSet(set, Integer.parseInt(file.label(THRESHOLD)), Integer.parseInt(file.label(CARDS)));
        } finally {
            life.unlock();
        }
    }

    @Override
    public void initialize(byte[] storageKey, CardSet cards) throws StartupException {
        begin(storageKey, cards, 0, cards.isSoftwareToken() ? "It begins, under a software token."
                : "It begins, under " + cards.threshold() + " of " + cards.cards() + " startup cards.");
    }

    @Override
    public long adopt(byte[] storageKey, CardSet cards, long cardEpoch) throws StartupException {
        return begin(storageKey, cards, cardEpoch, "It begins, under the startup cards of a store of before.");
    }

    private long begin(byte[] storageKey, CardSet cards, long epochBefore, String outcome) throws StartupException {
        StorageKey key = take(storageKey);
        life.lock();
        try {
            requireFile();
            SealingCheck.run();
            if (cardSet() != null) {
                throw fault(Reason.ALREADY_INITIALIZED, "it has startup cards already; zeroize it first to begin anew.", null);
            }
            order("keystore.initialize", outcome);
            file.label(SET, cards.id());
            file.label(THRESHOLD, String.valueOf(cards.threshold()));
            file.label(CARDS, String.valueOf(cards.cards()));
            OpenStore begun = OpenStore.create(file, key, epochBefore + 1, epochFile, this::reached, this::failed);
            serve(begun);
            return begun.epoch();
        } catch (KeyStoreException e) {
            // So that it can be tried again: there is no store yet.
            file.unlabel(SET);
            throw fault(Reason.FAILED, e.reason(), e);
        } finally {
            life.unlock();
        }
    }

    @Override
    public long open(byte[] storageKey, long cardEpoch) throws StartupException {
        StorageKey key = take(storageKey);
        life.lock();
        try {
            requireFile();
            SealingCheck.run();
            if (open != null) {
                throw fault(Reason.ALREADY_OPEN, "it is open already.", null);
            }
            if (cardSet() == null) {
                throw fault(Reason.NOT_INITIALIZED, "it has no startup cards yet: hsm:initialize " + name + ".", null);
            }
            order("keystore.open", "It opens.");
            OpenStore opening = OpenStore.open(file, key, epochFile, this::reached, this::failed);
            try {
                if (opening.goOn(cardEpoch)) {
                    String sentence = "It is an old copy, so all event counters are at their ceilings; a supervisor raises them.";
                    LOG.error("Key store {}: {}", name, sentence);
                    audit.note("keystore.oldcopy", subject(), sentence);
                }
            } catch (RuntimeException e) {
                opening.close();
                throw e;
            }
            serve(opening);
            return opening.epoch();
        } catch (OpenStore.WrongKeyException e) {
            throw fault(Reason.WRONG_KEY, e.getMessage(), e);
        } catch (KeyStoreException e) {
            throw fault(Reason.FAILED, e.reason(), e);
        } finally {
            life.unlock();
        }
    }

    private static StorageKey take(byte[] storageKey) {
        try {
            return new StorageKey(storageKey);
        } finally {
            Arrays.fill(storageKey, (byte) 0);
        }
    }

    private void requireFile() throws StartupException {
        if (file == null) {
            throw new StartupException(Reason.FAILED, status.sentence());
        }
    }

    private StartupException fault(Reason reason, String sentence, Throwable cause) {
        return new StartupException(reason, "Key store " + name + ": " + sentence, cause);
    }

    private String subject() {
        return "key store " + name;
    }

    private void order(String act, String outcome) throws StartupException {
        try {
            audit.order(act, subject(), ACTOR, outcome);
        } catch (IllegalStateException e) {
            throw new StartupException(Reason.NOT_RECORDED, e.getMessage(), e);
        }
    }

    private void serve(OpenStore opened) {
        for (int group : testGroups) {
            if (!opened.groups().containsKey(group)) {
                LOG.warn("Key group {} is made with PUBLIC TEST KEYS: they protect nothing, never use them in the field.", group);
                opened.groups().put(group, DurableKeyGroup.create(group, TestKeys.workKeys(group), TestKeys.systemKeys(group),
                        opened.marks(), opened.commits()));
            }
        }
        open = opened;
        LOG.info("Key store {} is open, with the key groups {}.", name, opened.groups().keySet());
        become(new KeyStoreStatus(State.OPEN, "Key store " + name + " is open."));
    }

    @Override
    public void lock(String reason) throws StartupException {
        life.lock();
        try {
            order("keystore.lock", reason);
            lockNow();
        } finally {
            life.unlock();
        }
    }

    private void lockNow() {
        OpenStore ending = open;
        if (ending == null) {
            return;
        }
        open = null;
        // The modules first: they are mute before the keys are overwritten.
        become(locked());
        ending.endEpoch();
        LOG.info("Key store {} is locked.", name);
    }

    @Override
    public void zeroize(String reason) throws StartupException {
        life.lock();
        try {
            try {
                audit.order("keystore.zeroize", subject(), ACTOR, reason);
            } catch (IllegalStateException e) {
                // Whoever destroys keys has a reason not to wait for a log.
                LOG.error("Key store {} is zeroized although that is not in the audit log: {}", name, e.getMessage());
            }
            OpenStore ending = open;
            open = null;
            if (ending != null) {
                become(locked());
                ending.close();
            }
            destroyFile();
            openFile();
            become(status);
        } catch (IOException | RuntimeException e) {
            throw fault(Reason.FAILED, "its keys are overwritten in memory, but the file " + directory.resolve(FILE)
                    + " is not destroyed: " + e + "; destroy the disk.", e);
        } finally {
            life.unlock();
        }
    }

    private void destroyFile() throws IOException {
        if (file != null) {
            file.close();
            file = null;
        }
        for (String part : PARTS) {
            Path path = directory.resolve(FILE + part);
            if (Files.exists(path)) {
                SecureErase.erase(path);
            }
        }
        LOG.warn("Key store {} is zeroized: all of its keys are destroyed.", name);
    }

    // ---- what happens by itself

    private void failed(RuntimeException fault) {
        LOG.error("Key store {} cannot be written, so nothing more is counted or changed: {}", name, fault.getMessage(), fault);
        // Not on this thread, which the modules may wait for.
        Thread teller = new Thread(() -> become(new KeyStoreStatus(State.FAILED, "Key store " + name
                + " cannot be written, so nothing more is counted or changed: " + fault.getMessage())), "hsm-key-store-failed");
        teller.setDaemon(true);
        teller.start();
    }

    private void reached(int group, int counter, int value, int ceiling, int percent) {
        boolean alarm = percent >= ALARM_PERCENT;
        String subject = "event counter " + counter + " of key group " + group + " in key store " + name;
        String outcome = String.format("It is at %,d of %,d, which is %d %% of its ceiling.", value, ceiling, percent);
        if (alarm) {
            LOG.warn("ALARM: {}: {}", subject, outcome);
        }
        audit.note(alarm ? "counter.alarm" : "counter.milestone", subject, outcome);
    }

    // ---- for the administration

    /** @return what there is while the store is open; null otherwise */
    public OpenStore opened() {
        return open;
    }

    /** @return takes what is ordered */
    public AuditClient audit() {
        return audit;
    }
}
