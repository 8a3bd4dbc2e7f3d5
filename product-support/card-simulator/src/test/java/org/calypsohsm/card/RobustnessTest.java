package org.calypsohsm.card;

import static org.assertj.core.api.Assertions.assertThat;
import static org.calypsohsm.card.Terminal.bytes;

import java.util.Arrays;
import java.util.List;

import org.calypsohsm.apdu.StatusWord;

import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;

/** A session that is not closed properly changes nothing, and no bytes ever bring the card down. */
class RobustnessTest {

    /** How a session can end without being closed. */
    enum End { RESET, DESELECT, ABORT, WRONG_CERTIFICATE, SELECTION }

    private static final String RELOAD = "SV Reload";
    private static final String DEBIT = "SV Debit";
    private static final String WRONG_SIGNATURE = "SV Debit, wrong signature";
    private static final String RIGHT_PIN = "20 00 00 04 30303030";
    private static final String WRONG_PIN = "20 00 00 04 30303031";

    private static final List<String> STEPS = List.of(
            "DC 01 44 03 AABBCC", "D2 02 4C 01 0F", "E2 00 40 02 1234", "30 01 C8 03 000001", "32 02 C8 03 000100",
            "DC 03 4C 1D" + "77".repeat(29), "DC 01 CC 03 001122", "B2 01 45 00", "DC 01 EC 01 01", "DC 01 3C 01 FF",
            "A4 08 00 02 2010 00", "E2 00 00 01 99", "84 00 00 08", "04 00 00 00",
            RELOAD, DEBIT, WRONG_SIGNATURE, RIGHT_PIN, WRONG_PIN);

    private static Card card(CardProduct product) {
        return Card.builder(product).balance(5000).counter(1, 1000).record(0x08, 1, bytes("E1")).record(0x08, 2, bytes("E2"))
                .record(0x09, 2, bytes("C0FFEE")).build();
    }

    @Provide
    Arbitrary<List<String>> steps() {
        return Arbitraries.of(STEPS).list().ofMaxSize(12);
    }

    private static String run(Terminal terminal, String step) {
        if (!step.startsWith("SV")) {
            return terminal.exchange(terminal.apdu(step));
        }
        Purse purse = new Purse(terminal);
        String get = terminal.exchange(purse.getApdu(RELOAD.equals(step)));
        if (get.equals("6985")) {
            return get;
        }
        purse.get(purse.getApdu(RELOAD.equals(step)), get, RELOAD.equals(step));
        Purse.Command command = RELOAD.equals(step) ? purse.reload(70) : purse.debit(30);
        return terminal.exchange(WRONG_SIGNATURE.equals(step) ? command.wrong() : command.apdu());
    }

    /** What presentations leave of the tries; a session has no part in it. */
    private static int tries(int before, String step) {
        return before == 0 ? 0 : RIGHT_PIN.equals(step) ? 3 : WRONG_PIN.equals(step) ? before - 1 : before;
    }

    /** No presentation counts in an invalidated DF. */
    private static int tries(int before, String step, String response) {
        return response.equals("6985") ? before : tries(before, step);
    }

    @Property(tries = 600)
    void tornSessionChangesNothing(@ForAll CardProduct product, @ForAll End end, @ForAll("steps") List<String> steps,
            @ForAll boolean sessionBefore) {
        Card card = card(product);
        Terminal terminal = Terminal.of(card);
        if (sessionBefore) {
            terminal.openUsual(0x27);
            terminal.exchange(terminal.apdu("32 03 C8 03 000001"));
            terminal.closeAndVerify(0x80);
        }
        byte[] contents = card.contents();
        boolean ratified = card.isRatified();
        terminal.openUsual(0x27);
        int tries = 3;
        for (String step : steps) {
            tries = tries(tries, step, run(terminal, step));
        }
        assertThat(card.contents()).as("provisional").isEqualTo(contents);
        end(terminal, end);

        assertThat(card.isSessionOpen()).isFalse();
        assertThat(card.contents()).isEqualTo(contents);
        assertThat(card.isRatified()).isEqualTo(ratified);
        assertThat(card.balance()).isEqualTo(5000);
        assertThat(card.isInvalidated()).isFalse();
        assertThat(card.pinTries()).as("no try is given back").isEqualTo(tries);
        // What a terminal reads is what is stored, and the card works on.
        terminal.card.reset();
        assertThat(card.transmit(bytes(terminal.apdu("B2 01 44 1D")))).startsWith(card.record(0x08, 1));
        terminal.openUsual(0x27);
        terminal.exchange(terminal.apdu("DC 01 44 02 4242"));
        terminal.closeAndVerify(0x80);
        assertThat(card.record(0x08, 1)).startsWith(0x42, 0x42);
    }

    private static void end(Terminal terminal, End end) {
        switch (end) {
            case RESET -> terminal.card.reset();
            case DESELECT -> terminal.card.deselect();
            case ABORT -> assertThat(terminal.send(terminal.apdu("8E 00 00 00"))).isEqualTo("9000");
            case WRONG_CERTIFICATE -> {
                byte[] oneMore = {0};
                terminal.digest().update(oneMore, 0, 1);
                assertThat(terminal.close(0x80)).isEqualTo("6988");
            }
            case SELECTION -> assertThat(terminal.send("00 A4 04 00 08 315449432E494341 00")).endsWith("9000");
        }
    }

