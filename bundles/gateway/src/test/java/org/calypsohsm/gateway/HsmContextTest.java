package org.calypsohsm.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;

import jakarta.servlet.ServletOutputStream;
import jakarta.servlet.WriteListener;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import org.calypsohsm.certificates.Authority;
import org.calypsohsm.certificates.Credentials;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What servlets of other bundles rely on. */
class HsmContextTest {

    private static final String CERTIFICATES = "jakarta.servlet.request.X509Certificate";

    @TempDir
    private Path folder;
    private final HsmContext context = new HsmContext();
    private final Map<String, Object> attributes = new HashMap<>();
    private final Map<String, String> headers = new HashMap<>(Map.of("Host", "localhost:8443"));
    private final ByteArrayOutputStream body = new ByteArrayOutputStream();
    private int status;
    private Credentials known;
    private Credentials unknown;
    private ClientAccount account;

    @BeforeEach
    void clients() throws Exception {
        Authority authority = new Authority("test");
        known = authority.client(folder, "known");
        unknown = authority.client(folder, "unknown");
        account = new ClientAccount(Configs.of(ClientAccount.Config.class, Map.of("name", "vending", "certificate", known.sha256(),
                "roles", new String[] {"CLIENT", "METRICS"}, "keyGroups", new int[] {0, 3}, "requestsPerSecond", 2)), Map.of());
        context.bindAccount(account);
    }

    private boolean passes(Credentials client) throws Exception {
        if (client != null) {
            attributes.put(CERTIFICATES, new X509Certificate[] {client.certificate()});
        }
        HttpServletRequest request = (HttpServletRequest) Proxy.newProxyInstance(getClass().getClassLoader(),
                new Class<?>[] {HttpServletRequest.class}, (proxy, method, arguments) -> switch (method.getName()) {
                    case "getAttribute" -> attributes.get(arguments[0]);
                    case "setAttribute" -> attributes.put((String) arguments[0], arguments[1]);
                    case "getHeader" -> headers.get(arguments[0]);
                    default -> null;
                });
        ServletOutputStream out = new ServletOutputStream() {
            @Override
            public boolean isReady() {
                return true;
            }

            @Override
            public void setWriteListener(WriteListener listener) {
                throw new UnsupportedOperationException();
            }

            @Override
            public void write(int one) {
                body.write(one);
            }
        };
        HttpServletResponse response = (HttpServletResponse) Proxy.newProxyInstance(getClass().getClassLoader(),
                new Class<?>[] {HttpServletResponse.class}, (proxy, method, arguments) -> {
                    if (method.getName().equals("setStatus")) {
                        status = (Integer) arguments[0];
                    }
                    return method.getName().equals("getOutputStream") ? out : null;
                });
        return context.handleSecurity(request, response);
    }

    private void assertRefused(int with, String why) {
        assertThat(status).isEqualTo(with);
        assertThat(body.toString(StandardCharsets.UTF_8)).contains("\"status\":" + with, why);
        assertThat(attributes).doesNotContainKeys(HsmContext.CLIENT, HsmContext.ROLES, HsmContext.KEY_GROUPS);
    }

    @Test
    void aKnownClientPassesWithItsAttributes() throws Exception {
        assertThat(passes(known)).isTrue();
        assertThat(attributes).containsEntry("org.calypsohsm.gateway.client", "vending")
                .containsEntry("org.calypsohsm.gateway.roles", Set.of("CLIENT", "METRICS"))
                .containsEntry("org.calypsohsm.gateway.keyGroups", Set.of(0, 3));
    }

    @Test
    void withoutACertificateItIs401() throws Exception {
        assertThat(passes(null)).isFalse();
        assertRefused(401, "without a client certificate");
    }

    @Test
    void aCertificateOfNobodyIs403() throws Exception {
        assertThat(passes(unknown)).isFalse();
        assertRefused(403, unknown.sha256());
    }

    @Test
    void aClientThatGoesIsKnownNoMore() throws Exception {
        context.unbindAccount(account);
        assertThat(passes(known)).isFalse();
        assertRefused(403, "No client is configured");
    }

    @Test
    void thePageOfAnotherSiteIs403() throws Exception {
        headers.put("Origin", "https://localhost:8443");
        assertThat(passes(known)).isTrue();
        attributes.clear();
        for (String other : new String[] {"https://evil.example", "null", "http://localhost:8443", "https://localhost:8444"}) {
            headers.put("Origin", other);
            assertThat(passes(known)).isFalse();
            assertRefused(403, "another site");
        }
    }

    @Test
    void tooManyRequestsAre429() throws Exception {
        assertThat(passes(known)).isTrue();
        assertThat(passes(known)).isTrue();
        attributes.clear();
        boolean refused = false;
        for (int i = 0; i < 1000 && !refused; i++) {
            attributes.clear();
            refused = !passes(known);
        }
        assertThat(refused).isTrue();
        assertRefused(429, "more requests than it may");
    }
}
