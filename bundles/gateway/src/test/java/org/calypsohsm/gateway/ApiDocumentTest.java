package org.calypsohsm.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;

import org.calypsohsm.channel.ChannelManager;
import org.junit.jupiter.api.Test;
import org.osgi.framework.BundleContext;

class ApiDocumentTest {

    private final ApiDocument document = new ApiDocument();

    @Test
    void documentAndCodeHaveTheSameOperations() {
        ApiServlet servlet = new ApiServlet(Configs.nothing(BundleContext.class), Configs.of(Gateway.Config.class, Map.of()),
                Configs.nothing(ChannelManager.class));
        assertThat(servlet.handlers().keySet()).isEqualTo(document.operations().keySet());
    }

    @Test
    void eachOperationHasRolesAndEachRoleAnOperation() {
        assertThat(document.operations().values()).allSatisfy(one -> assertThat(one.roles()).isNotEmpty());
        for (Role role : Role.values()) {
            assertThat(document.operations().values()).anySatisfy(one -> assertThat(one.roles()).contains(role));
        }
    }

    @Test
    void pathsAreFoundWithTheirParameters() {
        ApiDocument.Match match = document.match("/key-groups/7/counters/12/ceiling");
        assertThat(match.methods()).containsOnlyKeys("POST");
        assertThat(match.methods().get("POST").id()).isEqualTo("raiseCeiling");
        assertThat(match.methods().get("POST").keyGroup()).isEqualTo("group");
        assertThat(match.parameters()).containsExactlyInAnyOrderEntriesOf(Map.of("group", "7", "counter", "12"));
        assertThat(document.match("/modules").methods()).containsOnlyKeys("GET");
        assertThat(document.match("/features/change").methods()).containsOnlyKeys("GET", "POST", "DELETE");
        assertThat(document.match("/modules/main/drain/now")).isNull();
        assertThat(document.match("/nowhere")).isNull();
        assertThat(document.match("/")).isNull();
    }

    @Test
    void whatChangesSomethingIsRecorded() {
        assertThat(document.operations().values().stream().filter(ApiDocument.Operation::recorded).map(ApiDocument.Operation::id))
                .containsExactlyInAnyOrder("drain", "undrain", "selfTest", "raiseCeiling", "change", "cancel");
    }
}
