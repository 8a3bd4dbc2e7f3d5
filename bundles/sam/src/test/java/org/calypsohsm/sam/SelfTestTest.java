package org.calypsohsm.sam;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;

import org.calypsohsm.key.KeyValue;
import org.calypsohsm.product.DiversifiedKey;
import org.calypsohsm.product.SecurityPlugin;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The self test of what virtual SAMs compute with. */
class SelfTestTest {

    private final TestGroup keys = TestGroup.full();
    private final SamEmulator emulator = new SamEmulator(0, new DrbgPool());

    /** Notes what is tested, and fails for the ALG codes it is told to. */
    private static class Tested implements SecurityPlugin {

        final List<Integer> tested = new ArrayList<>();
        private final Throwable fault;
        private final Set<Integer> bad;

        Tested(Throwable fault, Integer... bad) {
            this.fault = fault;
            this.bad = Set.of(bad);
        }

        @Override
        public void selfTest(int alg) {
            tested.add(alg);
            if (bad.contains(alg)) {
                if (fault instanceof Error error) {
                    throw error;
                }
                throw (RuntimeException) fault;
            }
        }

        @Override
        public boolean supports(int alg, Function function) {
            return false;
        }

        @Override
        public DiversifiedKey diversify(int alg, KeyValue key, byte[] diversifier) {
            throw new UnsupportedOperationException();
        }

        @Override
        public DiversifiedKey undiversified(int alg, KeyValue key) {
            throw new UnsupportedOperationException();
        }
    }

    private Tested plugin(Throwable fault, Integer... bad) {
        Tested plugin = new Tested(fault, bad);
        emulator.plugins().add(plugin, "Metro", Sam.order(1), ProfilePlugin.ALGS);
        return plugin;
    }

    @Test
    void testsEachAlgorithmOfTheGroupOnce() {
        Tested plugin = plugin(null);
        emulator.selfTest(keys);
        assertThat(plugin.tested).containsExactly(0x20, 0x30, 0x40, 0x50);
    }

    @Test
    void testsTheAlgorithmsOfSystemKeysToo() {
        Tested plugin = plugin(null);
        emulator.selfTest(TestGroup.empty().put(0xC4, 0xFA, 1, 0x50, KeyValue.copyOf(new byte[16])));
        assertThat(plugin.tested).containsExactly(0x50);
    }

    @Test
    void testsTheLastWorkKeyToo() {
        Tested plugin = plugin(null);
        emulator.selfTest(TestGroup.empty().put(0x7E, 0x21, 1, 0x40, KeyValue.copyOf(new byte[16])));
        assertThat(plugin.tested).containsExactly(0x40);
    }

    @Test
    void testsNoAlgorithmThatNoKeyUses() {
        Tested plugin = plugin(new IllegalStateException("must not be asked"), 0x20, 0x30, 0x40, 0x50);
        emulator.selfTest(TestGroup.empty());
        assertThat(plugin.tested).isEmpty();
    }

    @Test
    void anAlgorithmWithoutAPluginIsNoFault() {
        emulator.selfTest(keys);
    }

    @ParameterizedTest
    @ValueSource(ints = {0x20, 0x30, 0x40, 0x50})
    void namesTheProductAndTheAlgorithmThatFails(int alg) {
        plugin(new IllegalStateException("wrong terminal certificate."), alg);
        assertThatIllegalStateException().isThrownBy(() -> emulator.selfTest(keys))
                .withMessage(String.format("The self test of Metro under ALG %02X failed: wrong terminal certificate.", alg));
    }

    @Test
    void aPluginThatBreaksInAnyWayFails() {
        plugin(new NoClassDefFoundError("gone"), 0x40);
        assertThatIllegalStateException().isThrownBy(() -> emulator.selfTest(keys))
                .withMessage("The self test of Metro under ALG 40 failed: java.lang.NoClassDefFoundError: gone.");
    }

    @Test
    void thePluginIsFreeAfterwards() {
        Tested bad = plugin(new IllegalStateException("bad."), 0x20);
        assertThatIllegalStateException().isThrownBy(() -> emulator.selfTest(keys));
        PluginSlot slot = emulator.plugins().lease(0x20);
        slot.leave();
        assertThat(slot.retire(0)).as("no lease is left").isTrue();
        emulator.plugins().remove(bad);
    }

    @Test
    void testsTheRandomGenerator() {
        byte[] wrong = new GeneratorCheck().expected();
        wrong[63] ^= 1;
        SamEmulator broken = new SamEmulator(0, new DrbgPool(), new GeneratorCheck(wrong), System::nanoTime);
        assertThatIllegalStateException().isThrownBy(() -> broken.selfTest(TestGroup.empty()))
                .withMessageContaining("random generator");
    }

    @Test
    void noticesAGeneratorThatIsStuck() {
        SamEmulator broken = new SamEmulator(0, byte[]::new);
        assertThatIllegalStateException().isThrownBy(() -> broken.selfTest(TestGroup.empty()))
                .withMessageContaining("two outputs are the same");
    }
}
