package org.calypsohsm.keystore.admin;

import java.util.List;

import org.calypsohsm.key.KeyAdministrationException;
import org.calypsohsm.key.KeyAdministrationException.Reason;
import org.calypsohsm.key.Officer;
import org.calypsohsm.key.Officers;
import org.calypsohsm.key.Role;
import org.calypsohsm.keystore.OpenStore;
import org.calypsohsm.keystore.Records;

/** The officers of one key store, sealed in it. */
public final class StoreOfficers implements Officers {

    /** Written for an attempt under an unknown name, so that it takes as long as one under a known name. */
    private static final String UNKNOWN = "attempt";

    private final StoreAccess access;
    private final PasswordHash.Cost cost;

    /**
     * Makes the service.
     *
     * @param access the way to the store
     */
    public StoreOfficers(StoreAccess access) {
        this(access, PasswordHash.Cost.RECOMMENDED);
    }

    StoreOfficers(StoreAccess access, PasswordHash.Cost cost) {
        this.access = access;
        this.cost = cost;
    }

    /** @return all officers that records hold, in the order of their names */
    static List<Officer> list(Records records) {
        return records.names(OfficerRecord.PREFIX).stream()
                .map(name -> OfficerRecord.read(records, name.substring(OfficerRecord.PREFIX.length())).officer()).toList();
    }

    @Override
    public List<Officer> list() throws KeyAdministrationException {
        return access.run(store -> list(store.records()));
    }

    @Override
    public Officer authenticate(String name, char[] password) throws KeyAdministrationException {
        return access.run(store -> {
            OfficerRecord record = OfficerRecord.read(store.records(), name);
            boolean blocked = record != null && record.attempts() >= MOST_ATTEMPTS;
            // Counted before the password is looked at: who ends the process meanwhile does not get a free attempt.
            if (record == null || blocked) {
                store.commits().commit(records -> records.put(UNKNOWN, new byte[1]));
            } else {
                write(store, record.with(record.attempts() + 1));
            }
            boolean fits = (record == null ? PasswordHash.none(cost) : record.password()).fits(password);
            if (record == null || blocked || !fits) {
                access.note("officer.refused", "an officer", refusal(record, blocked));
                throw access.fault(Reason.NOT_PERMITTED, "there is no officer of this name and password, or it was wrong "
                        + MOST_ATTEMPTS + " times in a row; an administrator gives a new password then.");
            }
            write(store, record.with(0));
            return record.officer();
        });
    }

    private static String refusal(OfficerRecord record, boolean blocked) {
        if (record == null) {
            // Not the name: somebody may have typed the password there.
            return "There is no officer of the name given.";
        }
        return "Officer " + record.officer().name() + (blocked ? " is refused until an administrator gives a new password."
                : " gave a wrong password, " + (record.attempts() + 1) + " of " + MOST_ATTEMPTS + " in a row.");
    }

    private static void write(OpenStore store, OfficerRecord record) {
        byte[] encoded = record.encode();
        store.commits().commit(records -> records.put(record.recordName(), encoded));
    }

    @Override
    public void put(Officer by, Officer officer, char[] password) throws KeyAdministrationException {
        access.run(store -> {
            List<Officer> present = list(store.records());
            if (by != null || !present.isEmpty()) {
                access.require(by, Role.ADMINISTRATOR);
            } else if (!officer.is(Role.ADMINISTRATOR)) {
                throw access.fault(Reason.NOT_PERMITTED, "the first officer must be an administrator.");
            }
            if (!officer.is(Role.ADMINISTRATOR)) {
                requireOtherAdministrator(present, officer.name());
            }
            if (password.length < LEAST_PASSWORD) {
                throw access.fault(Reason.BAD_INPUT, "a password has " + LEAST_PASSWORD + " characters or more; choose a longer one.");
            }
            access.order("officer.put", "officer " + officer.name(), by == null ? officer.name() : by.name(),
                    "The officer gets a password, and the roles " + officer.roles().stream().sorted().toList() + ".");
            write(store, new OfficerRecord(officer, 0, PasswordHash.of(cost, password)));
            return null;
        });
    }

    @Override
    public void remove(Officer by, String name) throws KeyAdministrationException {
        access.run(store -> {
            access.require(by, Role.ADMINISTRATOR);
            List<Officer> present = list(store.records());
            if (present.stream().noneMatch(officer -> officer.name().equals(name))) {
                throw access.fault(Reason.NOT_FOUND, "there is no such officer; list them for their names.");
            }
            requireOtherAdministrator(present, name);
            access.order("officer.remove", "officer " + name, by.name(), "The officer is removed.");
            store.commits().commit(records -> records.remove(OfficerRecord.PREFIX + name));
            return null;
        });
    }

    /** The last administrator stays: nobody could do anything without one. */
    private void requireOtherAdministrator(List<Officer> present, String name) throws KeyAdministrationException {
        List<String> administrators = present.stream().filter(officer -> officer.is(Role.ADMINISTRATOR)).map(Officer::name).toList();
        if (administrators.equals(List.of(name))) {
            throw access.fault(Reason.NOT_PERMITTED, "officer " + name + " is the last administrator; make another one first.");
        }
    }
}
