package org.calypsohsm.shell;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.ExecutionException;

import org.apache.felix.service.command.CommandSession;
import org.apache.felix.service.command.Descriptor;
import org.apache.felix.service.command.Parameter;
import org.apache.felix.service.command.annotations.GogoCommand;
import org.calypsohsm.feature.FeatureChange;
import org.calypsohsm.feature.FeatureException;
import org.calypsohsm.feature.FeatureImpact;
import org.calypsohsm.feature.FeatureInfo;
import org.calypsohsm.feature.FeatureManager;
import org.calypsohsm.feature.FeatureOperation;
import org.calypsohsm.feature.FeatureOutcome;
import org.osgi.framework.BundleContext;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;

/** The commands that install, exchange and remove providers and products. */
@Component(service = FeatureCommands.class)
@GogoCommand(scope = "hsm", function = {"features", "install", "swap", "uninstall", "update"})
public final class FeatureCommands {

    private static final String THE_FEATURE = "the name of a feature";

    private final Table<FeatureInfo> features = new Table<FeatureInfo>("No feature is installed, and none is in the repository.")
            .column("FEATURE", "name", FeatureInfo::name)
            .column("VERSION", "version", FeatureInfo::version)
            .text("KIND", info -> info.kind().name().toLowerCase(Locale.ROOT))
            .member("kind", FeatureInfo::kind)
            .text("STATE", info -> !info.installed() ? "available"
                    : info.available() ? "installed" : "installed, not in the repository")
            .member("installed", FeatureInfo::installed)
            .member("available", FeatureInfo::available)
            .column("MODULES", "modules", FeatureInfo::modules)
            .column("ALG", "algs", info -> info.algs().stream().map(Hex::of).toList())
            .member("id", FeatureInfo::id)
            .member("bundles", FeatureInfo::bundles)
            .member("configurations", FeatureInfo::configurations)
            .column("TRUST", "trust", FeatureInfo::trust);
    private final Services services;

    /**
     * Makes the commands.
     *
     * @param context context of the bundle
     */
    @Activate
    public FeatureCommands(BundleContext context) {
        services = new Services(context);
    }

    /**
     * Lists the features.
     *
     * @param json      as JSON
     * @param arguments none
     * @return the text to show
     * @throws CommandException if it is used in a wrong way or there is no feature manager
     */
    @Descriptor("lists the providers and products that are installed, and those in the repository")
    public String features(
            @Descriptor("as JSON") @Parameter(names = "--json", presentValue = "true", absentValue = "false") boolean json,
            @Descriptor("none") String... arguments) throws CommandException {
        Arguments.none("features", arguments);
        return features.show(json, services.use(FeatureManager.class, FeatureManager::features));
    }

    /**
     * Installs a feature.
     *
     * @param session   where to ask
     * @param yes       true to do it without asking
     * @param arguments its name
     * @return the text to show
     * @throws CommandException     if it is used in a wrong way, or it is not installed
     * @throws InterruptedException if it was interrupted; all is as before, or soon is
     */
    @Descriptor("installs a provider or a product from the repository")
    public String install(CommandSession session,
            @Descriptor("does not ask") @Parameter(names = "--yes", presentValue = "true", absentValue = "false") boolean yes,
            @Descriptor("FEATURE: its name, or its identifier") String... arguments) throws CommandException, InterruptedException {
        return carryOut(session, yes, FeatureChange.install(Arguments.one("install", THE_FEATURE, arguments)));
    }

    /**
     * Exchanges a feature.
     *
     * @param session   where to ask
     * @param timeout   how long sessions may go on, in seconds
     * @param yes       true to do it without asking
     * @param arguments names of what goes and what comes
     * @return the text to show
     * @throws CommandException     if it is used in a wrong way, or it is not exchanged
     * @throws InterruptedException if it was interrupted; all is as before, or soon is
     */
    @Descriptor("installs a feature, and takes another one out when the new one is up, has tested itself, and the old one is drained")
    public String swap(CommandSession session,
            @Descriptor("SECONDS that sessions may go on, 30 if not given")
            @Parameter(names = "--drain-timeout", absentValue = "30") String timeout,
            @Descriptor("does not ask") @Parameter(names = "--yes", presentValue = "true", absentValue = "false") boolean yes,
            @Descriptor("FROM TO: names or identifiers of what goes and what comes") String... arguments)
            throws CommandException, InterruptedException {
        String[] names = Arguments.exactly("swap", "the names of the feature that goes and of the one that comes", 2, arguments);
        return carryOut(session, yes, FeatureChange.swap(names[0], names[1]).withDrainTimeout(seconds("swap", timeout)));
    }

