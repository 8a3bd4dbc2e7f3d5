package org.calypsohsm.profile.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.Arrays;
import java.util.List;

import org.calypsohsm.key.KeyValue;
import org.calypsohsm.product.SecurityPlugin;
import org.calypsohsm.profile.ReferenceProduct;
import org.calypsohsm.profile.ReferenceProfile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What every plugin made of reference profiles must do. Its test extends this class and adds what is the product's own. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
public abstract class ReferencePluginContract {

    /** The plugin. Its classes are gone, as in a session that goes on while the bundle is replaced. */
    protected final SecurityPlugin plugin;

    private final Class<? extends SecurityPlugin> type;
    private final String product;
    private final int vectorCount;
    private final ReferenceProfile[] profiles;

    /**
     * Names what the plugin must be.
     *
     * @param type        its class
     * @param product     its card product
     * @param vectorCount how many of the given vectors are for its profiles
     * @param profiles    the profiles that it serves
     */
    protected ReferencePluginContract(Class<? extends SecurityPlugin> type, String product, int vectorCount,
            ReferenceProfile... profiles) {
        this.type = type;
        this.product = product;
        this.vectorCount = vectorCount;
        this.profiles = profiles.clone();
        plugin = DetachedPlugin.of(type);
    }

    List<ProfileVector> vectors() {
        return ProfileVectors.of(profiles[0], Arrays.copyOfRange(profiles, 1, profiles.length));
    }

    @Test
    void everyVectorOfItsProfilesIsHere() {
        assertThat(vectors()).hasSize(vectorCount);
    }

    @ParameterizedTest
    @MethodSource("vectors")
    void givesTheAnswer(ProfileVector vector) {
        new VectorRunner(plugin).run(vector);
    }

    /** The service properties are written by hand beside the constructor, so the two may differ. */
    @Test
    void servesTheAlgCodesThatItDeclares() {
        int[] declared = type.getAnnotation(ReferenceProduct.class).alg();
        List<Integer> expected = Arrays.stream(profiles).map(ReferenceProfile::alg).toList();
        assertThat(declared).containsExactly(expected.toArray(Integer[]::new));
        KeyValue value = KeyValue.copyOf(new byte[KeyValue.LENGTH]);
        for (int alg = 0; alg <= 0xFF; alg++) {
            int code = alg;
            if (expected.contains(code)) {
                assertThat(plugin.undiversified(code, value).sign(new byte[1], 8)).hasSize(8);
            } else {
                assertThatIllegalArgumentException().isThrownBy(() -> plugin.undiversified(code, value));
            }
        }
    }

    @Test
    void testsEachAlgCodeThatItDeclaresAndNoOther() {
        for (int alg : type.getAnnotation(ReferenceProduct.class).alg()) {
            assertThatCode(() -> plugin.selfTest(alg)).doesNotThrowAnyException();
        }
        for (int alg : new int[] {-1, 0x00, 0xFF, 0x100}) {
            assertThatIllegalArgumentException().isThrownBy(() -> plugin.selfTest(alg))
                    .withMessageContaining("does not serve ALG");
        }
    }

    @Test
    void saysThatItIsNotForTheField() {
        ReferenceProduct properties = type.getAnnotation(ReferenceProduct.class);
        assertThat(properties.product()).isEqualTo(product);
        assertThat(properties.notice()).contains("not authenticate " + product + " cards in the field");
    }
}
