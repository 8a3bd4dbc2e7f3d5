package org.calypsohsm.profile;

import java.util.Arrays;

import org.bouncycastle.crypto.Mac;

/** A key of the AES profile. */
final class AesKey extends ProfileKey {

    private static final byte[] DIVERSIFICATION = {'D', 'I', 'V'};
    private static final byte[] SESSION_MAC = {'M', 'A', 'C'};
    private static final byte[] SESSION_CIPHER = {'E', 'N', 'C'};

    private static final int BLOCK = 16;
    private static final int REGULAR_CHALLENGE = 4;
    private static final int TERMINAL_MAC = 10;
    private static final int CARD_MAC = 6;
    private static final byte PIN_MASK = 0x50;
    private static final byte PIN_CHECK = 0x51;

    AesKey(byte[] key) {
        super(ReferenceProfile.AES_CMAC, key);
    }

    /** Diversifies by 8 bytes. */
    static byte[] diversify(KeyedCipher master, byte[] diversifier) {
        return derive(MacKey.of(ReferenceProfile.AES_CMAC, master).start(), DIVERSIFICATION, diversifier);
    }

    /** NIST SP 800-108 in counter mode, one block of 128 bits; the MAC is ready for the next one afterwards. */
    private static byte[] derive(Mac mac, byte[] label, byte[] context) {
        byte[] input = new byte[15];
        input[0] = 1;
        System.arraycopy(label, 0, input, 1, 3);
        System.arraycopy(context, 0, input, 5, 8);
        input[14] = (byte) 0x80;
        mac.update(input, 0, input.length);
        return finish(mac);
    }

    @Override
    public ReferenceSession openSession(byte[] samChallenge, boolean extended) {
        Bytes.requireLength("SAM challenge", samChallenge, extended ? CHALLENGE : REGULAR_CHALLENGE);
        byte[] challenge = Arrays.copyOf(samChallenge, CHALLENGE);
        Mac mac = macKey().start();
        byte[] sessionMacKey = derive(mac, SESSION_MAC, challenge);
        // Derived now, so that a session does not need this key any more.
        byte[] sessionCipherKey = extended ? derive(mac, SESSION_CIPHER, challenge) : null;
        ReferenceSession session = new AesSession(sessionMacKey, sessionCipherKey);
        Arrays.fill(sessionMacKey, (byte) 0);
        return session;
    }

    @Override
    public byte[] cipherPin(byte[] cardChallenge, byte[] pin) {
        Bytes.requireLength("card challenge", cardChallenge, CHALLENGE);
        Bytes.requireLength("PIN", pin, PIN);
        byte[] out = Arrays.copyOf(pin, PIN_CRYPTOGRAM);
        System.arraycopy(pinCheck(cardChallenge, pin), 0, out, PIN, PIN);
        Bytes.xor(out, pinMask(cardChallenge), PIN_CRYPTOGRAM);
        return out;
    }

    @Override
    public byte[] decipherPin(byte[] cardChallenge, byte[] cryptogram) {
        Bytes.requireLength("card challenge", cardChallenge, CHALLENGE);
        Bytes.requireLength("cryptogram", cryptogram, PIN_CRYPTOGRAM);
        byte[] plain = cryptogram.clone();
        Bytes.xor(plain, pinMask(cardChallenge), PIN_CRYPTOGRAM);
        boolean good = Bytes.same(plain, PIN, PIN, pinCheck(cardChallenge, plain), 0, PIN);
        return good ? Arrays.copyOf(plain, PIN) : null;
    }

    private byte[] pinMask(byte[] cardChallenge) {
        byte[] block = new byte[BLOCK];
        block[0] = PIN_MASK;
        System.arraycopy(cardChallenge, 0, block, 1, CHALLENGE);
        cipher().processBlock(block, 0, block, 0);
        return block;
    }

    private byte[] pinCheck(byte[] cardChallenge, byte[] pin) {
        byte[] block = new byte[BLOCK];
        block[0] = PIN_CHECK;
        System.arraycopy(cardChallenge, 0, block, 1, CHALLENGE);
        System.arraycopy(pin, 0, block, 1 + CHALLENGE, PIN);
        cipher().processBlock(block, 0, block, 0);
        return block;
    }

    @Override
    public byte[] cipherNewPin(byte[] cardChallenge, byte[] currentPin, byte[] newPin) {
        byte[] out = doubledPins(cardChallenge, currentPin, newPin);
        encrypt(doubled(cardChallenge), out, NEW_PIN_CRYPTOGRAM);
        return out;
    }

    @Override
    public byte[] decipherNewPin(byte[] cardChallenge, byte[] cryptogram) {
        Bytes.requireLength("card challenge", cardChallenge, CHALLENGE);
        Bytes.requireLength("cryptogram", cryptogram, NEW_PIN_CRYPTOGRAM);
        byte[] plain = cryptogram.clone();
        decrypt(doubled(cardChallenge), plain, NEW_PIN_CRYPTOGRAM);
        return halfIfDoubled(plain);
    }

    /** With the challenge twice as its IV, CBC over one block is the profile's xor before the cipher. */
    private static byte[] doubled(byte[] cardChallenge) {
        byte[] iv = Arrays.copyOf(cardChallenge, BLOCK);
        System.arraycopy(cardChallenge, 0, iv, CHALLENGE, CHALLENGE);
        return iv;
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
