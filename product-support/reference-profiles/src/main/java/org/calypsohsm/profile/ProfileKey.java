package org.calypsohsm.profile;

import java.util.Arrays;

import org.bouncycastle.crypto.BlockCipher;
import org.bouncycastle.crypto.Mac;
import org.bouncycastle.crypto.modes.CBCBlockCipher;
import org.bouncycastle.crypto.modes.CBCModeCipher;
import org.bouncycastle.crypto.params.KeyParameter;
import org.bouncycastle.crypto.params.ParametersWithIV;
import org.calypsohsm.key.KeyValue;
import org.calypsohsm.product.DiversifiedKey;
import org.calypsohsm.product.TransferException;
import org.calypsohsm.product.TransferredRecord;

/**
 * What all profiles do in the same way with their block cipher and MAC. The key schedules are made when first needed and
 * then shared by all threads.
 */
abstract class ProfileKey implements ReferenceKey {

    static final int CHALLENGE = 8;
    static final int PIN = 4;
    static final int PIN_CRYPTOGRAM = 8;
    static final int NEW_PIN_CRYPTOGRAM = 16;

    private static final int KEY = 16;
    private static final byte OTHER_USE = (byte) 0xA5;
    private static final int CARD_KEY_CRYPTOGRAM = 32;
    private static final int SIGNATURE = 8;

    private static final int RECORD = 29;
    private static final int TRANSFER_BLOCK = 48;
    private static final int RECORD_AT = 8;
    private static final int P2_AT = RECORD_AT + RECORD;
    private static final int PADDING_AT = P2_AT + 1;
    private static final byte[] TRANSFER_PADDING = {0, 0, 0, 0, 0, 0, 0, (byte) 0x80, 0, 0};

    private static final int SV_CHALLENGE = 3;
    private static final int SV_TRANSACTION_NUMBER = 3;
    private static final int SAM_SERIAL_NUMBER = 4;
    private static final byte SV_CARD = 0x43;

    private final ReferenceProfile profile;
    private final byte[] key;
    private volatile KeyedCipher cipher;
    private volatile MacKey macKey;
    private volatile boolean destroyed;

    /** Makes a key of 16 bytes, which become this object's own. */
    ProfileKey(ReferenceProfile profile, byte[] key) {
        this.profile = profile;
        this.key = key;
    }

    /** Length of the terminal's stored value MAC in bytes. */
    abstract int terminalMacLength();

    /** Length of the card's stored value MAC in bytes. */
    abstract int cardMacLength();

    final byte[] key() {
        if (destroyed) {
            throw new IllegalStateException("This key was destroyed.");
        }
        return key;
    }

    @Override
    public final KeyValue revealKey() {
        return KeyValue.copyOf(key());
    }

    final KeyedCipher cipher() {
        KeyedCipher known = cipher;
        if (known == null) {
            known = profile.cipher(key());
            cipher = known;
        }
        return known;
    }

    final MacKey macKey() {
        MacKey known = macKey;
        if (known == null) {
            known = profile == ReferenceProfile.TDES_RETAIL ? MacKey.of(profile, key()) : MacKey.of(profile, cipher());
            macKey = known;
        }
        return known;
    }

    /** Starts a MAC under the same key with every byte xored with A5. */
    private Mac startOtherMac() {
        byte[] other = key().clone();
        for (int i = 0; i < other.length; i++) {
            other[i] ^= OTHER_USE;
        }
        Mac mac = MacKey.of(profile, other).start();
        Arrays.fill(other, (byte) 0);
        return mac;
    }

    static byte[] finish(Mac mac) {
        byte[] out = new byte[mac.getMacSize()];
        mac.doFinal(out, 0);
        return out;
    }

    /** Ciphers whole blocks in place. */
    final void encrypt(byte[] iv, byte[] data, int length) {
        CBCModeCipher cbc = CBCBlockCipher.newInstance(cipher());
        cbc.init(true, new ParametersWithIV(KeyedCipher.KEY_IS_SET, iv));
        process(cbc, data, length);
    }

    /** Deciphers whole blocks in place; only cards and the receivers of transfers do, so its key schedule is not kept. */
    final void decrypt(byte[] iv, byte[] data, int length) {
        CBCModeCipher cbc = CBCBlockCipher.newInstance(profile.newEngine());
        cbc.init(false, new ParametersWithIV(new KeyParameter(key()), iv));
        process(cbc, data, length);
    }

    private static void process(BlockCipher cipher, byte[] data, int length) {
        for (int at = 0; at < length; at += cipher.getBlockSize()) {
            cipher.processBlock(data, at, data, at);
        }
    }

