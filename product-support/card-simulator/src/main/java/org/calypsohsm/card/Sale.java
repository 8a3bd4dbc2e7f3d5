package org.calypsohsm.card;

import java.nio.ByteBuffer;
import java.util.Arrays;

import org.calypsohsm.apdu.CommandApdu;
import org.calypsohsm.apdu.StatusWord;

/**
 * One sale: a complete secure session between a card and a virtual SAM, one exchange at a time, so that thousands of sales are
 * in progress together. Read environment and contract, update the contract, append an event, verify both certificates.
 * Source: calypso-card.md.
 *
 * @since 1.1
 */
public final class Sale {

    /**
     * Exchanges APDUs with a SAM.
     *
     * @param <E> what it throws
     */
    @FunctionalInterface
    public interface Sam<E extends Exception> {

        /**
         * Exchanges one APDU.
         *
         * @param command a command APDU
         * @return the response APDU with its status word
         * @throws E if there is none
         */
        byte[] exchange(byte[] command) throws E;
    }

    /** A sale did not succeed; the message says why. */
    public static final class FailedException extends Exception {

        private static final long serialVersionUID = 1L;

        FailedException(String message) {
            super(message);
        }
    }

    /** Exchanges with the SAM in one sale. */
    public static final int EXCHANGES = 13;

    private static final int KEY = CardCommands.LOAD;
    private static final int CONTRACT = 1;
    private static final byte[] NOTHING = {};

    private enum Step {
        SELECT_DIVERSIFIER, GET_CHALLENGE, DIGEST_INIT, DIGEST_COMMAND, DIGEST_RESPONSE, DIGEST_CLOSE, DIGEST_AUTHENTICATE
    }

    private final Card card;
    private final CardCommands commands;
    private final byte[] contract;
    private final byte[] event;
    private final byte[][] script;

    private Step step = Step.SELECT_DIVERSIFIER;
    private int scriptIndex;
    private byte[] openResponse;
    private byte[] cardResponse;
    private byte[] cardCertificate;
    private long samNanos;

    /**
     * Prepares a sale.
     *
     * @param card     whose; of a product whose commands are given
     * @param commands the commands of the terminal
     * @param number   goes into the contract that is sold and into the event
     */
    public Sale(Card card, CardCommands commands, int number) {
        this.card = card;
        this.commands = commands;
        contract = record(0x5345, number);
        event = record(0x4556, number);
        script = new byte[][] {
            commands.readRecord(CardCommands.SFI_ENVIRONMENT, 1, CardCommands.RECORD_LENGTH),
            commands.readRecord(CardCommands.SFI_CONTRACTS, CONTRACT, CardCommands.RECORD_LENGTH),
            commands.updateRecord(CardCommands.SFI_CONTRACTS, CONTRACT, contract),
            commands.appendRecord(CardCommands.SFI_EVENTS, event)};
    }

    private static byte[] record(int kind, int number) {
        return ByteBuffer.allocate(CardCommands.RECORD_LENGTH).putShort((short) kind).putInt(number).array();
    }

    /**
     * Does the next exchange with the SAM, and what belongs to it on the card.
     *
     * @param sam the same one in all exchanges of a sale
     * @param <E> what it throws
     * @return true when the sale is complete
     * @throws FailedException if card or SAM refused, or the card does not hold what was sold
     * @throws E               if the SAM gave no response
     */
    public <E extends Exception> boolean exchange(Sam<E> sam) throws FailedException, E {
        switch (step) {
            case SELECT_DIVERSIFIER -> {
                sam(sam, 0x14, 0, 0, card.serialNumber());
                step = Step.GET_CHALLENGE;
            }
            case GET_CHALLENGE -> {
                byte[] challenge = data(sam(sam, new byte[] {(byte) 0x80, (byte) 0x84, 0, 0, length()}));
                openResponse = ofCard(commands.openSession(KEY, CardCommands.SFI_ENVIRONMENT, 1, challenge));
                step = Step.DIGEST_INIT;
            }
            case DIGEST_INIT -> {
                sam(sam, 0x8A, commands.isExtended() ? 0x02 : 0x00, 0xFF, commands.digestInit(KEY, openResponse));
                step = Step.DIGEST_COMMAND;
            }
            case DIGEST_COMMAND -> {
                byte[] command = script[scriptIndex];
                cardResponse = ofCard(command);
                sam(sam, 0x8C, 0, 0, CardCommands.digested(command));
                step = Step.DIGEST_RESPONSE;
            }
            case DIGEST_RESPONSE -> {
                sam(sam, 0x8C, 0, 0, cardResponse);
                step = ++scriptIndex < script.length ? Step.DIGEST_COMMAND : Step.DIGEST_CLOSE;
            }
            case DIGEST_CLOSE -> {
                byte[] terminalCertificate = data(sam(sam, new byte[] {(byte) 0x80, (byte) 0x8E, 0, 0, length()}));
                cardCertificate = commands.cardCertificate(ofCard(commands.closeSession(terminalCertificate, true)));
                step = Step.DIGEST_AUTHENTICATE;
            }
            default -> {
                sam(sam, 0x82, 0, 0, cardCertificate);
                checkSold();
                return true;
            }
        }
        return false;
    }

    /** @return how long the last exchange with the SAM took, in nanoseconds; the card's part is not in it */
    public long samNanos() {
        return samNanos;
    }

    private byte length() {
        return (byte) commands.certificateLength();
    }

    private void checkSold() throws FailedException {
        if (!Arrays.equals(contract, card.record(CardCommands.SFI_CONTRACTS, CONTRACT))
                || !Arrays.equals(event, card.record(CardCommands.SFI_EVENTS, 1))) {
            throw new FailedException("the card does not hold what was sold");
        }
    }

    private byte[] ofCard(byte[] command) throws FailedException {
        byte[] response = card.transmit(command);
        checkStatus("card", command, response);
        return response;
    }

    private <E extends Exception> byte[] sam(Sam<E> sam, int ins, int p1, int p2, byte[] data) throws FailedException, E {
        return sam(sam, CommandApdu.sending(0x80, ins, p1 << 8 | p2, data));
    }

    private <E extends Exception> byte[] sam(Sam<E> sam, byte[] command) throws FailedException, E {
        long start = System.nanoTime();
        byte[] response = sam.exchange(command);
        samNanos = System.nanoTime() - start;
        checkStatus("SAM", command, response);
        return response;
    }

    private static void checkStatus(String who, byte[] command, byte[] response) throws FailedException {
        if (StatusWord.of(response) != StatusWord.OK) {
            throw new FailedException(String.format("the %s answered instruction %02X with %s", who, command[1],
                    StatusWord.describe(StatusWord.of(response))));
        }
    }

    private static byte[] data(byte[] response) {
        return response.length == 2 ? NOTHING : Arrays.copyOf(response, response.length - 2);
    }
}
