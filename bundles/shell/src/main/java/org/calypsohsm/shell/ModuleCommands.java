package org.calypsohsm.shell;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;

import org.apache.felix.service.command.CommandSession;
import org.apache.felix.service.command.Descriptor;
import org.apache.felix.service.command.Parameter;
import org.apache.felix.service.command.annotations.GogoCommand;
import org.calypsohsm.channel.ChannelManager;
import org.calypsohsm.channel.ChannelReport;
import org.calypsohsm.channel.DrainReport;
import org.calypsohsm.channel.ModuleReport;
import org.osgi.framework.BundleContext;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;

/** The commands for security modules. */
@Component(service = ModuleCommands.class)
@GogoCommand(scope = "hsm", function = {"modules", "channels", "selftest", "drain", "undrain"})
public final class ModuleCommands {

    private static final String THE_MODULE = "the name of a module";

    private final Table<ModuleReport> modules = new Table<ModuleReport>("There is no module.")
            .column("MODULE", "name", ModuleReport::name)
            .column("KIND", "kind", ModuleReport::kind)
            .column("SERIAL", "serialNumber", ModuleReport::serialNumber)
            .member("emulated", ModuleReport::emulated)
            .column("STATE", "state", ModuleReport::state)
            .text("CHANNELS", report -> report.channelsInUse() + "/" + report.channelsTotal())
            .member("channelsInUse", ModuleReport::channelsInUse)
            .member("channelsTotal", ModuleReport::channelsTotal)
            .column("GROUPS", "keyGroups", report -> report.keyGroups().stream().sorted().toList())
            .column("EXCHANGES", "exchanges", ModuleReport::exchanges)
            .column("MOVED IN", "movedIn", ModuleReport::movedIn)
            .column("OUT", "movedOut", ModuleReport::movedOut)
            .column("LOST", "lost", ModuleReport::lost)
            .column("WHY", "sentence", ModuleReport::sentence);
    private final Table<ChannelReport> channels = new Table<ChannelReport>("No channel is open.")
            .column("CHANNEL", "id", ChannelReport::id)
            .column("GROUP", "keyGroup", ChannelReport::keyGroup)
            .text("MODULE", channel -> channel.module() == null ? "waits for one" : channel.module())
            .member("module", ChannelReport::module)
            .text("IDLE", channel -> channel.idle().toMillis() + " ms")
            .member("idleMillis", channel -> channel.idle().toMillis())
            .text("SESSION", channel -> channel.session().isZero() ? "none" : channel.session().toMillis() + " ms")
            .member("sessionMillis", channel -> channel.session().toMillis());
    private final Services services;

    /**
     * Makes the commands.
     *
     * @param context context of the bundle
     */
    @Activate
    public ModuleCommands(BundleContext context) {
        services = new Services(context);
    }

    /**
     * Lists the modules.
     *
     * @param json      as JSON
     * @param arguments none
     * @return the text to show
     * @throws CommandException if it is used in a wrong way or there is no channel manager
     */
    @Descriptor("lists the security modules with their state, channels and figures")
    public String modules(
            @Descriptor("as JSON") @Parameter(names = "--json", presentValue = "true", absentValue = "false") boolean json,
            @Descriptor("none") String... arguments) throws CommandException {
        Arguments.none("modules", arguments);
        return modules.show(json, services.use(ChannelManager.class, ChannelManager::modules));
    }

    /**
     * Lists the open channels.
     *
     * @param json      as JSON
     * @param group     number of the key group whose channels are listed; empty for all
     * @param most      how many at most
     * @param arguments none
     * @return the text to show
     * @throws CommandException if it is used in a wrong way or there is no channel manager
     */
    @Descriptor("lists the open channels")
    public String channels(
            @Descriptor("as JSON") @Parameter(names = "--json", presentValue = "true", absentValue = "false") boolean json,
            @Descriptor("only those of the key group NUMBER") @Parameter(names = "--group", absentValue = "") String group,
            @Descriptor("NUMBER that are listed at most, 100 if not given") @Parameter(names = "--most", absentValue = "100") String most,
            @Descriptor("none") String... arguments) throws CommandException {
        Arguments.none("channels", arguments);
        int limit = Arguments.number("channels", "how many at most", most, 1);
        int only = group.isEmpty() ? -1 : Arguments.number("channels", "the number of a key group", group, 0);
        List<ChannelReport> all = services.use(ChannelManager.class, ChannelManager::channels).stream()
                .filter(channel -> only < 0 || channel.keyGroup() == only).toList();
        List<ChannelReport> shown = all.subList(0, Math.min(limit, all.size()));
        String text = channels.show(json, shown);
        return json || shown.size() == all.size() ? text : text + "\n" + shown.size() + " of " + Words.count(all.size(), "channel")
                + "; more with --most.";
    }

