package org.calypsohsm.shell;

import java.nio.CharBuffer;
import java.util.Arrays;
import java.util.HexFormat;

import org.apache.felix.service.command.CommandSession;
import org.apache.felix.service.command.Descriptor;
import org.apache.felix.service.command.Parameter;
import org.apache.felix.service.command.annotations.GogoCommand;
import org.calypsohsm.key.KeyAdministration;
import org.calypsohsm.key.KeyGroup;
import org.calypsohsm.key.KeyImport;
import org.calypsohsm.key.KeyTemplate;
import org.calypsohsm.key.KeyValue;
import org.calypsohsm.key.SamKey;
import org.osgi.framework.BundleContext;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;

/** The commands that make, change and delete key groups and keys. Each needs an officer who is logged in. */
@Component(service = KeyAdministrationCommands.class)
@GogoCommand(scope = "hsm", function = {"creategroup", "limitgroup", "deletegroup", "generatekey", "importkey", "cancelimport",
    "invalidatekey", "deletekey", "raiseceiling"})
public final class KeyAdministrationCommands {

    private static final String THE_GROUP = "the number of a key group";
    private static final String A_KEY = "a key group, KIF, KVC and ALG";
    private static final String A_RECORD = "a key group and a record";
    /** PAR1 and PAR5: the key may cipher and sign. */
    private static final String USUAL_PARAMETERS = "01000000010000000000";
    private static final int COUNTER_PARAMETER = 3;

    private final Stores stores;
    private final Logins logins;

    /**
     * Makes the commands.
     *
     * @param context context of the bundle
     * @param logins  who is logged in
     */
    @Activate
    public KeyAdministrationCommands(BundleContext context, @Reference Logins logins) {
        stores = new Stores(context);
        this.logins = logins;
    }

    /**
     * Makes a key group.
     *
     * @param session   whose officer acts
     * @param quota     how many channels it may have
     * @param ceiling   ceiling of its event counters
     * @param store     name of the key store
     * @param arguments the number of the group
     * @return the text to show
     * @throws CommandException if it is used in a wrong way or refused
     */
    @Descriptor("makes a key group without keys; an administrator")
    public String creategroup(CommandSession session,
            @Descriptor("NUMBER of channels it may have at once; 0, if not given, for no limit of its own")
            @Parameter(names = "--quota", absentValue = "0") String quota,
            @Descriptor("NUMBER of uses that its event counters allow, 1000000 if not given")
            @Parameter(names = "--ceiling", absentValue = "1000000") String ceiling,
            @Descriptor("key store NAME, if there are several") @Parameter(names = "--store", absentValue = "") String store,
            @Descriptor("GROUP: number of the key group") String... arguments) throws CommandException {
        int group = group("creategroup", Arguments.one("creategroup", THE_GROUP, arguments));
        int channels = Arguments.number("creategroup", "a number of channels", quota, 0);
        int uses = Arguments.number("creategroup", "a ceiling", ceiling, 0);
        return stores.use(KeyAdministration.class, store, administration -> {
            administration.createGroup(logins.officer(session, store), group, channels, uses);
            return "Key group " + group + " is made, without keys.";
        });
    }

    private static int group(String command, String text) throws CommandException {
        return Arguments.number(command, THE_GROUP, text, 0);
    }

    /**
     * Limits the channels of a group.
     *
     * @param session   whose officer acts
     * @param store     name of the key store
     * @param arguments the number of the group, and of channels
     * @return the text to show
     * @throws CommandException if it is used in a wrong way or refused
     */
    @Descriptor("limits how many channels a key group may have at once; an administrator")
    public String limitgroup(CommandSession session,
            @Descriptor("key store NAME, if there are several") @Parameter(names = "--store", absentValue = "") String store,
            @Descriptor("GROUP CHANNELS: number of the key group, and of channels; 0 for no limit") String... arguments)
            throws CommandException {
        String[] both = Arguments.exactly("limitgroup", "a key group and a number of channels", 2, arguments);
        int group = group("limitgroup", both[0]);
        int channels = Arguments.number("limitgroup", "a number of channels", both[1], 0);
        return stores.use(KeyAdministration.class, store, administration -> {
            administration.limitChannels(logins.officer(session, store), group, channels);
            return "Key group " + group + (channels == 0 ? " has no limit of its own." : " may have " + Words.count(channels, "channel")
                    + " at once.");
        });
    }

