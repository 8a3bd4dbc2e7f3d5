package org.calypsohsm.card;

import static org.assertj.core.api.Assertions.assertThat;
import static org.calypsohsm.card.Terminal.hex;

import java.util.ArrayList;
import java.util.List;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

/** SV Get, Reload, Debit, Undebit: calypso-card.md section e. */
class StoredValueTest {

    private static final String SELECT_PURSE = "00 A4 04 00 08 304554502E494341 00";

    private static Terminal terminal(CardProduct product) {
        return Terminal.of(Card.builder(product).serialNumber(0xCAFE).balance(1000).storedValueTransactionNumber(0x0102)
                .counter(1, 500).build());
    }

    @ParameterizedTest
    @EnumSource(CardProduct.class)
    void reloadsDebitsAndUndebitsOutsideSessions(CardProduct product) {
        Terminal terminal = terminal(product);
        Purse purse = new Purse(terminal);
        String zeros = "00".repeat(product == CardProduct.TANGO_AES ? 6 : 3);
        Purse.Shown first = purse.get(true, false);
        assertThat(first.kvc()).isEqualTo(product == CardProduct.CD97 ? "29" : product == CardProduct.CD21 ? "39"
                : product == CardProduct.TANGO ? "49" : "59");
        assertThat(first.transactionNumber()).isEqualTo(0x0102);
        assertThat(first.signature()).isEqualTo(zeros);
        assertThat(first.balance()).isEqualTo(1000);
        assertThat(first.reloadLog()).isEqualTo("00".repeat(22));

        Purse.Command reload = purse.reload(0x012345);
        assertThat(terminal.send(reload.apdu())).isEqualTo(reload.signatureLo() + "9000");
        Purse.Shown second = purse.get(false, false);
        assertThat(second.balance()).isEqualTo(1000 + 0x012345).isEqualTo(terminal.card.balance());
        assertThat(second.transactionNumber()).isEqualTo(0x0103).isEqualTo(terminal.card.storedValueTransactionNumber());
        assertThat(second.signature()).as("chained").isEqualTo(reload.signatureLo()).isNotEqualTo(zeros);

        Purse.Command debit = purse.debit(0x7FFF);
        assertThat(terminal.send(debit.apdu() + (product == CardProduct.TANGO_AES ? "06" : ""))).as("with Le or without")
                .isEqualTo(debit.signatureLo() + "9000");
        purse.get(false, false);
        Purse.Command undebit = purse.undebit(0x10);
        assertThat(terminal.send(undebit.apdu())).isEqualTo(undebit.signatureLo() + "9000");
        assertThat(terminal.card.balance()).isEqualTo(1000 + 0x012345 - 0x7FFF + 0x10);

        int balance = terminal.card.balance();
        assertThat(purse.get(false, false).debitLog()).isEqualTo(purse.debitLog(undebit, balance, 0x0104));
        assertThat(purse.get(true, false).reloadLog()).isEqualTo(purse.reloadLog(reload, 1000 + 0x012345, 0x0102));
        assertThat(purse.reloadLog(reload, 1000 + 0x012345, 0x0102)).startsWith("1234F1" + first.kvc() + "F2" + "01272D"
                + "012345" + "0930" + "AABBCCDD" + "0000DD" + "0102");
        assertThat(terminal.send(SELECT_PURSE)).endsWith("9000");
        assertThat(terminal.send(terminal.apdu("B2 01 A4 1D")))
                .isEqualTo(purse.reloadLog(reload, 1000 + 0x012345, 0x0102) + "00".repeat(7) + "9000");
        assertThat(terminal.send(terminal.apdu("B2 01 AD 00"))).as("newest first").isEqualTo(
                "011D" + purse.debitLog(undebit, balance, 0x0104) + "00".repeat(10)
                + "021D" + purse.debitLog(debit, balance - 0x10, 0x0103) + "00".repeat(10) + "031D" + "00".repeat(29) + "9000");
        assertThat(terminal.card.transactionCounter()).as("no session was needed").isEqualTo(0xFFFFFF);
    }