    /**
     * Has a module test itself.
     *
     * @param session   where to show that it goes on
     * @param arguments the name of the module
     * @return the text to show
     * @throws CommandException if it is used in a wrong way, or there is no such module
     */
    @Descriptor("has a module test all of its algorithms with known answers; one that fails is FAILED and mute")
    public String selftest(CommandSession session, @Descriptor("MODULE: name of the module") String... arguments)
            throws CommandException {
        String module = Arguments.one("selftest", THE_MODULE, arguments);
        ModuleReport now = services.use(ChannelManager.class, manager -> {
            find(module, manager.modules());
            return Progress.of(session, "module " + module + " tests itself", () -> manager.selfTest(module));
        });
        return "Module " + module + " is " + now.state() + ": " + now.sentence();
    }

    /**
     * Drains a module, after it has told what that means.
     *
     * @param session   where to ask
     * @param timeout   how long sessions may go on, in seconds
     * @param yes       true to do it without asking
     * @param arguments the name of the module
     * @return the text to show
     * @throws CommandException     if it is used in a wrong way, or nobody can be asked
     * @throws InterruptedException if it was interrupted; the drain goes on
     */
    @Descriptor("takes channels off a module: idle ones move at once, sessions may go on until the timeout")
    public String drain(CommandSession session,
            @Descriptor("SECONDS that sessions may go on, 30 if not given")
            @Parameter(names = "--timeout", absentValue = "30") String timeout,
            @Descriptor("does not ask") @Parameter(names = "--yes", presentValue = "true", absentValue = "false") boolean yes,
            @Descriptor("MODULE: name of the module") String... arguments) throws CommandException, InterruptedException {
        String module = Arguments.one("drain", THE_MODULE, arguments);
        Duration deadline = Duration.ofSeconds(Arguments.number("drain", "a timeout in seconds", timeout, 0));
        List<ModuleReport> reports = services.use(ChannelManager.class, ChannelManager::modules);
        session.getConsole().println(Impact.of(find(module, reports), reports));
        if (!yes && !Prompt.confirmed(session, "Drain " + module + "?")) {
            return "Nothing was changed.";
        }
        Future<DrainReport> drained = services.use(ChannelManager.class,
                manager -> manager.drain(module, deadline).toCompletableFuture());
        try {
            return sentence(Progress.await(session, drained, () -> leaving(module)));
        } catch (ExecutionException e) {
            throw new CommandException("Module " + module + " was not drained: " + e.getCause().getMessage());
        }
    }

    private String leaving(String module) {
        try {
            ModuleReport now = find(module, services.use(ChannelManager.class, ChannelManager::modules));
            return now.channelsInUse() + " channels still have to leave module " + module;
        } catch (CommandException e) {
            return "module " + module + " is being drained";
        }
    }

    private static String sentence(DrainReport report) {
        return "Module " + report.module() + " is drained after " + report.took().toMillis() + " ms: "
                + Words.count(report.moved(), "channel") + " moved, " + report.closed() + " closed, " + report.waiting() + " waiting for a module, "
                + Words.count(report.lost(), "session") + " lost.\nTo use it again: hsm:undrain " + report.module();
    }

    /**
     * Lets a drained module take channels again.
     *
     * @param arguments the name of the module
     * @return the text to show
     * @throws CommandException if it is used in a wrong way or there is no such module
     */
    @Descriptor("lets a drained module take channels again")
    public String undrain(@Descriptor("MODULE: name of the module") String... arguments) throws CommandException {
        String module = Arguments.one("undrain", THE_MODULE, arguments);
        return services.use(ChannelManager.class, manager -> {
            find(module, manager.modules());
            manager.undrain(module);
            ModuleReport now = find(module, manager.modules());
            return "Module " + module + " is " + now.state() + ": " + now.sentence();
        });
    }

    private static ModuleReport find(String module, List<ModuleReport> reports) throws CommandException {
        for (ModuleReport report : reports) {
            if (report.name().equals(module)) {
                return report;
            }
        }
        throw new CommandException(reports.isEmpty() ? "There is no module at all. Try: hsm:status"
                : "There is no module " + module + ". There are: "
                        + String.join(", ", reports.stream().map(ModuleReport::name).toList()) + ".");
    }
}
