package org.calypsohsm.gateway;

import java.io.IOException;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Collectors;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.ConfigurationPolicy;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.component.annotations.ReferenceCardinality;
import org.osgi.service.component.annotations.ReferencePolicy;
import org.osgi.service.servlet.context.ServletContextHelper;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The context of all servlets of the platform, named {@code hsm}: whoever registers one in it gets requests of known clients only.
 * They have three attributes: {@value #CLIENT} (String), {@value #ROLES} (Set of String) and {@value #KEY_GROUPS} (Set of Integer).
 */
@Component(service = ServletContextHelper.class, configurationPid = Gateway.PID, configurationPolicy = ConfigurationPolicy.REQUIRE,
        property = {"osgi.http.whiteboard.context.name=" + HsmContext.NAME, "osgi.http.whiteboard.context.path=/"})
public final class HsmContext extends ServletContextHelper {

    static final String NAME = "hsm";
    static final String SELECT = "osgi.http.whiteboard.context.select=(osgi.http.whiteboard.context.name=" + NAME + ")";
    static final String CLIENT = "org.calypsohsm.gateway.client";
    static final String ROLES = "org.calypsohsm.gateway.roles";
    static final String KEY_GROUPS = "org.calypsohsm.gateway.keyGroups";
    /** The account itself, for the servlets of this bundle. */
    private static final String ACCOUNT = ClientAccount.class.getName();

    private static final String CERTIFICATES = "jakarta.servlet.request.X509Certificate";
    private static final Logger LOG = LoggerFactory.getLogger(HsmContext.class);

    private final List<ClientAccount> accounts = new CopyOnWriteArrayList<>();

    /** Makes a context without clients. */
    @Activate
    public HsmContext() {
        // They come by and by.
    }

    @Reference(cardinality = ReferenceCardinality.MULTIPLE, policy = ReferencePolicy.DYNAMIC)
    void bindAccount(ClientAccount account) {
        accounts.add(account);
    }

    void unbindAccount(ClientAccount account) {
        accounts.remove(account);
    }

    @Override
    public boolean handleSecurity(HttpServletRequest request, HttpServletResponse response) throws IOException {
        try {
            checkOrigin(request.getHeader("Origin"), request.getHeader("Host"));
            ClientAccount account = authenticate((X509Certificate[]) request.getAttribute(CERTIFICATES));
            if (!account.mayRequest()) {
                throw new Problem(Problem.TOO_MANY_REQUESTS, "Client " + account.name()
                        + " makes more requests than it may; wait a second.");
            }
            request.setAttribute(CLIENT, account.name());
            request.setAttribute(ROLES, account.roles().stream().map(Role::name).collect(Collectors.toUnmodifiableSet()));
            request.setAttribute(KEY_GROUPS, Set.copyOf(account.keyGroups()));
            request.setAttribute(ACCOUNT, account);
            return true;
        } catch (Problem refused) {
            LOG.warn("{} {} from {} is refused: {}", request.getMethod(), request.getRequestURI(), request.getRemoteAddr(),
                    refused.getMessage());
            refused.write(response);
            return false;
        }
    }

    /** A browser that holds a certificate shows it for the pages of anybody, also for WebSockets; it tells whose page it is. */
    private static void checkOrigin(String origin, String host) throws Problem {
        if (origin != null && !origin.equals("https://" + host)) {
            throw new Problem(Problem.FORBIDDEN, "The request comes from a page of another site.");
        }
    }

    private ClientAccount authenticate(X509Certificate[] chain) throws Problem {
        if (chain == null || chain.length == 0) {
            throw new Problem(Problem.UNAUTHORIZED, "The request came without a client certificate; connect over TLS with one.");
        }
        String digest = ClientAccount.digest(chain[0]);
        return accounts.stream().filter(account -> account.isKnownBy(chain[0], digest)).findFirst()
                .orElseThrow(() -> new Problem(Problem.FORBIDDEN, "No client is configured for the certificate with SHA-256 "
                        + digest + "; configure " + ClientAccount.PID + "~NAME."));
    }

    /** @return who made a request that has passed {@link #handleSecurity} */
    static ClientAccount account(HttpServletRequest request) {
        return (ClientAccount) request.getAttribute(ACCOUNT);
    }
}