    /**
     * Removes a feature.
     *
     * @param session   where to ask
     * @param timeout   how long sessions may go on, in seconds
     * @param yes       true to do it without asking
     * @param arguments its name
     * @return the text to show
     * @throws CommandException     if it is used in a wrong way, or it is not removed
     * @throws InterruptedException if it was interrupted; all is as before, or soon is
     */
    @Descriptor("drains a feature's modules, and takes it out")
    public String uninstall(CommandSession session,
            @Descriptor("SECONDS that sessions may go on, 30 if not given")
            @Parameter(names = "--drain-timeout", absentValue = "30") String timeout,
            @Descriptor("does not ask") @Parameter(names = "--yes", presentValue = "true", absentValue = "false") boolean yes,
            @Descriptor("FEATURE: its name, or its identifier") String... arguments) throws CommandException, InterruptedException {
        return carryOut(session, yes, FeatureChange.uninstall(Arguments.one("uninstall", THE_FEATURE, arguments))
                .withDrainTimeout(seconds("uninstall", timeout)));
    }

    /**
     * Updates one feature, or all.
     *
     * @param session   where to ask
     * @param timeout   how long sessions may go on, in seconds
     * @param yes       true to do it without asking
     * @param arguments its name; none for all
     * @return the text to show
     * @throws CommandException     if it is used in a wrong way, or one is not updated
     * @throws InterruptedException if it was interrupted; the one in progress is as before, or soon is
     */
    @Descriptor("takes the newest version from the repository, of one feature or of all that are installed")
    public String update(CommandSession session,
            @Descriptor("SECONDS that sessions may go on, 30 if not given")
            @Parameter(names = "--drain-timeout", absentValue = "30") String timeout,
            @Descriptor("does not ask") @Parameter(names = "--yes", presentValue = "true", absentValue = "false") boolean yes,
            @Descriptor("FEATURE: its name, or its identifier; none for all") String... arguments)
            throws CommandException, InterruptedException {
        Duration drainTimeout = seconds("update", timeout);
        if (arguments.length > 0) {
            return carryOut(session, yes, FeatureChange.update(Arguments.one("update", THE_FEATURE, arguments))
                    .withDrainTimeout(drainTimeout));
        }
        List<String> told = new ArrayList<>();
        for (FeatureInfo info : services.use(FeatureManager.class, FeatureManager::features)) {
            FeatureChange change = FeatureChange.update(info.id()).withDrainTimeout(drainTimeout);
            if (info.installed() && info.available() && isUseful(change)) {
                told.add(carryOut(session, yes, change));
            }
        }
        return told.isEmpty() ? "All features are the newest that the repository has." : String.join("\n", told);
    }

    private boolean isUseful(FeatureChange change) throws CommandException {
        return services.use(FeatureManager.class, manager -> {
            try {
                manager.impact(change);
                return true;
            } catch (FeatureException e) {
                if (e.reason() == FeatureException.Reason.NOTHING_TO_DO) {
                    return false;
                }
                throw new CommandException(e.getMessage());
            }
        });
    }

    private static Duration seconds(String command, String timeout) throws CommandException {
        return Duration.ofSeconds(Arguments.number(command, "a timeout in seconds", timeout, 0));
    }

    private String carryOut(CommandSession session, boolean yes, FeatureChange change) throws CommandException, InterruptedException {
        FeatureImpact impact = ask(manager -> manager.impact(change));
        session.getConsole().println(Impact.of(impact));
        String name = change.act().name();
        if (!yes && !Prompt.confirmed(session, name.charAt(0) + change.toString().substring(1).replaceFirst(" of", "") + "?")) {
            return "Nothing was changed.";
        }
        FeatureOperation operation = ask(manager -> manager.begin(change));
        try {
            return sentence(Progress.await(session, operation.outcome().toCompletableFuture(), () -> state(operation)));
        } catch (ExecutionException e) {
            throw new CommandException(e.getCause().getMessage());
        } catch (InterruptedException e) {
            session.getConsole().println(operation.cancel() ? "Cancelled; what was begun is taken back."
                    : "It is too late to cancel: the " + change + " goes on.");
            session.getConsole().flush();
            throw e;
        }
    }

    private static String state(FeatureOperation operation) {
        int left = operation.channelsLeft();
        return operation.step() + (left == 0 ? "" : ", " + left + " channels still have to leave");
    }

    private static String sentence(FeatureOutcome outcome) {
        return outcome.sentence() + " It took " + outcome.took().toMillis() + " ms: " + Words.count(outcome.moved(), "channel")
                + " moved, " + Words.count(outcome.lost(), "session") + " lost.";
    }

    /** What the feature manager is asked. */
    @FunctionalInterface
    private interface Question<R> {
        R to(FeatureManager manager) throws FeatureException;
    }

    private <R> R ask(Question<R> question) throws CommandException {
        return services.use(FeatureManager.class, manager -> {
            try {
                return question.to(manager);
            } catch (FeatureException e) {
                throw new CommandException(e.getMessage());
            }
        });
    }
}
