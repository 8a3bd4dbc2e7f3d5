package org.calypsohsm.startupcard;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HexFormat;

import org.calypsohsm.virtualreader.SimulatedCard;

/**
 * A smart card with the part of the OpenPGP application 3.4 that a startup card needs: SELECT, GET DATA of 4F, C4, 6E, 0101
 * and 0103, PUT DATA of 0101 and 0103, VERIFY and CHANGE REFERENCE DATA of PW1. Short APDUs only. For tests.
 *
 * <p>Source: Functional Specification of the OpenPGP application on ISO smart card operating systems, version 3.4.
 */
public final class OpenPgpCardSimulator implements SimulatedCard {

    /** PIN of a new card. */
    public static final String FIRST_PIN = "123456";

    private static final HexFormat HEX = HexFormat.of();
    /** Answer to reset of a card that offers T=0 and T=1, with its check byte. */
    private static final byte[] ANSWER_TO_RESET = HEX.parseHex("3B80800101");
    private static final byte[] APPLICATION = HEX.parseHex("D27600012401");
    private static final int MOST_TRIES = 3;
    private static final int LEAST_PIN = 6;
    private static final int MOST_PIN = 64;

    private static final int OK = 0x9000;
    private static final int WRONG_LENGTH = 0x6700;
    private static final int NOT_VERIFIED = 0x6982;
    private static final int BLOCKED = 0x6983;
    private static final int WRONG_DATA = 0x6A80;
    private static final int FILE_NOT_FOUND = 0x6A82;
    private static final int DATA_NOT_FOUND = 0x6A88;
    private static final int UNKNOWN_INSTRUCTION = 0x6D00;
    private static final int CLASS_NOT_SUPPORTED = 0x6E00;

    private final byte[] serial;
    private byte[] pin;
    private int tries = MOST_TRIES;
    private boolean hasPrivateUse = true;
    private boolean hasApplication = true;
    private boolean countsTries = true;
    private boolean forgetsWrites;
    private boolean selected;
    private boolean verified;
    private byte[] publicData = {};
    private byte[] protectedData = {};
    private int verifications;

    /**
     * Makes a card as it is sold.
     *
     * @param serial serial number, 8 hexadecimal digits
     */
    public OpenPgpCardSimulator(String serial) {
        this(serial, FIRST_PIN);
    }

    /**
     * Makes a card whose owner has chosen a PIN already.
     *
     * @param serial serial number, 8 hexadecimal digits
     * @param pin    PIN, 6 to 64 characters of ASCII
     */
    public OpenPgpCardSimulator(String serial, String pin) {
        this.serial = HEX.parseHex(serial);
        if (this.serial.length != 4) {
            throw new IllegalArgumentException("A serial number has 8 hexadecimal digits, not " + serial + ".");
        }
        this.pin = pin.getBytes(StandardCharsets.US_ASCII);
    }

    /**
     * Makes it a card of another kind.
     *
     * @param present false if it has no OpenPGP application
     * @return this card
     */
    public OpenPgpCardSimulator withApplication(boolean present) {
        hasApplication = present;
        return this;
    }

    /**
     * Makes it a card without data objects for private use.
     *
     * @param present false if it has none
     * @return this card
     */
    public OpenPgpCardSimulator withPrivateUse(boolean present) {
        hasPrivateUse = present;
        return this;
    }

    /**
     * Chooses how it refuses a wrong PIN: cards in the field do either.
     *
     * @param counts true for 63Cx, false for 6982
     * @return this card
     */
    public OpenPgpCardSimulator countingTries(boolean counts) {
        countsTries = counts;
        return this;
    }

    /**
     * Makes it a broken card, which accepts what is written and keeps nothing.
     *
     * @return this card
     */
    public OpenPgpCardSimulator forgettingWrites() {
        forgetsWrites = true;
        return this;
    }

    @Override
    public byte[] atr() {
        return ANSWER_TO_RESET.clone();
    }

    /** Takes the power away: the PIN has to be given again. */
    @Override
    public synchronized void reset() {
        selected = false;
        verified = false;
    }

    /** @return how many tries of the PIN are left */
    public synchronized int triesLeft() {
        return tries;
    }

    /** @return how often a PIN was tried, right or wrong, since the card was made */
    public synchronized int verifications() {
        return verifications;
    }

    /** @return the data object 0103 as it lies in the memory of the card, past the PIN */
    public synchronized byte[] protectedData() {
        return protectedData.clone();
    }

    /**
     * Changes the data object 0103 past the PIN, as a fault of the memory does.
     *
     * @param data what is there from now on
     */
    public synchronized void spoil(byte[] data) {
        protectedData = data.clone();
    }

    /** @return the data object 0101, which anybody may read */
    public synchronized byte[] publicData() {
        return publicData.clone();
    }

