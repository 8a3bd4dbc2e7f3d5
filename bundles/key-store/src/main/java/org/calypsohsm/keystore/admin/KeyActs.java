package org.calypsohsm.keystore.admin;

import java.security.DrbgParameters;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.util.Arrays;

import org.calypsohsm.key.KeyAdministrationException;
import org.calypsohsm.key.KeyAdministrationException.Reason;
import org.calypsohsm.key.KeyTemplate;
import org.calypsohsm.key.KeyValue;
import org.calypsohsm.key.Officer;
import org.calypsohsm.key.Role;
import org.calypsohsm.key.SamKey;
import org.calypsohsm.keystore.DurableKeyGroup;
import org.calypsohsm.keystore.OpenStore;

/** Makes, invalidates and deletes keys. */
final class KeyActs {

    private static final int STRENGTH = 256;

    private final StoreAccess access;
    private final SecureRandom random = drbg();

    KeyActs(StoreAccess access) {
        this.access = access;
    }

    private static SecureRandom drbg() {
        try {
            return SecureRandom.getInstance("DRBG",
                    DrbgParameters.instantiation(STRENGTH, DrbgParameters.Capability.PR_AND_RESEED, null));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("Every Java platform has a DRBG.", e);
        }
    }

    static String subject(int group, KeyTemplate key) {
        return key + " of key group " + group;
    }

    private static String subject(int group, SamKey key) {
        return key + " of key group " + group;
    }

    SamKey generate(OpenStore store, Officer by, int number, KeyTemplate template) throws KeyAdministrationException {
        access.require(by, Role.ADMINISTRATOR);
        DurableKeyGroup group = access.group(store, number);
        new KeyPlaces(access, group).find(template);
        access.order("key.generate", subject(number, template), by.name(), "The key is made with a random value.");
        byte[] value = new byte[KeyValue.LENGTH];
        random.nextBytes(value);
        return write(group, template, value);
    }

    /** Writes a new key; overwrites the bytes of its value. */
    SamKey write(DurableKeyGroup group, KeyTemplate template, byte[] value) throws KeyAdministrationException {
        KeyValue kept = KeyValue.copyOf(value);
        Arrays.fill(value, (byte) 0);
        synchronized (group) {
            SamKey key = new KeyPlaces(access, group).place(template, kept);
            SamKey before = group.key(key.reference());
            group.writeKey(key);
            if (before != null) {
                before.value().destroy();
            }
            return key;
        }
    }

    private SamKey find(DurableKeyGroup group, int reference) throws KeyAdministrationException {
        SamKey key = group.key(reference);
        if (key == null) {
            throw access.fault(Reason.NOT_FOUND, String.format("key group %d has no key in record %02X; list its keys for their"
                    + " records.", group.number(), reference));
        }
        return key;
    }

    void invalidate(OpenStore store, Officer by, int number, int reference) throws KeyAdministrationException {
        access.require(by, Role.ADMINISTRATOR);
        DurableKeyGroup group = access.group(store, number);
        access.order("key.invalidate", subject(number, find(group, reference)), by.name(), "No command may use the key any more.");
        synchronized (group) {
            group.writeKey(find(group, reference).invalidated());
        }
    }

    void delete(OpenStore store, Officer by, int number, int reference) throws KeyAdministrationException {
        access.require(by, Role.ADMINISTRATOR);
        DurableKeyGroup group = access.group(store, number);
        access.order("key.delete", subject(number, find(group, reference)), by.name(), "The key is deleted.");
        synchronized (group) {
            group.deleteKey(reference);
        }
    }
}
