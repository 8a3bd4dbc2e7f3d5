package org.calypsohsm.sam;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Queue;
import java.util.concurrent.TimeUnit;

import org.calypsohsm.apdu.StatusWord;
import org.calypsohsm.key.SamKey;
import org.calypsohsm.module.ChannelState;
import org.calypsohsm.module.SamForm;
import org.calypsohsm.product.SecurityPlugin;
import org.calypsohsm.profile.ReferenceProfile;
import org.calypsohsm.profile.ReferenceSession;

/**
 * A virtual SAM with the public test keys and the reference profiles, driven by APDUs in hex, and the card that it talks to.
 * The class byte is the form's own and not written: {@code "84 00 00 08"} is sent as 80 or 94 84 00 00 08.
 */
final class Sam {

    static final int SERIAL = 0xC0FFEE01;
    static final String DIVERSIFIER = "0000000011223344";
    /** What a card gives for a PIN or a new key. */
    static final String CARD_CHALLENGE = "A0A1A2A3A4A5A6A7";
    /** Data field of the card's answer to Open Secure Session. */
    static final String OPEN = "030490980030791D01010101";

    final SamForm form;
    final TestGroup keys;
    final PluginRegistry plugins;
    final VirtualSam sam;
    private final Queue<byte[]> nextRandom = new ArrayDeque<>();
    private int randomCount;
    private boolean randomIsZero;
    private ReferenceSession card;
    private boolean extended;
    private String cla;

    Sam(SamForm form, int serial, TestGroup keys, PluginRegistry plugins, ChannelState state) {
        this(form, serial, keys, plugins, state, new BusyKeys(System::nanoTime));
    }

    Sam(SamForm form, int serial, TestGroup keys, PluginRegistry plugins, ChannelState state, BusyKeys busyKeys) {
        this.form = form;
        this.keys = keys;
        this.plugins = plugins;
        cla = form == SamForm.S1D ? "94" : "80";
        sam = new VirtualSam(form, serial, 0x01, keys, new SamServices(plugins, busyKeys, this::random), state);
    }

    static Sam of(SamForm form) {
        return of(form, TestGroup.full());
    }

    static Sam of(SamForm form, TestGroup keys) {
        return of(form, keys, ProfilePlugin.usual());
    }

    static Sam of(SamForm form, TestGroup keys, SecurityPlugin plugin) {
        return new Sam(form, SERIAL, keys, registry(plugin), ChannelState.AFTER_RESET);
    }

    static PluginRegistry registry(SecurityPlugin plugin) {
        PluginRegistry plugins = new PluginRegistry(0);
        plugins.add(plugin, "test", order(1), ProfilePlugin.ALGS);
        return plugins;
    }

    /** Makes a registration order out of a number, as a service reference would be by its ranking. */
    static Comparable<Object> order(int rank) {
        return new Rank(rank);
    }

    private record Rank(int rank) implements Comparable<Object> {

        @Override
        public int compareTo(Object other) {
            return Integer.compare(rank, ((Rank) other).rank);
        }
    }

    private byte[] random(int length) {
        byte[] known = nextRandom.poll();
        if (known != null) {
            assertThat(length).as("length of the challenge asked for").isEqualTo(known.length);
            return known.clone();
        }
        byte[] bytes = new byte[length];
        Arrays.fill(bytes, randomIsZero ? 0 : (byte) ++randomCount);
        return bytes;
    }

    /** Makes the next challenge a known one. */
    Sam nextChallenge(byte[] challenge) {
        nextRandom.add(challenge);
        return this;
    }

    /** Makes all challenges zero, so that blocks can be sealed for them before. */
    Sam zeroRandom() {
        randomIsZero = true;
        return this;
    }

    /** The class byte in hex. */
    String cla() {
        return cla;
    }

    Sam useClass(String otherClass) {
        cla = otherClass;
        return this;
    }

    /** Sends an APDU without its class byte, and gives the answer in hex. */
    String send(String apdu) {
        return sendRaw(cla() + apdu);
    }

    String sendRaw(String apdu) {
        byte[] command = Hex.bytes(apdu);
        byte[] answer = sam.exchange(command);
        assertThat(command).as("the command is not changed").isEqualTo(Hex.bytes(apdu));
        return Hex.text(answer);
    }

    /** Sends an APDU without its class byte and with a data field. */
    String send(String header, byte[] data) {
        return send(header + Hex.text(data.length) + Hex.text(data));
    }

    /** Sends an APDU and gives the status word only. */
    String status(String apdu) {
        return String.format("%04X", StatusWord.of(Hex.bytes(send(apdu))));
    }

    Sam ok(String apdu) {
        assertThat(send(apdu)).as(apdu).isEqualTo("9000");
        return this;
    }

