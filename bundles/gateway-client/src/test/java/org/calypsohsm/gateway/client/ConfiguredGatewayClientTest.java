package org.calypsohsm.gateway.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.ServiceLoader;

import org.calypsohsm.channel.ChannelManager;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What it says when it is not configured; that it works is tested with a gateway, in itest/gateway. */
class ConfiguredGatewayClientTest {

    @TempDir
    Path folder;

    @AfterEach
    void forget() {
        List.of(ConfiguredGatewayClient.GATEWAY, ConfiguredGatewayClient.KEY_STORE, ConfiguredGatewayClient.PASSWORD_FILE,
                ConfiguredGatewayClient.AUTHORITY).forEach(System::clearProperty);
    }

    @Test
    void itIsFoundOnTheClassPath() {
        assertThat(ServiceLoader.load(ChannelManager.class).stream().map(provider -> provider.type().getName()))
                .containsExactly(ConfiguredGatewayClient.class.getName());
    }

    @Test
    void aMissingPropertyIsNamed() {
        assertThatIllegalStateException().isThrownBy(ConfiguredGatewayClient::new)
                .withMessage("The gateway client needs the system property hsm.gateway.");
        System.setProperty(ConfiguredGatewayClient.GATEWAY, "https://127.0.0.1:1");
        assertThatIllegalStateException().isThrownBy(ConfiguredGatewayClient::new)
                .withMessage("The gateway client needs the system property hsm.gateway.keyStore.");
    }

    @Test
    void aFileThatCannotBeUsedIsNamedWithoutThePassword() throws Exception {
        System.setProperty(ConfiguredGatewayClient.GATEWAY, "https://127.0.0.1:1");
        System.setProperty(ConfiguredGatewayClient.KEY_STORE, Files.writeString(folder.resolve("keys.p12"), "none").toString());
        System.setProperty(ConfiguredGatewayClient.PASSWORD_FILE, Files.writeString(folder.resolve("password"), "very secret").toString());
        System.setProperty(ConfiguredGatewayClient.AUTHORITY, folder.resolve("none.pem").toString());
        assertThatIllegalStateException().isThrownBy(ConfiguredGatewayClient::new)
                .withMessageStartingWith("The gateway client cannot use what the system properties hsm.gateway.keyStore")
                .satisfies(fault -> assertThat(fault.getMessage()).doesNotContain("very secret"));
    }
}
