package org.calypsohsm.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.HashMap;
import java.util.Map;

import org.junit.jupiter.api.Test;

class ClientAccountTest {

    private static final String DIGEST = "AB:".repeat(31) + "AB";
    private static final Map<String, Object> PID = Map.of("service.pid", "org.calypsohsm.gateway.client~vending");

    private static ClientAccount account(Map<String, Object> values) {
        Map<String, Object> all = new HashMap<>(Map.of("certificate", DIGEST, "roles", new String[] {"CLIENT"}));
        all.putAll(values);
        return new ClientAccount(Configs.of(ClientAccount.Config.class, all), PID);
    }

    @Test
    void theNameIsThatOfThePidUnlessItIsSaid() {
        assertThat(account(Map.of()).name()).isEqualTo("vending");
        assertThat(account(Map.of("name", "till")).name()).isEqualTo("till");
    }

    @Test
    void aCertificateIsKnownByItsDigestInAnyForm() {
        ClientAccount account = account(Map.of());
        assertThat(account.isKnownBy(null, "ab".repeat(32))).isTrue();
        assertThat(account.isKnownBy(null, "ac".repeat(32))).isFalse();
    }

    @Test
    void mistakesAreNamed() {
        assertThatThrownBy(() -> account(Map.of("roles", new String[0]))).hasMessageContaining("no roles").hasMessageContaining("vending");
        assertThatThrownBy(() -> account(Map.of("roles", new String[] {"client"}))).hasMessageContaining("no role client");
        assertThatThrownBy(() -> account(Map.of("certificate", "1234"))).hasMessageContaining("64 hexadecimal digits");
        assertThatThrownBy(() -> account(Map.of("certificate", ""))).hasMessageContaining("either certificate");
        assertThatThrownBy(() -> account(Map.of("subject", "CN=x"))).hasMessageContaining("either certificate");
        assertThatThrownBy(() -> account(Map.of("certificate", "", "subject", "nonsense"))).hasMessageContaining("distinguished name");
        assertThatThrownBy(() -> account(Map.of("name", "a b"))).hasMessageContaining("64 letters");
        assertThatThrownBy(() -> account(Map.of("channels", -1))).hasMessageContaining("channels is at least 0");
    }

    @Test
    void limitsAreCounted() {
        ClientAccount account = account(Map.of("channels", 2, "exchangesPerSecond", 10));
        assertThat(account.takeChannel()).isTrue();
        assertThat(account.takeChannel()).isTrue();
        assertThat(account.takeChannel()).isFalse();
        account.giveChannel();
        assertThat(account.takeChannel()).isTrue();
        assertThat(account.mayExchange(11)).isFalse();
        assertThat(account.mayExchange(10)).isTrue();
        ClientAccount free = account(Map.of("requestsPerSecond", 0));
        for (int i = 0; i < 10_000; i++) {
            assertThat(free.takeChannel() && free.mayRequest() && free.mayExchange(1000)).isTrue();
        }
    }
}