    /**
     * Deletes a group.
     *
     * @param session   whose officer acts
     * @param yes       true to do it without asking
     * @param store     name of the key store
     * @param arguments the number of the group
     * @return the text to show
     * @throws CommandException if it is used in a wrong way or refused
     */
    @Descriptor("deletes a key group with all of its keys and counters; an administrator")
    public String deletegroup(CommandSession session,
            @Descriptor("does not ask") @Parameter(names = "--yes", presentValue = "true", absentValue = "false") boolean yes,
            @Descriptor("key store NAME, if there are several") @Parameter(names = "--store", absentValue = "") String store,
            @Descriptor("GROUP: number of the key group") String... arguments) throws CommandException {
        int group = group("deletegroup", Arguments.one("deletegroup", THE_GROUP, arguments));
        return stores.use(KeyAdministration.class, store, administration -> {
            if (!yes && !Prompt.confirmed(session, "Delete key group " + group + " with all of its keys?")) {
                return "Nothing was changed.";
            }
            administration.deleteGroup(logins.officer(session, store), group);
            return "Key group " + group + " is deleted.";
        });
    }

    /**
     * Makes a key of random bytes.
     *
     * @param session    whose officer acts
     * @param parameters PAR1 to PAR10
     * @param counter    number of the event counter
     * @param system     true for a system key
     * @param store      name of the key store
     * @param arguments  the group, KIF, KVC and ALG
     * @return the text to show
     * @throws CommandException if it is used in a wrong way or refused
     */
    @Descriptor("makes a key of random bytes, which nobody ever sees; an administrator")
    public String generatekey(CommandSession session,
            @Descriptor("PAR1 to PAR10, 20 hexadecimal digits; " + USUAL_PARAMETERS + " if not given")
            @Parameter(names = "--par", absentValue = USUAL_PARAMETERS) String parameters,
            @Descriptor("NUMBER of the event counter that counts its uses, 1 to 26; 0, if not given, for none")
            @Parameter(names = "--counter", absentValue = "") String counter,
            @Descriptor("a system key") @Parameter(names = "--system", presentValue = "true", absentValue = "false") boolean system,
            @Descriptor("key store NAME, if there are several") @Parameter(names = "--store", absentValue = "") String store,
            @Descriptor("GROUP KIF KVC ALG: number of the key group, then two hexadecimal digits each") String... arguments)
            throws CommandException {
        String[] key = Arguments.exactly("generatekey", A_KEY, 4, arguments);
        int group = group("generatekey", key[0]);
        KeyTemplate template = template("generatekey", key, parameters, counter, system);
        return stores.use(KeyAdministration.class, store, administration -> "Made: "
                + administration.generate(logins.officer(session, store), group, template) + ".");
    }

    private static KeyTemplate template(String command, String[] key, String parameters, String counter, boolean system)
            throws CommandException {
        byte[] bytes = Arguments.bytes(command, "PAR1 to PAR10", parameters, SamKey.PARAMETERS);
        if (!counter.isEmpty()) {
            int number = Arguments.number(command, "the number of an event counter", counter, 0);
            if (number >= KeyGroup.COUNTERS) {
                throw new CommandException("Event counters are numbered 1 to " + (KeyGroup.COUNTERS - 1) + ", and there is " + counter
                        + "; 0 is for none.");
            }
            bytes[COUNTER_PARAMETER] = (byte) number;
        }
        try {
            return new KeyTemplate(Arguments.octet(command, "a KIF", key[1]), Arguments.octet(command, "a KVC", key[2]),
                    Arguments.octet(command, "an ALG code", key[3]), bytes, system);
        } catch (IllegalArgumentException e) {
            throw new CommandException(e.getMessage());
        }
    }

