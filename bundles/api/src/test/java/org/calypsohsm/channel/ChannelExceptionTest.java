package org.calypsohsm.channel;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.Stream;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class ChannelExceptionTest {

    /** Makes an exception. */
    private interface Maker {
        ChannelException make(String module, long channel, String reason);
    }

    static Stream<Maker> all() {
        return Stream.of(ChannelClosedException::new, ChannelExpiredException::new, ChannelLostException::new,
                ModuleUnavailableException::new, NoChannelFreeException::new, UnknownKeyGroupException::new);
    }

    @ParameterizedTest
    @MethodSource("all")
    void namesModuleChannelAndReason(Maker maker) {
        ChannelException fault = maker.make("main", 42, "it is broken; try again.");
        assertThat(fault).hasMessage("Channel 42 on module main: it is broken; try again.");
        assertThat(fault.module()).isEqualTo("main");
        assertThat(fault.channel()).isEqualTo(42);
        assertThat(fault.reason()).isEqualTo("it is broken; try again.");
    }

    @ParameterizedTest
    @MethodSource("all")
    void leavesOutWhatThereIsNot(Maker maker) {
        assertThat(maker.make(null, 0, "none is free.")).hasMessage("No channel: none is free.");
        assertThat(maker.make(null, 7, "it is parked.")).hasMessage("Channel 7: it is parked.");
        assertThat(maker.make("main", 0, "it is full.")).hasMessage("No channel on module main: it is full.");
    }

    @Test
    void whoeverCatchesClosedCatchesExpiredAndLostToo() {
        assertThat(new ChannelExpiredException("main", 1, "")).isInstanceOf(ChannelClosedException.class);
        assertThat(new ChannelLostException("main", 1, "")).isInstanceOf(ChannelClosedException.class);
        assertThat(new ModuleUnavailableException("main", 1, "")).isNotInstanceOf(ChannelClosedException.class);
    }
}