    /** The other half of the property above: the same steps do change the card when the session is closed. */
    @Property(tries = 200)
    void closedSessionChangesWhatItDid(@ForAll CardProduct product, @ForAll("steps") List<String> steps) {
        Card card = card(product);
        Terminal terminal = Terminal.of(card);
        byte[] contents = card.contents();
        terminal.openUsual(0x27);
        boolean changed = false;
        int tries = 3;
        int balance = 5000;
        for (String step : steps) {
            String response = run(terminal, step);
            boolean modifies = !step.startsWith("B2") && !step.startsWith("A4") && !step.startsWith("84")
                    && !step.startsWith("20");
            changed |= modifies && (response.endsWith("9000") || response.equals("6200"));
            tries = tries(tries, step, response);
            if (response.equals("6200")) {
                balance += RELOAD.equals(step) ? 70 : DEBIT.equals(step) ? -30 : 0;
            }
        }
        terminal.closeAndVerify(0x80);
        assertThat(card.balance()).isEqualTo(balance);
        assertThat(card.pinTries()).isEqualTo(tries);
        assertThat(!Arrays.equals(card.contents(), contents)).isEqualTo(changed);
    }

    @Provide
    Arbitrary<byte[]> apdus() {
        Arbitrary<Byte> cla = Arbitraries.of((byte) 0x94, (byte) 0x00, (byte) 0xFA, (byte) 0x55);
        Arbitrary<Byte> ins = Arbitraries.oneOf(Arbitraries.bytes(), Arbitraries.of(apduBytes(
                "A4 CA C0 84 B2 B3 DC D2 E2 B0 D6 D0 30 32 38 3A 8A 8E 82 20 D8 04 44 7C B8 BA BC A2")));
        Arbitrary<Byte> p1 = Arbitraries.oneOf(Arbitraries.bytes(),
                Arbitraries.of(apduBytes("00 01 02 03 04 08 09 80 83 8B C1")));
        Arbitrary<Byte> p2 = Arbitraries.oneOf(Arbitraries.bytes(),
                Arbitraries.of(apduBytes("00 01 02 03 04 07 09 FF 39 3A 38 44 45 40 C8 4C CC")));
        // The lengths of PINs, cryptograms and stored value operations, and others.
        Arbitrary<byte[]> data = Arbitraries.oneOf(Arbitraries.bytes().array(byte[].class).ofMaxSize(40),
                Arbitraries.of(4, 8, 16, 20, 23, 25, 28, 32).flatMap(n -> Arbitraries.bytes().array(byte[].class).ofSize(n)));
        Arbitrary<byte[]> shaped = Combinators.combine(cla, ins, p1, p2, data, Arbitraries.integers().between(0, 3))
                .as((c, i, a, b, d, form) -> shape(c, i, a, b, d, form));
        return Arbitraries.oneOf(shaped, shaped, shaped, Arbitraries.bytes().array(byte[].class).ofMaxSize(300));
    }

    private static Byte[] apduBytes(String hex) {
        byte[] raw = bytes(hex);
        Byte[] boxed = new Byte[raw.length];
        for (int i = 0; i < raw.length; i++) {
            boxed[i] = raw[i];
        }
        return boxed;
    }

    private static byte[] shape(byte cla, byte ins, byte p1, byte p2, byte[] data, int form) {
        int length = form == 0 ? 4 : form == 1 ? 5 : form == 2 ? 5 + data.length : 6 + data.length;
        byte[] apdu = new byte[length];
        apdu[0] = cla;
        apdu[1] = ins;
        apdu[2] = p1;
        apdu[3] = p2;
        if (form > 0) {
            apdu[4] = (byte) data.length;
        }
        if (form > 1) {
            System.arraycopy(data, 0, apdu, 5, data.length);
        }
        return apdu;
    }

    @Provide
    Arbitrary<List<byte[]>> conversations() {
        return apdus().list().ofMinSize(1).ofMaxSize(40);
    }

    @Property(tries = 2000)
    void answersWhateverItIsSent(@ForAll CardProduct product, @ForAll("conversations") List<byte[]> conversation,
            @ForAll boolean inSession, @ForAll boolean ciphered, @ForAll @IntRange(min = 0, max = 1) int kind) {
        Card card = card(product);
        byte[] contents = card.contents();
        Terminal terminal = Terminal.of(card);
        if (inSession) {
            terminal.openUsual(kind == 0 ? 0x21 : 0x30);
            if (ciphered && product == CardProduct.TANGO_AES) {
                assertThat(terminal.send("00 82 00 02 00")).isEqualTo("9000");
            }
        }
        for (byte[] apdu : conversation) {
            byte[] before = apdu.clone();
            byte[] response = card.transmit(apdu);
            assertThat(response.length).isBetween(2, 252);
            assertThat(StatusWord.of(response) >> 12).as("status word").isIn(6, 9);
            assertThat(apdu).as("not changed").isEqualTo(before);
        }
        assertThat(card.contents()).as("nobody had a certificate").isEqualTo(contents);
        assertThat(card.pinTries()).isBetween(0, 3);
        card.reset();
        terminal.openUsual(0x30);
        assertThat(terminal.exchange(terminal.apdu("DC 01 44 02 4242"))).isEqualTo("9000");
        terminal.closeAndVerify(0x80);
    }
}