    /** Gives {@code newPIN || currentPIN}, twice. */
    static byte[] doubledPins(byte[] cardChallenge, byte[] currentPin, byte[] newPin) {
        Bytes.requireLength("card challenge", cardChallenge, CHALLENGE);
        Bytes.requireLength("current PIN", currentPin, PIN);
        Bytes.requireLength("new PIN", newPin, PIN);
        byte[] out = new byte[NEW_PIN_CRYPTOGRAM];
        System.arraycopy(newPin, 0, out, 0, PIN);
        System.arraycopy(currentPin, 0, out, PIN, PIN);
        System.arraycopy(out, 0, out, 2 * PIN, 2 * PIN);
        return out;
    }

    /** Gives the first half, or null if the second is not the same. */
    static byte[] halfIfDoubled(byte[] plain) {
        int half = plain.length / 2;
        return Bytes.same(plain, half, half, plain, 0, half) ? Arrays.copyOf(plain, half) : null;
    }

    @Override
    public final byte[] cipherCardKey(byte[] cardChallenge, DiversifiedKey newKey, int kif, int kvc) {
        Bytes.requireLength("card challenge", cardChallenge, CHALLENGE);
        if (!(newKey instanceof ProfileKey other) || other.profile != profile) {
            throw new IllegalArgumentException("The key to load is not one of the reference profile " + profile + ".");
        }
        byte[] out = new byte[CARD_KEY_CRYPTOGRAM];
        System.arraycopy(other.key(), 0, out, 0, KEY);
        byte[] checksum = cardKeyChecksum(cardChallenge, out, (byte) kif, (byte) kvc);
        int body = CARD_KEY_CRYPTOGRAM - checksum.length;
        if (body > KEY) {
            out[KEY] = (byte) kif;
            out[KEY + 1] = (byte) kvc;
        }
        encrypt(cardKeyIv(cardChallenge), out, body);
        System.arraycopy(checksum, 0, out, body, checksum.length);
        return out;
    }

    @Override
    public final byte[] decipherCardKey(byte[] cardChallenge, byte[] cryptogram, int kif, int kvc) {
        Bytes.requireLength("card challenge", cardChallenge, CHALLENGE);
        Bytes.requireLength("cryptogram", cryptogram, CARD_KEY_CRYPTOGRAM);
        byte[] plain = cryptogram.clone();
        int body = CARD_KEY_CRYPTOGRAM - cipher().getBlockSize();
        decrypt(cardKeyIv(cardChallenge), plain, body);
        boolean holdsNames = body > KEY;
        byte[] checksum = cardKeyChecksum(cardChallenge, plain, holdsNames ? plain[KEY] : (byte) kif,
                holdsNames ? plain[KEY + 1] : (byte) kvc);
        boolean good = Bytes.same(cryptogram, body, checksum.length, checksum, 0, checksum.length);
        for (int i = KEY + 2; i < body; i++) {
            good &= plain[i] == 0;
        }
        byte[] newKey = good ? Arrays.copyOf(plain, KEY) : null;
        Arrays.fill(plain, (byte) 0);
        return newKey;
    }

    private byte[] cardKeyIv(byte[] cardChallenge) {
        byte[] iv = Arrays.copyOf(cardChallenge, cipher().getBlockSize());
        cipher().processBlock(iv, 0, iv, 0);
        return iv;
    }

    private byte[] cardKeyChecksum(byte[] cardChallenge, byte[] newKey, byte kif, byte kvc) {
        Mac mac = startOtherMac();
        mac.update(cardChallenge, 0, CHALLENGE);
        mac.update(newKey, 0, KEY);
        mac.update(kif);
        mac.update(kvc);
        return finish(mac);
    }

    @Override
    public final byte[] storedValueTerminalMac(byte[] operation, byte[] samChallenge, byte[] transactionNumber,
            byte[] samSerialNumber) {
        Mac mac = startStoredValue(operation, samChallenge, transactionNumber, samSerialNumber);
        return Arrays.copyOf(finish(mac), terminalMacLength());
    }

    @Override
    public final byte[] storedValueCardMac(byte[] operation, byte[] samChallenge, byte[] transactionNumber,
            byte[] samSerialNumber, byte[] terminalMac) {
        Bytes.requireLength("terminal's MAC", terminalMac, terminalMacLength());
        Mac mac = startStoredValue(operation, samChallenge, transactionNumber, samSerialNumber);
        mac.update(terminalMac, 0, terminalMac.length);
        mac.update(SV_CARD);
        return Arrays.copyOf(finish(mac), cardMacLength());
    }

