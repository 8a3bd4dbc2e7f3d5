package org.calypsohsm.channel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import java.time.Duration;

import org.junit.jupiter.api.Test;

class ChannelRequestTest {

    @Test
    void hasDefaultsForDeadlineAndLease() {
        ChannelRequest request = ChannelRequest.forKeyGroup(3);
        assertThat(request.keyGroup()).isEqualTo(3);
        assertThat(request.deadline()).isEqualTo(Duration.ofSeconds(5));
        assertThat(request.idleTimeout()).isEqualTo(Duration.ofMinutes(2));
    }

    @Test
    void changesOnePartAndKeepsTheOthers() {
        ChannelRequest request = ChannelRequest.forKeyGroup(3).withDeadline(Duration.ZERO).withIdleTimeout(Duration.ofMillis(-1));
        assertThat(request).isEqualTo(new ChannelRequest(3, Duration.ZERO, Duration.ofMillis(-1)));
        assertThat(request.withDeadline(Duration.ofMillis(7)).idleTimeout()).isEqualTo(Duration.ofMillis(-1));
    }

    @Test
    void saysWhatIsOutOfRange() {
        assertThatIllegalArgumentException().isThrownBy(() -> ChannelRequest.forKeyGroup(-1))
                .withMessage("A key group is numbered from 0, not -1.");
        assertThatIllegalArgumentException().isThrownBy(() -> ChannelRequest.forKeyGroup(0).withDeadline(Duration.ofNanos(-1)))
                .withMessageContaining("not negative");
        assertThatNullPointerException().isThrownBy(() -> ChannelRequest.forKeyGroup(0).withDeadline(null)).withMessage("deadline");
        assertThatNullPointerException().isThrownBy(() -> ChannelRequest.forKeyGroup(0).withIdleTimeout(null))
                .withMessage("idleTimeout");
    }
}
