package org.calypsohsm.shell;

import java.util.ArrayList;
import java.util.List;

import org.apache.felix.service.command.Descriptor;
import org.apache.felix.service.command.annotations.GogoCommand;
import org.calypsohsm.audit.AuditEntry;
import org.calypsohsm.audit.AuditEvent;
import org.calypsohsm.audit.AuditTrail;
import org.calypsohsm.channel.ChannelManager;
import org.calypsohsm.channel.ModuleReport;
import org.calypsohsm.diagnosis.Diagnosis;
import org.osgi.framework.BundleContext;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;

/** The command that tells why something does not work. */
@Component(service = WhyCommands.class)
@GogoCommand(scope = "hsm", function = "why")
public final class WhyCommands {

    /** How many entries of the audit log are looked at, and how many of them are shown. */
    private static final int LOOKED_AT = 1000;
    private static final int SHOWN = 5;

    private final BundleContext context;
    private final Services services;

    /**
     * Makes the command.
     *
     * @param context context of the bundle
     */
    @Activate
    public WhyCommands(BundleContext context) {
        this.context = context;
        services = new Services(context);
    }

    /**
     * Tells what is missing.
     *
     * @param arguments name of a module, a bundle or a component
     * @return the text to show
     * @throws CommandException if it is used in a wrong way or nothing has the name
     */
    @Descriptor("tells what a module, a bundle or a component is missing")
    public String why(@Descriptor("NAME: of a module, a bundle or a component; of the latter two the last part is enough")
            String... arguments) throws CommandException {
        String name = Arguments.one("why", "a name", arguments);
        List<String> sentences = new ArrayList<>();
        if (services.isPresent(ChannelManager.class)) {
            for (ModuleReport module : services.use(ChannelManager.class, ChannelManager::modules)) {
                if (module.name().equals(name)) {
                    sentences.add("Module " + name + " is " + module.state() + ": " + module.sentence());
                }
            }
        }
        sentences.addAll(new Diagnosis(context).of(name));
        sentences.addAll(lately(name));
        if (sentences.isEmpty()) {
            throw new CommandException("No module, bundle or component has the name " + name
                    + ". Try: hsm:status, hsm:modules, felix:lb");
        }
        return String.join("\n", sentences);
    }

    /** What the audit log has of it, also if it has gone since. */
    private List<String> lately(String name) throws CommandException {
        if (!services.isPresent(AuditTrail.class)) {
            return List.of();
        }
        List<AuditEvent> events = services.use(AuditTrail.class, trail -> trail.tail(LOOKED_AT)).stream().map(AuditEntry::event)
                .filter(event -> event.subject().equals(name) || event.subject().endsWith(" " + name)).toList();
        return events.subList(Math.max(0, events.size() - SHOWN), events.size()).stream()
                .map(event -> "At " + event.time() + ", " + event.act() + ": " + event.outcome()).toList();
    }
}
