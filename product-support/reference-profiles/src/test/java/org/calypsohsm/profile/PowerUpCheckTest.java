package org.calypsohsm.profile;

import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.HashMap;
import java.util.Map;
import java.util.stream.Stream;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class PowerUpCheckTest {

    @ParameterizedTest
    @EnumSource
    void everyProfilePasses(ReferenceProfile profile) {
        PowerUpCheck.run(profile, KnownAnswers.of(profile));
    }

    static Stream<Arguments> everyValue() {
        return Stream.of(ReferenceProfile.values()).flatMap(profile -> KnownAnswers.of(profile).values().keySet().stream()
                .map(name -> Arguments.of(profile, name)));
    }

    /** Each value of the table takes part in the check: a change of one bit is noticed. */
    @ParameterizedTest
    @MethodSource("everyValue")
    void aWrongAnswerIsNamed(ReferenceProfile profile, String name) {
        Map<String, String> values = new HashMap<>(KnownAnswers.of(profile).values());
        values.computeIfPresent(name, (ignored, digits) -> flipFirstDigit(digits));
        KnownAnswers changed = new KnownAnswers(values);
        assertThatThrownBy(() -> PowerUpCheck.run(profile, changed))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageStartingWith("The power-up check of the reference profile " + profile + " failed: wrong ");
    }

    /** A plugin that is there already reads its known answers anew for each self test, so what changed since is noticed. */
    @ParameterizedTest
    @MethodSource("everyValue")
    void theSelfTestOfAPluginNoticesAnAnswerThatChanged(ReferenceProfile profile, String name) {
        Map<String, String> values = new HashMap<>(KnownAnswers.of(profile).values());
        ReferencePlugin plugin = new ReferencePlugin(ignored -> new KnownAnswers(values), profile) { };
        plugin.selfTest(profile.alg());
        values.computeIfPresent(name, (ignored, digits) -> flipFirstDigit(digits));
        assertThatThrownBy(() -> plugin.selfTest(profile.alg())).isInstanceOf(IllegalStateException.class)
                .hasMessageStartingWith("The power-up check of the reference profile " + profile + " failed: wrong ");
        values.computeIfPresent(name, (ignored, digits) -> flipFirstDigit(digits));
        plugin.selfTest(profile.alg());
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, 0x00, 0xFF, 0x100})
    void anAlgorithmThatIsNotServedIsNotTested(int alg) {
        ReferencePlugin plugin = new ReferencePlugin(ReferenceProfile.TDES_CBC) { };
        assertThatIllegalArgumentException().isThrownBy(() -> plugin.selfTest(alg)).withMessageContaining("does not serve ALG");
    }

    private static String flipFirstDigit(String digits) {
        int digit = Character.digit(digits.charAt(0), 16) ^ 2;
        return Character.toUpperCase(Character.forDigit(digit, 16)) + digits.substring(1);
    }
}
