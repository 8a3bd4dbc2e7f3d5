package org.calypsohsm.monitoring;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.List;
import java.util.Set;

import org.calypsohsm.monitoring.Caller.Role;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;

class GuardedServletTest {

    private static final class Secret extends GuardedServlet {

        private static final long serialVersionUID = 1L;

        @Override
        protected boolean permits(Caller caller, HttpServletRequest request) {
            return caller.is(Role.METRICS, Role.ADMINISTRATOR);
        }

        @Override
        protected void doGet(HttpServletRequest request, HttpServletResponse response) throws IOException {
            send(response, "text/plain", "for " + caller(request).name());
        }
    }

    private final Secret servlet = new Secret();

    @Test
    void whoHasOneOfTheRolesIsAnswered() throws Exception {
        for (Role role : List.of(Role.METRICS, Role.ADMINISTRATOR)) {
            Exchange exchange = Exchange.get("/").by("prometheus", role, Role.CLIENT).to(servlet);
            assertThat(exchange.status).isEqualTo(200);
            assertThat(exchange.text()).isEqualTo("for prometheus");
            assertThat(exchange.headers).containsEntry("X-Content-Type-Options", "nosniff").containsEntry("Cache-Control", "no-store");
        }
    }

    @Test
    void whoHasNoneIsRefusedWithTheReason() throws Exception {
        Exchange exchange = Exchange.get("/").by("till 7", Role.CLIENT).to(servlet);
        assertThat(exchange.status).isEqualTo(403);
        assertThat(exchange.text()).contains("till 7").contains("CLIENT");
    }

    @Test
    void withoutTheAttributesOfTheGatewayNobodyIsAnswered() throws Exception {
        assertThat(Exchange.get("/").to(servlet).status).isEqualTo(403);
        assertThat(Exchange.get("/").attribute(Caller.CLIENT, "x").to(servlet).status).isEqualTo(403);
        assertThat(Exchange.get("/").attribute(Caller.ROLES, Set.of("METRICS")).to(servlet).status).isEqualTo(403);
        assertThat(Exchange.get("/").attribute(Caller.CLIENT, "x").attribute(Caller.ROLES, "METRICS").to(servlet).status).isEqualTo(403);
        assertThat(Exchange.get("/").attribute(Caller.CLIENT, "x").attribute(Caller.ROLES, Set.of("METRICS")).to(servlet).status)
                .isEqualTo(200);
    }

    @Test
    void rolesThatNobodyKnowsAreNone() throws Exception {
        assertThat(Exchange.get("/").attribute(Caller.CLIENT, "x").attribute(Caller.ROLES, Set.of("ROOT", "metrics")).to(servlet).status)
                .isEqualTo(403);
    }

    @ParameterizedTest
    @ValueSource(strings = {"PUT", "DELETE", "TRACE", "OPTIONS", "PATCH"})
    void otherMethodsAreRefused(String method) throws Exception {
        assertThat(Exchange.of(method, "/").by("prometheus", Role.METRICS).to(servlet).status).isEqualTo(405);
    }
}
