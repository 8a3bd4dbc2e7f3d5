package org.calypsohsm.card;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.HexFormat;
import java.util.Locale;

import org.calypsohsm.product.SessionDigest;
import org.calypsohsm.profile.ReferenceKey;
import org.calypsohsm.profile.ReferenceProfile;
import org.calypsohsm.testkeys.TestKeys;

/**
 * The terminal's side of a session, SAM included. It is written from calypso-card.md on its own: APDUs are given in hex,
 * and nothing of the card's code or of {@link CardCommands} is used.
 */
final class Terminal {

    static final String SAM_CHALLENGE = "A1A2A3A4";
    static final String SAM_CHALLENGE_EXTENDED = "A1A2A3A4A5A6A7A8";
    private static final HexFormat HEX = HexFormat.of().withUpperCase();

    final Card card;
    private final ReferenceProfile profile;
    private final int keyGroup;
    private SessionDigest digest;
    private boolean extended;
    private boolean ciphered;

    Terminal(Card card, ReferenceProfile profile, int keyGroup) {
        this.card = card;
        this.profile = profile;
        this.keyGroup = keyGroup;
    }

    /** A terminal for a card of key group 0. */
    static Terminal of(Card card) {
        ReferenceProfile profile = switch (card.product()) {
            case CD97 -> ReferenceProfile.DESX_CBC;
            case CD21 -> ReferenceProfile.TDES_RETAIL;
            case TANGO -> ReferenceProfile.TDES_CBC;
            case TANGO_AES -> ReferenceProfile.AES_CMAC;
        };
        return new Terminal(card, profile, 0);
    }

    static byte[] bytes(String hex) {
        return HEX.parseHex(hex.replace(" ", ""));
    }

    static String hex(byte[] bytes) {
        return HEX.formatHex(bytes);
    }

    /** Sends a command outside the digest; gives the response in hex. */
    String send(String apdu) {
        return hex(card.transmit(bytes(apdu)));
    }

    /** Sends Open with key index by its header and data; starts the SAM's digest. Gives the data without status word. */
    String open(String apdu, int kif) {
        String response = send(apdu);
        assertThat(response).endsWith("9000");
        start(apdu, kif, response.substring(0, response.length() - 4));
        return response.substring(0, response.length() - 4);
    }

    /** Starts the SAM's digest: the challenge is where Open has it. */
    void start(String openApdu, int kif, String openData) {
        start(openApdu, key(kif), openData);
    }

    /** The same under a key that is none of the card's test keys. */
    void start(String openApdu, ReferenceKey key, String openData) {
        extended = openApdu.replace(" ", "").contains(SAM_CHALLENGE_EXTENDED);
        digest = key.openSession(bytes(extended ? SAM_CHALLENGE_EXTENDED : SAM_CHALLENGE), extended);
        ciphered = false;
        update(bytes(openData));
    }

    /** One of the test keys, diversified for this card. */
    ReferenceKey key(int kif) {
        return profile.diversify(TestKeys.value(keyGroup, kif, TestKeys.kvc(profile.alg())), card.serialNumber());
    }

    ReferenceProfile profile() {
        return profile;
    }

    /** Sends Get Challenge; gives the 8 bytes. */
    byte[] challenge() {
        String response = send(apdu("84 00 00 08"));
        assertThat(response).hasSize(20).endsWith("9000");
        return bytes(response.substring(0, 16));
    }

    private void update(byte[] element) {
        digest.update(element, 0, element.length);
    }

    /** Sends a command inside the session, digested by rule CL-C4-MAC.1; gives the response in clear, in hex. */
    String exchange(String apdu) {
        byte[] command = bytes(apdu);
        boolean case4 = command.length > 5 && command.length == 6 + (command[4] & 0xFF);
        byte[] digested = case4 ? Arrays.copyOf(command, command.length - 1) : command;
        if (ciphered) {
            byte[] response = card.transmit(digest.cipher(digested, 0, digested.length));
            return hex(digest.cipher(response, 0, response.length));
        }
        update(digested);
        byte[] response = card.transmit(command);
        update(response);
        return hex(response);
    }

    void setCiphered(boolean ciphered) {
        this.ciphered = ciphered;
    }

    SessionDigest digest() {
        return digest;
    }

    String terminalCertificate() {
        return hex(digest.terminalCertificate());
    }

    /** Sends Close; gives the response in hex. */
    String close(int p1) {
        return close(p1, terminalCertificate());
    }

    String close(int p1, String certificate) {
        return send(String.format(Locale.ROOT, "%02X 8E %02X 00 %02X %s 00", cla(), p1, certificate.length() / 2, certificate));
    }

    /** Closes, and checks the card's certificate as the SAM does; gives what stands before it, in hex. */
    String closeAndVerify(int p1) {
        String response = close(p1);
        assertThat(response).endsWith("9000");
        int length = extended ? 8 : 4;
        byte[] data = bytes(response.substring(0, response.length() - 4));
        assertThat(digest.verifyCardCertificate(data, data.length - length, length)).as("card certificate").isTrue();
        return hex(Arrays.copyOf(data, data.length - length));
    }

    int cla() {
        return card.product() == CardProduct.TANGO_AES ? 0x00 : 0x94;
    }

    /** Opens a session with the debit (30), load (27) or issuer (21) key in the product's usual form, reading nothing. */
    String openUsual(int kif) {
        int key = kif == 0x21 ? 1 : kif == 0x27 ? 2 : 3;
        return open(card.product() == CardProduct.TANGO_AES
                ? String.format(Locale.ROOT, "00 8A %02X 02 09 00 %s 00", key, SAM_CHALLENGE_EXTENDED)
                : String.format(Locale.ROOT, "94 8A %02X 00 04 %s", 0x80 + key, SAM_CHALLENGE), kif);
    }

    /** The same command with the product's class byte. */
    String apdu(String withoutCla) {
        return String.format(Locale.ROOT, "%02X %s", cla(), withoutCla);
    }
}
