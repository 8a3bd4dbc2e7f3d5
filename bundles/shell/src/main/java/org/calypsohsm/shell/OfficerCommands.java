package org.calypsohsm.shell;

import java.util.Arrays;
import java.util.EnumSet;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;

import org.apache.felix.service.command.CommandSession;
import org.apache.felix.service.command.Descriptor;
import org.apache.felix.service.command.Parameter;
import org.apache.felix.service.command.annotations.GogoCommand;
import org.calypsohsm.key.Officer;
import org.calypsohsm.key.Officers;
import org.calypsohsm.key.Role;
import org.osgi.framework.BundleContext;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;

/** The commands for the officers of a key store. */
@Component(service = OfficerCommands.class)
@GogoCommand(scope = "hsm", function = {"login", "logout", "officers", "putofficer", "removeofficer"})
public final class OfficerCommands {

    private static final String THE_OFFICER = "the name of an officer";

    private final Table<Officer> officers = new Table<Officer>("There is no officer. To make the first one:"
            + " hsm:putofficer NAME --roles administrator")
            .column("OFFICER", "name", Officer::name)
            .column("ROLES", "roles", officer -> new TreeSet<>(officer.roles()));
    private final Stores stores;
    private final Logins logins;

    /**
     * Makes the commands.
     *
     * @param context context of the bundle
     * @param logins  who is logged in
     */
    @Activate
    public OfficerCommands(BundleContext context, @Reference Logins logins) {
        stores = new Stores(context);
        this.logins = logins;
    }

    /**
     * Logs an officer in, for this session of the shell.
     *
     * @param session   where to ask for the password
     * @param store     name of the key store
     * @param arguments the name of the officer
     * @return the text to show
     * @throws CommandException if it is used in a wrong way, or the password is wrong
     */
    @Descriptor("logs an officer in, for this session of the shell; asks for the password")
    public String login(CommandSession session,
            @Descriptor("key store NAME, if there are several") @Parameter(names = "--store", absentValue = "") String store,
            @Descriptor("OFFICER: name of the officer") String... arguments) throws CommandException {
        String name = Arguments.one("login", THE_OFFICER, arguments);
        return stores.use(Officers.class, store, service -> {
            char[] password = Prompt.secret(session, "Password of " + name + ": ");
            try {
                Officer officer = service.authenticate(name, password);
                logins.login(session, store, officer);
                return "Officer " + name + " is logged in, as " + words(officer.roles()) + ".";
            } finally {
                Arrays.fill(password, '\0');
            }
        });
    }

    private static String words(Set<Role> roles) {
        return String.join(", ", new TreeSet<>(roles).stream().map(role -> role.name().toLowerCase(Locale.ROOT)).toList());
    }

    /**
     * Logs the officer of this session out.
     *
     * @param session   the session
     * @param arguments none
     * @return the text to show
     * @throws CommandException if it is used in a wrong way
     */
    @Descriptor("logs the officer of this session out")
    public String logout(CommandSession session, @Descriptor("none") String... arguments) throws CommandException {
        Arguments.none("logout", arguments);
        Officer officer = logins.logout(session);
        return officer == null ? "Nobody was logged in." : "Officer " + officer.name() + " is logged out.";
    }

    /**
     * Lists the officers.
     *
     * @param json      as JSON
     * @param store     name of the key store
     * @param arguments none
     * @return the text to show
     * @throws CommandException if it is used in a wrong way, or the store is locked
     */
    @Descriptor("lists the officers of a key store with their roles")
    public String officers(
            @Descriptor("as JSON") @Parameter(names = "--json", presentValue = "true", absentValue = "false") boolean json,
            @Descriptor("key store NAME, if there are several") @Parameter(names = "--store", absentValue = "") String store,
            @Descriptor("none") String... arguments) throws CommandException {
        Arguments.none("officers", arguments);
        return officers.show(json, stores.use(Officers.class, store, Officers::list));
    }

    /**
     * Adds an officer, or gives one new roles and a new password.
     *
     * @param session   where to ask for the password
     * @param roles     roles, separated by commas
     * @param store     name of the key store
     * @param arguments the name of the officer
     * @return the text to show
     * @throws CommandException if it is used in a wrong way or refused
     */
    @Descriptor("adds an officer, or gives one new roles and a new password; the first one needs no login")
    public String putofficer(CommandSession session,
            @Descriptor("ROLES: administrator, operator, custodian, supervisor, auditor; separated by commas")
            @Parameter(names = "--roles", absentValue = "") String roles,
            @Descriptor("key store NAME, if there are several") @Parameter(names = "--store", absentValue = "") String store,
            @Descriptor("OFFICER: name of the officer") String... arguments) throws CommandException {
        String name = Arguments.one("putofficer", THE_OFFICER, arguments);
        Officer officer = officer(name, roles);
        return stores.use(Officers.class, store, service -> {
            Officer by = service.list().isEmpty() ? null : logins.officer(session, store);
            char[] password = Prompt.secret(session, "New password of " + name + ": ");
            char[] again = new char[0];
            try {
                again = Prompt.secret(session, "Once more: ");
                if (!Arrays.equals(password, again)) {
                    throw new CommandException("The two passwords differ, so nothing was changed.");
                }
                service.put(by, officer, password);
                return "Officer " + name + " is " + words(officer.roles()) + ".";
            } finally {
                Arrays.fill(password, '\0');
                Arrays.fill(again, '\0');
            }
        });
    }

    private static Officer officer(String name, String words) throws CommandException {
        Set<Role> roles = EnumSet.noneOf(Role.class);
        for (String word : words.isEmpty() ? new String[0] : words.split(",")) {
            try {
                roles.add(Role.valueOf(word.strip().toUpperCase(Locale.ROOT)));
            } catch (IllegalArgumentException e) {
                throw new CommandException("There is no role " + word + ". There are: " + words(EnumSet.allOf(Role.class)) + ".");
            }
        }
        if (roles.isEmpty()) {
            throw new CommandException("An officer has at least one role: say --roles. There are: "
                    + words(EnumSet.allOf(Role.class)) + ".");
        }
        try {
            return new Officer(name, roles);
        } catch (IllegalArgumentException e) {
            throw new CommandException(e.getMessage());
        }
    }

    /**
     * Removes an officer.
     *
     * @param session   the session
     * @param store     name of the key store
     * @param arguments the name of the officer
     * @return the text to show
     * @throws CommandException if it is used in a wrong way or refused
     */
    @Descriptor("removes an officer")
    public String removeofficer(CommandSession session,
            @Descriptor("key store NAME, if there are several") @Parameter(names = "--store", absentValue = "") String store,
            @Descriptor("OFFICER: name of the officer") String... arguments) throws CommandException {
        String name = Arguments.one("removeofficer", THE_OFFICER, arguments);
        return stores.use(Officers.class, store, service -> {
            service.remove(logins.officer(session, store), name);
            return "Officer " + name + " is removed.";
        });
    }
}
