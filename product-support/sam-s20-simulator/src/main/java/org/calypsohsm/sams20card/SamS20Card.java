package org.calypsohsm.sams20card;

import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletionStage;

import org.calypsohsm.apdu.CommandApdu;
import org.calypsohsm.apdu.StatusWord;
import org.calypsohsm.key.KeyGroup;
import org.calypsohsm.key.KeyStore;
import org.calypsohsm.module.ChannelState;
import org.calypsohsm.module.ModuleChannel;
import org.calypsohsm.module.ModuleException;
import org.calypsohsm.module.SamEmulation;
import org.calypsohsm.module.SamForm;
import org.calypsohsm.virtualreader.SimulatedCard;

/**
 * A simulated SAM-S20: a bank of 20 virtual SAM-S1 behind logical channels, with a count of operations. How a SAM-S20 tells its
 * SAM apart is not public; the commands for that are this project's own (COMMANDS.md). It can be told to misbehave.
 */
public final class SamS20Card implements SimulatedCard {

    /** Logical channels of ISO/IEC 7816-4: 0 to 19. */
    static final int CHANNELS = 20;

    private static final int MANAGE_CHANNEL = 0x70;
    private static final int OPEN_CHANNEL = 0x0000;
    private static final int CLOSE_CHANNEL = 0x80;
    private static final int GET_DATA = 0xCA;
    private static final int PUT_DATA = 0xDA;
    private static final int STATUS_OBJECT = 0x0120;
    private static final int SAM_OBJECT = 0x0121;
    private static final int NO_SAM_OBJECT = 0x0122;
    private static final int STATUS_LAYOUT = 1;
    private static final int GROUP_BYTES = 2;
    private static final int STATUS_HEAD = 16;

    /** The channel is not open, or no SAM was begun on it. */
    private static final int NO_CHANNEL = 0x6881;
    private static final int NO_MORE_CHANNELS = 0x6A81;
    private static final int WRONG_P1_P2 = 0x6A86;
    /** All operations are used up. */
    private static final int WORN_OUT = 0x6FFF;

    private final KeyStore keyStore;
    private final SamEmulation emulation;
    private final SamForm form;
    private final int serialNumber;
    private final int version;
    private final boolean[] open = new boolean[CHANNELS];
    private final ModuleChannel[] sams = new ModuleChannel[CHANNELS];
    private final long firstLifetime;
    private byte[] atr;
    private long lifetime;
    private long used;
    private boolean locked;
    private boolean failed;
    private boolean mute;
    private int delayMillis;
    private byte[] wrongAnswer;
    private int wrongAnswers;
    private Runnable pull;

    /**
     * Makes a card.
     *
     * @param keyStore     its key groups, those with numbers up to FFFF
     * @param emulation    makes its SAM
     * @param form         form of its SAM
     * @param serialNumber 4 bytes, as one number
     * @param version      software version in the ATR, 0..FF
     * @param lifetime     operations until its end of life, 1 to 7FFFFFFF
     */
    public SamS20Card(KeyStore keyStore, SamEmulation emulation, SamForm form, int serialNumber, int version, long lifetime) {
        this.keyStore = keyStore;
        this.emulation = emulation;
        this.form = form;
        this.serialNumber = serialNumber;
        this.version = version;
        firstLifetime = lifetime;
        this.lifetime = lifetime;
        atr = form.atr(serialNumber, version);
        open[0] = true;
    }

    @Override
    public synchronized byte[] atr() {
        return atr.clone();
    }

    @Override
    public synchronized void reset() {
        for (int channel = 0; channel < CHANNELS; channel++) {
            end(channel);
            open[channel] = channel == 0;
        }
    }

    private void end(int channel) {
        if (sams[channel] != null) {
            sams[channel].close();
            sams[channel] = null;
        }
    }

