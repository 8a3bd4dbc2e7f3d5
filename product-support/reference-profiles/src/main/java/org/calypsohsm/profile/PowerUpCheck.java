package org.calypsohsm.profile;

import java.util.Arrays;

import org.calypsohsm.key.KeyValue;
import org.calypsohsm.product.TransferException;

/** Runs every function of a profile once, on both sides and also where it refuses, and compares with known answers. */
final class PowerUpCheck {

    private final ReferenceProfile profile;
    private final KnownAnswers known;

    private PowerUpCheck(ReferenceProfile profile, KnownAnswers known) {
        this.profile = profile;
        this.known = known;
    }

    /**
     * Checks a profile.
     *
     * @param profile which one
     * @param known   its known answers
     * @throws IllegalStateException if an answer is not the known one
     */
    static void run(ReferenceProfile profile, KnownAnswers known) {
        new PowerUpCheck(profile, known).run();
    }

    private void run() {
        KeyValue master = KeyValue.copyOf(known.bytes("key"));
        ReferenceKey key = profile.diversify(master, known.bytes("diversifier"));
        session(key);
        if (profile.hasExtendedMode()) {
            extendedSession(key);
        } else {
            refusedExtendedMode(key);
        }
        pin(key);
        cardKey(key);
        storedValue(key);
        answer("signature", known.bytes("signature"), key.sign(known.bytes("data"), 8));
        if (profile.hasTransfer()) {
            transfer(master);
        } else {
            refusedTransfer(key);
        }
        key.destroy();
        master.destroy();
    }

    private void session(ReferenceKey key) {
        ReferenceSession session = key.openSession(known.bytes("samChallenge"), false);
        absorb(session, "");
        close(session, "");
    }

    private void absorb(ReferenceSession session, String mode) {
        byte[] init = known.bytes(mode + "digestInit");
        session.update(init, 0, init.length);
        for (byte[] update : known.list(mode + "digestUpdates")) {
            session.update(update, 0, update.length);
        }
    }

    private void close(ReferenceSession session, String mode) {
        answer("terminal certificate", known.bytes(mode + "terminalCertificate"), session.terminalCertificate());
        byte[] card = known.bytes(mode + "cardCertificate");
        answer("card certificate", card, session.cardCertificate());
        verified("card certificate", session.verifyCardCertificate(card, 0, card.length));
        session.destroy();
    }

    private void extendedSession(ReferenceKey key) {
        byte[] challenge = known.bytes("extended.samChallenge");
        ReferenceSession sam = key.openSession(challenge, true);
        ReferenceSession card = key.openSession(challenge, true);
        absorb(sam, "extended.");
        absorb(card, "extended.");

        byte[] terminalMac = known.bytes("extended.midTerminalMac");
        byte[] cardMac = known.bytes("extended.midCardMac");
        answer("mid-session terminal certificate", terminalMac, sam.midSessionTerminalCertificate());
        verified("mid-session terminal certificate", card.verifyMidSessionTerminalCertificate(terminalMac));
        answer("mid-session card certificate", cardMac, card.midSessionCardCertificate());
        verified("mid-session card certificate", sam.verifyMidSessionCardCertificate(cardMac, 0, cardMac.length));

        byte[] command = known.bytes("extended.plainCommand");
        byte[] cipheredCommand = known.bytes("extended.cipheredCommand");
        byte[] response = known.bytes("extended.plainResponse");
        byte[] cipheredResponse = known.bytes("extended.cipheredResponse");
        answer("ciphered command", cipheredCommand, sam.cipher(command, 0, command.length));
        answer("deciphered command", command, card.cipherAsCard(cipheredCommand, 0, cipheredCommand.length));
        answer("ciphered response", cipheredResponse, card.cipherAsCard(response, 0, response.length));
        answer("deciphered response", response, sam.cipher(cipheredResponse, 0, cipheredResponse.length));

        close(sam, "extended.");
        close(card, "extended.");
    }

