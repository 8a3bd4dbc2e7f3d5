package org.calypsohsm.keystore.admin;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicLong;

import org.calypsohsm.audit.AuditEvent;
import org.calypsohsm.audit.AuditLog;
import org.calypsohsm.key.KeyAdministrationException;
import org.calypsohsm.key.KeyAdministrationException.Reason;
import org.calypsohsm.key.KeyGroup;
import org.calypsohsm.key.KeyTemplate;
import org.calypsohsm.key.Officer;
import org.calypsohsm.key.Role;
import org.calypsohsm.key.SamKey;
import org.calypsohsm.keystore.DurableKeyGroup;
import org.calypsohsm.keystore.DurableKeyStore;
import org.calypsohsm.keystore.Stores;

/** An open store with its administration, cheap passwords, a clock of its own, and all that was recorded. */
final class Admin implements AutoCloseable {

    static final Officer ADA = new Officer("ada", EnumSet.of(Role.ADMINISTRATOR));
    static final Officer OSCAR = new Officer("oscar", EnumSet.of(Role.OPERATOR));
    static final Officer CLEO = new Officer("cleo", EnumSet.of(Role.CUSTODIAN));
    static final Officer CARL = new Officer("carl", EnumSet.of(Role.CUSTODIAN));
    static final Officer CORA = new Officer("cora", EnumSet.of(Role.CUSTODIAN));
    static final Officer SUE = new Officer("sue", EnumSet.of(Role.SUPERVISOR));
    static final Officer AL = new Officer("al", EnumSet.of(Role.AUDITOR));
    static final String PASSWORD = "correct horse";
    static final int COUNTER = 5;

    final DurableKeyStore store;
    final StoreAdministration administration;
    final StoreOfficers officers;
    final AtomicLong nanos = new AtomicLong();
    final List<AuditEvent> recorded = new ArrayList<>();
    boolean auditBroken;

    Admin(Path folder, int... testGroups) {
        store = Stores.open(folder, testGroups);
        Stores.audit(store, (AuditLog) event -> {
            if (auditBroken) {
                throw new IllegalStateException("Audit log: the disk is full.");
            }
            synchronized (recorded) {
                recorded.add(event);
            }
        });
        StoreAccess access = new StoreAccess("main", store::opened, store::status, store.audit());
        administration = new StoreAdministration(access, nanos::get);
        officers = new StoreOfficers(access, new PasswordHash.Cost(1, 8, 1));
    }

    /** @return the acts that were ordered, without notes */
    List<String> acts() {
        synchronized (recorded) {
            return recorded.stream().filter(event -> !event.actor().equals("platform")).map(AuditEvent::act).toList();
        }
    }

    DurableKeyGroup group(int number) {
        return store.opened().groups().get(number);
    }

    static KeyTemplate work(int kif, int kvc) {
        byte[] parameters = new byte[SamKey.PARAMETERS];
        parameters[0] = 1;
        parameters[3] = COUNTER;
        return new KeyTemplate(kif, kvc, 0x40, parameters, false);
    }

    static KeyTemplate system(int kif, int kvc) {
        return new KeyTemplate(kif, kvc, 0x40, new byte[SamKey.PARAMETERS], true);
    }

    void use(int group, int reference, int uses) {
        for (int use = 0; use < uses; use++) {
            group(group).countUse(group(group).key(reference));
        }
        // A store that is idle has all on the disk.
        store.opened().commits().commit(group(group));
    }

    /** What is done, and may be refused. */
    interface Act {

        void run() throws Exception;
    }

    static KeyAdministrationException refused(Reason reason, Act act) {
        try {
            act.run();
        } catch (KeyAdministrationException e) {
            assertThat(e.reason()).as(e.getMessage()).isEqualTo(reason);
            if (reason != Reason.NOT_RECORDED) {
                assertThat(e).hasMessageStartingWith("Key store main").hasMessageEndingWith(".");
            }
            return e;
        } catch (Exception e) {
            throw new AssertionError(e);
        }
        throw new AssertionError("not refused");
    }

    /** @return all that the store holds, in memory and on the disk, key values too */
    Map<String, String> state() {
        Map<String, String> state = new TreeMap<>();
        for (String name : store.opened().records().names("")) {
            state.put(name, HexFormat.of().formatHex(store.opened().records().get(name)));
        }
        store.opened().groups().forEach((number, group) -> state.put("memory/" + number, describe(group)));
        return state;
    }

    static String describe(DurableKeyGroup group) {
        StringBuilder text = new StringBuilder("quota " + group.channelQuota() + " open " + group.takeChannel(true));
        group.giveChannel();
        for (int counter = 0; counter < KeyGroup.COUNTERS; counter++) {
            text.append(' ').append(group.eventCounter(counter)).append('/').append(group.ceiling(counter)).append(group.isFree(counter));
        }
        text.append(Arrays.toString(group.parameters())).append(Arrays.toString(group.lockFile()));
        for (SamKey key : group.keys()) {
            byte[] readable = new byte[SamKey.READABLE_LENGTH];
            key.copyReadable(readable, 0);
            text.append(key).append(key.isUsable()).append(HexFormat.of().formatHex(readable))
                    .append(HexFormat.of().formatHex(key.value().revealKeyBytes()));
        }
        return text.toString();
    }

    @Override
    public void close() {
        administration.close();
        Stores.close(store);
    }
}
