package org.calypsohsm.sam;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.Proxy;
import java.util.HashMap;
import java.util.Map;

import org.calypsohsm.module.ChannelState;
import org.calypsohsm.module.ModuleChannel;
import org.calypsohsm.module.SamForm;
import org.calypsohsm.product.SecurityPlugin;
import org.junit.jupiter.api.Test;
import org.osgi.framework.Bundle;
import org.osgi.framework.ServiceReference;

/** The service: it knows plugins by their service references. */
class SamEmulatorTest {

    private final SamEmulator emulator = new SamEmulator(0, byte[]::new);
    private final TestGroup keys = TestGroup.full();

    /** A service reference with a ranking, as far as the emulator looks at it. */
    @SuppressWarnings("unchecked")
    private static ServiceReference<SecurityPlugin> reference(int ranking, Object algs) {
        Map<String, Object> properties = new HashMap<>(Map.of(SecurityPlugin.PRODUCT, "test", "service.ranking", ranking));
        if (algs != null) {
            properties.put(SecurityPlugin.ALG, algs);
        }
        Bundle bundle = (Bundle) Proxy.newProxyInstance(Bundle.class.getClassLoader(), new Class<?>[] {Bundle.class},
                (proxy, method, arguments) -> "test");
        return (ServiceReference<SecurityPlugin>) Proxy.newProxyInstance(ServiceReference.class.getClassLoader(),
                new Class<?>[] {ServiceReference.class}, (proxy, method, arguments) -> switch (method.getName()) {
                    case "getProperty" -> properties.get(arguments[0]);
                    case "getBundle" -> bundle;
                    case "compareTo" -> Integer.compare(ranking,
                            (Integer) ((ServiceReference<?>) arguments[0]).getProperty("service.ranking"));
                    default -> throw new UnsupportedOperationException(method.getName());
                });
    }

    private String openRegular(int alg) throws Exception {
        ModuleChannel sam = emulator.create(SamForm.HSM_C1, 1, 1, keys,
                new ChannelState(Hex.bytes(Sam.DIVERSIFIER), new byte[4], null, false));
        return Hex.text(sam.exchange(Hex.bytes("808A00FF0E30" + Hex.text(alg + 9) + Sam.OPEN)));
    }

    @Test
    void aPluginServesTheAlgCodesOfItsServiceProperty() throws Exception {
        assertThat(openRegular(0x40)).isEqualTo("6985");
        ProfilePlugin plugin = ProfilePlugin.usual();
        emulator.bindPlugin(plugin, reference(0, new Integer[] {0x30, 0x40}));
        assertThat(openRegular(0x40)).isEqualTo("9000");
        assertThat(openRegular(0x30)).isEqualTo("9000");
        assertThat(openRegular(0x50)).isEqualTo("6985");
        emulator.unbindPlugin(plugin);
        assertThat(openRegular(0x40)).isEqualTo("6985");
    }

    @Test
    void theHigherServiceRankingServes() {
        ProfilePlugin low = ProfilePlugin.usual();
        ProfilePlugin high = ProfilePlugin.usual();
        emulator.bindPlugin(high, reference(5, 0x40));
        emulator.bindPlugin(low, reference(-5, 0x40));
        PluginSlot slot = emulator.plugins().lease(0x40);
        slot.leave();
        assertThat(slot.plugin()).isSameAs(high);
    }

    @Test
    void aPluginWithoutAlgCodesServesNothingAndHarmsNothing() throws Exception {
        ProfilePlugin useless = ProfilePlugin.usual();
        emulator.bindPlugin(useless, reference(9, null));
        emulator.bindPlugin(ProfilePlugin.usual(), reference(0, 0x40));
        assertThat(openRegular(0x40)).isEqualTo("9000");
        emulator.unbindPlugin(useless);
        assertThat(openRegular(0x40)).isEqualTo("9000");
    }

    @Test
    void aSamStartsFromTheStateAndWithTheAnswerToResetThatItIsGiven() throws Exception {
        ModuleChannel sam = emulator.create(SamForm.S1D, 0x01020304, 0x77, keys,
                new ChannelState(null, null, Hex.bytes("0102030405060708"), false));
        assertThat(Hex.text(sam.atr())).isEqualTo("3B3F9600805A0080D020770001020304829000");
        assertThat(sam.idleState().incomingChallenge()).isEqualTo(Hex.bytes("0102030405060708"));
        assertThat(Hex.text(sam.exchange(Hex.bytes("9484000004")))).isEqualTo("000000009000");
    }
}
