package org.calypsohsm.profile;

import java.util.Arrays;

import org.bouncycastle.crypto.Mac;

/** A key of the profiles with 8-byte blocks: DESX_CBC, TDES_RETAIL and TDES_CBC. */
final class DesKey extends ProfileKey {

    private static final int BLOCK = 8;
    private static final int REGULAR_CHALLENGE = 4;
    private static final int TERMINAL_MAC = 5;
    private static final int CARD_MAC = 3;

    private final ReferenceProfile profile;

    DesKey(ReferenceProfile profile, byte[] key) {
        super(profile, key);
        this.profile = profile;
    }

    /** Gives {@code E(x) || E(~x)}: how these profiles make a key of 16 bytes from a value of 8. */
    static byte[] derive(KeyedCipher cipher, long value) {
        byte[] out = new byte[2 * BLOCK];
        Bytes.fromLong(value, out, 0);
        Bytes.fromLong(~value, out, BLOCK);
        cipher.processBlock(out, 0, out, 0);
        cipher.processBlock(out, BLOCK, out, BLOCK);
        return out;
    }

    @Override
    public ReferenceSession openSession(byte[] samChallenge, boolean extended) {
        if (extended) {
            throw new UnsupportedOperationException("The reference profile " + profile + " has no extended mode.");
        }
        Bytes.requireLength("SAM challenge in regular mode", samChallenge, REGULAR_CHALLENGE);
        byte[] challenge = Arrays.copyOf(samChallenge, BLOCK);
        if (profile == ReferenceProfile.DESX_CBC) {
            // CBC chains from E(challenge), which is what the challenge as a first block gives.
            Mac mac = macKey().start();
            mac.update(challenge, 0, BLOCK);
            return new DesSession(mac);
        }
        byte[] sessionKey = derive(cipher(), Bytes.toLong(challenge, 0));
        Mac mac = MacKey.of(profile, sessionKey).start();
        Arrays.fill(sessionKey, (byte) 0);
        return new DesSession(mac);
    }

    @Override
    public byte[] cipherPin(byte[] cardChallenge, byte[] pin) {
        Bytes.requireLength("card challenge", cardChallenge, CHALLENGE);
        Bytes.requireLength("PIN", pin, PIN);
        byte[] out = Arrays.copyOf(pin, BLOCK);
        Bytes.xor(out, cardChallenge, BLOCK);
        cipher().processBlock(out, 0, out, 0);
        return out;
    }

    @Override
    public byte[] decipherPin(byte[] cardChallenge, byte[] cryptogram) {
        Bytes.requireLength("card challenge", cardChallenge, CHALLENGE);
        Bytes.requireLength("cryptogram", cryptogram, PIN_CRYPTOGRAM);
        byte[] plain = cryptogram.clone();
        decrypt(cardChallenge, plain, BLOCK);
        boolean good = (int) Bytes.toLong(plain, 0) == 0;
        return good ? Arrays.copyOf(plain, PIN) : null;
    }

    @Override
    public byte[] cipherNewPin(byte[] cardChallenge, byte[] currentPin, byte[] newPin) {
        byte[] out = doubledPins(cardChallenge, currentPin, newPin);
        encrypt(cardChallenge, out, NEW_PIN_CRYPTOGRAM);
        return out;
    }

    @Override
    public byte[] decipherNewPin(byte[] cardChallenge, byte[] cryptogram) {
        Bytes.requireLength("card challenge", cardChallenge, CHALLENGE);
        Bytes.requireLength("cryptogram", cryptogram, NEW_PIN_CRYPTOGRAM);
        byte[] plain = cryptogram.clone();
        decrypt(cardChallenge, plain, NEW_PIN_CRYPTOGRAM);
        return halfIfDoubled(plain);
    }

    @Override
    int terminalMacLength() {
        return TERMINAL_MAC;
    }

    @Override
    int cardMacLength() {
        return CARD_MAC;
    }
}
