package org.calypsohsm.itest.console.aid;

import java.util.Set;

import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.ServiceScope;
import org.osgi.service.servlet.context.ServletContextHelper;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;

/** Stands for the context of the gateway: a request has the roles that its header tells, and otherwise those of an administrator. */
@Component(service = ServletContextHelper.class, scope = ServiceScope.BUNDLE, property = {
    "osgi.http.whiteboard.context.name=hsm", "osgi.http.whiteboard.context.path=/"})
public final class Gatekeeper extends ServletContextHelper {

    @Override
    public boolean handleSecurity(HttpServletRequest request, HttpServletResponse response) {
        String roles = request.getHeader("X-Test-Roles");
        if (!"none".equals(roles)) {
            request.setAttribute("org.calypsohsm.gateway.client", "console-test");
            request.setAttribute("org.calypsohsm.gateway.roles", Set.of((roles == null ? "ADMINISTRATOR" : roles).split(",")));
            request.setAttribute("org.calypsohsm.gateway.keyGroups", Set.of(0, 1));
        }
        return true;
    }
}
