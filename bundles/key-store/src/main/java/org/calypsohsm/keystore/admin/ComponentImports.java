package org.calypsohsm.keystore.admin;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.LongSupplier;

import org.calypsohsm.key.KeyAdministration;
import org.calypsohsm.key.KeyAdministrationException;
import org.calypsohsm.key.KeyAdministrationException.Reason;
import org.calypsohsm.key.KeyImport;
import org.calypsohsm.key.KeyTemplate;
import org.calypsohsm.key.KeyValue;
import org.calypsohsm.key.Officer;
import org.calypsohsm.key.Role;
import org.calypsohsm.keystore.DurableKeyGroup;
import org.calypsohsm.keystore.OpenStore;
import org.calypsohsm.keystore.admin.PendingImports.Import;
import org.calypsohsm.keystore.admin.PendingImports.Target;

/** Imports keys by components, each from another custodian. */
final class ComponentImports {

    private static final String CANCEL = "key.import.cancel";

    private final StoreAccess access;
    private final KeyActs keys;
    private final PendingImports pending;

    ComponentImports(StoreAccess access, KeyActs keys, LongSupplier nanoTime) {
        this.access = access;
        this.keys = keys;
        pending = new PendingImports(nanoTime, target -> access.note(CANCEL, subject(target),
                "The components given are forgotten, since no other one came for " + KeyAdministration.IMPORT_MINUTES + " minutes."));
    }

    private static String subject(Target target) {
        return String.format("%s key KIF %02X KVC %02X of key group %d", target.system() ? "system" : "work", target.kif(), target.kvc(),
                target.group());
    }

    KeyImport take(OpenStore store, Officer by, int number, KeyTemplate template, int components, byte[] component)
            throws KeyAdministrationException {
        access.require(by, Role.CUSTODIAN);
        DurableKeyGroup group = access.group(store, number);
        if (component.length != KeyValue.LENGTH) {
            throw access.fault(Reason.BAD_INPUT, "a component has " + KeyValue.LENGTH + " bytes, not " + component.length + ".");
        }
        if (components < KeyAdministration.LEAST_COMPONENTS || components > KeyAdministration.MOST_COMPONENTS) {
            throw access.fault(Reason.BAD_INPUT, "a key has " + KeyAdministration.LEAST_COMPONENTS + " to "
                    + KeyAdministration.MOST_COMPONENTS + " components, not " + components + ".");
        }
        new KeyPlaces(access, group).find(template);
        Target target = Target.of(number, template);
        Import found = pending.find(target);
        Import current = found == null ? new Import(template, components) : found;
        requireFits(current, by, template, components);
        List<String> given = new ArrayList<>(current.given());
        given.add(by.name());
        return given.size() < components ? goOn(store, target, current, by, given, component)
                : complete(group, target, current, by, given, component);
    }

    private void requireFits(Import current, Officer by, KeyTemplate template, int components) throws KeyAdministrationException {
        if (!current.key().equals(template) || current.components() != components) {
            throw access.fault(Reason.BAD_INPUT, "the import of this key began as " + current.key() + " with " + current.components()
                    + " components; give the same, or cancel the import first.");
        }
        if (current.given().contains(by.name())) {
            throw access.fault(Reason.BAD_INPUT, "custodian " + by.name() + " gave a component of this key already; the next one comes"
                    + " from somebody else.");
        }
    }

    private KeyImport goOn(OpenStore store, Target target, Import current, Officer by, List<String> given, byte[] component)
            throws KeyAdministrationException {
        access.order("key.component", subject(target), by.name(), "Component " + given.size() + " of " + current.components() + " is given.");
        requireWaiting(pending.add(target, current, by.name(), component, () -> access.isOpen(store)));
        return new KeyImport(current.components(), given, CheckValue.of(component), null);
    }

    private KeyImport complete(DurableKeyGroup group, Target target, Import current, Officer by, List<String> given, byte[] component)
            throws KeyAdministrationException {
        byte[] value = pending.sum(current, component);
        try {
            requireWaiting(pending.isWaiting(current));
            if (isZero(value)) {
                pending.drop(target);
                access.note(CANCEL, subject(target), "The components given are forgotten, since they cancel out.");
                throw access.fault(Reason.BAD_INPUT, "the components cancel out to a key of zeros; begin the import anew with others.");
            }
            access.order("key.import", subject(target), by.name(), "Component " + given.size() + " of " + current.components()
                    + " is given, and the key is made.");
            requireWaiting(pending.isWaiting(current));
            String checkValue = CheckValue.of(value);
            KeyImport complete = new KeyImport(current.components(), given, checkValue, keys.write(group, current.key(), value));
            pending.drop(target);
            return complete;
        } finally {
            Arrays.fill(value, (byte) 0);
        }
    }

    /** All bytes are looked at, whatever they are. */
    private static boolean isZero(byte[] value) {
        int bits = 0;
        for (byte b : value) {
            bits |= b;
        }
        return bits == 0;
    }

    private void requireWaiting(boolean waiting) throws KeyAdministrationException {
        if (!waiting) {
            throw access.fault(Reason.BAD_INPUT, "the components given so far are forgotten; begin the import anew.");
        }
    }

    void cancel(Officer by, int number, KeyTemplate template) throws KeyAdministrationException {
        access.require(by, Role.ADMINISTRATOR, Role.CUSTODIAN);
        Target target = Target.of(number, template);
        if (pending.find(target) == null) {
            throw access.fault(Reason.NOT_FOUND, "no import waits for components of the " + subject(target) + ".");
        }
        access.order(CANCEL, subject(target), by.name(), "The components given are forgotten.");
        pending.drop(target);
    }

    /** Forgets all components. */
    void dropAll() {
        pending.dropAll();
    }

    void close() {
        pending.close();
    }
}