    /**
     * Answers a command.
     *
     * @param command command APDU with short lengths
     * @return response data and status word
     */
    @Override
    public synchronized byte[] transmit(byte[] command) {
        if (command.length < 4) {
            return status(WRONG_LENGTH);
        }
        if (command[0] != 0) {
            return status(CLASS_NOT_SUPPORTED);
        }
        int ins = command[1] & 0xFF;
        int p1p2 = (command[2] & 0xFF) << 8 | command[3] & 0xFF;
        byte[] data = {};
        if (command.length > 5) {
            int lc = command[4] & 0xFF;
            if (lc == 0 || command.length != 5 + lc && command.length != 6 + lc) {
                return status(WRONG_LENGTH);
            }
            data = Arrays.copyOfRange(command, 5, 5 + lc);
        }
        if (ins == 0xA4) {
            return select(p1p2, data);
        }
        if (!selected) {
            return status(UNKNOWN_INSTRUCTION);
        }
        switch (ins) {
            case 0xCA:
                return get(p1p2);
            case 0xDA:
                return put(p1p2, data);
            case 0x20:
                return verify(p1p2, data);
            case 0x24:
                return change(p1p2, data);
            default:
                return status(UNKNOWN_INSTRUCTION);
        }
    }

    private byte[] select(int p1p2, byte[] name) {
        verified = false;
        selected = hasApplication && p1p2 == 0x0400 && Arrays.equals(name, APPLICATION);
        return status(selected ? OK : FILE_NOT_FOUND);
    }

    private byte[] get(int tag) {
        switch (tag) {
            case 0x004F:
                return answer(applicationIdentifier());
            case 0x00C4:
                return answer(passwordStatus());
            case 0x006E:
                return answer(tlv("6E", concat(tlv("4F", applicationIdentifier()),
                        tlv("73", concat(tlv("C0", capabilities()), tlv("C4", passwordStatus()))))));
            case 0x0101:
                return hasPrivateUse ? answer(publicData) : status(DATA_NOT_FOUND);
            case 0x0103:
                return !hasPrivateUse ? status(DATA_NOT_FOUND) : verified ? answer(protectedData) : status(NOT_VERIFIED);
            default:
                return status(DATA_NOT_FOUND);
        }
    }

    /** Version 3.4 of the application, on a card of the manufacturer FFFE, which stands for tests. */
    private byte[] applicationIdentifier() {
        return concat(APPLICATION, HEX.parseHex("0304FFFE"), serial, new byte[2]);
    }

    private byte[] passwordStatus() {
        return new byte[] {0, MOST_PIN, MOST_PIN, MOST_PIN, (byte) tries, 0, MOST_TRIES};
    }

    private byte[] capabilities() {
        return HEX.parseHex((hasPrivateUse ? "7C" : "74") + "000000080000FF0100");
    }

    private byte[] put(int tag, byte[] data) {
        if (!hasPrivateUse || tag != 0x0101 && tag != 0x0103) {
            return status(DATA_NOT_FOUND);
        }
        if (!verified) {
            return status(NOT_VERIFIED);
        }
        if (!forgetsWrites) {
            if (tag == 0x0101) {
                publicData = data;
            } else {
                protectedData = data;
            }
        }
        return status(OK);
    }

    private byte[] verify(int p1p2, byte[] given) {
        if (p1p2 != 0x0082) {
            return status(DATA_NOT_FOUND);
        }
        int answer = compare(given);
        verified = answer == OK;
        return status(answer);
    }

    private byte[] change(int p1p2, byte[] oldAndNew) {
        if (p1p2 != 0x0081) {
            return status(DATA_NOT_FOUND);
        }
        int length = Math.min(pin.length, oldAndNew.length);
        int answer = compare(Arrays.copyOf(oldAndNew, length));
        if (answer != OK) {
            return status(answer);
        }
        if (oldAndNew.length < length + LEAST_PIN || oldAndNew.length > length + MOST_PIN) {
            return status(WRONG_DATA);
        }
        pin = Arrays.copyOfRange(oldAndNew, length, oldAndNew.length);
        return status(OK);
    }

    private int compare(byte[] given) {
        if (tries == 0) {
            return BLOCKED;
        }
        verifications++;
        if (MessageDigest.isEqual(pin, given)) {
            tries = MOST_TRIES;
            return OK;
        }
        tries--;
        return countsTries ? 0x63C0 | tries : tries == 0 ? BLOCKED : NOT_VERIFIED;
    }

    private static byte[] answer(byte[] data) {
        return concat(data, status(OK));
    }

    private static byte[] status(int word) {
        return new byte[] {(byte) (word >> 8), (byte) word};
    }

    private static byte[] tlv(String tag, byte[] value) {
        return concat(HEX.parseHex(tag), new byte[] {(byte) value.length}, value);
    }

    private static byte[] concat(byte[]... parts) {
        int length = 0;
        for (byte[] part : parts) {
            length += part.length;
        }
        byte[] all = new byte[length];
        int at = 0;
        for (byte[] part : parts) {
            System.arraycopy(part, 0, all, at, part.length);
            at += part.length;
        }
        return all;
    }
}
