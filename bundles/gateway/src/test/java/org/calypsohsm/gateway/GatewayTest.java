package org.calypsohsm.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.reflect.Proxy;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;

import org.calypsohsm.certificates.Authority;
import org.calypsohsm.certificates.Credentials;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.osgi.framework.BundleContext;
import org.osgi.service.cm.ConfigurationAdmin;

/** The gateway refuses to start with a sentence that says what to do. */
class GatewayTest {

    @TempDir
    private Path folder;
    private final Map<String, Object> values = new HashMap<>();

    @BeforeEach
    void files() throws Exception {
        values.put("keyStore", Files.write(folder.resolve("server.p12"), new byte[] {1, 2, 3}).toString());
        values.put("keyStorePasswordFile", Files.writeString(folder.resolve("server.password"), "secret\n").toString());
        values.put("clientAuthority", Files.writeString(folder.resolve("authority.pem"), "").toString());
    }

    private void assertRefused(String why, Object... changes) {
        Map<String, Object> all = new HashMap<>(values);
        for (int i = 0; i < changes.length; i += 2) {
            all.put((String) changes[i], changes[i + 1]);
        }
        BundleContext context = (BundleContext) Proxy.newProxyInstance(getClass().getClassLoader(), new Class<?>[] {BundleContext.class},
                (proxy, method, arguments) -> folder.resolve("trusted").toFile());
        ConfigurationAdmin configurations = (ConfigurationAdmin) Proxy.newProxyInstance(getClass().getClassLoader(),
                new Class<?>[] {ConfigurationAdmin.class}, (proxy, method, arguments) -> {
                    assertThat(method.getName()).as("nothing is configured").isEqualTo("listConfigurations");
                    return null;
                });
        assertThatThrownBy(() -> new Gateway(context, Configs.of(Gateway.Config.class, all), configurations))
                .isInstanceOf(IllegalArgumentException.class).hasMessageStartingWith("Gateway: ").hasMessageContaining(why);
    }

    @Test
    void whatIsMissingIsNamed() {
        assertRefused("keyStore names no file. For development, hsm certificates FOLDER makes one", "keyStore", "");
        assertRefused("which cannot be read", "keyStore", folder.resolve("nothing.p12").toString());
        assertRefused("set one of them", "keyStorePasswordFile", "");
        assertRefused("set one of them", "keyStorePasswordVariable", "HSM_PASSWORD");
        assertRefused("the environment variable HSM_NOT_SET is not set", "keyStorePasswordFile", "", "keyStorePasswordVariable", "HSM_NOT_SET");
        assertRefused("cannot be used");
        assertRefused("port is 1 to 65535", "port", 0);
        assertRefused("host is", "host", " ");
        assertRefused("threads is at least", "threads", 1);
    }

    @Test
    void aPortThatIsTakenIsNamed() throws Exception {
        Authority authority = new Authority("test");
        Credentials server = authority.server(folder, "gateway");
        Path trusted = authority.write(folder.resolve("trusted.pem"));
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            assertRefused("nobody can listen on port " + taken.getLocalPort() + " of 127.0.0.1", "keyStore", server.keyStore().toString(),
                    "keyStorePasswordFile", server.passwordFile().toString(), "clientAuthority", trusted.toString(),
                    "port", taken.getLocalPort());
        }
        assertRefused("cannot be used", "keyStore", server.keyStore().toString());
    }

    @Test
    void anEmptyPasswordFileIsNoPassword() throws Exception {
        Path empty = Files.writeString(folder.resolve("empty"), "\n");
        assertRefused("is empty", "keyStorePasswordFile", empty.toString());
    }
}
