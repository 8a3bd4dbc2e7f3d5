package org.calypsohsm.sam;

import java.security.MessageDigest;

import org.calypsohsm.apdu.CommandApdu;
import org.calypsohsm.apdu.StatusWord;
import org.calypsohsm.key.SamKey;
import org.calypsohsm.product.SecurityPlugin;

/**
 * The commands that sign and verify data: Data Cipher in signing mode, PSO Compute and Verify Signature, Digest MAC Compute.
 * Source: sam-s1-apdu.md sections 5.10, 5.17 to 5.19; security-profiles.md, "Signatures".
 */
final class SignatureCommands {

    private static final int DATA_CIPHER_SIGN = 0x4000;
    private static final int COMPUTE_SIGNATURE = 0x9E9A;
    private static final int VERIFY_SIGNATURE = 0x00A8;
    private static final int PAR5 = 5;
    private static final int SIGNATURE = 8;
    private static final int KIF_KVC = 2;
    private static final int DATA_CIPHER_MAX = 208;
    private static final int MESSAGE_MAX = 208;
    private static final int TRACEABLE_MESSAGE_MAX = 206;
    private static final int BY_KIF_KVC = 0xFF;

    private static final int BUSY_MODE = 0x80;
    private static final int TRACEABLE = 0x40;
    private static final int FULL_SERIAL = 0x20;
    private static final int UNKNOWN_MODE = 0x10;
    private static final int LENGTH = 0x0F;

    private final int serialNumber;
    private final KeyUse use;
    private final Challenges challenges;
    private final BusyKeys busyKeys;
    private final Lock lock;

    SignatureCommands(int serialNumber, KeyUse use, Challenges challenges, BusyKeys busyKeys, Lock lock) {
        this.lock = lock;
        this.serialNumber = serialNumber;
        this.use = use;
        this.challenges = challenges;
        this.busyKeys = busyKeys;
    }

    byte[] dataCipher(CommandApdu apdu) throws Refusal {
        Refusal.unless(apdu.p1p2() == DATA_CIPHER_SIGN, StatusWord.WRONG_MODE);
        int length = apdu.lc() - KIF_KVC;
        Refusal.unless(length >= SIGNATURE && length <= DATA_CIPHER_MAX && length % SIGNATURE == 0, StatusWord.WRONG_LENGTH);
        lock.requireUnlocked();
        byte[] diversifier = challenges.requireDiversifier();
        SamKey key = use.cipheringKey(apdu.data(0), apdu.data(1));
        Refusal.unless((key.parameter(PAR5) & KeyUse.DATA_CIPHER_ENABLE) != 0, StatusWord.CONDITIONS_NOT_SATISFIED);
        // AES keys are refused (section 5.17); they are the ones with extended mode.
        Refusal.unless(!use.supports(key, SecurityPlugin.Function.EXTENDED_SESSION), StatusWord.CONDITIONS_NOT_SATISFIED);
        return sign(apdu, key, diversifier);
    }

    /** Only one public sighting: answers the whole signature of the data. */
    byte[] macCompute(CommandApdu apdu) throws Refusal {
        Refusal.unless(apdu.p1p2() == 0, StatusWord.WRONG_MODE);
        Refusal.unless(apdu.lc() > KIF_KVC, StatusWord.WRONG_LENGTH);
        lock.requireUnlocked();
        byte[] diversifier = challenges.requireDiversifier();
        SamKey key = use.cipheringKey(apdu.data(0), apdu.data(1));
        return sign(apdu, key, diversifier);
    }

    /** Signs what stands behind KIF and KVC. */
    private byte[] sign(CommandApdu apdu, SamKey key, byte[] diversifier) throws Refusal {
        byte[] data = apdu.data(KIF_KVC, apdu.lc() - KIF_KVC);
        return Responses.ok(use.counted(key, diversifier, (diversified, counter) -> FromPlugin.bytes(diversified.sign(data, SIGNATURE), SIGNATURE)));
    }

    byte[] performSecurityOperation(CommandApdu apdu) throws Refusal {
        return switch (apdu.p1p2()) {
            case COMPUTE_SIGNATURE -> compute(apdu);
            case VERIFY_SIGNATURE -> verify(apdu);
            default -> throw new Refusal(StatusWord.WRONG_MODE);
        };
    }

