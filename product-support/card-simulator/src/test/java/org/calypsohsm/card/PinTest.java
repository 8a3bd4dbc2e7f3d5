package org.calypsohsm.card;

import static org.assertj.core.api.Assertions.assertThat;
import static org.calypsohsm.card.Terminal.bytes;
import static org.calypsohsm.card.Terminal.hex;

import java.util.Locale;

import org.calypsohsm.profile.ReferenceKey;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Verify PIN and Change PIN: calypso-card.md sections b, d and e. */
class PinTest {

    private static final String RIGHT = "01020304";
    private static final String WRONG = "01020305";
    private static final String READ_ID = "B2 01 1C 01";

    private static Terminal terminal(CardProduct product) {
        return Terminal.of(Card.builder(product).pin(bytes(RIGHT)).build());
    }

    private static String plain(Terminal terminal, String pin) {
        return terminal.send(terminal.apdu("20 00 00 04" + pin));
    }

    private static String tries(Terminal terminal) {
        return terminal.send(terminal.apdu("20 00 00 00"));
    }

    private static String ciphered(Terminal terminal, int kif, String pin) {
        return terminal.apdu("20 00 00 08" + hex(terminal.key(kif).cipherPin(terminal.challenge(), bytes(pin))));
    }

    private static String change(Terminal terminal, String lcAndData) {
        return terminal.apdu(String.format(Locale.ROOT, "D8 00 %02X", terminal.card.product() == CardProduct.TANGO_AES ? 0xFF : 4)
                + lcAndData);
    }

    private static String cipheredChange(Terminal terminal, ReferenceKey key, String current, String pin) {
        return change(terminal, "10" + hex(key.cipherNewPin(terminal.challenge(), bytes(current), bytes(pin))));
    }

    @ParameterizedTest
    @EnumSource(CardProduct.class)
    void hasThreeTriesThatSuccessGivesBack(CardProduct product) {
        Terminal terminal = terminal(product);
        assertThat(tries(terminal)).isEqualTo("9000");
        assertThat(plain(terminal, WRONG)).isEqualTo("63C2");
        assertThat(tries(terminal)).as("reading costs nothing").isEqualTo("63C2");
        assertThat(tries(terminal)).isEqualTo("63C2");
        terminal.card.reset();
        assertThat(plain(terminal, WRONG)).as("a reset gives nothing back").isEqualTo("63C1");
        assertThat(plain(terminal, RIGHT)).isEqualTo("9000");
        assertThat(tries(terminal)).isEqualTo("9000");
        assertThat(plain(terminal, WRONG)).isEqualTo("63C2");
        assertThat(terminal.send(ciphered(terminal, 0x30, WRONG))).as("ciphered ones count the same").isEqualTo("63C1");
        assertThat(terminal.card.pinTries()).isEqualTo(1);
        assertThat(plain(terminal, "00000000")).isEqualTo("6983");
        assertThat(plain(terminal, RIGHT)).as("blocked").isEqualTo("6983");
        assertThat(terminal.send(ciphered(terminal, 0x30, RIGHT))).as("blocked").isEqualTo("6983");
        assertThat(tries(terminal)).isEqualTo("6983");
        terminal.card.reset();
        assertThat(plain(terminal, RIGHT)).as("blocked for good").isEqualTo("6983");
        assertThat(terminal.send(terminal.apdu(READ_ID))).isEqualTo("6982");
    }

    @ParameterizedTest
    @EnumSource(CardProduct.class)
    void opensTheFilesBehindThePin(CardProduct product) {
        Terminal terminal = terminal(product);
        String open = product == CardProduct.TANGO_AES ? "00 8A 0B 19 04 A1A2A3A4 00" : "94 8A 8B 18 04 A1A2A3A4";
        assertThat(terminal.send(terminal.apdu(READ_ID))).isEqualTo("6982");
        assertThat(terminal.send(open)).isEqualTo("6982");
        plain(terminal, RIGHT);
        assertThat(terminal.send(terminal.apdu(READ_ID))).isEqualTo("009000");
        assertThat(terminal.send(open)).as("in the answer to Open").endsWith("00".repeat(29) + "9000");
        assertThat(terminal.send(terminal.apdu("8E 00 00 00"))).isEqualTo("9000");
        assertThat(terminal.send(terminal.apdu(READ_ID))).as("a session takes nothing away").isEqualTo("009000");
        terminal.send(terminal.apdu("A4 08 00 02 3F00 00"));
        assertThat(terminal.send(terminal.apdu(READ_ID))).as("in the MF as well").isEqualTo("009000");
        assertThat(plain(terminal, WRONG)).isEqualTo("63C2");
        assertThat(terminal.send(terminal.apdu(READ_ID))).as("a wrong one takes it away").isEqualTo("6982");
        plain(terminal, RIGHT);
        terminal.card.reset();
        assertThat(terminal.send(terminal.apdu(READ_ID))).as("after reset").isEqualTo("6982");
        plain(terminal, RIGHT);
        terminal.send("00 A4 04 00 08 315449432E494341 00");
        assertThat(terminal.send(terminal.apdu(READ_ID))).as("after selection").isEqualTo("6982");
        terminal.send(ciphered(terminal, 0x30, RIGHT));
        assertThat(terminal.send(terminal.apdu(READ_ID))).isEqualTo("009000");
        assertThat(terminal.send(terminal.apdu("DC 01 1C 01 AA"))).as("writing needs a session").isEqualTo("6982");
    }

