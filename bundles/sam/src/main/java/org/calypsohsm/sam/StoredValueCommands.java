package org.calypsohsm.sam;

import java.security.MessageDigest;
import java.util.Arrays;

import org.calypsohsm.apdu.CommandApdu;
import org.calypsohsm.apdu.StatusWord;
import org.calypsohsm.key.SamKey;
import org.calypsohsm.module.SamForm;
import org.calypsohsm.product.SecurityPlugin;

/**
 * The commands of the stored value: SV Prepare Load, Debit and Undebit, SV Check.
 * Source: sam-s1-apdu.md sections 5.13 and 5.14; security-profiles.md, "Stored value".
 */
final class StoredValueCommands {

    /** An SV operation, with its place in the data of SV Prepare. */
    private enum Operation {
        LOAD(0xB8, 0x23, 0x0F, 0x17, 0x1C, 0x07),
        DEBIT(0xBA, 0x20, 0x0C, 0x14, 0x19, 0x10),
        UNDEBIT(0xBC, 0x20, 0x0C, 0x14, 0x19, 0x10);

        private final int cardInstruction;
        private final int svGetResponse;
        private final int partialCommand;
        private final int regularLc;
        private final int extendedLc;
        /** The KIF is not in the data; which one it is for each operation is a choice of this project (README). */
        private final int kif;

        Operation(int cardInstruction, int svGetResponse, int partialCommand, int regularLc, int extendedLc, int kif) {
            this.cardInstruction = cardInstruction;
            this.svGetResponse = svGetResponse;
            this.partialCommand = partialCommand;
            this.regularLc = regularLc;
            this.extendedLc = extendedLc;
            this.kif = kif;
        }
    }

    private static final int SV_GET = 0x7C;
    private static final int SV_GET_HEADER = 4;
    /** The answer to SV Get in extended mode, with its status word. */
    private static final int EXTENDED_RESPONSE = 0x3F;
    /** Where the KVC is in the answer to SV Get: behind the 8-byte challenge in extended mode. */
    private static final int EXTENDED_KVC_AT = 8;
    private static final int CHALLENGE = 3;
    private static final int REGULAR_TERMINAL_MAC = 5;
    private static final int EXTENDED_TERMINAL_MAC = 10;
    private static final int REGULAR_CARD_MAC = 3;
    private static final int EXTENDED_CARD_MAC = 6;

    private final SamForm form;
    private final int serialNumber;
    private final KeyUse use;
    private final Challenges challenges;
    private final RandomSource random;
    private final Lock lock;
    private byte[] expectedCardMac;

    StoredValueCommands(SamForm form, int serialNumber, KeyUse use, Challenges challenges, RandomSource random, Lock lock) {
        this.form = form;
        this.lock = lock;
        this.serialNumber = serialNumber;
        this.use = use;
        this.challenges = challenges;
        this.random = random;
    }

    boolean inProgress() {
        return expectedCardMac != null;
    }

    /** Forgets the operation in progress, if there is one. */
    void drop() {
        expectedCardMac = null;
    }

    byte[] prepareLoad(CommandApdu apdu) throws Refusal {
        return prepare(apdu, Operation.LOAD);
    }

    byte[] prepareDebit(CommandApdu apdu) throws Refusal {
        return prepare(apdu, Operation.DEBIT);
    }

    byte[] prepareUndebit(CommandApdu apdu) throws Refusal {
        return prepare(apdu, Operation.UNDEBIT);
    }