    /**
     * Takes one component of a key.
     *
     * @param session    where the custodian types it
     * @param components of how many components the key is
     * @param parameters PAR1 to PAR10
     * @param counter    number of the event counter
     * @param system     true for a system key
     * @param store      name of the key store
     * @param arguments  the group, KIF, KVC and ALG
     * @return the text to show
     * @throws CommandException if it is used in a wrong way or refused
     */
    @Descriptor("takes one component of a key, which is not shown; each from another custodian, and the last one makes the key")
    public String importkey(CommandSession session,
            @Descriptor("NUMBER of components of the key, 2 to 8; 2 if not given")
            @Parameter(names = "--components", absentValue = "2") String components,
            @Descriptor("PAR1 to PAR10, 20 hexadecimal digits; " + USUAL_PARAMETERS + " if not given")
            @Parameter(names = "--par", absentValue = USUAL_PARAMETERS) String parameters,
            @Descriptor("NUMBER of the event counter that counts its uses, 1 to 26; 0, if not given, for none")
            @Parameter(names = "--counter", absentValue = "") String counter,
            @Descriptor("a system key") @Parameter(names = "--system", presentValue = "true", absentValue = "false") boolean system,
            @Descriptor("key store NAME, if there are several") @Parameter(names = "--store", absentValue = "") String store,
            @Descriptor("GROUP KIF KVC ALG: number of the key group, then two hexadecimal digits each") String... arguments)
            throws CommandException {
        String[] key = Arguments.exactly("importkey", A_KEY, 4, arguments);
        int group = group("importkey", key[0]);
        int count = Arguments.number("importkey", "a number of components", components, KeyAdministration.LEAST_COMPONENTS);
        KeyTemplate template = template("importkey", key, parameters, counter, system);
        return stores.use(KeyAdministration.class, store, administration -> {
            byte[] component = component(session);
            try {
                return sentence(administration.importComponent(logins.officer(session, store), group, template, count, component));
            } finally {
                Arrays.fill(component, (byte) 0);
            }
        });
    }

    private static byte[] component(CommandSession session) throws CommandException {
        char[] typed = Prompt.secret(session, "Component, 32 hexadecimal digits: ");
        try {
            byte[] bytes = HexFormat.of().parseHex(CharBuffer.wrap(typed));
            if (bytes.length == KeyValue.LENGTH) {
                return bytes;
            }
            Arrays.fill(bytes, (byte) 0);
        } catch (IllegalArgumentException e) {
            // Said below, without what was typed.
        } finally {
            Arrays.fill(typed, '\0');
        }
        throw new CommandException("A component has 32 hexadecimal digits, so nothing was taken.");
    }

    private static String sentence(KeyImport state) {
        return state.isComplete() ? "Made: " + state.key() + ", check value " + state.checkValue() + "."
                : "Taken, with check value " + state.checkValue() + ": " + state.given().size() + " of "
                        + Words.count(state.components(), "component") + ", from " + String.join(", ", state.given()) + ".";
    }

    /**
     * Gives an import up.
     *
     * @param session   whose officer acts
     * @param system    true for a system key
     * @param store     name of the key store
     * @param arguments the group, KIF, KVC and ALG
     * @return the text to show
     * @throws CommandException if it is used in a wrong way or refused
     */
    @Descriptor("forgets the components of a key that is not complete")
    public String cancelimport(CommandSession session,
            @Descriptor("a system key") @Parameter(names = "--system", presentValue = "true", absentValue = "false") boolean system,
            @Descriptor("key store NAME, if there are several") @Parameter(names = "--store", absentValue = "") String store,
            @Descriptor("GROUP KIF KVC ALG: number of the key group, then two hexadecimal digits each") String... arguments)
            throws CommandException {
        String[] key = Arguments.exactly("cancelimport", A_KEY, 4, arguments);
        int group = group("cancelimport", key[0]);
        KeyTemplate template = template("cancelimport", key, USUAL_PARAMETERS, "", system);
        return stores.use(KeyAdministration.class, store, administration -> {
            administration.cancelImport(logins.officer(session, store), group, template);
            return "The components are forgotten.";
        });
    }

