package org.calypsohsm.itest.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;

import io.swagger.parser.OpenAPIParser;
import io.swagger.v3.oas.models.OpenAPI;
import io.swagger.v3.oas.models.Operation;
import io.swagger.v3.oas.models.PathItem;
import io.swagger.v3.parser.core.models.SwaggerParseResult;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/** Who may do what: each operation of the OpenAPI document that the gateway serves, with each kind of client. */
class AuthorizationIT {

    private static final Map<String, String> PARAMETERS =
            Map.of("{module}", "main", "{channel}", "4711", "{group}", "0", "{counter}", "1");
    /** No object, so that whoever may do it does not do it. */
    private static final String NO_BODY = "[]";
    private static final int BAD_REQUEST = 400;
    private static final int FORBIDDEN = 403;
    private static final int TOO_OLD = 426;

    private static GatewayProcess gateway;
    private static OpenAPI document;

    @BeforeAll
    static void start(@TempDir Path folder) throws Exception {
        gateway = new GatewayProcess(folder).start();
        String json = gateway.send("AUDITOR", "GET", "/openapi.json", null).body();
        SwaggerParseResult result = new OpenAPIParser().readContents(json, null, null);
        assertThat(result.getMessages()).isEmpty();
        document = result.getOpenAPI();
    }

    @AfterAll
    static void stop() throws Exception {
        gateway.close();
    }

    private record Case(String method, String path, Operation operation, List<String> roles) {

        String body() {
            return operation.getRequestBody() == null ? null : NO_BODY;
        }

        HttpResponse<String> send(String client) throws IOException, InterruptedException {
            return gateway.send(client, method, path, body());
        }

        @Override
        public String toString() {
            return method + " " + path;
        }
    }

    private static List<Case> cases() {
        List<Case> cases = new ArrayList<>();
        document.getPaths().forEach((template, item) -> {
            for (Map.Entry<PathItem.HttpMethod, Operation> one : item.readOperationsMap().entrySet()) {
                String path = template;
                for (Map.Entry<String, String> parameter : PARAMETERS.entrySet()) {
                    path = path.replace(parameter.getKey(), parameter.getValue());
                }
                List<String> roles = ((Collection<?>) one.getValue().getExtensions().get("x-roles")).stream().map(String::valueOf).toList();
                cases.add(new Case(one.getKey().name(), path, one.getValue(), roles));
            }
        });
        return cases;
    }

    @Test
    void theDocumentHasAllThatIsServed() {
        assertThat(cases()).hasSizeGreaterThan(20).allSatisfy(one -> {
            assertThat(one.roles()).isNotEmpty().isSubsetOf(GatewayProcess.ROLES);
            assertThat(one.path()).doesNotContain("{");
        });
    }

    @TestFactory
    List<DynamicTest> noCertificateIsRefused() {
        return cases().stream().map(one -> dynamicTest(one.toString(), () -> {
            assertThatThrownBy(() -> one.send(null)).isInstanceOf(IOException.class);
            assertThatThrownBy(() -> one.send(GatewayProcess.STRANGER)).isInstanceOf(IOException.class);
            assertProblem(one.send(GatewayProcess.UNKNOWN), "No client is configured for the certificate");
        })).toList();
    }

    private static void assertProblem(HttpResponse<String> answer, String why) {
        assertThat(answer.statusCode()).isEqualTo(FORBIDDEN);
        assertThat(answer.headers().firstValue("Content-Type")).hasValueSatisfying(type ->
                assertThat(type).startsWith("application/problem+json"));
        assertThat(answer.body()).contains(why);
    }

    @TestFactory
    List<DynamicTest> aWrongRoleIsRefusedAndARightOneIsNot() {
        List<DynamicTest> tests = new ArrayList<>();
        for (Case one : cases()) {
            for (String role : GatewayProcess.ROLES) {
                boolean may = one.roles().contains(role);
                tests.add(dynamicTest(one + (may ? " may " : " may not ") + role, () -> {
                    HttpResponse<String> answer = one.send(role);
                    if (!may) {
                        assertProblem(answer, "lacks the role");
                    } else if (one.body() != null) {
                        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(one.path().contains("4711") ? 404 : BAD_REQUEST);
                    } else {
                        assertThat(answer.statusCode()).as(answer.body()).isIn(200, 404, 405, TOO_OLD);
                    }
                }));
            }
        }
        return tests;
    }