    private byte[] compute(CommandApdu apdu) throws Refusal {
        Operation operation = new Operation(apdu, false);
        lock.requireUnlocked();
        byte[] diversifier = challenges.requireDiversifier();
        operation.checkContent();
        SamKey key = use.cipheringKey(operation.kif, operation.kvc);
        return use.counted(key, diversifier, (diversified, counter) -> {
            byte[] message = operation.message;
            if (operation.traceable()) {
                operation.writeTrace(serialNumber, counter);
            }
            byte[] signature = FromPlugin.bytes(diversified.sign(message, operation.signatureLength()), operation.signatureLength());
            if (!operation.traceable()) {
                return Responses.ok(signature);
            }
            byte[] answer = new byte[message.length + signature.length];
            System.arraycopy(message, 0, answer, 0, message.length);
            System.arraycopy(signature, 0, answer, message.length, signature.length);
            return Responses.ok(answer);
        });
    }

    private byte[] verify(CommandApdu apdu) throws Refusal {
        Operation operation = new Operation(apdu, true);
        lock.requireUnlocked();
        byte[] diversifier = challenges.requireDiversifier();
        operation.checkContent();
        SamKey key = use.workKey(operation.kif, operation.kvc);
        Refusal.unless(!operation.busyMode() || !busyKeys.isBusy(use.keys(), key), StatusWord.BUSY);
        byte[] expected = use.uncounted(key, diversifier,
                (diversified, counter) -> FromPlugin.bytes(diversified.sign(operation.message, operation.signatureLength()),
                        operation.signatureLength()));
        if (!MessageDigest.isEqual(expected, operation.signature)) {
            if (operation.busyMode()) {
                busyKeys.wrongSignature(use.keys(), key);
            }
            throw new Refusal(StatusWord.SECURITY_DATA_WRONG);
        }
        return Responses.ok();
    }

    /** The data of a PSO: FF, KIF, KVC, operating mode, [bit offset 2,] message[, signature]. */
    private static final class Operation {

        private static final int PREFIX = 4;
        private static final int OFFSET = 2;
        private static final int COUNTER = 3;
        private static final int LONG_SERIAL = 4;
        private static final int SHORT_SERIAL = 3;

        final int kif;
        final int kvc;
        final byte[] message;
        final byte[] signature;
        private final int keyReference;
        private final int mode;
        private final int bitOffset;

        Operation(CommandApdu apdu, boolean withSignature) throws Refusal {
            Refusal.unless(apdu.lc() > PREFIX, StatusWord.WRONG_LENGTH);
            keyReference = apdu.data(0);
            kif = apdu.data(1);
            kvc = apdu.data(2);
            mode = apdu.data(3);
            int messageAt = PREFIX + (traceable() ? OFFSET : 0);
            int signatureLength = withSignature ? signatureLength() : 0;
            int length = apdu.lc() - messageAt - signatureLength;
            Refusal.unless(length > 0 && length <= (traceable() ? TRACEABLE_MESSAGE_MAX : MESSAGE_MAX), StatusWord.WRONG_LENGTH);
            bitOffset = traceable() ? apdu.data(PREFIX) << 8 | apdu.data(PREFIX + 1) : 0;
            message = apdu.data(messageAt, length);
            signature = apdu.data(messageAt + length, signatureLength);
        }

        boolean busyMode() {
            return (mode & BUSY_MODE) != 0;
        }

        boolean traceable() {
            return (mode & TRACEABLE) != 0;
        }

        int signatureLength() {
            return mode & LENGTH;
        }

        private int traceLength() {
            return COUNTER + ((mode & FULL_SERIAL) != 0 ? LONG_SERIAL : SHORT_SERIAL);
        }

        void checkContent() throws Refusal {
            boolean right = keyReference == BY_KIF_KVC && (mode & UNKNOWN_MODE) == 0
                    && signatureLength() >= 1 && signatureLength() <= SIGNATURE
                    && (traceable() ? bitOffset + traceLength() * Byte.SIZE <= message.length * Byte.SIZE
                            : (mode & FULL_SERIAL) == 0);
            Refusal.unless(right, StatusWord.WRONG_DATA);
        }

        /** Overwrites the message at the bit offset with serial number and counter. */
        void writeTrace(int serialNumber, int counter) {
            int length = traceLength();
            long trace = (long) serialNumber << COUNTER * Byte.SIZE | counter;
            for (int bit = 0; bit < length * Byte.SIZE; bit++) {
                boolean set = (trace >> length * Byte.SIZE - 1 - bit & 1) != 0;
                int at = bitOffset + bit;
                int mask = 0x80 >> at % Byte.SIZE;
                message[at / Byte.SIZE] = (byte) (set ? message[at / Byte.SIZE] | mask : message[at / Byte.SIZE] & ~mask);
            }
        }
    }
}