    private byte[] prepare(CommandApdu apdu, Operation operation) throws Refusal {
        // P1 is 01 or 00 in public use; its meaning is not public.
        Refusal.unless(apdu.p1() <= 1 && apdu.p2() == 0xFF, StatusWord.WRONG_REFERENCE);
        int regular = SV_GET_HEADER + operation.svGetResponse + operation.partialCommand;
        int extended = SV_GET_HEADER + EXTENDED_RESPONSE + operation.partialCommand;
        Refusal.unless(apdu.lc() == regular || apdu.lc() == extended && form.extendedMode(), StatusWord.WRONG_LENGTH);
        lock.requireUnlocked();
        boolean isExtended = apdu.lc() == extended;
        byte[] diversifier = challenges.requireDiversifier();
        checkContent(apdu, operation, isExtended);
        SamKey key = use.cipheringKey(operation.kif, apdu.data(SV_GET_HEADER + (isExtended ? EXTENDED_KVC_AT : 0)));
        // The length of the signatures follows from the algorithm, so the form of the data must fit it.
        Refusal.unless(use.supports(key, SecurityPlugin.Function.EXTENDED_SESSION) == isExtended,
                StatusWord.CONDITIONS_NOT_SATISFIED);

        byte[] data = apdu.data(0, apdu.lc());
        byte[] serial = Responses.bytes(serialNumber);
        return Responses.ok(use.counted(key, diversifier, (diversified, counter) -> {
            byte[] challenge = random.next(CHALLENGE);
            // In here, so that a key at its ceiling costs no transaction number.
            byte[] transactionNumber = Arrays.copyOfRange(Responses.bytes(use.nextTransactionNumber()), 1, 1 + CHALLENGE);
            byte[] terminalMac = FromPlugin.bytes(diversified.storedValueTerminalMac(data, challenge, transactionNumber, serial),
                    isExtended ? EXTENDED_TERMINAL_MAC : REGULAR_TERMINAL_MAC);
            byte[] cardMac = FromPlugin.bytes(diversified.storedValueCardMac(data, challenge, transactionNumber, serial, terminalMac),
                    isExtended ? EXTENDED_CARD_MAC : REGULAR_CARD_MAC);
            byte[] answer = Arrays.copyOf(challenge, 2 * CHALLENGE + terminalMac.length);
            System.arraycopy(transactionNumber, 0, answer, CHALLENGE, CHALLENGE);
            System.arraycopy(terminalMac, 0, answer, 2 * CHALLENGE, terminalMac.length);
            expectedCardMac = cardMac;
            return answer;
        }));
    }

    private static void checkContent(CommandApdu apdu, Operation operation, boolean extended) throws Refusal {
        int partialAt = apdu.lc() - operation.partialCommand;
        boolean right = apdu.data(0) == SV_GET
                && apdu.data(partialAt - 2) == 0x90 && apdu.data(partialAt - 1) == 0x00
                && apdu.data(partialAt) == operation.cardInstruction
                && apdu.data(partialAt + 3) == (extended ? operation.extendedLc : operation.regularLc);
        Refusal.unless(right, StatusWord.WRONG_DATA);
    }

    byte[] check(CommandApdu apdu) throws Refusal {
        Refusal.unless(apdu.p1p2() == 0, StatusWord.WRONG_MODE);
        Refusal.unless(apdu.lc() == 0 || apdu.lc() == REGULAR_CARD_MAC || apdu.lc() == EXTENDED_CARD_MAC,
                StatusWord.WRONG_LENGTH);
        // A check cut off behind its length must not pass for Lc 0, which drops the operation.
        Refusal.unless(apdu.lc() != 0 || apdu.le() <= 0, StatusWord.WRONG_LENGTH);
        lock.requireUnlocked();
        Refusal.unless(inProgress(), StatusWord.CONDITIONS_NOT_SATISFIED);
        byte[] expected = expectedCardMac;
        if (apdu.lc() == 0) {
            drop();
            return Responses.ok();
        }
        Refusal.unless(apdu.lc() == expected.length, StatusWord.WRONG_LENGTH);
        drop();
        boolean right = MessageDigest.isEqual(expected, apdu.data(0, apdu.lc()));
        Arrays.fill(expected, (byte) 0);
        Refusal.unless(right, StatusWord.SECURITY_DATA_WRONG);
        return Responses.ok();
    }
}
