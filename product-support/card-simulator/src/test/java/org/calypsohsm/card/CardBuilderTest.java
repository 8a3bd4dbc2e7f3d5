package org.calypsohsm.card;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.calypsohsm.card.Terminal.hex;

import java.lang.reflect.Constructor;
import java.lang.reflect.Field;
import java.lang.reflect.Member;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.util.List;
import java.util.stream.Stream;

import org.calypsohsm.testkeys.TestKeys;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Personalization, batches, and what the bundle shows of itself. */
class CardBuilderTest {

    @ParameterizedTest
    @EnumSource(CardProduct.class)
    void makesBatchesOfIndependentCards(CardProduct product) {
        List<Card> cards = Card.builder(product).keyGroup(2).serialNumber(0xFFFFFFFEL).counter(2, 5).buildBatch(4);
        assertThat(cards).extracting(c -> hex(c.serialNumber())).containsExactly(
                "00000000FFFFFFFE", "00000000FFFFFFFF", "0000000100000000", "0000000100000001");
        Card first = cards.get(0);
        Terminal terminal = new Terminal(first, product.profile(), 2);
        terminal.openUsual(0x30);
        terminal.exchange(terminal.apdu("30 02 C8 03 000001"));
        terminal.closeAndVerify(0x80);
        assertThat(first.counter(2)).isEqualTo(4);
        assertThat(cards.get(1).counter(2)).isEqualTo(5);
        assertThat(hex(cards.get(2).record(0x02, 1))).as("ICC")
                .isEqualTo("00".repeat(12) + "0000000100000000" + "00".repeat(9));
    }

    @Test
    void manyCardsAreSmall() {
        List<Card> cards = Card.builder(CardProduct.CD21).buildBatch(5_000);
        for (Card card : cards) {
            Terminal terminal = Terminal.of(card);
            terminal.openUsual(0x30);
        }
        Runtime runtime = Runtime.getRuntime();
        long with = used(runtime);
        int count = cards.size();
        cards = List.of();
        long perCard = (with - used(runtime)) / count;
        assertThat(perCard).as("bytes of a card with an open session, of 5,000; now " + cards.size()).isBetween(500L, 8_192L);
    }

    private static long used(Runtime runtime) {
        for (int i = 0; i < 3; i++) {
            System.gc();
        }
        return runtime.totalMemory() - runtime.freeMemory();
    }

    @ParameterizedTest
    @EnumSource(CardProduct.class)
    void usesKvcOfTheTestKeys(CardProduct product) {
        assertThat(product.kvc()).isEqualTo(TestKeys.kvc(product.alg()));
    }

    @Test
    void refusesWrongPersonalization() {
        CardBuilder builder = Card.builder(CardProduct.CD97);
        assertThatThrownBy(() -> builder.record(0x07, 2, new byte[1])).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> builder.record(0x06, 1, new byte[1])).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> builder.record(0x07, 1, new byte[30])).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> builder.counter(10, 1)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> builder.counter(1, 0x1000000)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> builder.transactionCounter(-1)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> builder.startupInformation(new byte[6])).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> builder.pin(new byte[5])).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> builder.balance(0x800000)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> builder.balance(-0x800001)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> builder.storedValueTransactionNumber(0x10000)).isInstanceOf(IllegalArgumentException.class);
        CardBuilder cd21 = Card.builder(CardProduct.CD21).pinSupported(true).storedValueSupported(true);
        assertThatThrownBy(() -> cd21.pinSupported(false)).hasMessageContaining("CD21 always has a PIN");
        assertThatThrownBy(() -> cd21.storedValueSupported(false)).hasMessageContaining("CD21 always has stored value");
    }

    @Test
    void neverShowsKeys() {
        assertThat(Card.builder(CardProduct.TANGO).serialNumber(0xAB).build()).hasToString("TANGO card 00000000000000ab");
    }

    /** The profile and test key packages are embedded, so no other bundle could resolve their types. */
    @Test
    void exportsNoEmbeddedTypes() {
        List<Class<?>> exported = List.of(Card.class, CardBuilder.class, CardCommands.class, CardProduct.class,
                OpenForm.class, StoredValueOperation.class);
        assertThat(exported).allMatch(c -> Modifier.isPublic(c.getModifiers()));
        assertThat(exported.stream().flatMap(CardBuilderTest::types).distinct().map(Class::getName))
                .noneMatch(n -> n.startsWith("org.calypsohsm.profile") || n.startsWith("org.calypsohsm.testkeys"));
    }

    private static Stream<Class<?>> types(Class<?> type) {
        Stream<Method> methods = Stream.of(type.getDeclaredMethods()).filter(CardBuilderTest::isVisible);
        Stream<Constructor<?>> constructors = Stream.of(type.getDeclaredConstructors()).filter(CardBuilderTest::isVisible);
        Stream<Field> fields = Stream.of(type.getDeclaredFields()).filter(CardBuilderTest::isVisible);
        return Stream.of(
                methods.flatMap(m -> Stream.concat(Stream.of(m.getReturnType()), Stream.of(m.getParameterTypes()))),
                constructors.flatMap(c -> Stream.of(c.getParameterTypes())),
                fields.map(Field::getType)).flatMap(s -> s);
    }

    private static boolean isVisible(Member member) {
        return (member.getModifiers() & (Modifier.PUBLIC | Modifier.PROTECTED)) != 0;
    }
}
