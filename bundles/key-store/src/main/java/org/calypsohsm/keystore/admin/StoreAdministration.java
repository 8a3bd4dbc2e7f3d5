package org.calypsohsm.keystore.admin;

import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.function.LongSupplier;

import org.calypsohsm.key.KeyAdministration;
import org.calypsohsm.key.KeyAdministrationException;
import org.calypsohsm.key.KeyGroup;
import org.calypsohsm.key.KeyImport;
import org.calypsohsm.key.KeyTemplate;
import org.calypsohsm.key.Officer;
import org.calypsohsm.key.RestoreReport;
import org.calypsohsm.key.SamKey;

/** The administration of one key store. */
public final class StoreAdministration implements KeyAdministration {

    private final StoreAccess access;
    private final GroupActs groups;
    private final KeyActs keys;
    private final ComponentImports imports;
    private final CeilingRaise ceilings;
    private final Transfers transfers;
    private final Backups backups;

    /**
     * Makes the service.
     *
     * @param access the way to the store
     */
    public StoreAdministration(StoreAccess access) {
        this(access, System::nanoTime);
    }

    StoreAdministration(StoreAccess access, LongSupplier nanoTime) {
        this.access = access;
        groups = new GroupActs(access);
        keys = new KeyActs(access);
        imports = new ComponentImports(access, keys, nanoTime);
        ceilings = new CeilingRaise(access);
        transfers = new Transfers(access);
        backups = new Backups(access);
    }

    /** @return raises ceilings; it needs the channel manager */
    public CeilingRaise ceilings() {
        return ceilings;
    }

    /** Forgets the components of all imports: the store is locked. */
    public void forget() {
        imports.dropAll();
    }

    /** Forgets the components of all imports, and ends. */
    public void close() {
        imports.close();
    }

    @Override
    public KeyGroup createGroup(Officer by, int number, int channelQuota, int ceiling) throws KeyAdministrationException {
        return access.run(store -> groups.create(store, by, number, channelQuota, ceiling));
    }

    @Override
    public void limitChannels(Officer by, int group, int channelQuota) throws KeyAdministrationException {
        access.run(store -> {
            groups.limit(store, by, group, channelQuota);
            return null;
        });
    }

    @Override
    public void deleteGroup(Officer by, int group) throws KeyAdministrationException {
        access.run(store -> {
            groups.delete(store, by, group);
            return null;
        });
    }

    @Override
    public SamKey generate(Officer by, int group, KeyTemplate key) throws KeyAdministrationException {
        return access.run(store -> keys.generate(store, by, group, key));
    }

    @Override
    public KeyImport importComponent(Officer by, int group, KeyTemplate key, int components, byte[] component)
            throws KeyAdministrationException {
        try {
            return access.run(store -> imports.take(store, by, group, key, components, component));
        } finally {
            Arrays.fill(component, (byte) 0);
        }
    }

    @Override
    public void cancelImport(Officer by, int group, KeyTemplate key) throws KeyAdministrationException {
        access.run(store -> {
            imports.cancel(by, group, key);
            return null;
        });
    }

    @Override
    public void invalidate(Officer by, int group, int reference) throws KeyAdministrationException {
        access.run(store -> {
            keys.invalidate(store, by, group, reference);
            return null;
        });
    }

    @Override
    public void delete(Officer by, int group, int reference) throws KeyAdministrationException {
        access.run(store -> {
            keys.delete(store, by, group, reference);
            return null;
        });
    }

    @Override
    public void raiseCeiling(Officer by, int group, int counter, int ceiling, int controlGroup) throws KeyAdministrationException {
        access.run(store -> {
            ceilings.raise(store, by, group, counter, ceiling, controlGroup);
            return null;
        });
    }

    @Override
    public X509Certificate certificate() throws KeyAdministrationException {
        return access.run(transfers::certificate);
    }

    @Override
    public byte[] exportKeys(Officer by, int group, Collection<Integer> references, X509Certificate target)
            throws KeyAdministrationException {
        return access.run(store -> transfers.seal(store, by, group, references, target));
    }

    @Override
    public List<SamKey> importKeys(Officer by, int group, byte[] transfer, X509Certificate source)
            throws KeyAdministrationException {
        return access.run(store -> transfers.take(store, by, group, transfer, source));
    }

    @Override
    public int backup(Officer by, Path file) throws KeyAdministrationException {
        return access.run(store -> backups.write(store, by, file));
    }

    @Override
    public RestoreReport restore(Officer by, Path file) throws KeyAdministrationException {
        return access.run(store -> backups.restore(store, by, file));
    }
}
