package org.calypsohsm.startup.cards;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;

import org.calypsohsm.startup.CardSet;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

class SharesTest {

    private static final String SET = "0123456789ABCDEF";

    /** As many of the cards as are needed, in any order, after a way through their records. */
    private static List<Share> some(KeySharing.Shared shared, int number, Random random) {
        List<Share> shares = new ArrayList<>(shared.shares());
        Collections.shuffle(shares, random);
        return shares.subList(0, number).stream().map(share -> Share.decode(share.encode())).toList();
    }

    @Property(tries = 300)
    void anyCardsThatAreEnoughMakeTheKey(@ForAll @IntRange(min = 1, max = 16) int cards, @ForAll @IntRange(min = 0, max = 15) int more,
            @ForAll Random random) {
        int threshold = 1 + more % cards;
        KeySharing.Shared shared = KeySharing.share(new CardSet(SET, threshold, cards));
        assertThat(shared.key()).hasSize(32).isNotEqualTo(new byte[32]);
        assertThat(KeySharing.combine(some(shared, threshold, random))).isEqualTo(shared.key());
    }

    @Property(tries = 300)
    void fewerCardsNeverMakeTheKey(@ForAll @IntRange(min = 2, max = 16) int cards, @ForAll @IntRange(min = 0, max = 14) int more,
            @ForAll Random random) {
        int threshold = 2 + more % (cards - 1);
        KeySharing.Shared shared = KeySharing.share(new CardSet(SET, threshold, cards));
        assertThat(KeySharing.combine(some(shared, threshold - 1, random))).isNotEqualTo(shared.key());
    }

    @Property(tries = 1000)
    void oneFlippedBitIsNoticed(@ForAll @IntRange(min = 0, max = Share.LENGTH * 8 - 1) int bit) {
        byte[] record = KeySharing.share(new CardSet(SET, 2, 3)).shares().get(1).encode();
        assertThat(record).hasSize(Share.LENGTH);
        assertThat(Share.decode(record)).isNotNull();
        record[bit / 8] ^= (byte) (1 << bit % 8);
        assertThat(Share.decode(record)).isNull();
    }

    @Property
    void aLabelIsReadAsItWasWritten(@ForAll @IntRange(min = 1, max = 16) int index, @ForAll long epoch) {
        CardLabel label = new CardLabel(SET, index, epoch);
        assertThat(CardLabel.decode(label.encode())).isEqualTo(label);
        assertThat(CardLabel.decode(new byte[CardLabel.LENGTH])).isNull();
    }

    @Property(tries = 20)
    void noSecretIsShown(@ForAll Random random) {
        KeySharing.Shared shared = KeySharing.share(new CardSet(SET, 1, 1));
        assertThat(shared.toString()).isEqualTo("a storage key in 1 shares");
        assertThat(shared.shares().get(0).toString()).isEqualTo("share 1 of set " + SET);
        assertThat(Pin.of("secret7".toCharArray()).toString()).doesNotContain("secret");
    }
}
