package org.calypsohsm.itest.kit.fault;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class TriggerTest {

    private static final byte[] WANTED = {0, (byte) 0x8A, 0, 0};
    private static final byte[] OTHER = {0, (byte) 0x8C, 0, 0};

    /** @return at which of the wanted commands it strikes, from 0 */
    private static List<Integer> struck(Trigger trigger, int commands) {
        Trigger.Counter counter = trigger.counter();
        List<Integer> struck = new ArrayList<>();
        for (int i = 0; i < commands; i++) {
            assertThat(counter.strikesAt(OTHER)).isFalse();
            if (counter.strikesAt(WANTED)) {
                struck.add(i);
            }
        }
        return struck;
    }

    @Test
    void itCountsTheCommandsItIsForAndNoOthers() {
        Trigger trigger = Trigger.ALWAYS.when(Commands.ins(0x8A));
        assertThat(struck(trigger, 3)).containsExactly(0, 1, 2);
        assertThat(struck(trigger.after(1).times(2), 5)).containsExactly(1, 2);
        assertThat(struck(trigger.every(2), 5)).containsExactly(0, 2, 4);
        assertThat(struck(trigger.after(1).every(3).times(2), 20)).containsExactly(1, 4);
        assertThat(struck(trigger.when(Commands.ins(0x8C)), 5)).isEmpty();
    }

    @Property(tries = 200)
    void itStrikesWhereTheCountsSay(@ForAll @IntRange(max = 9) int skipped, @ForAll @IntRange(min = 1, max = 9) int hits,
            @ForAll @IntRange(min = 1, max = 4) int step) {
        List<Integer> struck = struck(Trigger.ALWAYS.when(Commands.ins(0x8A)).after(skipped).times(hits).every(step), 60);
        assertThat(struck).hasSize(hits).allSatisfy(place -> assertThat((place - skipped) % step).isZero()).first().isEqualTo(skipped);
    }

    @Test
    void countsThatMakeNoSenseAreRefused() {
        assertThatThrownBy(() -> Trigger.ALWAYS.times(0)).hasMessage("A fault strikes times(1) or more, not 0.");
        assertThatThrownBy(() -> Trigger.ALWAYS.every(0)).hasMessage("A fault strikes every(1) or more, not 0.");
        assertThatThrownBy(() -> Trigger.ALWAYS.after(-1)).hasMessage("A fault strikes after(0) or more, not -1.");
    }

    @Test
    void anApduWithoutAnInstructionIsNoneOfThem() {
        assertThat(Commands.ins(0).test(new byte[1])).isFalse();
        assertThat(Commands.cardWrite().test(new byte[] {0, (byte) 0xDC, 0, 0})).isTrue();
    }
}
