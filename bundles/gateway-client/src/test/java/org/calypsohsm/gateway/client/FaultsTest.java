package org.calypsohsm.gateway.client;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.util.Map;

import org.assertj.core.api.Assertions;
import org.calypsohsm.channel.ChannelClosedException;
import org.calypsohsm.channel.ChannelException;
import org.calypsohsm.channel.ChannelExpiredException;
import org.calypsohsm.channel.ChannelLostException;
import org.calypsohsm.channel.ModuleUnavailableException;
import org.calypsohsm.channel.NoChannelFreeException;
import org.calypsohsm.channel.UnknownKeyGroupException;
import org.calypsohsm.gateway.wire.ErrorCode;
import org.calypsohsm.gateway.wire.Frame;
import org.calypsohsm.gateway.wire.Operation;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class FaultsTest {

    private static final Map<ErrorCode, Class<?>> ON_A_CHANNEL = Map.of(ErrorCode.CLOSED, ChannelClosedException.class,
            ErrorCode.EXPIRED, ChannelExpiredException.class, ErrorCode.LOST, ChannelLostException.class,
            ErrorCode.MODULE_UNAVAILABLE, ModuleUnavailableException.class, ErrorCode.NO_CHANNEL_FREE, NoChannelFreeException.class,
            ErrorCode.UNKNOWN_KEY_GROUP, UnknownKeyGroupException.class, ErrorCode.NOT_PERMITTED, UnknownKeyGroupException.class,
            ErrorCode.RATE_LIMITED, ModuleUnavailableException.class, ErrorCode.MALFORMED, ModuleUnavailableException.class,
            ErrorCode.FAILED, ModuleUnavailableException.class);

    private static ChannelException fault(ErrorCode code, long channel, String module) {
        return Faults.of(new Frame(Operation.ERROR, 1, channel, Frame.error(code, module, "it is so; do that.")));
    }

    @ParameterizedTest
    @EnumSource
    void eachCodeIsTheExceptionOfTheApiWithModuleChannelAndReason(ErrorCode code) {
        ChannelException fault = fault(code, 7, "mäin");
        assertThat(fault).isExactlyInstanceOf(ON_A_CHANNEL.get(code)).hasMessage("Channel 7 on module mäin: it is so; do that.");
        assertThat(fault.module()).isEqualTo("mäin");
        assertThat(fault.channel()).isEqualTo(7);
        assertThat(fault.reason()).isEqualTo("it is so; do that.");
    }

    @Test
    void withoutAChannelThereIsNoneToStayOpen() {
        assertThat(fault(ErrorCode.RATE_LIMITED, 0, null)).isExactlyInstanceOf(NoChannelFreeException.class)
                .hasMessage("No channel: it is so; do that.");
        assertThat(fault(ErrorCode.FAILED, 0, null)).isExactlyInstanceOf(NoChannelFreeException.class);
    }

    @Test
    void anErrorOfALaterVersionIsAFailure() {
        byte[] payload = Frame.error(ErrorCode.CLOSED, null, "news.");
        payload[0] = 99;
        assertThat(Faults.of(new Frame(Operation.ERROR, 1, 7, payload))).isExactlyInstanceOf(ModuleUnavailableException.class);
        assertThat(Faults.of(new Frame(Operation.ERROR, 1, 7, new byte[] {1}))).hasMessageContaining("tells no reason");
    }

    @Test
    void anAddressThatIsNotHttpsIsRefused() {
        for (String address : new String[] {"http://localhost:8443", "localhost:8443", "https:///x"}) {
            Assertions.assertThatThrownBy(() -> GatewayClient.of(URI.create(address))).isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("https://127.0.0.1:8443");
        }
        Assertions.assertThatThrownBy(() -> GatewayClient.of(URI.create("https://localhost:8443")).build())
                .isInstanceOf(IllegalStateException.class).hasMessageContaining("key store");
    }
}