    private void refusedExtendedMode(ReferenceKey key) {
        try {
            key.openSession(new byte[8], true);
        } catch (UnsupportedOperationException expected) {
            return;
        }
        verified("refusal of extended mode", false);
    }

    private void pin(ReferenceKey key) {
        byte[] challenge = known.bytes("cardChallenge");
        byte[] pin = known.bytes("pin");
        byte[] newPin = known.bytes("newPin");
        byte[] cryptogram = known.bytes("verifyCryptogram");
        byte[] change = known.bytes("changeCryptogram");
        answer("PIN cryptogram", cryptogram, key.cipherPin(challenge, pin));
        answer("PIN", pin, key.decipherPin(challenge, cryptogram));
        answer("new PIN cryptogram", change, key.cipherNewPin(challenge, pin, newPin));
        byte[] both = key.decipherNewPin(challenge, change);
        verified("new PIN", both != null && Arrays.equals(newPin, Arrays.copyOf(both, newPin.length)));
    }

    private void cardKey(ReferenceKey key) {
        byte[] challenge = known.bytes("cardChallenge");
        byte[] cryptogram = known.bytes("cardKeyCryptogram");
        int kif = known.number("sourceKif");
        int kvc = known.number("sourceKvc");
        KeyValue source = KeyValue.copyOf(known.bytes("sourceKey"));
        ReferenceKey newKey = profile.diversify(source, known.bytes("diversifier"));
        answer("card key cryptogram", cryptogram, key.cipherCardKey(challenge, newKey, kif, kvc));

        byte[] loaded = key.decipherCardKey(challenge, cryptogram, kif, kvc);
        verified("card key", loaded != null);
        ReferenceKey loadedKey = profile.undiversified(KeyValue.copyOf(loaded));
        answer("loaded card key", newKey.sign(challenge, 8), loadedKey.sign(challenge, 8));
    }

    private void storedValue(ReferenceKey key) {
        byte[] data = known.bytes("svPrepareData");
        byte[] challenge = known.bytes("svChallenge");
        byte[] number = known.bytes("svTransactionNumber");
        byte[] serial = known.bytes("samSerialNumber");
        byte[] terminalMac = known.bytes("terminalSvMac");
        answer("stored value terminal MAC", terminalMac, key.storedValueTerminalMac(data, challenge, number, serial));
        answer("stored value card MAC", known.bytes("cardSvMac"),
                key.storedValueCardMac(data, challenge, number, serial, terminalMac));
    }

    private void transfer(KeyValue master) {
        ReferenceKey key = profile.diversify(master, known.bytes("targetSerialNumber"));
        byte[] challenge = known.bytes("targetChallenge");
        byte[] block = known.bytes("transferCryptogram");
        answer("transfer block", block, key.sealTransfer(challenge, known.bytes("record"), known.number("p2")));
        answer("read signature", known.bytes("readSignature"), key.signRead(challenge, known.bytes("signedPart")));
        try {
            answer("transferred record", known.bytes("record"), key.openTransfer(challenge, block).record());
        } catch (TransferException e) {
            throw new IllegalStateException(failure("transferred record"), e);
        }
        block[0] ^= 1;
        try {
            key.openTransfer(challenge, block);
        } catch (TransferException expected) {
            return;
        }
        verified("refusal of a changed transfer block", false);
    }

    private void refusedTransfer(ReferenceKey key) {
        try {
            key.sealTransfer(new byte[8], new byte[29], 0);
        } catch (UnsupportedOperationException expected) {
            return;
        }
        verified("refusal of transfer", false);
    }

    private void answer(String what, byte[] expected, byte[] actual) {
        verified(what, Arrays.equals(expected, actual));
    }

    private void verified(String what, boolean good) {
        if (!good) {
            throw new IllegalStateException(failure(what));
        }
    }

    private String failure(String what) {
        return "The power-up check of the reference profile " + profile + " failed: wrong " + what + ".";
    }
}
