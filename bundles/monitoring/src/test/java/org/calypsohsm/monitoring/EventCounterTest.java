package org.calypsohsm.monitoring;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;

import org.calypsohsm.key.KeyStoreStatus;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class EventCounterTest {

    private final TestPlatform platform = new TestPlatform();
    private final Services services = new Services(platform.context());

    @AfterEach
    void stop() throws Exception {
        platform.close();
    }

    private List<EventCounter> counters() {
        return services.stores(EventCounter::all).get(0).value();
    }

    @Test
    void theCounterOfAKeyIsShownWithItsCeilingAndWithoutTheKey() {
        platform.group(0, Map.of("value", 799, "ceiling", 1000)).group(3, Map.of()).keyStore();

        assertThat(counters()).containsExactly(new EventCounter(0, 1, 799, 1000, List.of("21/79")),
                new EventCounter(3, 1, 0, 1000, List.of("21/79")));
        assertThat(counters().get(0).percent()).isEqualTo(79);
        assertThat(counters().toString()).doesNotContain(TestPlatform.SECRET);
    }

    @Test
    void aHundredPercentIsOnlyAtTheCeiling() {
        assertThat(new EventCounter(0, 1, 16_777_209, 16_777_210, List.of()).percent()).isEqualTo(99);
        assertThat(new EventCounter(0, 1, 16_777_210, 16_777_210, List.of()).percent()).isEqualTo(100);
        assertThat(new EventCounter(0, 1, 0, 0, List.of()).percent()).isEqualTo(100);
    }

    @Test
    void aLockedStoreHasNone() {
        platform.group(0, Map.of("value", 5)).keyStore();
        platform.storeState = KeyStoreStatus.State.LOCKED;
        assertThat(counters()).isEmpty();
    }

    @Test
    void servicesThatAreMissingGiveWhatWasAskedFor() {
        assertThat(services.stores(EventCounter::all)).isEmpty();
        assertThat(services.use(org.calypsohsm.channel.ChannelManager.class, manager -> 1, 2)).isEqualTo(2);
        platform.channelManager();
        assertThat(services.use(org.calypsohsm.channel.ChannelManager.class, manager -> 1, 2)).isEqualTo(1);
    }
}