    /**
     * Invalidates a key.
     *
     * @param session   whose officer acts
     * @param store     name of the key store
     * @param arguments the group and the record
     * @return the text to show
     * @throws CommandException if it is used in a wrong way or refused
     */
    @Descriptor("invalidates a key: it stays listed, and no command may use it any more; an administrator")
    public String invalidatekey(CommandSession session,
            @Descriptor("key store NAME, if there are several") @Parameter(names = "--store", absentValue = "") String store,
            @Descriptor("GROUP RECORD: number of the key group, and the record in two hexadecimal digits") String... arguments)
            throws CommandException {
        String[] both = Arguments.exactly("invalidatekey", A_RECORD, 2, arguments);
        int group = group("invalidatekey", both[0]);
        int record = Arguments.octet("invalidatekey", "a record", both[1]);
        return stores.use(KeyAdministration.class, store, administration -> {
            administration.invalidate(logins.officer(session, store), group, record);
            return "The key in record " + Hex.of(record) + " of key group " + group + " is invalidated.";
        });
    }

    /**
     * Deletes a key.
     *
     * @param session   whose officer acts
     * @param yes       true to do it without asking
     * @param store     name of the key store
     * @param arguments the group and the record
     * @return the text to show
     * @throws CommandException if it is used in a wrong way or refused
     */
    @Descriptor("deletes a key; an administrator")
    public String deletekey(CommandSession session,
            @Descriptor("does not ask") @Parameter(names = "--yes", presentValue = "true", absentValue = "false") boolean yes,
            @Descriptor("key store NAME, if there are several") @Parameter(names = "--store", absentValue = "") String store,
            @Descriptor("GROUP RECORD: number of the key group, and the record in two hexadecimal digits") String... arguments)
            throws CommandException {
        String[] both = Arguments.exactly("deletekey", A_RECORD, 2, arguments);
        int group = group("deletekey", both[0]);
        int record = Arguments.octet("deletekey", "a record", both[1]);
        return stores.use(KeyAdministration.class, store, administration -> {
            if (!yes && !Prompt.confirmed(session, "Delete the key in record " + Hex.of(record) + " of key group " + group + "?")) {
                return "Nothing was changed.";
            }
            administration.delete(logins.officer(session, store), group, record);
            return "The key in record " + Hex.of(record) + " of key group " + group + " is deleted.";
        });
    }

    /**
     * Raises a ceiling.
     *
     * @param session   whose officer acts
     * @param control   number of the group with the reloading key that seals
     * @param store     name of the key store
     * @param arguments the group, the counter and the ceiling
     * @return the text to show
     * @throws CommandException if it is used in a wrong way or refused
     */
    @Descriptor("raises the ceiling of an event counter by the protected commands of the SAM; a supervisor")
    public String raiseceiling(CommandSession session,
            @Descriptor("NUMBER of the key group whose reloading key seals the new ceiling; the same group if not given")
            @Parameter(names = "--control", absentValue = "") String control,
            @Descriptor("key store NAME, if there are several") @Parameter(names = "--store", absentValue = "") String store,
            @Descriptor("GROUP COUNTER CEILING: number of the key group, of the event counter, and the new ceiling")
            String... arguments) throws CommandException {
        String[] all = Arguments.exactly("raiseceiling", "a key group, an event counter and a ceiling", 3, arguments);
        int group = group("raiseceiling", all[0]);
        int counter = Arguments.number("raiseceiling", "the number of an event counter", all[1], 0);
        int ceiling = Arguments.number("raiseceiling", "a ceiling", all[2], 1);
        int controlGroup = control.isEmpty() ? group : group("raiseceiling", control);
        return stores.use(KeyAdministration.class, store, administration -> {
            administration.raiseCeiling(logins.officer(session, store), group, counter, ceiling, controlGroup);
            return "The ceiling of event counter " + counter + " of key group " + group + " is " + ceiling + ".";
        });
    }
}
