package org.calypsohsm.cardlink;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import java.util.TreeSet;

import org.calypsohsm.module.ChannelState;
import org.calypsohsm.module.ModuleException;
import org.calypsohsm.module.ModuleInfo;
import org.calypsohsm.module.ModuleState;
import org.calypsohsm.module.ModuleStatus;

/**
 * Writes and reads what is in frames. All numbers are big-endian; a text or a row of bytes has its length before it, in 2
 * bytes. Whatever does not fit is a {@link ProtocolException}, never more memory than the frame has bytes.
 */
public final class Payload {

    /** Longest text or row of bytes that has its length before it. */
    private static final int LONGEST_PART = 0xFFFF;
    /** Longest part of a state: a hostile one is refused before it is sent. */
    private static final int LONGEST_STATE = 64;
    private static final int MAGIC = 0x48534D43;
    private static final int DIVERSIFIER = 1;
    private static final int OUTGOING = 2;
    private static final int INCOMING = 4;
    private static final int UNLOCKED = 8;
    private static final int MOST_GROUPS = 4096;

    private ByteBuffer bytes;

    private Payload(ByteBuffer bytes) {
        this.bytes = bytes;
    }

    /** @return an empty payload to write to */
    public static Payload empty() {
        return new Payload(ByteBuffer.allocate(64));
    }

    /**
     * Makes a payload of bytes, which stay the caller's.
     *
     * @param content the bytes; must not change before it is sent
     * @return the payload
     */
    public static Payload of(byte[] content) {
        return new Payload(ByteBuffer.wrap(content).position(content.length));
    }

    /** Makes a payload to read from. */
    static Payload received(byte[] content) {
        return new Payload(ByteBuffer.wrap(content));
    }

    /** @return what was written, to be read once */
    ByteBuffer written() {
        return bytes.duplicate().flip();
    }

    private ByteBuffer room(int more) {
        if (bytes.remaining() < more) {
            bytes = ByteBuffer.allocate(Math.max(2 * bytes.capacity(), bytes.position() + more)).put(bytes.flip());
        }
        return bytes;
    }

    // ---- parts

    /**
     * Writes one byte.
     *
     * @param value 0 to 255
     * @return this
     */
    public Payload putByte(int value) {
        room(1).put((byte) value);
        return this;
    }

    /** @return one byte, 0 to 255 */
    public int getByte() throws ProtocolException {
        return need(1).get() & 0xFF;
    }

    /**
     * Writes a number.
     *
     * @param value the number
     * @return this
     */
    public Payload putInt(int value) {
        room(Integer.BYTES).putInt(value);
        return this;
    }

    /** @return a number */
    public int getInt() throws ProtocolException {
        return need(Integer.BYTES).getInt();
    }

    /**
     * Writes bytes with their length.
     *
     * @param value at most 65,535 bytes
     * @return this
     */
    public Payload putBytes(byte[] value) {
        if (value.length > LONGEST_PART) {
            throw new IllegalArgumentException(value.length + " bytes are too many.");
        }
        room(Short.BYTES + value.length).putShort((short) value.length).put(value);
        return this;
    }

    /** @return bytes that had their length before them */
    public byte[] getBytes() throws ProtocolException {
        byte[] value = new byte[need(Short.BYTES).getShort() & 0xFFFF];
        need(value.length).get(value);
        return value;
    }

    /**
     * Writes a text; what is too long is cut.
     *
     * @param text the text
     * @return this
     */
    public Payload putText(String text) {
        return putBytes(text.substring(0, Math.min(text.length(), LONGEST_PART / 4)).getBytes(StandardCharsets.UTF_8));
    }

    /** @return a text */
    public String getText() throws ProtocolException {
        return new String(getBytes(), StandardCharsets.UTF_8);
    }

    /**
     * Writes bytes as the rest of the payload.
     *
     * @param value the bytes
     * @return this
     */
    public Payload putRest(byte[] value) {
        room(value.length).put(value);
        return this;
    }

    /** @return all that is left; the caller owns the array */
    public byte[] getRest() {
        if (bytes.position() == 0 && bytes.remaining() == bytes.array().length) {
            bytes.position(bytes.limit());
            return bytes.array();
        }
        byte[] value = new byte[bytes.remaining()];
        bytes.get(value);
        return value;
    }

