package org.calypsohsm.shell;

import org.apache.felix.service.command.Descriptor;
import org.apache.felix.service.command.Parameter;
import org.apache.felix.service.command.annotations.GogoCommand;
import org.osgi.framework.BundleContext;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;

import jakarta.json.Json;
import jakarta.json.JsonArrayBuilder;

/** The command that tells how the platform is. */
@Component(service = StatusCommands.class)
@GogoCommand(scope = "hsm", function = "status")
public final class StatusCommands {

    private final BundleContext context;
    private final Services services;

    /**
     * Makes the command.
     *
     * @param context context of the bundle
     */
    @Activate
    public StatusCommands(BundleContext context) {
        this.context = context;
        services = new Services(context);
    }

    /**
     * Tells how the platform is.
     *
     * @param json      as JSON
     * @param arguments none
     * @return the text to show
     * @throws CommandException if it is used in a wrong way
     */
    @Descriptor("tells whether all is well, and if not, what is wrong")
    public String status(
            @Descriptor("as JSON") @Parameter(names = "--json", presentValue = "true", absentValue = "false") boolean json,
            @Descriptor("none") String... arguments) throws CommandException {
        Arguments.none("status", arguments);
        Status status = new Status(context, services);
        if (!json) {
            return status.text();
        }
        JsonArrayBuilder problems = Json.createArrayBuilder();
        status.problems().forEach(problems::add);
        return Json.createObjectBuilder().add("ok", status.problems().isEmpty()).add("problems", problems)
                .add("summary", status.summary()).add("emulated", status.emulated()).build().toString();
    }
}
