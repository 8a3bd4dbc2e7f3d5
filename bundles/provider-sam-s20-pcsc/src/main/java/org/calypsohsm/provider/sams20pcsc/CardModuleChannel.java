package org.calypsohsm.provider.sams20pcsc;

import java.util.function.IntConsumer;

import javax.smartcardio.CardException;

import org.calypsohsm.apdu.CommandApdu;
import org.calypsohsm.apdu.StatusWord;
import org.calypsohsm.module.ChannelState;
import org.calypsohsm.module.ModuleChannel;
import org.calypsohsm.module.ModuleException;
import org.calypsohsm.module.ModuleException.Reason;
import org.calypsohsm.module.ModuleState;

/** A virtual SAM-S1 of the card, behind a logical channel. */
final class CardModuleChannel implements ModuleChannel {

    /** These commands mean the card, not a SAM: a SAM-S1 has none of them. */
    private static final int MANAGE_CHANNEL = 0x70;
    private static final int GET_DATA = 0xCA;
    private static final int PUT_DATA = 0xDA;

    private static final int NO_SAM = 0x6881;
    private static final int WORN_OUT = 0x6FFF;
    private static final int NO_DIAGNOSIS = 0x6F00;
    private static final int LONGEST_PART = 8;

    private final CardLine line;
    private final String module;
    private final int keyGroup;
    private final int channel;
    private final IntConsumer giveBack;
    private byte[] atr;
    /** The era in which its SAM was begun; used by the thread of the line. */
    private int era;
    private volatile ChannelWatch watch;
    /** True if nobody knows what its SAM remembers. */
    private volatile boolean lost;
    private volatile boolean sent;
    private boolean closed;

    private CardModuleChannel(CardLine line, String module, int keyGroup, int channel, ChannelState state, IntConsumer giveBack) {
        this.line = line;
        this.module = module;
        this.keyGroup = keyGroup;
        this.channel = channel;
        this.giveBack = giveBack;
        watch = ChannelWatch.from(state);
    }

    /**
     * Begins a SAM on the card.
     *
     * @param line     the way to the card
     * @param module   name of the module
     * @param keyGroup number of the key group
     * @param channel  a free channel, 0 to 19
     * @param state    where it starts from
     * @param giveBack is given the channel when this one is closed
     * @throws ModuleException if the card refuses
     */
    static CardModuleChannel begin(CardLine line, String module, int keyGroup, int channel, ChannelState state, IntConsumer giveBack)
            throws ModuleException {
        if (state.unlocked()) {
            throw new ModuleException(Reason.STATE_REFUSED, "Module " + module + " takes over no SAM that was unlocked elsewhere.");
        }
        if (isTooLong(state.diversifier()) || isTooLong(state.outgoingChallenge()) || isTooLong(state.incomingChallenge())) {
            throw refused(module);
        }
        CardModuleChannel begun = new CardModuleChannel(line, module, keyGroup, channel, state, giveBack);
        line.call((connection, era) -> {
            begun.begin(connection, state);
            begun.atr = connection.atr();
            begun.era = era;
            return null;
        });
        return begun;
    }

    private static boolean isTooLong(byte[] part) {
        return part != null && part.length > LONGEST_PART;
    }

    private static ModuleException refused(String module) {
        return new ModuleException(Reason.STATE_REFUSED, "The card of module " + module + " does not take over the state of the channel.");
    }

    private void begin(Connection connection, ChannelState state) throws CardException, ModuleException {
        int status = connection.begin(channel, keyGroup, state);
        switch (status) {
            case StatusWord.OK -> { }
            case StatusWord.TAG_NOT_FOUND -> throw new ModuleException(Reason.UNKNOWN_KEY_GROUP,
                    "The card of module " + module + " has no key group " + keyGroup + ".");
            case StatusWord.WRONG_DATA -> throw refused(module);
            default -> {
                ModuleException reason = line.explain();
                throw line.status().state() == ModuleState.OPERATIONAL ? new ModuleException(Reason.FAILED, "The card of module "
                        + module + " begins no SAM: " + StatusWord.describe(status) + ".") : reason;
            }
        }
    }

    @Override
    public byte[] atr() {
        return atr.clone();
    }

    @Override
    public byte[] exchange(byte[] command) throws ModuleException {
        if (line.status().state() != ModuleState.OPERATIONAL) {
            throw line.notServing();
        }
        if (lost) {
            throw new ModuleException(Reason.FAILED, "Module " + module + " does not know what became of a command on this channel.");
        }
        int answered = withoutCard(command);
        if (answered != 0) {
            return StatusWord.response(answered);
        }
        byte[] response;
        sent = false;
        try {
            response = line.call((connection, now) -> transmit(connection, now, command));
        } catch (ModuleException e) {
            lost |= sent && !ChannelWatch.isRepeatable(command);
            throw e;
        }
        watch = watch.after(command, response);
        return response;
    }

    /** @return what is answered to a command that no reader carries, or that means the card; 0 if it goes to the card */
    private static int withoutCard(byte[] command) {
        CommandApdu apdu = CommandApdu.of(command);
        if (!apdu.hasHeader()) {
            return StatusWord.WRONG_LENGTH;
        }
        if (!ClassByte.isOfSam(apdu.cla())) {
            return StatusWord.CLASS_NOT_SUPPORTED;
        }
        if (apdu.ins() == MANAGE_CHANNEL || apdu.ins() == GET_DATA || apdu.ins() == PUT_DATA) {
            return StatusWord.UNKNOWN_INSTRUCTION;
        }
        return apdu.isWellFormed() ? 0 : StatusWord.WRONG_LENGTH;
    }

    private byte[] transmit(Connection connection, int now, byte[] command) throws CardException, ModuleException {
        if (now != era) {
            renew(connection, now);
        }
        sent = true;
        byte[] response = connection.transmit(channel, command);
        int status = StatusWord.of(response);
        if (status == NO_SAM) {
            era = -1;
            ModuleException reason = line.explain();
            throw line.status().state() == ModuleState.OPERATIONAL ? new ModuleException(Reason.FAILED,
                    "The card of module " + module + " has lost the SAM of this channel.") : reason;
        }
        if (status == WORN_OUT) {
            throw line.explain();
        }
        if (status == NO_DIAGNOSIS) {
            // Nobody knows what it did; the others go on.
            era = -1;
            throw new ModuleException(Reason.FAILED, "The card of module " + module + " failed in a command without saying why (6F00).");
        }
        return response;
    }

    /** Begins the SAM again on a card that was reset or out meanwhile. */
    private void renew(Connection connection, int now) throws CardException, ModuleException {
        ChannelState state = watch.idleState();
        if (state == null || state.unlocked()) {
            throw new ModuleException(Reason.FAILED, "Module " + module + " cannot go on with the session, since its card was reset"
                    + " or taken out meanwhile.");
        }
        begin(connection, state);
        era = now;
    }

    @Override
    public ChannelState idleState() {
        return lost ? null : watch.idleState();
    }

    @Override
    public synchronized void close() {
        if (closed) {
            return;
        }
        closed = true;
        line.later((connection, now) -> {
            connection.end(channel);
            return null;
        });
        // Whoever gets the channel next comes behind that in the queue.
        giveBack.accept(channel);
    }
}
