package org.calypsohsm.sam;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;

import org.calypsohsm.module.SamForm;
import org.calypsohsm.product.TransferredRecord;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** A plugin whose results have not the length that its contract says: the terminal sees 6985 and never the result. */
class GarbagePluginTest {

    /** What comes in place of a right result. */
    private enum Garbage {
        NOTHING(right -> null),
        EMPTY(right -> new byte[0]),
        SHORTER(right -> Arrays.copyOf(right, right.length - 1)),
        LONGER(right -> Arrays.copyOf(right, right.length + 1)),
        HUGE(right -> new byte[1000]);

        private final UnaryOperator<byte[]> change;

        Garbage(UnaryOperator<byte[]> change) {
            this.change = change;
        }
    }

    private Garbage garbage;
    private int changed;

    private Object change(Object result) {
        if (garbage == null) {
            return result;
        }
        if (result instanceof byte[] bytes) {
            changed++;
            return garbage.change.apply(bytes);
        }
        if (result instanceof TransferredRecord opened && garbage != Garbage.NOTHING) {
            changed++;
            return new TransferredRecord(garbage.change.apply(opened.record()), opened.p2());
        }
        return result;
    }

    private Sam sam(SamForm form) {
        return Sam.of(form, Command.keys(), WatchedPlugin.changing(ProfilePlugin.usual(), this::change));
    }

    static Stream<Arguments> commands() {
        return Command.of(SamForm.HSM_C1).stream().filter(command -> command != Command.SV_CHECK)
                .flatMap(command -> Stream.of(Garbage.values()).map(each -> Arguments.of(command, each)));
    }

    @ParameterizedTest(name = "{0} {1}")
    @MethodSource("commands")
    void eachCommandAnswers6985(Command command, Garbage each) {
        Sam sam = command.enter(sam(SamForm.HSM_C1));
        garbage = each;
        String status = sam.status(command.apdu());
        garbage = null;
        // What takes a key as it is has no result of a plugin in it.
        assertThat(status).isEqualTo(changed == 0 ? "9000" : "6985");
        sam.runGoodSession();
    }

    static List<Garbage> garbage() {
        return List.of(Garbage.values());
    }

    @ParameterizedTest
    @MethodSource("garbage")
    void aCertificateOfAnotherLengthEndsTheSession(Garbage each) {
        assertEndsTheSession(sam(SamForm.HSM_C1).openRegular(), "8E 00 00 04", each);
    }

    @ParameterizedTest
    @MethodSource("garbage")
    void soDoesOneInTheMiddle(Garbage each) {
        assertEndsTheSession(sam(SamForm.HSM_C1).openExtended(), "88 80 00 08", each);
    }

    @ParameterizedTest
    @MethodSource("garbage")
    void soDoesACipheredCommand(Garbage each) {
        assertEndsTheSession(sam(SamForm.HSM_C1).openExtended(), "8C 00 80 05 00B2014400", each);
    }

    private void assertEndsTheSession(Sam sam, String apdu, Garbage each) {
        garbage = each;
        assertThat(sam.send(apdu)).isEqualTo("6985");
        garbage = null;
        assertThat(changed).isEqualTo(1);
        assertThat(sam.sam.inSession()).isFalse();
        sam.runGoodSession();
    }

    @Test
    void aPluginThatCallsItselfWithoutEndCostsItsSessionOnly() {
        boolean[] armed = new boolean[1];
        Sam sam = Sam.of(SamForm.HSM_C1, Command.keys(), WatchedPlugin.of(ProfilePlugin.usual(), method -> {
            if (armed[0]) {
                throw method.equals("update") ? new StackOverflowError() : new AssertionError(method);
            }
        }));
        sam.openRegular();
        armed[0] = true;
        assertThat(sam.send("8C 00 00 01 00")).isEqualTo("6985");
        assertThat(sam.sam.inSession()).isFalse();
        armed[0] = false;
        sam.openRegular();
        armed[0] = true;
        assertThat(sam.send("8E 00 00 04")).isEqualTo("6985");
        armed[0] = false;
        sam.runGoodSession();
    }
}