    @ParameterizedTest
    @EnumSource(CardProduct.class)
    void takesACipheredPinOncePerChallenge(CardProduct product) {
        Terminal terminal = terminal(product);
        assertThat(terminal.send(terminal.apdu("20 00 00 08 0102030405060708"))).as("no challenge").isEqualTo("6982");
        assertThat(tries(terminal)).as("nothing was tried").isEqualTo("9000");
        String verify = ciphered(terminal, 0x30, RIGHT);
        assertThat(terminal.send(verify)).isEqualTo("9000");
        assertThat(terminal.send(verify)).as("replay").isEqualTo("6982");
        terminal.challenge();
        assertThat(terminal.send(verify)).as("replay under another challenge").isEqualTo("63C2");
        assertThat(terminal.send(ciphered(terminal, 0x27, RIGHT))).as("wrong key").isEqualTo("63C1");
        assertThat(terminal.send(ciphered(terminal, 0x30, RIGHT))).isEqualTo("9000");
        verify = ciphered(terminal, 0x30, RIGHT);
        terminal.card.reset();
        assertThat(terminal.send(verify)).as("a reset takes the challenge").isEqualTo("6982");
        verify = ciphered(terminal, 0x30, RIGHT);
        byte[] wrong = bytes(verify);
        wrong[wrong.length - 1] ^= 1;
        assertThat(hex(terminal.card.transmit(wrong))).isEqualTo("63C2");
    }

    /** The key is the session's in a session, and the debit key outside. */
    @ParameterizedTest
    @CsvSource({"21, 30", "27, 30", "30, 21"})
    void isPresentedInASessionUnderItsKey(String sessionKif, String otherKif) {
        for (CardProduct product : CardProduct.values()) {
            Terminal terminal = terminal(product);
            int kif = Integer.parseInt(sessionKif, 16);
            terminal.openUsual(kif);
            String challenge = terminal.exchange(terminal.apdu("84 00 00 08"));
            byte[] other = terminal.key(Integer.parseInt(otherKif, 16)).cipherPin(bytes(challenge.substring(0, 16)), bytes(RIGHT));
            assertThat(terminal.exchange(terminal.apdu("20 00 00 08" + hex(other)))).isEqualTo("63C2");
            challenge = terminal.exchange(terminal.apdu("84 00 00 08"));
            byte[] right = terminal.key(kif).cipherPin(bytes(challenge.substring(0, 16)), bytes(RIGHT));
            assertThat(terminal.exchange(terminal.apdu("20 00 00 08" + hex(right)))).isEqualTo("9000");
            assertThat(terminal.exchange(terminal.apdu(READ_ID))).isEqualTo("009000");
            assertThat(terminal.exchange(terminal.apdu("20 00 00 04" + WRONG))).isEqualTo("63C2");
            terminal.closeAndVerify(0x80);
            assertThat(terminal.card.pinTries()).isEqualTo(2);
        }
    }

    @ParameterizedTest
    @EnumSource(CardProduct.class)
    void changesUnderTheIssuerKey(CardProduct product) {
        Terminal terminal = terminal(product);
        ReferenceKey issuer = terminal.key(0x21);
        assertThat(terminal.send(change(terminal, "10" + "00".repeat(16)))).as("no challenge").isEqualTo("6982");
        for (int i = 0; i < 3; i++) {
            plain(terminal, WRONG);
        }
        String change = cipheredChange(terminal, issuer, "00000000", "0A0B0C0D");
        assertThat(terminal.send(change)).as("Keyple gives zeros as current PIN").isEqualTo("9000");
        assertThat(tries(terminal)).as("no longer blocked").isEqualTo("9000");
        assertThat(terminal.send(change)).as("replay").isEqualTo("6982");
        assertThat(plain(terminal, RIGHT)).as("the old one").isEqualTo("63C2");
        assertThat(plain(terminal, "0A0B0C0D")).isEqualTo("9000");
        terminal.challenge();
        assertThat(terminal.send(change)).as("replay under another challenge").isEqualTo("6988");
        assertThat(terminal.send(cipheredChange(terminal, terminal.key(0x30), "0A0B0C0D", RIGHT))).as("wrong key")
                .isEqualTo("6988");
        assertThat(terminal.send(cipheredChange(terminal, issuer, WRONG, RIGHT))).as("wrong current PIN").isEqualTo("6988");
        assertThat(terminal.send(terminal.apdu(READ_ID))).as("a refusal takes nothing away").isEqualTo("009000");
        assertThat(terminal.send(cipheredChange(terminal, issuer, "0A0B0C0D", RIGHT))).isEqualTo("9000");
        assertThat(terminal.send(terminal.apdu(READ_ID))).as("a new PIN must be presented").isEqualTo("6982");
        terminal.card.reset();
        assertThat(plain(terminal, RIGHT)).isEqualTo("9000");
    }

