package org.calypsohsm.health;

import org.apache.felix.hc.api.HealthCheck;
import org.apache.felix.hc.api.Result;
import org.calypsohsm.audit.AuditTrail;
import org.calypsohsm.monitoring.Services;
import org.osgi.framework.BundleContext;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;

/** Ready: the audit log does not refuse events. None is recorded to find out. */
@Component(property = {HealthCheck.NAME + "=audit log", HealthCheck.TAGS + "=ready"})
public final class AuditLogCheck implements HealthCheck {

    private static final String NONE = "No audit log is configured.";

    private final Services services;

    /**
     * Makes the check.
     *
     * @param context context of the bundle
     */
    @Activate
    public AuditLogCheck(BundleContext context) {
        services = new Services(context);
    }

    @Override
    public Result execute() {
        return services.use(AuditTrail.class, trail -> {
            String problem = trail.problem();
            return problem == null ? Findings.ok("The audit log takes events.") : Findings.bad(problem);
        }, Findings.ok(NONE));
    }
}