    private ByteBuffer need(int count) throws ProtocolException {
        if (bytes.remaining() < count) {
            throw new ProtocolException("a frame ends in the middle of what it tells");
        }
        return bytes;
    }

    // ---- what frames tell

    /** @return the payload of HELLO */
    public static Payload hello() {
        return empty().putInt(MAGIC);
    }

    /** Checks the payload of HELLO. */
    public void checkHello() throws ProtocolException {
        if (getInt() != MAGIC) {
            throw new ProtocolException("it does not begin as a container does");
        }
    }

    /**
     * Writes what a module is.
     *
     * @param info the module
     * @return this
     */
    public Payload putInfo(ModuleInfo info) {
        return putText(info.name()).putText(info.kind()).putInt(info.serialNumber()).putByte(info.version())
                .putInt(info.channelsTotal()).putByte(info.emulated() ? 1 : 0);
    }

    /** @return what a module is */
    public ModuleInfo getInfo() throws ProtocolException {
        try {
            return new ModuleInfo(getText(), getText(), getInt(), getByte(), getInt(), getByte() != 0);
        } catch (IllegalArgumentException e) {
            throw new ProtocolException("it says what no module is");
        }
    }

    /**
     * Writes how a module is.
     *
     * @param status    its state
     * @param keyGroups its key groups
     * @return this
     */
    public Payload putStatus(ModuleStatus status, Set<Integer> keyGroups) {
        putByte(status.state().ordinal()).putText(status.sentence()).putInt(keyGroups.size());
        keyGroups.forEach(this::putInt);
        return this;
    }

    /** @return the state of a module; its key groups follow */
    public ModuleStatus getStatus() throws ProtocolException {
        int state = getByte();
        if (state >= ModuleState.values().length) {
            throw new ProtocolException("there is no state " + state);
        }
        return new ModuleStatus(ModuleState.values()[state], getText());
    }

    /** @return the key groups of a module */
    public Set<Integer> getKeyGroups() throws ProtocolException {
        int count = getInt();
        if (count < 0 || count > MOST_GROUPS) {
            throw new ProtocolException("there are no " + count + " key groups");
        }
        Set<Integer> groups = new TreeSet<>();
        for (int i = 0; i < count; i++) {
            groups.add(getInt());
        }
        return groups;
    }

    /**
     * Tells whether a state can be sent at all: of those that cannot, no module makes sense either.
     *
     * @param state the state
     * @return true if it can
     */
    public static boolean fits(ChannelState state) {
        return fits(state.diversifier()) && fits(state.outgoingChallenge()) && fits(state.incomingChallenge());
    }

    private static boolean fits(byte[] part) {
        return part == null || part.length <= LONGEST_STATE;
    }

    /**
     * Writes the state of a channel between sessions.
     *
     * @param state the state
     * @return this
     */
    public Payload putState(ChannelState state) {
        putByte((state.diversifier() == null ? 0 : DIVERSIFIER) | (state.outgoingChallenge() == null ? 0 : OUTGOING)
                | (state.incomingChallenge() == null ? 0 : INCOMING) | (state.unlocked() ? UNLOCKED : 0));
        for (byte[] part : new byte[][] {state.diversifier(), state.outgoingChallenge(), state.incomingChallenge()}) {
            if (part != null) {
                putBytes(part);
            }
        }
        return this;
    }

    /** @return the state of a channel between sessions */
    public ChannelState getState() throws ProtocolException {
        int parts = getByte();
        return new ChannelState((parts & DIVERSIFIER) == 0 ? null : getBytes(), (parts & OUTGOING) == 0 ? null : getBytes(),
                (parts & INCOMING) == 0 ? null : getBytes(), (parts & UNLOCKED) != 0);
    }

    /**
     * Writes why something could not be done.
     *
     * @param fault what the module threw
     * @return this
     */
    public Payload putFault(ModuleException fault) {
        return putByte(fault.reason().ordinal()).putText(String.valueOf(fault.getMessage()));
    }

    /**
     * Reads why something could not be done.
     *
     * @param prefix what stands before the message of the card
     * @return the exception
     */
    public ModuleException getFault(String prefix) throws ProtocolException {
        int reason = getByte();
        if (reason >= ModuleException.Reason.values().length) {
            throw new ProtocolException("there is no reason " + reason);
        }
        return new ModuleException(ModuleException.Reason.values()[reason], prefix + getText());
    }
}
