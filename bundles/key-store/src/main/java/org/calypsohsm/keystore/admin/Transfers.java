package org.calypsohsm.keystore.admin;

import java.io.IOException;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.security.interfaces.ECPublicKey;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HexFormat;
import java.util.List;
import java.util.TreeSet;

import org.bouncycastle.cms.CMSException;
import org.bouncycastle.operator.OperatorCreationException;
import org.calypsohsm.key.KeyAdministrationException;
import org.calypsohsm.key.KeyAdministrationException.Reason;
import org.calypsohsm.key.Officer;
import org.calypsohsm.key.Role;
import org.calypsohsm.key.SamKey;
import org.calypsohsm.keystore.DurableKeyGroup;
import org.calypsohsm.keystore.KeyStoreException;
import org.calypsohsm.keystore.OpenStore;
import org.calypsohsm.keystore.admin.TransferMessage.BadMessageException;

/** Hands keys to other stores, and takes keys from them. */
final class Transfers {

    /** How the names of the records of messages that were taken begin; the transfer id in hexadecimal digits follows. */
    static final String TAKEN = "taken/";

    private static final int P256_BITS = 256;

    private final StoreAccess access;
    private final SecureRandom random = new SecureRandom();

    Transfers(StoreAccess access) {
        this.access = access;
    }

    X509Certificate certificate(OpenStore store) {
        return StoreIdentity.of(store, access.name()).certificate();
    }

    byte[] seal(OpenStore store, Officer by, int number, Collection<Integer> references, X509Certificate target)
            throws KeyAdministrationException {
        access.require(by, Role.ADMINISTRATOR);
        DurableKeyGroup group = access.group(store, number);
        if (references.isEmpty()) {
            throw access.fault(Reason.BAD_INPUT, "no key is named; give the records of the keys to export.");
        }
        List<TransferContent.Key> keys = new ArrayList<>();
        for (int reference : new TreeSet<>(references)) {
            SamKey key = group.key(reference);
            if (key == null) {
                throw access.fault(Reason.NOT_FOUND, String.format("key group %d has no key in record %02X; list its keys for their"
                        + " records.", number, reference));
            }
            keys.add(TransferContent.Key.of(key));
        }
        String fingerprint = usable(target);
        access.order("keys.export", "key group " + number, by.name(), keys.size() + " keys are sealed for the store with the certificate "
                + fingerprint + ": " + keys.stream().map(TransferContent.Key::template).toList() + ".");
        try {
            StoreIdentity identity = StoreIdentity.of(store, access.name());
            byte[] id = new byte[TransferContent.ID];
            random.nextBytes(id);
            byte[] content = new TransferContent(id, access.name(), StoreIdentity.fingerprint(identity.certificate()), keys).encode();
            try {
                return TransferMessage.seal(content, identity, target);
            } finally {
                Arrays.fill(content, (byte) 0);
            }
        } catch (GeneralSecurityException | OperatorCreationException | CMSException | IOException e) {
            throw access.fault(Reason.FAILED, "the keys cannot be sealed: " + e.getMessage() + "; check the certificate.", e);
        }
    }

    /** @return the fingerprint of a certificate that keys can be sealed for */
    private String usable(X509Certificate target) throws KeyAdministrationException {
        try {
            target.checkValidity();
            if (!(target.getPublicKey() instanceof ECPublicKey key) || key.getParams().getCurve().getField().getFieldSize() != P256_BITS) {
                throw access.fault(Reason.BAD_INPUT, "the certificate has no key on the curve P-256; ask for that of a key store.");
            }
            return HexFormat.of().withUpperCase().formatHex(StoreIdentity.fingerprint(target));
        } catch (GeneralSecurityException e) {
            throw access.fault(Reason.BAD_INPUT, "the certificate cannot be used: " + e.getMessage() + "; ask for that of a key store.", e);
        }
    }

    List<SamKey> take(OpenStore store, Officer by, int number, byte[] message, X509Certificate source)
            throws KeyAdministrationException {
        access.require(by, Role.ADMINISTRATOR);
        DurableKeyGroup group = access.group(store, number);
        TransferContent content = open(store, message, source);
        boolean taken = false;
        try {
            String record = TAKEN + HexFormat.of().formatHex(content.id());
            if (store.records().get(record) != null) {
                throw access.fault(Reason.BAD_INPUT, "the message was taken before, and counts once; ask for a new one.");
            }
            place(group, content);
            access.order("keys.import", "key group " + number, by.name(), content.keys().size() + " keys of key store " + content.source()
                    + " are taken: " + content.keys().stream().map(TransferContent.Key::template).toList() + ".");
            synchronized (group) {
                List<SamKey> keys = place(group, content);
                List<SamKey> before = keys.stream().map(key -> group.key(key.reference())).toList();
                store.commits().commit(records -> {
                    group.putKeys(keys, records);
                    records.put(record, new byte[1]);
                });
                group.serve(keys);
                taken = true;
                before.forEach(key -> {
                    if (key != null) {
                        key.value().destroy();
                    }
                });
                return keys;
            }
        } finally {
            if (!taken) {
                content.destroy();
            }
        }
    }

    private TransferContent open(OpenStore store, byte[] message, X509Certificate source) throws KeyAdministrationException {
        byte[] der = null;
        try {
            der = TransferMessage.open(message, StoreIdentity.read(store), source);
            TransferContent content = TransferContent.decode(der);
            if (!MessageDigest.isEqual(content.fingerprint(), StoreIdentity.fingerprint(source))) {
                content.destroy();
                throw new BadMessageException("the message was made by another store than the one that signed it", null);
            }
            return content;
        } catch (BadMessageException e) {
            throw access.fault(Reason.BAD_INPUT, e.getMessage() + "; have it made anew for the certificate of this store.", e);
        } catch (KeyStoreException e) {
            throw e;
        } catch (GeneralSecurityException | RuntimeException e) {
            throw access.fault(Reason.BAD_INPUT, "the message holds something else than keys; have it made anew.", e);
        } finally {
            if (der != null) {
                Arrays.fill(der, (byte) 0);
            }
        }
    }

    private List<SamKey> place(DurableKeyGroup group, TransferContent content) throws KeyAdministrationException {
        KeyPlaces places = new KeyPlaces(access, group);
        List<SamKey> keys = new ArrayList<>();
        for (TransferContent.Key key : content.keys()) {
            SamKey placed = places.place(key.template(), key.value());
            keys.add(key.usable() ? placed : placed.invalidated());
        }
        return List.copyOf(keys);
    }
}