    @ParameterizedTest
    @EnumSource(CardProduct.class)
    void postponesItsSignatureInASession(CardProduct product) {
        Terminal terminal = terminal(product);
        Purse purse = new Purse(terminal);
        byte[] contents = terminal.card.contents();
        for (boolean close : new boolean[] {false, true}) {
            terminal.openUsual(0x30);
            terminal.exchange(terminal.apdu("30 01 C8 03 000001"));
            assertThat(purse.get(false, true).balance()).isEqualTo(1000);
            Purse.Command debit = purse.debit(300);
            assertThat(terminal.exchange(debit.apdu())).isEqualTo("6200");
            terminal.exchange(terminal.apdu("30 01 C8 03 000001"));
            assertThat(terminal.exchange(purse.getApdu(false))).as("would show the signature").isEqualTo("6985");
            assertThat(terminal.exchange(purse.getApdu(true))).isEqualTo("6985");
            assertThat(terminal.exchange(debit.apdu())).as("one operation in a session").isEqualTo("6985");
            assertThat(terminal.card.balance()).as("provisional").isEqualTo(1000);
            if (!close) {
                assertThat(terminal.send(terminal.apdu("8E 00 00 00"))).isEqualTo("9000");
                assertThat(terminal.card.contents()).isEqualTo(contents);
                assertThat(purse.get(false, false)).satisfies(shown -> {
                    assertThat(shown.balance()).isEqualTo(1000);
                    assertThat(shown.transactionNumber()).isEqualTo(0x0102);
                    assertThat(shown.signature()).containsOnlyDigits().matches("0+");
                    assertThat(shown.debitLog()).matches("0+");
                });
                continue;
            }
            String counter = product.postponesCounters() ? "04%06X" : "";
            assertThat(terminal.closeAndVerify(0x80)).as("in command order").isEqualTo(
                    String.format(counter, 499) + purse.item() + debit.signatureLo() + String.format(counter, 498));
            assertThat(purse.get(false, false)).satisfies(shown -> {
                assertThat(shown.balance()).isEqualTo(700);
                assertThat(shown.transactionNumber()).isEqualTo(0x0103);
                assertThat(shown.signature()).isEqualTo(debit.signatureLo());
                assertThat(shown.debitLog()).isEqualTo(purse.debitLog(debit, 700, 0x0102));
            });
            assertThat(terminal.card.counter(1)).isEqualTo(498);
        }
        terminal.openUsual(0x30);
        purse.get(true, true);
        Purse.Command reload = purse.reload(5);
        assertThat(terminal.exchange(reload.apdu())).as("a new session, a new operation").isEqualTo("6200");
        assertThat(terminal.closeAndVerify(0x80)).isEqualTo(purse.item() + reload.signatureLo());
        assertThat(terminal.card.balance()).isEqualTo(705);
    }

    @ParameterizedTest
    @EnumSource(CardProduct.class)
    void worksInASessionOfItsOwnDf(CardProduct product) {
        Terminal terminal = terminal(product);
        terminal.send(SELECT_PURSE);
        terminal.open(product == CardProduct.TANGO_AES ? "00 8A 03 02 09 00A1A2A3A4A5A6A7A8 00" : "94 8A 83 00 04 A1A2A3A4",
                0x10);
        Purse purse = new Purse(terminal);
        purse.get(false, true);
        Purse.Command debit = purse.debit(1);
        assertThat(terminal.exchange(debit.apdu())).isEqualTo("6200");
        assertThat(terminal.exchange(terminal.apdu("B2 01 AC 13"))).isEqualTo(purse.debitLog(debit, 999, 0x0102) + "9000");
        terminal.closeAndVerify(0x80);
        assertThat(terminal.card.balance()).isEqualTo(999);
    }

    @Test
    void worksInACipheredSession() {
        Terminal terminal = terminal(CardProduct.TANGO_AES);
        Purse purse = new Purse(terminal);
        terminal.openUsual(0x30);
        assertThat(terminal.send("00 82 00 02 00")).isEqualTo("9000");
        terminal.setCiphered(true);
        purse.get(false, true);
        Purse.Command debit = purse.debit(1);
        assertThat(terminal.exchange(debit.apdu())).isEqualTo("6200");
        assertThat(terminal.closeAndVerify(0x80)).isEqualTo("07" + debit.signatureLo());
        assertThat(terminal.card.balance()).isEqualTo(999);
    }