    @Override
    public synchronized byte[] transmit(byte[] command) {
        if (delayMillis > 0) {
            try {
                Thread.sleep(delayMillis);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
        if (pull != null) {
            Runnable now = pull;
            pull = null;
            now.run();
            return null;
        }
        if (mute) {
            return null;
        }
        if (wrongAnswers > 0) {
            wrongAnswers--;
            return wrongAnswer.clone();
        }
        return answer(CommandApdu.of(command));
    }

    private byte[] answer(CommandApdu apdu) {
        if (!apdu.hasHeader() || !apdu.isWellFormed()) {
            return StatusWord.response(StatusWord.WRONG_LENGTH);
        }
        ClassByte cla = ClassByte.of(apdu.cla());
        if (cla == null) {
            return StatusWord.response(StatusWord.CLASS_NOT_SUPPORTED);
        }
        if (!open[cla.channel()]) {
            return StatusWord.response(NO_CHANNEL);
        }
        if (apdu.ins() == MANAGE_CHANNEL && cla.samClass() == 0) {
            return manageChannel(apdu);
        }
        if (cla.samClass() == 0x80 && apdu.ins() == GET_DATA && apdu.p1p2() == STATUS_OBJECT) {
            return status();
        }
        if (cla.samClass() == 0x80 && apdu.ins() == PUT_DATA && apdu.p1p2() == SAM_OBJECT) {
            return begin(cla.channel(), apdu.data(0, apdu.lc()));
        }
        if (cla.samClass() == 0x80 && apdu.ins() == PUT_DATA && apdu.p1p2() == NO_SAM_OBJECT) {
            end(cla.channel());
            return StatusWord.response(StatusWord.OK);
        }
        return exchange(cla, apdu);
    }

    private byte[] manageChannel(CommandApdu apdu) {
        if (apdu.p1p2() == OPEN_CHANNEL) {
            for (int channel = 1; channel < CHANNELS; channel++) {
                if (!open[channel]) {
                    open[channel] = true;
                    return new byte[] {(byte) channel, (byte) 0x90, 0};
                }
            }
            return StatusWord.response(NO_MORE_CHANNELS);
        }
        int channel = apdu.p2();
        if (apdu.p1() != CLOSE_CHANNEL || channel == 0 || channel >= CHANNELS || !open[channel]) {
            return StatusWord.response(WRONG_P1_P2);
        }
        end(channel);
        open[channel] = false;
        return StatusWord.response(StatusWord.OK);
    }

    private byte[] status() {
        Set<Integer> groups = keyGroups();
        return ByteBuffer.allocate(STATUS_HEAD + GROUP_BYTES * groups.size() + 2)
                .put((byte) STATUS_LAYOUT).put((byte) state()).put((byte) CHANNELS).putInt(serialNumber)
                .putInt((int) used).putInt((int) lifetime)
                .put((byte) groups.size()).put(numbers(groups)).putShort((short) StatusWord.OK).array();
    }

    private static byte[] numbers(Set<Integer> groups) {
        ByteBuffer numbers = ByteBuffer.allocate(GROUP_BYTES * groups.size());
        groups.forEach(group -> numbers.putShort(group.shortValue()));
        return numbers.array();
    }

    private Set<Integer> keyGroups() {
        Set<Integer> groups = new TreeSet<>(keyStore.keyGroups());
        groups.removeIf(group -> group > 0xFFFF);
        return groups;
    }

    private boolean isLocked() {
        return locked || !keyStore.status().isOpen();
    }

    /** 00 serves, 01 locked, 02 failed, 03 end of life. */
    private int state() {
        if (used >= lifetime) {
            return 3;
        }
        return failed ? 2 : isLocked() ? 1 : 0;
    }

    private byte[] begin(int channel, byte[] data) {
        if (state() != 0) {
            return StatusWord.response(state() == 3 ? WORN_OUT : StatusWord.CONDITIONS_NOT_SATISFIED);
        }
        ChannelState from;
        int number;
        try {
            ByteBuffer buffer = ByteBuffer.wrap(data);
            number = buffer.getShort() & 0xFFFF;
            from = buffer.hasRemaining() ? new ChannelState(part(buffer, 4), part(buffer, 4), part(buffer, 8), false)
                    : ChannelState.AFTER_RESET;
            if (buffer.hasRemaining()) {
                return StatusWord.response(StatusWord.WRONG_DATA);
            }
        } catch (BufferUnderflowException | IllegalArgumentException e) {
            return StatusWord.response(StatusWord.WRONG_DATA);
        }
        KeyGroup group = keyStore.keyGroup(number);
        if (group == null) {
            return StatusWord.response(StatusWord.TAG_NOT_FOUND);
        }
        end(channel);
        sams[channel] = emulation.create(form, serialNumber, version, group, from);
        return StatusWord.response(StatusWord.OK);
    }

    /** @return one part of a state: a length, 0 or 8 or the shorter one, and as many bytes; null for length 0 */
    private static byte[] part(ByteBuffer buffer, int shorter) {
        int length = buffer.get() & 0xFF;
        if (length != 0 && length != shorter && length != 8) {
            throw new IllegalArgumentException("length " + length);
        }
        byte[] part = new byte[length];
        buffer.get(part);
        return length == 0 ? null : part;
    }

    private byte[] exchange(ClassByte cla, CommandApdu apdu) {
        ModuleChannel sam = sams[cla.channel()];
        if (isLocked() || failed) {
            // The SAM are gone with their keys.
            reset();
            return StatusWord.response(NO_CHANNEL);
        }
        if (sam == null) {
            return StatusWord.response(NO_CHANNEL);
        }
        if (used >= lifetime) {
            return StatusWord.response(WORN_OUT);
        }
        used++;
        byte[] inner = apdu.bytes().clone();
        inner[0] = (byte) cla.samClass();
        try {
            byte[] response = sam.exchange(inner);
            CompletionStage<Void> kept = sam.pendingCommit();
            if (kept != null) {
                kept.toCompletableFuture().join();
            }
            return response;
        } catch (ModuleException | RuntimeException e) {
            return StatusWord.response(0x6F00);
        } finally {
            Arrays.fill(inner, (byte) 0);
        }
    }

    // ---- what a test does with it

    /**
     * Locks or opens the card, as its startup card does.
     *
     * @param isLocked true to lock it
     */
    public synchronized void lock(boolean isLocked) {
        locked = isLocked;
    }

    /**
     * Breaks the card, or mends it: it says so itself.
     *
     * @param isFailed true to break it
     */
    public synchronized void fail(boolean isFailed) {
        failed = isFailed;
    }

    /**
     * Makes the card silent from the next command on.
     *
     * @param isMute false to end it
     */
    public synchronized void mute(boolean isMute) {
        mute = isMute;
    }

    /**
     * Makes the card slow.
     *
     * @param millis how long each command takes longer; 0 ends it
     */
    public synchronized void delay(int millis) {
        delayMillis = millis;
    }

    /**
     * Answers commands without carrying them out.
     *
     * @param answer the answer to each
     * @param times  how many commands are answered so
     */
    public synchronized void answer(byte[] answer, int times) {
        wrongAnswer = answer.clone();
        wrongAnswers = times;
    }

    /**
     * Has the card taken out in the middle of the next command.
     *
     * @param removal takes it out
     */
    public synchronized void pullAtNextCommand(Runnable removal) {
        pull = removal;
    }

    /**
     * Changes the lifetime.
     *
     * @param operations operations until its end of life, 1 to 7FFFFFFF
     */
    public synchronized void lifetime(long operations) {
        lifetime = operations;
    }

    /**
     * Makes it look like another card, from the next power-up on.
     *
     * @param bytes the answer to reset
     */
    public synchronized void atr(byte[] bytes) {
        atr = bytes.clone();
    }

    /** Makes it as it was when it was made. */
    public synchronized void renew() {
        reset();
        atr = form.atr(serialNumber, version);
        lifetime = firstLifetime;
        used = 0;
        locked = false;
        failed = false;
        mute = false;
        delayMillis = 0;
        wrongAnswers = 0;
        pull = null;
    }

    /** @return how many operations were used up */
    public synchronized long used() {
        return used;
    }
}