    /** Sends an APDU that answers 9000 with that many bytes. */
    Sam okData(String apdu, int length) {
        assertThat(data(send(apdu))).as(apdu).hasSize(length);
        return this;
    }

    SamKey key(int alg) {
        return keys.workKey(0x30, alg + 9);
    }

    /** Selects a diversifier, gets a challenge and opens a session with the debit key of an ALG code. */
    Sam open(int alg, boolean inExtendedMode) {
        ok("14 00 00 08" + DIVERSIFIER);
        String answer = send("84 00 00" + (inExtendedMode ? "08" : "04"));
        assertThat(answer).endsWith("9000");
        byte[] challenge = Hex.bytes(answer.substring(0, answer.length() - 4));
        byte[] init = Hex.bytes("30" + Hex.text(alg + 9) + OPEN);
        assertThat(send(inExtendedMode ? "8A 02 FF" : "8A 00 FF", init)).isEqualTo("9000");
        extended = inExtendedMode;
        card = profile(alg).diversify(key(alg).value(), Hex.bytes(DIVERSIFIER)).openSession(challenge, inExtendedMode);
        card.update(init, 2, init.length - 2);
        return this;
    }

    private static ReferenceProfile profile(int alg) {
        return Arrays.stream(ReferenceProfile.values()).filter(profile -> profile.alg() == alg).findFirst().orElseThrow();
    }

    Sam openRegular() {
        return open(0x40, false);
    }

    Sam openExtended() {
        return open(0x50, true);
    }

    /** One digest update on both sides. */
    Sam update(String data) {
        byte[] bytes = Hex.bytes(data);
        assertThat(send("8C 00 00", bytes)).isEqualTo("9000");
        card.update(bytes, 0, bytes.length);
        return this;
    }

    /** One ciphered command and its answer on both sides. */
    Sam ciphered(String command, String response) {
        return cipheredCommand(command).cipheredResponse(response);
    }

    Sam cipheredCommand(String command) {
        byte[] plain = Hex.bytes(command);
        byte[] sent = data(send("8C 00 80", plain));
        assertThat(card.cipherAsCard(sent, 0, sent.length)).as("command as the card deciphers it").isEqualTo(plain);
        return this;
    }

    Sam cipheredResponse(String response) {
        byte[] answer = Hex.bytes(response);
        byte[] received = card.cipherAsCard(answer, 0, answer.length);
        assertThat(send("8C 00 80", received)).as("response as the SAM deciphers it").isEqualTo(Hex.text(answer) + "9000");
        return this;
    }

    /** Sends an APDU that is carried out, and gives the data of its answer in hex. */
    String answer(String apdu) {
        return Hex.text(data(send(apdu)));
    }

    /** Selects the usual diversifier and gives a card's challenge. */
    Sam withCard() {
        return ok("14 00 00 08" + DIVERSIFIER).ok("86 00 00 08" + CARD_CHALLENGE);
    }

    private static byte[] data(String answer) {
        assertThat(answer).endsWith("9000");
        return Hex.bytes(answer.substring(0, answer.length() - 4));
    }

    /** The first half of a mid-session authentication: the card believes the SAM. */
    Sam internalAuthenticate() {
        assertThat(card.verifyMidSessionTerminalCertificate(data(send("88 80 00 08")))).isTrue();
        return this;
    }

    /** The second half: the SAM believes the card. */
    Sam externalAuthenticate() {
        assertThat(send("82 00 00", card.midSessionCardCertificate())).isEqualTo("9000");
        return this;
    }

    /** Closes the digest; both sides must have seen the same. */
    Sam close() {
        assertThat(data(send("8E 00 00" + (extended ? "08" : "04")))).as("terminal certificate")
                .isEqualTo(card.terminalCertificate());
        return this;
    }

    byte[] cardCertificate() {
        return card.cardCertificate();
    }

    byte[] midSessionCardCertificate() {
        return card.midSessionCardCertificate();
    }

    Sam authenticate() {
        assertThat(send("82 00 00", cardCertificate())).isEqualTo("9000");
        return this;
    }

    /** Runs a whole session, so that a SAM that a fault has harmed is found out. */
    Sam runGoodSession() {
        openRegular().update("00B2014400").update("0102039000").close().authenticate();
        if (form.extendedMode()) {
            openExtended().update("00B2014400").internalAuthenticate().externalAuthenticate()
                    .ciphered("00DC010C 03 010203", "9000").close().authenticate();
        }
        return this;
    }

    static PluginRegistry emptyRegistry(long graceMillis) {
        return new PluginRegistry(TimeUnit.MILLISECONDS.toNanos(graceMillis));
    }
}
