package org.calypsohsm.shell;

import org.apache.felix.service.command.CommandSession;
import org.apache.felix.service.command.Descriptor;
import org.apache.felix.service.command.Parameter;
import org.apache.felix.service.command.annotations.GogoCommand;
import org.calypsohsm.audit.AuditEntry;
import org.calypsohsm.audit.AuditReport;
import org.calypsohsm.audit.AuditTrail;
import org.osgi.framework.BundleContext;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;

import jakarta.json.Json;

/** The command for the audit log. */
@Component(service = AuditCommands.class)
@GogoCommand(scope = "hsm", function = "audit")
public final class AuditCommands {

    private final Table<AuditEntry> entries = new Table<AuditEntry>("The audit log is empty.")
            .column("ENTRY", "sequence", AuditEntry::sequence)
            .column("TIME", "time", entry -> entry.event().time())
            .column("ACT", "act", entry -> entry.event().act())
            .column("SUBJECT", "subject", entry -> entry.event().subject())
            .column("ACTOR", "actor", entry -> entry.event().actor())
            .column("OUTCOME", "outcome", entry -> entry.event().outcome());
    private final Services services;

    /**
     * Makes the command.
     *
     * @param context context of the bundle
     */
    @Activate
    public AuditCommands(BundleContext context) {
        services = new Services(context);
    }

    /**
     * Shows the newest entries, or checks all.
     *
     * @param session   where to show that a check goes on
     * @param json      as JSON
     * @param verify    true to check
     * @param last      how many entries
     * @param arguments none
     * @return the text to show
     * @throws CommandException if it is used in a wrong way, there is no audit log, or it is not intact
     */
    @Descriptor("shows the newest entries of the audit log, or checks all of them and names the first bad one")
    public String audit(CommandSession session,
            @Descriptor("as JSON") @Parameter(names = "--json", presentValue = "true", absentValue = "false") boolean json,
            @Descriptor("checks the log") @Parameter(names = "--verify", presentValue = "true", absentValue = "false") boolean verify,
            @Descriptor("NUMBER of entries, 20 if not given") @Parameter(names = "--last", absentValue = "20") String last,
            @Descriptor("none") String... arguments) throws CommandException {
        Arguments.none("audit", arguments);
        int count = Arguments.number("audit", "a number of entries", last, 1);
        return services.use(AuditTrail.class, trail -> verify
                ? show(json, Progress.of(session, "checking the audit log", trail::verify))
                : entries.show(json, trail.tail(count)));
    }

    private static String show(boolean json, AuditReport report) throws CommandException {
        if (json) {
            return Json.createObjectBuilder().add("intact", report.isIntact()).add("finding", report.finding().name())
                    .add("badEntry", report.badEntry()).add("entries", report.entries()).add("signed", report.signed())
                    .add("sentence", report.sentence()).build().toString();
        }
        if (!report.isIntact()) {
            // An error, so that a script notices.
            throw new CommandException("NOT INTACT: " + report.sentence());
        }
        return "INTACT: " + report.sentence();
    }
}
