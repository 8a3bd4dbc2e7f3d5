package org.calypsohsm.card;

/** The operations that change the stored value of a card. Source: calypso-card.md section e, "Stored Value". */
public enum StoredValueOperation {

    /** Adds a signed amount of 3 bytes, under the load key (KIF 07). */
    RELOAD(0xB8, 0x56, 2, 11, 3),
    /** Takes 0 to 7FFF away, under the debit key (KIF 10). */
    DEBIT(0xBA, 0x54, 3, 8, 2),
    /** Gives back 0 to 7FFF of a debit, under the debit key (KIF 10). */
    UNDEBIT(0xBC, 0x5C, 3, 8, 2);

    static final int SV_GET = 0x7C;
    /** Second part of a SAM's answer to SV Prepare, and SAM serial number: 3 and 4 bytes. */
    static final int SAM_CHALLENGE = 3;
    static final int SAM_TRANSACTION_NUMBER = 3;
    static final int SAM_SERIAL_NUMBER = 4;

    private static final int P2_RELOAD = 0x07;
    private static final int P2_DEBIT = 0x09;
    private static final int GET_RELOAD = 0x21;
    private static final int GET_DEBIT = 0x1E;
    private static final int GET_EXTENDED = 0x3D;

    /** Instruction of the card command. */
    final int ins;
    /** Index of the key in the stored value DF. */
    final int key;
    /** Bytes at the beginning of the card command's data that the terminal chooses, the SAM challenge's last one included. */
    final int chosen;
    /** Length of the amount in bytes. */
    final int amountLength;
    private final int samInstruction;

    StoredValueOperation(int ins, int samInstruction, int key, int chosen, int amountLength) {
        this.ins = ins;
        this.samInstruction = samInstruction;
        this.key = key;
        this.chosen = chosen;
        this.amountLength = amountLength;
    }

    /** @return INS of the SAM's SV Prepare, 0..FF: 56 Load, 54 Debit, 5C Undebit */
    public int samInstruction() {
        return samInstruction;
    }

    /** @return P2 of the SV Get that must come before */
    int getP2() {
        return this == RELOAD ? P2_RELOAD : P2_DEBIT;
    }

    /** @return the operation that P2 of SV Get announces, DEBIT for an undebit as well; null if it is none */
    static StoredValueOperation ofGet(int p2) {
        return p2 == P2_RELOAD ? RELOAD : p2 == P2_DEBIT ? DEBIT : null;
    }

    /** @return length of the answer to SV Get without status word */
    int getLength(boolean extended) {
        return extended ? GET_EXTENDED : this == RELOAD ? GET_RELOAD : GET_DEBIT;
    }

    /** @return Lc of the card command */
    int lc(boolean extended) {
        return chosen + SAM_SERIAL_NUMBER + SAM_TRANSACTION_NUMBER + terminalSignature(extended);
    }

    /** @return length of signatureHi */
    static int terminalSignature(boolean extended) {
        return extended ? 10 : 5;
    }

    /** @return length of signatureLo */
    static int cardSignature(boolean extended) {
        return extended ? 6 : 3;
    }
}
