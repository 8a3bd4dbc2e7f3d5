package org.calypsohsm.shell;

import java.util.TreeSet;

import org.apache.felix.service.command.Descriptor;
import org.apache.felix.service.command.Parameter;
import org.apache.felix.service.command.annotations.GogoCommand;
import org.calypsohsm.key.KeyGroup;
import org.calypsohsm.key.KeyStore;
import org.calypsohsm.key.SamKey;
import org.osgi.framework.BundleContext;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;

/** The commands for key groups. None of them asks for the value of a key. */
@Component(service = KeyCommands.class)
@GogoCommand(scope = "hsm", function = {"groups", "keys", "counters", "ceilings"})
public final class KeyCommands {

    private final Table<GroupView> groups = new Table<GroupView>("There is no key group.")
            .column("GROUP", "group", GroupView::number)
            .column("WORK KEYS", "workKeys", group -> group.workKeys().size())
            .column("SYSTEM KEYS", "systemKeys", group -> group.keys().size() - group.workKeys().size())
            .column("COUNTERS IN USE", "countersInUse", group -> group.counters().size())
            .column("CHANNELS", "channelsInUse", GroupView::channelsInUse)
            .column("QUOTA", "channelQuota", group -> group.channelQuota() == 0 ? null : group.channelQuota());
    private final Table<SamKey> keys = new Table<SamKey>("The key group has no key.")
            .column("RECORD", "record", key -> Hex.of(key.reference()))
            .column("KIF", "kif", key -> Hex.of(key.kif()))
            .column("KVC", "kvc", key -> Hex.of(key.kvc()))
            .column("ALG", "alg", key -> Hex.of(key.alg()))
            .column("COUNTER", "counter", key -> key.eventCounter() == 0 ? null : key.eventCounter())
            .text("USABLE", key -> key.isUsable() ? "yes" : "no, invalidated")
            .member("usable", SamKey::isUsable);
    private final Table<GroupView.Counter> counters = new Table<GroupView.Counter>("The key group has no counter in use.")
            .column("COUNTER", "counter", GroupView.Counter::number)
            .column("VALUE", "value", GroupView.Counter::value)
            .column("COUNTS THE KEYS IN RECORDS", "keys", counter -> Hex.of(counter.keys()));
    private final Table<GroupView.Counter> ceilings = new Table<GroupView.Counter>("The key group has no counter in use.")
            .column("COUNTER", "counter", GroupView.Counter::number)
            .column("VALUE", "value", GroupView.Counter::value)
            .column("CEILING", "ceiling", GroupView.Counter::ceiling)
            .text("USED", counter -> counter.percent() + " %")
            .member("percent", GroupView.Counter::percent)
            .text("RAISED FREELY", counter -> counter.free() ? "yes" : "no")
            .member("free", GroupView.Counter::free);
    private final Stores stores;

    /**
     * Makes the commands.
     *
     * @param context context of the bundle
     */
    @Activate
    public KeyCommands(BundleContext context) {
        stores = new Stores(context);
    }

    /**
     * Lists the key groups.
     *
     * @param json      as JSON
     * @param store     name of the key store
     * @param arguments none
     * @return the text to show
     * @throws CommandException if it is used in a wrong way or there is no key store
     */
    @Descriptor("lists the key groups with their numbers of keys and of counters in use")
    public String groups(
            @Descriptor("as JSON") @Parameter(names = "--json", presentValue = "true", absentValue = "false") boolean json,
            @Descriptor("key store NAME, if there are several") @Parameter(names = "--store", absentValue = "") String store,
            @Descriptor("none") String... arguments) throws CommandException {
        Arguments.none("groups", arguments);
        return stores.use(KeyStore.class, store, service -> {
            requireOpen(service);
            return groups.show(json, GroupView.all(service));
        });
    }

    private static void requireOpen(KeyStore store) throws CommandException {
        if (!store.status().isOpen()) {
            throw new CommandException(store.status().sentence());
        }
    }

    /**
     * Lists the keys of a group, without their values.
     *
     * @param json      as JSON
     * @param store     name of the key store
     * @param arguments the number of the group
     * @return the text to show
     * @throws CommandException if it is used in a wrong way or there is no such group
     */
    @Descriptor("lists the keys of a key group: record, KIF, KVC and ALG in hexadecimal, and counter; never a value")
    public String keys(
            @Descriptor("as JSON") @Parameter(names = "--json", presentValue = "true", absentValue = "false") boolean json,
            @Descriptor("key store NAME, if there are several") @Parameter(names = "--store", absentValue = "") String store,
            @Descriptor("GROUP: number of the key group") String... arguments) throws CommandException {
        return ofGroup("keys", store, arguments, group -> keys.show(json, group.keys()));
    }

    /**
     * Lists the event counters of a group.
     *
     * @param json      as JSON
     * @param store     name of the key store
     * @param arguments the number of the group
     * @return the text to show
     * @throws CommandException if it is used in a wrong way or there is no such group
     */
    @Descriptor("lists the event counters in use of a key group")
    public String counters(
            @Descriptor("as JSON") @Parameter(names = "--json", presentValue = "true", absentValue = "false") boolean json,
            @Descriptor("key store NAME, if there are several") @Parameter(names = "--store", absentValue = "") String store,
            @Descriptor("GROUP: number of the key group") String... arguments) throws CommandException {
        return ofGroup("counters", store, arguments, group -> counters.show(json, group.counters()));
    }

    /**
     * Lists the ceilings of a group.
     *
     * @param json      as JSON
     * @param store     name of the key store
     * @param arguments the number of the group
     * @return the text to show
     * @throws CommandException if it is used in a wrong way or there is no such group
     */
    @Descriptor("lists the ceilings of the event counters in use of a key group, and how much of each is used up")
    public String ceilings(
            @Descriptor("as JSON") @Parameter(names = "--json", presentValue = "true", absentValue = "false") boolean json,
            @Descriptor("key store NAME, if there are several") @Parameter(names = "--store", absentValue = "") String store,
            @Descriptor("GROUP: number of the key group") String... arguments) throws CommandException {
        return ofGroup("ceilings", store, arguments, group -> ceilings.show(json, group.counters()));
    }

    private String ofGroup(String command, String name, String[] arguments, Services.Use<GroupView, String> use)
            throws CommandException {
        int number = Arguments.number(command, "the number of a key group",
                Arguments.one(command, "the number of a key group", arguments), 0);
        return stores.use(KeyStore.class, name, store -> {
            requireOpen(store);
            KeyGroup group = store.keyGroup(number);
            if (group == null) {
                throw new CommandException("There is no key group " + number + ". There are: " + new TreeSet<>(store.keyGroups()));
            }
            return use.with(new GroupView(group));
        });
    }
}
