package org.calypsohsm.shell;

import java.util.Collections;
import java.util.Map;
import java.util.WeakHashMap;

import org.apache.felix.service.command.CommandSession;
import org.calypsohsm.key.Officer;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;

/** Which officer is logged in, in which session of the shell and at which key store. Not kept in the session, where a script could put one. */
@Component(service = Logins.class)
public final class Logins {

    private record Login(String store, Officer officer) {
    }

    private final Map<CommandSession, Login> logins = Collections.synchronizedMap(new WeakHashMap<>());

    /** Makes it, with nobody logged in. */
    @Activate
    public Logins() {
        // Nobody is logged in.
    }

    void login(CommandSession session, String store, Officer officer) {
        logins.put(session, new Login(store, officer));
    }

    /** @return who was logged in; null if nobody was */
    Officer logout(CommandSession session) {
        Login login = logins.remove(session);
        return login == null ? null : login.officer();
    }

    /**
     * Tells who acts.
     *
     * @param session the session
     * @param store   the store that the command names; empty if it names none
     * @return the officer
     * @throws CommandException if nobody is logged in there
     */
    Officer officer(CommandSession session, String store) throws CommandException {
        Login login = logins.get(session);
        if (login == null || !store.isEmpty() && !login.store().isEmpty() && !store.equals(login.store())) {
            throw new CommandException("Nobody is logged in" + (store.isEmpty() ? "" : " at key store " + store)
                    + ". Try: hsm:login NAME; to make the first officer: hsm:putofficer NAME --roles administrator");
        }
        return login.officer();
    }
}
