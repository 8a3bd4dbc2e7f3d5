package org.calypsohsm.health;

import org.apache.felix.hc.api.HealthCheck;
import org.apache.felix.hc.api.Result;
import org.calypsohsm.channel.ChannelManager;
import org.calypsohsm.monitoring.Services;
import org.osgi.framework.BundleContext;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;

/** Live: the channel manager answers. That it does so in time is seen to by whoever executes the check. */
@Component(property = {HealthCheck.NAME + "=channel manager", HealthCheck.TAGS + "=live"})
public final class ManagerCheck implements HealthCheck {

    private final Services services;

    /**
     * Makes the check.
     *
     * @param context context of the bundle
     */
    @Activate
    public ManagerCheck(BundleContext context) {
        services = new Services(context);
    }

    @Override
    public Result execute() {
        return services.use(ChannelManager.class, manager -> Findings.ok("The channel manager answers and has "
                + manager.modules().size() + " modules."),
                Findings.bad("There is no channel manager, so no channel can be opened: start the bundle org.calypsohsm.manager."));
    }
}
