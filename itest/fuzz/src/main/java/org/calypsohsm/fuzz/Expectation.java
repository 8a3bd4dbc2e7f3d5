package org.calypsohsm.fuzz;

import java.util.Arrays;
import java.util.Set;

import org.calypsohsm.apdu.CommandApdu;
import org.calypsohsm.apdu.StatusWord;
import org.calypsohsm.module.SamForm;

/** What the SAM may answer. Source: sam-s1-apdu.md sections 2, 3, 5 and 8. */
final class Expectation {

    /** Data of the longest answer that is given at once, and its status word. */
    static final int LONGEST = 255 + 2;
    /** All of section 8 that a SAM-S1 without PKI can give, as each answer is given at once: no 61xx, 6983, 6A88. */
    static final int[] STATUS_WORDS = {0x9000, 0x6200, 0x6600, 0x6700, 0x6900, 0x6982, 0x6985, 0x6988, 0x6A00, 0x6A80, 0x6A83,
            0x6A87, 0x6B00, 0x6C30, 0x6D00, 0x6E00};
    /** All of section 3 but Get Response, as nothing is ever left to fetch, and the commands for public keys. */
    static final int[] INSTRUCTIONS = {0x12, 0x14, 0x16, 0x1A, 0x1C, 0x20, 0x2A, 0x54, 0x56, 0x58, 0x5C, 0x82, 0x84, 0x86, 0x88,
            0x8A, 0x8C, 0x8E, 0x8F, 0xBC, 0xBE, 0xD8};

    private static final int GET_RESPONSE = 0xC0;
    private static final int UNLOCK = 0x20;
    private static final int INTERNAL_AUTHENTICATE = 0x88;
    private static final int COMPUTE_CERTIFICATE = 0xEEAC;
    private static final Set<Integer> WHILE_LOCKED = Set.of(UNLOCK, 0x84, 0xBC, 0xBE);

    /** By INS: which status words, as bits of {@link #index(int)}; 0 for an unknown instruction. */
    private static final int[] ALLOWED = new int[256];
    private static final byte[] INDEX = new byte[0x10000];

    static {
        Arrays.fill(INDEX, (byte) -1);
        for (int i = 0; i < STATUS_WORDS.length; i++) {
            INDEX[STATUS_WORDS[i]] = (byte) i;
        }
        // 6600 stands for every command that uses a key (section 8), and so does 6900 (section 4.3).
        // For 14, 20, 58, 82, 84, 86, 8E, 8F no source says what a wrong P1 P2 answers; the SAM has chosen 6B00 (its README).
        allow(0x12, 0x6600, 0x6900, 0x6A00, 0x6A80, 0x6A83);
        allow(0x14, 0x6B00);
        allow(0x16, 0x6600, 0x6900, 0x6A00, 0x6A83);
        allow(0x1A, 0x6600, 0x6900, 0x6988, 0x6A00, 0x6A80, 0x6A83, 0x6A87);
        allow(0x1C, 0x6600, 0x6900, 0x6A83, 0x6B00);
        allow(0x20, 0x6988, 0x6B00);
        allow(0x2A, 0x6600, 0x6900, 0x6982, 0x6988, 0x6A80, 0x6A83, 0x6B00);
        for (int prepare : new int[] {0x54, 0x56, 0x5C}) {
            allow(prepare, 0x6600, 0x6900, 0x6A00, 0x6A80, 0x6A83);
        }
        allow(0x58, 0x6988, 0x6B00);
        allow(0x82, 0x6988, 0x6B00);
        allow(0x84, 0x6B00);
        allow(0x86, 0x6B00);
        allow(0x88, 0x6B00);
        allow(0x8A, 0x6600, 0x6900, 0x6A00, 0x6A83);
        allow(0x8C, 0x6A80, 0x6B00);
        allow(0x8E, 0x6B00);
        allow(0x8F, 0x6600, 0x6900, 0x6A83, 0x6B00);
        allow(0xBC, 0x6200, 0x6900, 0x6A00, 0x6A83);
        allow(0xBE, 0x6200, 0x6900, 0x6A00, 0x6C30);
        allow(0xD8, 0x6600, 0x6900, 0x6988, 0x6A00, 0x6A80, 0x6A83);
        // Nothing to fetch: never done.
        ALLOWED[GET_RESPONSE] = bit(0x6700) | bit(0x6985);
    }

    private Expectation() {
    }

    private static void allow(int ins, int... statusWords) {
        ALLOWED[ins] = bit(0x9000) | bit(0x6700) | bit(0x6985);
        for (int statusWord : statusWords) {
            ALLOWED[ins] |= bit(statusWord);
        }
    }

    private static int bit(int statusWord) {
        return 1 << index(statusWord);
    }

    /** @return the place of a status word in {@link #STATUS_WORDS}; -1 if the SAM cannot give it */
    static int index(int statusWord) {
        return INDEX[statusWord];
    }

    /**
     * Checks an answer.
     *
     * @param locked whether the SAM is locked
     * @return the status word
     */
    static int check(SamForm form, boolean locked, byte[] command, byte[] answer) {
        if (answer == null || answer.length < 2 || answer.length > LONGEST) {
            throw new Find("The answer has " + (answer == null ? "no" : answer.length) + " bytes.");
        }
        int status = StatusWord.of(answer);
        if (index(status) < 0) {
            throw new Find("The status word is none of the SAM-S1.");
        }
        if (!StatusWord.isSuccessful(status) && answer.length != 2) {
            throw new Find("A fault has data.");
        }
        CommandApdu apdu = CommandApdu.of(command);
        int only = only(form, apdu);
        if (only != 0) {
            if (status != only) {
                throw new Find(String.format("The status word must be %04X.", only));
            }
            return status;
        }
        int ins = apdu.ins();
        if ((ALLOWED[ins] & bit(status)) == 0) {
            throw new Find("The status word is not in the list of the command.");
        }
        if (StatusWord.isSuccessful(status)) {
            if (locked && !WHILE_LOCKED.contains(ins)) {
                throw new Find("It was carried out by a locked SAM.");
            }
            if (!locked && ins == UNLOCK) {
                throw new Find("A SAM was unlocked that was not locked.");
            }
        }
        return status;
    }

    /** @return the only right answer where there is but one; else 0 */
    private static int only(SamForm form, CommandApdu apdu) {
        if (!apdu.hasHeader()) {
            return StatusWord.WRONG_LENGTH;
        }
        if (!form.acceptsClass(apdu.cla())) {
            return StatusWord.CLASS_NOT_SUPPORTED;
        }
        int ins = apdu.ins();
        boolean unknown = ALLOWED[ins] == 0 || ins == INTERNAL_AUTHENTICATE && !form.extendedMode()
                || ins == 0x2A && apdu.p1p2() == COMPUTE_CERTIFICATE;
        if (unknown) {
            return StatusWord.UNKNOWN_INSTRUCTION;
        }
        return apdu.isWellFormed() ? 0 : StatusWord.WRONG_LENGTH;
    }
}
