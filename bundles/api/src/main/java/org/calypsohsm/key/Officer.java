package org.calypsohsm.key;

import java.util.EnumSet;
import java.util.Objects;
import java.util.Set;

/**
 * A person who administers keys, as the one who vouches for the person knows him: {@link Officers} by a password, a
 * gateway by a certificate.
 *
 * @param name  who it is: 1 to 64 letters, digits, dots, dashes or underscores
 * @param roles what the person may do
 * @since 1.1
 */
public record Officer(String name, Set<Role> roles) {

    /** Checks the name, and keeps a copy of the roles. */
    public Officer {
        Objects.requireNonNull(name, "name");
        if (!name.matches("[A-Za-z0-9._-]{1,64}")) {
            throw new IllegalArgumentException("The name of an officer has 1 to 64 letters, digits, dots, dashes or underscores.");
        }
        roles = roles.isEmpty() ? Set.of() : Set.copyOf(EnumSet.copyOf(roles));
    }

    /**
     * Tells whether the officer has a role.
     *
     * @param role which one
     * @return true if so
     */
    public boolean is(Role role) {
        return roles.contains(role);
    }
}
