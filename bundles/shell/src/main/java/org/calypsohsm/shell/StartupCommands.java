package org.calypsohsm.shell;

import java.util.Arrays;

import org.apache.felix.service.command.CommandSession;
import org.apache.felix.service.command.Descriptor;
import org.apache.felix.service.command.Parameter;
import org.apache.felix.service.command.annotations.GogoCommand;
import org.calypsohsm.startup.CardSet;
import org.calypsohsm.startup.Startup;
import org.calypsohsm.startup.StartupException;
import org.calypsohsm.startup.StartupReport;
import org.osgi.framework.BundleContext;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;

/** The commands that open, lock, begin and destroy key stores. */
@Component(service = StartupCommands.class)
@GogoCommand(scope = "hsm", function = {"stores", "initialize", "unlock", "lock", "zeroize"})
public final class StartupCommands {

    private static final String THE_STORE = "the name of a key store";

    private final Table<StartupReport> table = new Table<StartupReport>("There is no key store that has to be opened.")
            .column("STORE", "store", StartupReport::store)
            .column("STATE", "state", report -> report.status().state())
            .text("STARTUP CARDS", report -> cards(report.set()))
            .member("threshold", report -> report.set() == null ? null : report.set().threshold())
            .member("cards", report -> report.set() == null ? null : report.set().cards())
            .column("SET", "set", report -> report.set() == null ? null : report.set().id())
            .column("GIVEN", "given", StartupReport::given)
            .column("WHY", "sentence", report -> report.status().sentence());
    private final Services services;

    /**
     * Makes the commands.
     *
     * @param context context of the bundle
     */
    @Activate
    public StartupCommands(BundleContext context) {
        services = new Services(context);
    }

    private static String cards(CardSet set) {
        if (set == null) {
            return "none yet";
        }
        return set.isSoftwareToken() ? "SOFTWARE TOKEN" : set.threshold() + " of " + set.cards();
    }

    /** What a command does with start-up. */
    @FunctionalInterface
    private interface Act {
        String with(Startup startup) throws StartupException, CommandException;
    }

    private String act(Act act) throws CommandException {
        return services.use(Startup.class, startup -> {
            try {
                return act.with(startup);
            } catch (StartupException e) {
                throw new CommandException(e.getMessage());
            }
        });
    }

    /**
     * Lists the key stores that are opened by startup cards.
     *
     * @param json      as JSON
     * @param arguments none
     * @return the text to show
     * @throws CommandException if it is used in a wrong way
     */
    @Descriptor("lists the key stores with their state, and which startup cards open them")
    public String stores(
            @Descriptor("as JSON") @Parameter(names = "--json", presentValue = "true", absentValue = "false") boolean json,
            @Descriptor("none") String... arguments) throws CommandException {
        Arguments.none("stores", arguments);
        return act(startup -> table.show(json, startup.stores()));
    }

    /**
     * Takes the shares of startup cards until the store opens.
     *
     * @param session   where to ask for cards and PINs
     * @param arguments the name of the store
     * @return the text to show
     * @throws CommandException if it is used in a wrong way, or a card is refused; the shares given before stay
     */
    @Descriptor("opens a key store: asks for startup cards and their PINs until enough are given")
    public String unlock(CommandSession session, @Descriptor("STORE: name of the key store") String... arguments)
            throws CommandException {
        String store = Arguments.one("unlock", THE_STORE, arguments);
        return act(startup -> {
            StartupReport report = find(store, startup);
            if (report.status().isOpen()) {
                return report.status().sentence();
            }
            while (!report.status().isOpen()) {
                report = ask(session, report, report.set(), startup::unlock);
            }
            return report.status().sentence();
        });
    }

    /** What is done with the PIN of a card. */
    @FunctionalInterface
    private interface OfCard {
        StartupReport with(String store, char[] pin) throws StartupException;
    }

    /** Asks for one card. */
    private static StartupReport ask(CommandSession session, StartupReport report, CardSet set, OfCard how)
            throws CommandException, StartupException {
        boolean cards = set != null && !set.isSoftwareToken();
        if (cards) {
            session.getConsole().println("Insert a startup card of key store " + report.store() + ": " + report.given() + " of "
                    + set.threshold() + " given.");
        }
        char[] pin = Prompt.secret(session, cards ? "PIN of the card: " : "PIN of the software token: ");
        try {
            return how.with(report.store(), pin);
        } finally {
            wipe(pin);
        }
    }

    private static StartupReport find(String store, Startup startup) throws CommandException {
        for (StartupReport report : startup.stores()) {
            if (report.store().equals(store)) {
                return report;
            }
        }
        throw new CommandException("There is no key store " + store + " that startup cards open. There are: "
                + String.join(", ", startup.stores().stream().map(StartupReport::store).toList()) + ".");
    }

