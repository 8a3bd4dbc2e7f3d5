package org.calypsohsm.monitoring;

import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;

import jakarta.servlet.http.HttpServletRequest;

/**
 * Who sent a request, as the gateway found out from the client certificate. The gateway hands it over in attributes of the
 * request, so that this knows nothing of certificates.
 *
 * @param name  name of the client
 * @param roles its roles
 */
public record Caller(String name, Set<Role> roles) {

    /** Request attribute, {@code String}: name of the client. */
    public static final String CLIENT = "org.calypsohsm.gateway.client";
    /** Request attribute, {@code Set<String>}: names of its roles; names that are not here are left out. */
    public static final String ROLES = "org.calypsohsm.gateway.roles";

    /** What a client may do. */
    public enum Role {
        /** Administers the platform. */
        ADMINISTRATOR,
        /** Keeps it running. */
        OPERATOR,
        /** Grants ceilings. */
        SUPERVISOR,
        /** Reads the audit log. */
        AUDITOR,
        /** Collects metrics. */
        METRICS,
        /** Opens channels. */
        CLIENT
    }

    /** Keeps a copy of the set. */
    public Caller {
        Objects.requireNonNull(name, "name");
        roles = Set.copyOf(roles);
    }

    /**
     * Reads the attributes of a request.
     *
     * @param request the request
     * @return who sent it; null if nobody says who
     */
    static Caller of(HttpServletRequest request) {
        if (!(request.getAttribute(CLIENT) instanceof String name) || !(request.getAttribute(ROLES) instanceof Set<?> names)) {
            return null;
        }
        return new Caller(name, Set.of(Role.values()).stream().filter(role -> names.contains(role.name()))
                .collect(Collectors.toSet()));
    }

    /**
     * Tells whether the client has a role.
     *
     * @param role  a role
     * @param other others that will do too
     * @return true if it has one of them
     */
    public boolean is(Role role, Role... other) {
        return roles.contains(role) || Set.of(other).stream().anyMatch(roles::contains);
    }
}
