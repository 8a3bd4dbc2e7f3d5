package org.calypsohsm.product.cd97;

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

class Cd97PluginTest {

    /** Its classes are gone, as in a session that goes on while the bundle is replaced. */
    private static final SecurityPlugin PLUGIN = DetachedPlugin.of(Cd97Plugin.class);

    static List<ProfileVector> vectors() {
        return ProfileVectors.of(ReferenceProfile.DESX_CBC);
    }

    @Test
    void everyVectorOfItsProfilesIsHere() {
        assertThat(vectors()).hasSize(24);
    }

    @ParameterizedTest
    @MethodSource("vectors")
    void givesTheAnswer(ProfileVector vector) {
        new VectorRunner(PLUGIN).run(vector);
    }

    /** The service properties are written by hand beside the constructor, so the two may differ. */
    @Test
    void servesTheAlgCodesThatItDeclares() {
        int[] declared = Cd97Plugin.class.getAnnotation(ReferenceProduct.class).alg();
        assertThat(declared).containsExactly(0x20);
        KeyValue value = KeyValue.copyOf(new byte[16]);
        for (int alg = 0; alg <= 0xFF; alg++) {
            int code = alg;
            if (List.of(0x20).contains(code)) {
                assertThat(PLUGIN.undiversified(code, value).sign(new byte[1], 8)).hasSize(8);
            } else {
                assertThatIllegalArgumentException().isThrownBy(() -> PLUGIN.undiversified(code, value));
            }
        }
    }

    @Test
    void saysThatItIsNotForTheField() {
        ReferenceProduct product = Cd97Plugin.class.getAnnotation(ReferenceProduct.class);
        assertThat(product.product()).isEqualTo("CD97");
        assertThat(product.notice()).contains("does not authenticate CD97 cards in the field");
    }

    @Test
    void hasNeitherExtendedSessionsNorTransfer() {
        assertThat(PLUGIN.supports(0x20, Function.EXTENDED_SESSION)).isFalse();
        assertThat(PLUGIN.supports(0x20, Function.TRANSFER)).isFalse();
    }
}
