package org.calypsohsm.product.cd21;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.List;

import org.calypsohsm.key.KeyValue;
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

class Cd21PluginTest {

    /** Its classes are gone, as in a session that goes on while the bundle is replaced. */
    private static final SecurityPlugin PLUGIN = DetachedPlugin.of(Cd21Plugin.class);

    static List<ProfileVector> vectors() {
        return ProfileVectors.of(ReferenceProfile.TDES_RETAIL);
    }

    @Test
    void everyVectorOfItsProfilesIsHere() {
        assertThat(vectors()).hasSize(32);
    }

    @ParameterizedTest
    @MethodSource("vectors")
    void givesTheAnswer(ProfileVector vector) {
        new VectorRunner(PLUGIN).run(vector);
    }

    /** The service properties are written by hand beside the constructor, so the two may differ. */
    @Test
    void servesTheAlgCodesThatItDeclares() {
        int[] declared = Cd21Plugin.class.getAnnotation(ReferenceProduct.class).alg();
        assertThat(declared).containsExactly(0x30);
        KeyValue value = KeyValue.copyOf(new byte[16]);
        for (int alg = 0; alg <= 0xFF; alg++) {
            int code = alg;
            if (List.of(0x30).contains(code)) {
                assertThat(PLUGIN.undiversified(code, value).sign(new byte[1], 8)).hasSize(8);
            } else {
                assertThatIllegalArgumentException().isThrownBy(() -> PLUGIN.undiversified(code, value));
            }
        }
    }

    @Test
    void saysThatItIsNotForTheField() {
        ReferenceProduct product = Cd21Plugin.class.getAnnotation(ReferenceProduct.class);
        assertThat(product.product()).isEqualTo("CD21");
        assertThat(product.notice()).contains("does not authenticate CD21 cards in the field");
    }

    @Test
    void hasTransferButNoExtendedSessions() {
        assertThat(PLUGIN.supports(0x30, Function.EXTENDED_SESSION)).isFalse();
        assertThat(PLUGIN.supports(0x30, Function.TRANSFER)).isTrue();
    }
}