    /**
     * Begins a key store under new startup cards.
     *
     * @param session   where to ask for cards and PINs
     * @param cards     how many cards
     * @param threshold how many of them are needed
     * @param cardSet   name of a set of cards that are there already; empty to write new ones
     * @param software  true for a software token
     * @param arguments the name of the store
     * @return the text to show
     * @throws CommandException if it is used in a wrong way, or a card is refused; there is no store then
     */
    @Descriptor("begins a key store: writes a set of startup cards, any THRESHOLD of which open it from then on")
    public String initialize(CommandSession session,
            @Descriptor("NUMBER of startup cards, 1 to 16") @Parameter(names = "--cards", absentValue = "") String cards,
            @Descriptor("NUMBER of cards that are needed") @Parameter(names = "--threshold", absentValue = "") String threshold,
            @Descriptor("SET, as hsm:stores showed it: cards that are there already, of a store that is lost; a backup can be restored then")
            @Parameter(names = "--set", absentValue = "") String cardSet,
            @Descriptor("a software token in place of cards: for development, never for the field")
            @Parameter(names = "--software-token", presentValue = "true", absentValue = "false") boolean software,
            @Descriptor("STORE: name of the key store") String... arguments) throws CommandException {
        String store = Arguments.one("initialize", THE_STORE, arguments);
        if (software != (cards.isEmpty() && threshold.isEmpty())) {
            throw new CommandException("hsm:initialize takes either --cards and --threshold, or --software-token."
                    + " Try: help hsm:initialize");
        }
        Startup.Shares shares = software ? new Startup.Shares(1, 0)
                : new Startup.Shares(Arguments.number("initialize", "how many cards are needed, --threshold", threshold, 1),
                        Arguments.number("initialize", "how many cards there are, --cards", cards, 1));
        if (!cardSet.isEmpty()) {
            return adopt(session, store, set(cardSet, shares));
        }
        return act(startup -> {
            find(store, startup);
            return startup.initialize(store, shares, new Asking(session, store)).status().sentence();
        });
    }

    private static CardSet set(String id, Startup.Shares shares) throws CommandException {
        try {
            return new CardSet(id, shares.threshold(), shares.cards());
        } catch (IllegalArgumentException e) {
            throw new CommandException(e.getMessage());
        }
    }

    private String adopt(CommandSession session, String store, CardSet set) throws CommandException {
        return act(startup -> {
            StartupReport report = find(store, startup);
            do {
                report = ask(session, report, set, (name, pin) -> startup.adopt(name, set, pin));
            } while (!report.status().isOpen());
            return report.status().sentence();
        });
    }

    /** Asks for each new card. */
    private record Asking(CommandSession session, String store) implements Startup.Ceremony {

        @Override
        public char[] nextCard(int number, int cards) {
            String card = cards == 0 ? "the software token" : "startup card " + number + " of " + cards;
            char[] pin = null;
            char[] again = null;
            try {
                pin = Prompt.secret(session, (cards == 0 ? "" : "Insert " + card + " of key store " + store + ".\n") + "New PIN of "
                        + card + ": ");
                again = Prompt.secret(session, "Once more: ");
                if (!Arrays.equals(pin, again)) {
                    session.getConsole().println("The two PINs differ, so the ceremony is given up.");
                    return null;
                }
                return pin.clone();
            } catch (CommandException e) {
                session.getConsole().println(e.getMessage());
                return null;
            } finally {
                wipe(pin);
                wipe(again);
            }
        }
    }

    private static void wipe(char[] secret) {
        if (secret != null) {
            Arrays.fill(secret, '\0');
        }
    }

    /**
     * Locks a key store.
     *
     * @param session   where to ask
     * @param yes       true to do it without asking
     * @param arguments the name of the store
     * @return the text to show
     * @throws CommandException if it is used in a wrong way or cannot be recorded
     */
    @Descriptor("locks a key store: its modules serve nothing until startup cards open it again")
    public String lock(CommandSession session,
            @Descriptor("does not ask") @Parameter(names = "--yes", presentValue = "true", absentValue = "false") boolean yes,
            @Descriptor("STORE: name of the key store") String... arguments) throws CommandException {
        String store = Arguments.one("lock", THE_STORE, arguments);
        return act(startup -> {
            find(store, startup);
            if (!yes && !Prompt.confirmed(session, "Sessions in progress are lost. Lock " + store + "?")) {
                return "Nothing was changed.";
            }
            startup.lock(store);
            return find(store, startup).status().sentence();
        });
    }

    /**
     * Destroys a key store.
     *
     * @param session   where to ask
     * @param yes       the name of the store once more, to do it without asking
     * @param arguments the name of the store
     * @return the text to show
     * @throws CommandException if it is used in a wrong way or could not be done
     */
    @Descriptor("destroys all keys of a key store; only a backup together with its startup cards brings them back")
    public String zeroize(CommandSession session,
            @Descriptor("STORE once more: does not ask") @Parameter(names = "--yes-destroy", absentValue = "") String yes,
            @Descriptor("STORE: name of the key store") String... arguments) throws CommandException {
        String store = Arguments.one("zeroize", THE_STORE, arguments);
        return act(startup -> {
            find(store, startup);
            if (!yes.equals(store)) {
                char[] typed = Prompt.secret(session, "All keys of " + store + " will be destroyed. To do it, type the name of the store: ");
                if (!store.equals(new String(typed))) {
                    return "That is not its name, so nothing was changed.";
                }
            }
            startup.zeroize(store);
            return "Key store " + store + " is destroyed. " + find(store, startup).status().sentence();
        });
    }
}