    @ParameterizedTest
    @EnumSource(CardProduct.class)
    void needsSvGetImmediatelyBefore(CardProduct product) {
        Terminal terminal = terminal(product);
        Purse purse = new Purse(terminal);
        byte[] contents = terminal.card.contents();
        purse.get(false, false);
        Purse.Command debit = purse.debit(1);
        Purse.Command undebit = purse.undebit(1);
        Purse.Command reload = purse.reload(1);
        assertThat(terminal.send(reload.apdu())).as("SV Get was for a debit").isEqualTo("6985");
        assertThat(terminal.send(debit.apdu())).as("after a refused command").isEqualTo("6985");
        for (String between : new String[] {"B2 01 3C 1D", "84 00 00 08", "FF 00 00 00", "B2 09 3C 1D"}) {
            purse.get(false, false);
            debit = purse.debit(1);
            terminal.send(terminal.apdu(between));
            assertThat(terminal.send(debit.apdu())).as("after " + between).isEqualTo("6985");
        }
        purse.get(true, false);
        reload = purse.reload(1);
        assertThat(terminal.send(undebit.apdu())).as("SV Get was for a reload").isEqualTo("6985");
        purse.get(true, false);
        reload = purse.reload(1);
        terminal.card.reset();
        assertThat(terminal.send(reload.apdu())).as("after reset").isEqualTo("6985");
        purse.get(true, false);
        reload = purse.reload(1);
        terminal.openUsual(0x30);
        assertThat(terminal.exchange(reload.apdu())).as("SV Get was outside the session").isEqualTo("6985");
        purse.get(true, true);
        reload = purse.reload(1);
        terminal.closeAndVerify(0x80);
        assertThat(terminal.send(reload.apdu())).as("SV Get was inside the session").isEqualTo("6985");
        assertThat(terminal.card.contents()).isEqualTo(contents);

        purse.get(true, false);
        reload = purse.reload(1);
        terminal.send(reload.apdu());
        assertThat(terminal.send(reload.apdu())).as("replay").isEqualTo("6985");
        purse.get(true, false);
        assertThat(terminal.send(reload.apdu())).as("replay after a new SV Get").isEqualTo("6988");
        assertThat(terminal.card.balance()).isEqualTo(1001);
    }

    /** Whatever bit of a command is changed, the balance stays, outside and inside a session. */
    @Property(tries = 300)
    void balanceNeverChangesOnAWrongSignature(@ForAll CardProduct product, @ForAll Kind kind, @ForAll boolean inSession,
            @ForAll("places") int place, @ForAll("bits") int bit) {
        Terminal terminal = terminal(product);
        Purse purse = new Purse(terminal);
        if (inSession) {
            terminal.openUsual(0x30);
        }
        purse.get(kind == Kind.RELOAD, inSession);
        Purse.Command command = kind.prepare(purse, 100);
        // Not class, instruction and length, whose errors have other status words.
        int length = command.apdu().length() / 2 - 3;
        int at = place % length;
        at = at < 2 ? at + 2 : at + 3;
        String wrong = command.flipped(at, 1 << bit);
        assertThat(inSession ? terminal.exchange(wrong) : terminal.send(wrong)).isIn("6988", "6A80");
        assertThat(inSession ? terminal.exchange(command.apdu()) : terminal.send(command.apdu()))
                .as("SV Get is needed again").isEqualTo("6985");
        if (inSession) {
            assertThat(terminal.closeAndVerify(0x80)).as("the session goes on, nothing is postponed").isEmpty();
        }
        assertThat(terminal.card.contents()).isEqualTo(terminal(product).card.contents());
    }

    @Provide
    Arbitrary<Integer> places() {
        return Arbitraries.integers().between(0, 1000);
    }

    @Provide
    Arbitrary<Integer> bits() {
        return Arbitraries.integers().between(0, 7);
    }

    /** The signature alone, byte for byte: no part of it is left unchecked. */
    @ParameterizedTest
    @EnumSource(CardProduct.class)
    void checksEachByteOfSignatureHi(CardProduct product) {
        Terminal terminal = terminal(product);
        Purse purse = new Purse(terminal);
        int length = product == CardProduct.TANGO_AES ? 10 : 5;
        for (int i = 1; i <= length; i++) {
            purse.get(false, false);
            Purse.Command debit = purse.debit(1);
            assertThat(terminal.send(debit.flipped(debit.apdu().length() / 2 - i, 0x80))).isEqualTo("6988");
        }
        assertThat(terminal.card.balance()).isEqualTo(1000);
        assertThat(terminal.card.storedValueTransactionNumber()).isEqualTo(0x0102);
    }