    @TestFactory
    List<DynamicTest> aWrongKeyGroupIsRefused() {
        List<DynamicTest> tests = new ArrayList<>();
        for (Case one : cases()) {
            Object place = one.operation().getExtensions().get("x-key-group");
            if (place != null) {
                tests.add(dynamicTest(one.toString(), () -> {
                    boolean inBody = place.equals("body");
                    String path = one.path().replace("/key-groups/0", "/key-groups/1");
                    String body = inBody ? "{\"keyGroup\": 1}" : one.body();
                    for (String role : one.roles()) {
                        assertProblem(gateway.send(role, one.method(), path, body), "may not use key group 1");
                    }
                }));
            }
        }
        assertThat(tests).hasSizeGreaterThanOrEqualTo(4);
        return tests;
    }

    @Test
    void aCeilingIsSealedOnlyByAGroupOfTheClient() throws Exception {
        assertProblem(gateway.send("SUPERVISOR", "POST", "/key-groups/0/counters/1/ceiling", "{\"ceiling\": 16777210, \"controlGroup\": 1}"),
                "may not use key group 1");
        HttpResponse<String> raised = gateway.send("SUPERVISOR", "POST", "/key-groups/0/counters/1/ceiling",
                "{\"ceiling\": 1, \"controlGroup\": 0}");
        assertThat(raised.statusCode()).as(raised.body()).isEqualTo(BAD_REQUEST);
    }

    @Test
    void whatIsOrderedIsInTheAuditLog() throws Exception {
        assertThat(gateway.send("OPERATOR", "POST", "/modules/spare/drain", "{\"deadlineMillis\": 0}").statusCode()).isEqualTo(200);
        assertThat(gateway.send("OPERATOR", "POST", "/modules/spare/undrain", "{}").statusCode()).isEqualTo(200);
        String log = gateway.send("AUDITOR", "GET", "/audit?count=50", null).body();
        assertThat(log).contains("\"act\":\"gateway.drain\",\"subject\":\"{module=spare}\",\"actor\":\"OPERATOR\"")
                .contains("gateway.undrain");
        assertThat(gateway.send("AUDITOR", "POST", "/audit/verify", "{}").body()).contains("\"INTACT\"");
        gateway.send("AUDITOR", "POST", "/modules/spare/drain", "{}");
        Awaitility.await("the refusal is in the log").until(() -> gateway.send("AUDITOR", "GET", "/audit?count=50", null).body()
                .contains("\"act\":\"gateway.refused\",\"subject\":\"drain\""));
    }

    @Test
    void wrongRequestsAreExplained() throws Exception {
        Map<String, String> bodies = Map.of("{", "no JSON object", "{\"keyGroup\": \"0\"}", "whole number keyGroup",
                "{\"keyGroup\": 1.5}", "whole number keyGroup", "{\"group\": 0}", "no member group",
                "{\"keyGroup\": -1}", "0 to", "{\"keyGroup\": 0, \"leaseMillis\": 0}", "leaseMillis is 1 to");
        for (Map.Entry<String, String> one : bodies.entrySet()) {
            HttpResponse<String> answer = gateway.send("CLIENT", "POST", "/channels", one.getKey());
            assertThat(answer.statusCode()).as(one.getKey()).isEqualTo(BAD_REQUEST);
            assertThat(answer.body()).contains(one.getValue());
        }
        assertThat(gateway.send("CLIENT", "POST", "/channels", " ".repeat(70_000)).statusCode()).isEqualTo(413);
        assertThat(gateway.send("CLIENT", "GET", "/nowhere", null).statusCode()).isEqualTo(404);
        HttpResponse<String> method = gateway.send("CLIENT", "PUT", "/modules", "{}");
        assertThat(method.statusCode()).isEqualTo(405);
        assertThat(method.headers().firstValue("Allow")).hasValue("GET");
    }
}