    private Mac startStoredValue(byte[] operation, byte[] samChallenge, byte[] transactionNumber, byte[] samSerialNumber) {
        Bytes.requireElement(operation, 0, operation.length);
        Bytes.requireLength("SAM challenge", samChallenge, SV_CHALLENGE);
        Bytes.requireLength("SAM transaction number", transactionNumber, SV_TRANSACTION_NUMBER);
        Bytes.requireLength("SAM serial number", samSerialNumber, SAM_SERIAL_NUMBER);
        Mac mac = macKey().start();
        mac.update((byte) operation.length);
        mac.update(operation, 0, operation.length);
        mac.update(samChallenge, 0, SV_CHALLENGE);
        mac.update(transactionNumber, 0, SV_TRANSACTION_NUMBER);
        mac.update(samSerialNumber, 0, SAM_SERIAL_NUMBER);
        return mac;
    }

    @Override
    public final byte[] sign(byte[] data, int length) {
        if (length < 1 || length > SIGNATURE) {
            throw new IllegalArgumentException("A signature has 1 to 8 bytes, not " + length + ".");
        }
        Mac mac = macKey().start();
        mac.update(data, 0, data.length);
        return Arrays.copyOf(finish(mac), length);
    }

    @Override
    public final byte[] signRead(byte[] challenge, byte[] signedPart) {
        Bytes.requireLength("challenge", challenge, CHALLENGE);
        Mac mac = macKey().start();
        mac.update(challenge, 0, CHALLENGE);
        mac.update(signedPart, 0, signedPart.length);
        return Arrays.copyOf(finish(mac), SIGNATURE);
    }

    @Override
    public final byte[] sealTransfer(byte[] targetChallenge, byte[] record, int p2) {
        requireTransfer();
        Bytes.requireLength("target challenge", targetChallenge, CHALLENGE);
        Bytes.requireLength("record", record, RECORD);
        byte[] block = new byte[TRANSFER_BLOCK];
        System.arraycopy(record, 0, block, RECORD_AT, RECORD);
        block[P2_AT] = (byte) p2;
        System.arraycopy(TRANSFER_PADDING, 0, block, PADDING_AT, TRANSFER_PADDING.length);
        System.arraycopy(transferChecksum(targetChallenge, block), 0, block, 0, SIGNATURE);
        encrypt(new byte[cipher().getBlockSize()], block, TRANSFER_BLOCK);
        return block;
    }

    @Override
    public final TransferredRecord openTransfer(byte[] targetChallenge, byte[] block) throws TransferException {
        requireTransfer();
        Bytes.requireLength("target challenge", targetChallenge, CHALLENGE);
        Bytes.requireLength("transfer block", block, TRANSFER_BLOCK);
        byte[] plain = block.clone();
        decrypt(new byte[cipher().getBlockSize()], plain, TRANSFER_BLOCK);
        try {
            if (!Bytes.same(plain, PADDING_AT, TRANSFER_PADDING.length, TRANSFER_PADDING, 0, TRANSFER_PADDING.length)) {
                throw new TransferException(TransferException.Reason.BAD_CONTENT, "The frame is not that of a record.");
            }
            if (!Bytes.same(plain, 0, SIGNATURE, transferChecksum(targetChallenge, plain), 0, SIGNATURE)) {
                throw new TransferException(TransferException.Reason.BAD_SIGNATURE, "The checksum of the record is wrong.");
            }
            return new TransferredRecord(Arrays.copyOfRange(plain, RECORD_AT, P2_AT), plain[P2_AT] & 0xFF);
        } finally {
            Arrays.fill(plain, (byte) 0);
        }
    }

    private byte[] transferChecksum(byte[] targetChallenge, byte[] block) {
        Mac mac = startOtherMac();
        mac.update(targetChallenge, 0, CHALLENGE);
        mac.update(block, RECORD_AT, RECORD + 1);
        return finish(mac);
    }

    private void requireTransfer() {
        if (!profile.hasTransfer()) {
            throw new UnsupportedOperationException("The reference profile " + profile + " has no transfer between SAMs.");
        }
    }

    /**
     * {@inheritDoc}
     *
     * <p>The key bytes are overwritten; the key schedules, which Bouncy Castle does not let go of, are left to the
     * garbage collector.
     */
    @Override
    public final void destroy() {
        destroyed = true;
        cipher = null;
        macKey = null;
        Arrays.fill(key, (byte) 0);
    }

    @Override
    public final String toString() {
        return "diversified key of the reference profile " + profile;
    }
}