    @ParameterizedTest
    @EnumSource(CardProduct.class)
    void reloadAndDebitHaveTheirOwnKeys(CardProduct product) {
        Terminal terminal = terminal(product);
        Purse swapped = new Purse(terminal, terminal.key(0x10), terminal.key(0x07), hex(new byte[] {(byte) product.kvc()}));
        swapped.get(false, false);
        assertThat(terminal.send(swapped.debit(1).apdu())).isEqualTo("6988");
        swapped.get(true, false);
        assertThat(terminal.send(swapped.reload(1).apdu())).isEqualTo("6988");
        Purse otherKvc = new Purse(terminal, terminal.key(0x07), terminal.key(0x10), "77");
        otherKvc.get(false, false);
        assertThat(terminal.send(otherKvc.debit(1).apdu())).isEqualTo("6A80");
        otherKvc.get(true, false);
        assertThat(terminal.send(otherKvc.reload(1).apdu())).isEqualTo("6A80");
        assertThat(terminal.card.balance()).isEqualTo(1000);
    }

    @ParameterizedTest
    @CsvSource({
        "FFFD, 9000, 6900", "FFFE, 6900, 6900", "FFFF, 6900, 6900", "FFFC, 9000, 9000"
    })
    void endsWithTransactionNumberFffe(String number, String first, String second) {
        for (CardProduct product : CardProduct.values()) {
            Terminal terminal = Terminal.of(Card.builder(product)
                    .storedValueTransactionNumber(Integer.parseInt(number, 16)).build());
            Purse purse = new Purse(terminal);
            assertThat(purse.get(true, false).transactionNumber()).as("reading goes on").isEqualTo(Integer.parseInt(number, 16));
            assertThat(terminal.send(purse.reload(10).apdu())).endsWith(first);
            for (Kind kind : Kind.values()) {
                if (second.equals("6900")) {
                    int balance = terminal.card.balance();
                    purse.get(kind == Kind.RELOAD, false);
                    assertThat(terminal.send(kind.prepare(purse, 1).apdu())).isEqualTo("6900");
                    assertThat(terminal.card.balance()).isEqualTo(balance);
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource(CardProduct.class)
    void keepsTheLimitsOfAmountAndBalance(CardProduct product) {
        Terminal terminal = Terminal.of(Card.builder(product).balance(0x7FFFFF).build());
        Purse purse = new Purse(terminal);
        purse.get(true, false);
        assertThat(terminal.send(purse.reload(1).apdu())).as("overflow").isEqualTo("6A80");
        purse.get(false, false);
        assertThat(terminal.send(purse.undebit(1).apdu())).as("overflow").isEqualTo("6A80");
        purse.get(true, false);
        assertThat(terminal.send(purse.reload(-0x7FFFFF).apdu())).as("a reload is signed").endsWith("9000");
        assertThat(terminal.card.balance()).isZero();
        purse.get(false, false);
        assertThat(terminal.send(purse.debit(0x7FFF).apdu())).as("a negative balance is the terminal's matter").endsWith("9000");
        assertThat(purse.get(false, false).balance()).isEqualTo(-0x7FFF);
        assertThat(terminal.send(purse.debit(0).apdu())).endsWith("9000");
        for (int wrong : new int[] {1, 0x7FFF, 0x8000}) {
            purse.get(false, false);
            assertThat(terminal.send(purse.small("BA", wrong).apdu())).as("debit of %X", wrong).isEqualTo("6A80");
        }
        for (int wrong : new int[] {-1, 0x8000}) {
            purse.get(false, false);
            assertThat(terminal.send(purse.small("BC", wrong).apdu())).as("undebit of %X", wrong).isEqualTo("6A80");
        }
        assertThat(terminal.card.balance()).isEqualTo(-0x7FFF);

        Terminal low = Terminal.of(Card.builder(product).balance(-0x800000).build());
        purse = new Purse(low);
        assertThat(purse.get(false, false).balance()).isEqualTo(-0x800000);
        assertThat(low.send(purse.debit(1).apdu())).as("underflow").isEqualTo("6A80");
        assertThat(low.card.balance()).isEqualTo(-0x800000);
    }

    @ParameterizedTest
    @EnumSource(CardProduct.class)
    void refusesWrongShapes(CardProduct product) {
        boolean aes = product == CardProduct.TANGO_AES;
        Terminal terminal = terminal(product);
        Purse purse = new Purse(terminal);
        assertThat(terminal.send(purse.apdu(aes ? "7C 00 07 21" : "7C 01 07 3D"))).as("other mode").isEqualTo("6A81");
        assertThat(terminal.send(purse.apdu(aes ? "7C 01 08 3D" : "7C 00 08 21"))).as("no operation").isEqualTo("6A81");
        assertThat(terminal.send(purse.apdu(aes ? "7C 01 09 1E" : "7C 00 09 21"))).isEqualTo(aes ? "6C3D" : "6C1E");
        assertThat(terminal.send(purse.apdu(aes ? "7C 01 09 01 00" : "7C 00 09 01 00"))).as("data").isEqualTo("6700");
        assertThat(terminal.send((aes ? "FA" : "94") + purse.getApdu(true).substring(2))).as("class").isEqualTo("6E00");
        purse.get(false, false);
        assertThat(terminal.send(purse.prepare("BA", terminal.key(0x10), "12", "000112340930").apdu())).isEqualTo("6700");

        // Keyple sent 00 as Le for years; the signatures cover what was sent.
        String get = purse.apdu(aes ? "7C 01 09 00" : "7C 00 09 00");
        purse.get(get, terminal.send(get), false);
        Purse.Command debit = purse.debit(1);
        assertThat(terminal.send(debit.apdu())).isEqualTo(debit.signatureLo() + "9000");
    }

    @ParameterizedTest
    @EnumSource(CardProduct.class)
    void countsToTheLimitOfTheSession(CardProduct product) {
        Terminal terminal = terminal(product);
        Purse purse = new Purse(terminal);
        terminal.openUsual(0x30);
        // 430 bytes: 12 times 35 leave 10, and the operation costs its data and 6.
        int room = product == CardProduct.CD97 ? 6 : product == CardProduct.CD21 ? 10 : product == CardProduct.TANGO ? 3 : 12;
        String update = terminal.apdu("DC 01 44 1D" + "AA".repeat(29));
        for (int i = 0; i < room; i++) {
            assertThat(terminal.exchange(update)).isEqualTo("9000");
        }
        purse.get(false, true);
        assertThat(terminal.exchange(purse.debit(1).apdu())).isEqualTo("6400");
        assertThat(terminal.closeAndVerify(0x80)).isEmpty();
        assertThat(terminal.card.balance()).isEqualTo(1000);

        terminal.openUsual(0x30);
        for (int i = 0; i < room - 1; i++) {
            assertThat(terminal.exchange(update)).isEqualTo("9000");
        }
        purse.get(false, true);
        Purse.Command debit = purse.debit(1);
        assertThat(terminal.exchange(debit.apdu())).isEqualTo("6200");
        assertThat(terminal.exchange(update)).as("it took room").isEqualTo("6400");
        assertThat(terminal.closeAndVerify(0x80)).isEqualTo(purse.item() + debit.signatureLo());
        assertThat(terminal.card.balance()).isEqualTo(999);
    }

    @ParameterizedTest
    @EnumSource(value = CardProduct.class, names = "CD21", mode = EnumSource.Mode.EXCLUDE)
    void isThereByConfiguration(CardProduct product) {
        Terminal terminal = Terminal.of(Card.builder(product).storedValueSupported(false).build());
        Purse purse = new Purse(terminal);
        assertThat(terminal.send(purse.getApdu(true))).isEqualTo("6D00");
        assertThat(terminal.send(purse.apdu("BA C1 C2 00"))).isEqualTo("6D00");
        assertThat(terminal.send(SELECT_PURSE)).isEqualTo("6A82");
        assertThat(terminal.send(terminal.apdu("A4 08 00 02 1000 00"))).isEqualTo("6A82");
        assertThat(terminal.send(terminal.apdu("A4 08 00 02 1014 00"))).isEqualTo("6A82");
        assertThat(terminal.send("00 A4 04 00 08 315449432E494341 00")).contains(product == CardProduct.TANGO_AES
                ? "53070A082902000201" : "5307" + hex(product.startupInformation()));
    }

    /** One step of a chain. */
    enum Kind {
        RELOAD, DEBIT, UNDEBIT;

        Purse.Command prepare(Purse purse, int amount) {
            return switch (this) {
                case RELOAD -> purse.reload(amount);
                case DEBIT -> purse.debit(amount);
                case UNDEBIT -> purse.undebit(amount);
            };
        }

        int change(int amount) {
            return this == DEBIT ? -amount : amount;
        }
    }

    /** How a step is done. */
    enum Way { ALONE, IN_SESSION, ABORTED, TORN, WRONG, WRONG_IN_SESSION }

    record Step(Kind kind, Way way, int amount) {
    }

    @Provide
    Arbitrary<List<Step>> chains() {
        return Combinators.combine(Arbitraries.of(Kind.class), Arbitraries.of(Way.class), Arbitraries.integers().between(0, 0x7FFF))
                .as(Step::new).list().ofMinSize(1).ofMaxSize(12);
    }

    /** Balance, transaction number, signature and logs follow from the operations that were confirmed, and from them only. */
    @Property(tries = 150)
    void chainsOperations(@ForAll CardProduct product, @ForAll("chains") List<Step> chain) {
        Terminal terminal = terminal(product);
        Purse purse = new Purse(terminal);
        int balance = 1000;
        int number = 0x0102;
        String signature = "00".repeat(product == CardProduct.TANGO_AES ? 6 : 3);
        String reloadLog = "00".repeat(22);
        List<String> debitLogs = new ArrayList<>(List.of("00".repeat(19), "00".repeat(19), "00".repeat(19)));
        for (Step step : chain) {
            boolean reload = step.kind() == Kind.RELOAD;
            boolean inSession = step.way() != Way.ALONE && step.way() != Way.WRONG;
            if (inSession) {
                terminal.openUsual(0x30);
            }
            Purse.Shown shown = purse.get(reload, inSession);
            assertThat(shown.balance()).isEqualTo(balance);
            assertThat(shown.transactionNumber()).isEqualTo(number);
            assertThat(shown.signature()).isEqualTo(signature);
            assertThat(reload ? shown.reloadLog() : shown.debitLog()).isEqualTo(reload ? reloadLog : debitLogs.get(0));
            Purse.Command command = step.kind().prepare(purse, step.amount());
            switch (step.way()) {
                case ALONE -> assertThat(terminal.send(command.apdu())).isEqualTo(command.signatureLo() + "9000");
                case WRONG -> assertThat(terminal.send(command.wrong())).isEqualTo("6988");
                case WRONG_IN_SESSION -> {
                    assertThat(terminal.exchange(command.wrong())).isEqualTo("6988");
                    assertThat(terminal.closeAndVerify(0x80)).isEmpty();
                }
                case IN_SESSION -> {
                    assertThat(terminal.exchange(command.apdu())).isEqualTo("6200");
                    assertThat(terminal.closeAndVerify(0x80)).isEqualTo(purse.item() + command.signatureLo());
                }
                case ABORTED -> {
                    assertThat(terminal.exchange(command.apdu())).isEqualTo("6200");
                    assertThat(terminal.send(terminal.apdu("8E 00 00 00"))).isEqualTo("9000");
                }
                case TORN -> {
                    assertThat(terminal.exchange(command.apdu())).isEqualTo("6200");
                    terminal.card.reset();
                }
            }
            if (step.way() == Way.ALONE || step.way() == Way.IN_SESSION) {
                balance += step.kind().change(step.amount());
                signature = command.signatureLo();
                if (reload) {
                    reloadLog = purse.reloadLog(command, balance, number);
                } else {
                    debitLogs.add(0, purse.debitLog(command, balance, number));
                }
                number++;
            }
            assertThat(terminal.card.balance()).isEqualTo(balance);
        }
        terminal.send(SELECT_PURSE);
        assertThat(terminal.send(terminal.apdu("B2 01 A4 16"))).isEqualTo(reloadLog + "9000");
        for (int i = 0; i < 3; i++) {
            assertThat(terminal.send(terminal.apdu("B2 0" + (i + 1) + " AC 13"))).isEqualTo(debitLogs.get(i) + "9000");
        }
    }
}