    @ParameterizedTest
    @EnumSource(CardProduct.class)
    void changesInPlainAfterTheOldOne(CardProduct product) {
        Terminal terminal = terminal(product);
        assertThat(terminal.send(change(terminal, "04 0A0B0C0D"))).isEqualTo("6982");
        plain(terminal, WRONG);
        assertThat(terminal.send(change(terminal, "04 0A0B0C0D"))).isEqualTo("6982");
        plain(terminal, RIGHT);
        assertThat(terminal.send(change(terminal, "04 0A0B0C0D"))).isEqualTo("9000");
        assertThat(terminal.send(change(terminal, "04 0A0B0C0E"))).as("present the new one first").isEqualTo("6982");
        assertThat(plain(terminal, RIGHT)).isEqualTo("63C2");
        assertThat(plain(terminal, "0A0B0C0D")).isEqualTo("9000");
        terminal.openUsual(0x21);
        assertThat(terminal.exchange(change(terminal, "04 0A0B0C0E"))).as("in a session").isEqualTo("6985");
        terminal.closeAndVerify(0x80);
    }

    @ParameterizedTest
    @EnumSource(CardProduct.class)
    void everyProductTakesChangePinAsKeypleSendsIt(CardProduct product) {
        Terminal terminal = terminal(product);
        plain(terminal, RIGHT);
        assertThat(terminal.send(terminal.apdu("D8 00 FF 04 0A0B0C0D"))).isEqualTo("9000");
        assertThat(plain(terminal, "0A0B0C0D")).isEqualTo("9000");
    }

    @ParameterizedTest
    @EnumSource(CardProduct.class)
    void refusesWrongShapes(CardProduct product) {
        Terminal terminal = terminal(product);
        assertThat(terminal.send(terminal.apdu("20 00 01 04" + RIGHT))).isEqualTo("6B00");
        assertThat(terminal.send(terminal.apdu("20 00 00 05" + RIGHT + "05"))).isEqualTo("6700");
        plain(terminal, RIGHT);
        String otherReference = product == CardProduct.TANGO_AES ? "D8 00 04" : "D8 00 05";
        assertThat(terminal.send(terminal.apdu(otherReference + "04 0A0B0C0D"))).isEqualTo("6B00");
        assertThat(terminal.send(change(terminal, "05 0A0B0C0D0E"))).isEqualTo("6700");
        assertThat(terminal.send(change(terminal, "20" + "00".repeat(32)))).as("the length of a key").isEqualTo("6A87");
        assertThat(tries(terminal)).isEqualTo("9000");
        assertThat(plain(terminal, RIGHT)).isEqualTo("9000");
    }

    @ParameterizedTest
    @EnumSource(CardProduct.class)
    void takesNoPinInAnInvalidatedDf(CardProduct product) {
        Terminal terminal = Terminal.of(Card.builder(product).pin(bytes(RIGHT)).invalidated(true).build());
        assertThat(plain(terminal, WRONG)).isEqualTo("6985");
        assertThat(tries(terminal)).isEqualTo("9000");
        assertThat(terminal.send(cipheredChange(terminal, terminal.key(0x21), RIGHT, WRONG))).isEqualTo("6985");
    }

    @ParameterizedTest
    @EnumSource(value = CardProduct.class, names = "CD21", mode = EnumSource.Mode.EXCLUDE)
    void isThereByConfiguration(CardProduct product) {
        Terminal terminal = Terminal.of(Card.builder(product).pinSupported(false).build());
        assertThat(tries(terminal)).isEqualTo("6D00");
        assertThat(plain(terminal, "30303030")).isEqualTo("6D00");
        assertThat(terminal.send(change(terminal, "04 0A0B0C0D"))).isEqualTo("6B00");
        assertThat(terminal.send(terminal.apdu(READ_ID))).isEqualTo("6982");
        assertThat(terminal.card.pinTries()).isZero();
        assertThat(terminal.send("00 A4 04 00 08 315449432E494341 00")).contains(product == CardProduct.TANGO_AES
                ? "53070A082A02000201" : "5307" + hex(product.startupInformation()));
    }
}
