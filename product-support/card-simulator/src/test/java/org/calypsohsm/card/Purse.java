package org.calypsohsm.card;

import static org.assertj.core.api.Assertions.assertThat;
import static org.calypsohsm.card.Terminal.bytes;
import static org.calypsohsm.card.Terminal.hex;

import java.util.Locale;

import org.calypsohsm.profile.ReferenceKey;

/**
 * The terminal's side of stored value, SAM included. It is written from calypso-card.md section e on its own, in hex, and
 * nothing of the card's code or of {@link CardCommands} is used.
 */
final class Purse {

    static final String SAM_SERIAL = "AABBCCDD";
    static final String DATE = "1234";
    static final String TIME = "0930";

    private final Terminal terminal;
    private final boolean aes;
    /** Of the keys of DF 1000. */
    private final ReferenceKey loadKey;
    private final ReferenceKey debitKey;
    private final String kvc;
    private int samTransaction = 0x0000DD;
    private String getHeader;
    private String getResponse;

    Purse(Terminal terminal) {
        this(terminal, terminal.key(0x07), terminal.key(0x10), switch (terminal.card.product()) {
            case CD97 -> "29";
            case CD21 -> "39";
            case TANGO -> "49";
            case TANGO_AES -> "59";
        });
    }

    Purse(Terminal terminal, ReferenceKey loadKey, ReferenceKey debitKey, String kvc) {
        this.terminal = terminal;
        this.aes = terminal.card.product() == CardProduct.TANGO_AES;
        this.loadKey = loadKey;
        this.debitKey = debitKey;
        this.kvc = kvc;
    }

    /** An operation as it is sent, and the signature that the card has to answer. */
    record Command(String apdu, String signatureLo, String chosen, String samPart) {

        /** The same with another bit at the end of signatureHi. */
        String wrong() {
            return flipped(apdu.length() / 2 - 1, 0x01);
        }

        String flipped(int at, int bits) {
            byte[] raw = bytes(apdu);
            raw[at] ^= (byte) bits;
            return hex(raw);
        }
    }

    /** What SV Get shows. */
    record Shown(String kvc, int transactionNumber, String signature, int balance, String reloadLog, String debitLog) {
    }

    String apdu(String withoutCla) {
        return (aes ? "00" : "FA") + withoutCla.replace(" ", "");
    }

    String getApdu(boolean reload) {
        return apdu("7C" + (aes ? "01" : "00") + (reload ? "07" : "09") + (aes ? "3D" : reload ? "21" : "1E"));
    }

    Shown get(boolean reload, boolean inSession) {
        String apdu = getApdu(reload);
        return get(apdu, inSession ? terminal.exchange(apdu) : terminal.send(apdu), reload);
    }

    Shown get(String apdu, String response, boolean reload) {
        assertThat(response).endsWith("9000").hasSize(2 * ((aes ? 0x3D : reload ? 0x21 : 0x1E) + 2));
        getHeader = apdu.substring(2);
        getResponse = response;
        String r = response;
        return aes
                ? new Shown(r.substring(16, 18), number(r, 9, 2), r.substring(22, 34), signed(r, 17, 3), r.substring(40, 84),
                        r.substring(84, 122))
                : new Shown(r.substring(0, 2), number(r, 1, 2), r.substring(6, 12), signed(r, 8, 3),
                        reload ? r.substring(22, 66) : null, reload ? null : r.substring(22, 60));
    }

    private static int number(String hex, int at, int length) {
        return Integer.parseInt(hex.substring(2 * at, 2 * (at + length)), 16);
    }

    private static int signed(String hex, int at, int length) {
        int shift = 32 - 8 * length;
        return number(hex, at, length) << shift >> shift;
    }

    Command reload(int amount) {
        return prepare("B8", loadKey, aes ? "1C" : "17",
                DATE + "F1" + kvc + "F2" + String.format(Locale.ROOT, "%06X", amount & 0xFFFFFF) + TIME);
    }

    /** Takes the amount away. */
    Command debit(int amount) {
        return small("BA", -amount);
    }

    Command undebit(int amount) {
        return small("BC", amount);
    }

    /** Debit or Undebit with the amount as it stands in the command. */
    Command small(String ins, int amount) {
        return prepare(ins, debitKey, aes ? "19" : "14",
                String.format(Locale.ROOT, "%04X", amount & 0xFFFF) + DATE + TIME + kvc);
    }

    Command prepare(String ins, ReferenceKey key, String lc, String chosen) {
        String samNumber = String.format(Locale.ROOT, "%06X", samTransaction++);
        byte[] operation = bytes(getHeader + getResponse + ins + "0000" + lc + "00" + chosen);
        byte[] challenge = bytes("C1C2C3");
        byte[] hi = key.storedValueTerminalMac(operation, challenge, bytes(samNumber), bytes(SAM_SERIAL));
        byte[] lo = key.storedValueCardMac(operation, challenge, bytes(samNumber), bytes(SAM_SERIAL), hi);
        return new Command(apdu(ins + "C1C2" + lc + "C3" + chosen + SAM_SERIAL + samNumber + hex(hi)), hex(lo), chosen,
                SAM_SERIAL + samNumber);
    }

    String reloadLog(Command command, int balance, int transactionNumber) {
        String chosen = command.chosen();
        return chosen.substring(0, 10) + triple(balance) + chosen.substring(10) + command.samPart()
                + String.format(Locale.ROOT, "%04X", transactionNumber);
    }

    String debitLog(Command command, int balance, int transactionNumber) {
        return command.chosen() + command.samPart() + triple(balance)
                + String.format(Locale.ROOT, "%04X", transactionNumber);
    }

    private static String triple(int value) {
        return String.format(Locale.ROOT, "%06X", value & 0xFFFFFF);
    }

    /** Length of an item in the answer to Close, in hex. */
    String item() {
        return aes ? "07" : "04";
    }
}
