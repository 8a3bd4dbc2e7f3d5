package org.calypsohsm.product.tango;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.List;

import org.calypsohsm.key.KeyValue;
import org.calypsohsm.product.DiversifiedKey;
import org.calypsohsm.product.SecurityPlugin;
import org.calypsohsm.product.SecurityPlugin.Function;
import org.calypsohsm.profile.ReferenceProduct;
import org.calypsohsm.profile.ReferenceProfile;
import org.calypsohsm.profile.testing.DetachedPlugin;
import org.calypsohsm.profile.testing.ProfileVector;
import org.calypsohsm.profile.testing.ProfileVectors;
import org.calypsohsm.profile.testing.VectorRunner;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class TangoPluginTest {

    /** Its classes are gone, as in a session that goes on while the bundle is replaced. */
    private static final SecurityPlugin PLUGIN = DetachedPlugin.of(TangoPlugin.class);

    static List<ProfileVector> vectors() {
        return ProfileVectors.of(ReferenceProfile.TDES_CBC, ReferenceProfile.AES_CMAC);
    }

    @Test
    void everyVectorOfItsProfilesIsHere() {
        assertThat(vectors()).hasSize(68);
    }

    @ParameterizedTest
    @MethodSource("vectors")
    void givesTheAnswer(ProfileVector vector) {
        new VectorRunner(PLUGIN).run(vector);
    }

    /** The service properties are written by hand beside the constructor, so the two may differ. */
    @Test
    void servesTheAlgCodesThatItDeclares() {
        int[] declared = TangoPlugin.class.getAnnotation(ReferenceProduct.class).alg();
        assertThat(declared).containsExactly(0x40, 0x50);
        KeyValue value = KeyValue.copyOf(new byte[16]);
        for (int alg = 0; alg <= 0xFF; alg++) {
            int code = alg;
            if (List.of(0x40, 0x50).contains(code)) {
                assertThat(PLUGIN.undiversified(code, value).sign(new byte[1], 8)).hasSize(8);
            } else {
                assertThatIllegalArgumentException().isThrownBy(() -> PLUGIN.undiversified(code, value));
            }
        }
    }

    @Test
    void saysThatItIsNotForTheField() {
        ReferenceProduct product = TangoPlugin.class.getAnnotation(ReferenceProduct.class);
        assertThat(product.product()).isEqualTo("Tango");
        assertThat(product.notice()).contains("do not authenticate Tango cards in the field", "own extension");
    }

    @Test
    void onlyAesHasExtendedSessions() {
        assertThat(PLUGIN.supports(0x40, Function.EXTENDED_SESSION)).isFalse();
        assertThat(PLUGIN.supports(0x50, Function.EXTENDED_SESSION)).isTrue();
        assertThat(PLUGIN.supports(0x40, Function.TRANSFER)).isTrue();
        assertThat(PLUGIN.supports(0x50, Function.TRANSFER)).isTrue();
    }

    @Test
    void keysOfTheTwoAlgorithmsAreNotMixed() {
        KeyValue value = KeyValue.copyOf(new byte[16]);
        DiversifiedKey tdes = PLUGIN.undiversified(0x40, value);
        DiversifiedKey aes = PLUGIN.undiversified(0x50, value);
        assertThatIllegalArgumentException().isThrownBy(() -> tdes.cipherCardKey(new byte[8], aes, 0x21, 0x49));
        assertThatIllegalArgumentException().isThrownBy(() -> aes.cipherCardKey(new byte[8], tdes, 0x21, 0x59));
    }
}
