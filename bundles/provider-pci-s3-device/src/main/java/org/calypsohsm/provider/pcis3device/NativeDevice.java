package org.calypsohsm.provider.pcis3device;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantReadWriteLock;

import com.sun.jna.Function;
import com.sun.jna.Memory;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Pointer;
import com.sun.jna.ptr.IntByReference;
import com.sun.jna.ptr.PointerByReference;
import org.calypsohsm.module.ChannelState;
import org.calypsohsm.module.ModuleChannel;
import org.calypsohsm.module.ModuleException;
import org.calypsohsm.module.ModuleException.Reason;
import org.calypsohsm.module.ModuleInfo;
import org.calypsohsm.module.ModuleState;
import org.calypsohsm.module.ModuleStatus;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A device behind the shared library of a vendor, as {@code calypsohsm-device.h} has it. */
final class NativeDevice implements Device {

    private static final Logger LOG = LoggerFactory.getLogger(NativeDevice.class);
    private static final long LOOK_MILLIS = 500;
    private static final int INTERFACE_VERSION = 1;
    private static final int ATR = 19;
    private static final int RESPONSE = 258;
    private static final int MOST_GROUPS = 64;
    private static final int SENTENCE = 200;
    private static final int GROUPS_AT = 6 * Integer.BYTES;
    private static final int SENTENCE_AT = GROUPS_AT + MOST_GROUPS * Integer.BYTES;
    private static final int INFORMATION = SENTENCE_AT + SENTENCE;
    private static final int PART = 8;
    private static final int STATE = 4 + 3 * PART;
    private static final int OK = 0;
    private static final int IN_SESSION = 6;
    private static final Reason[] REASONS = {null, Reason.FULL, Reason.UNKNOWN_KEY_GROUP, Reason.NOT_SERVING, Reason.STATE_REFUSED,
        Reason.FAILED};

    /** The functions of the interface. */
    private enum Call {
        OPEN_DEVICE, CLOSE_DEVICE, DEVICE_INFORMATION, SELF_TEST, OPEN_CHANNEL, EXCHANGE, CHANNEL_STATE, CLOSE_CHANNEL;

        String symbol() {
            return "calypsohsm_" + name().toLowerCase(Locale.ROOT);
        }
    }

    private final ModuleInfo info;
    private final Path library;
    private final NativeLibrary loaded;
    private final Map<Call, Function> functions = new EnumMap<>(Call.class);
    private final Pointer device;
    /** Held for reading during each call: the device is closed when no call is in it. */
    private final ReentrantReadWriteLock use = new ReentrantReadWriteLock();
    private final ScheduledThreadPoolExecutor looking;
    private volatile ModuleStatus status;
    private volatile Set<Integer> keyGroups = Set.of();
    private boolean closed;

    /** @throws IllegalArgumentException if it cannot be used; the message says why, in one sentence */
    NativeDevice(ModuleInfo info, Path library, String which) {
        this.info = info;
        this.library = library.toAbsolutePath();
        if (!Files.isReadable(this.library)) {
            throw new IllegalArgumentException("Module " + info.name() + ": there is no library " + this.library + " that can be read.");
        }
        try {
            loaded = NativeLibrary.getInstance(this.library.toString());
        } catch (UnsatisfiedLinkError e) {
            throw new IllegalArgumentException("Module " + info.name() + ": " + this.library + " is no library that can be loaded here: "
                    + firstLine(e) + ".", e);
        }
        for (Call call : Call.values()) {
            try {
                functions.put(call, loaded.getFunction(call.symbol()));
            } catch (UnsatisfiedLinkError e) {
                throw new IllegalArgumentException("Module " + info.name() + ": the library " + this.library + " has no function "
                        + call.symbol() + ", which calypsohsm-device.h demands.", e);
            }
        }
        PointerByReference opened = new PointerByReference();
        int result = functions.get(Call.OPEN_DEVICE).invokeInt(new Object[] {text(which), opened});
        if (result != OK) {
            throw new IllegalArgumentException("Module " + info.name() + ": the library " + this.library + " does not open the device '"
                    + which + "', with the return code " + result + ".");
        }
        device = opened.getValue();
        look();
        looking = new ScheduledThreadPoolExecutor(1, task -> {
            Thread thread = new Thread(task, "hsm-device-" + info.name());
            thread.setDaemon(true);
            return thread;
        });
        looking.scheduleWithFixedDelay(this::look, LOOK_MILLIS, LOOK_MILLIS, TimeUnit.MILLISECONDS);
    }

    /** A text as C has it. */
    private static byte[] text(String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        return Arrays.copyOf(bytes, bytes.length + 1);
    }

    private static String firstLine(Throwable fault) {
        return String.valueOf(fault.getMessage()).lines().findFirst().orElse("");
    }

    /** Calls a function, unless the device is closed. */
    private int call(Call call, Object... arguments) throws ModuleException {
        use.readLock().lock();
        try {
            if (closed) {
                throw new ModuleException(Reason.NOT_SERVING, "Module " + info.name() + " was stopped.");
            }
            Object[] all = new Object[arguments.length + 1];
            all[0] = device;
            System.arraycopy(arguments, 0, all, 1, arguments.length);
            return functions.get(call).invokeInt(all);
        } finally {
            use.readLock().unlock();
        }
    }

    private void check(int result, String what) throws ModuleException {
        if (result != OK) {
            Reason reason = result > 0 && result < REASONS.length ? REASONS[result] : Reason.FAILED;
            throw new ModuleException(reason, "Module " + info.name() + ": its library " + library + " says to " + what + ": " + reason
                    + " (return code " + result + ").");
        }
    }

    // ---- how it is

    private void look() {
        try (Memory information = new Memory(INFORMATION)) {
            information.clear();
            int result = call(Call.DEVICE_INFORMATION, information);
            status = result == OK ? take(information) : failed("it does not tell what it is, with the return code " + result);
        } catch (ModuleException e) {
            // It was stopped.
            LOG.debug("{}", e.getMessage());
        }
    }

    private ModuleStatus failed(String why) {
        return new ModuleStatus(ModuleState.FAILED, "The library " + library + " cannot be used: " + why + ".");
    }

    private ModuleStatus take(Memory information) {
        int version = information.getInt(0);
        int count = information.getInt(5 * Integer.BYTES);
        int state = information.getInt(4 * Integer.BYTES);
        if (version != INTERFACE_VERSION) {
            return failed("it has version " + version + " of the interface, and the provider version " + INTERFACE_VERSION);
        }
        if (count < 0 || count > MOST_GROUPS || state < 0 || state >= ModuleState.values().length) {
            return failed("it tells " + count + " key groups and the state " + state);
        }
        int serialNumber = information.getInt(Integer.BYTES);
        int deviceVersion = information.getInt(2 * Integer.BYTES);
        int channels = information.getInt(3 * Integer.BYTES);
        if (serialNumber != info.serialNumber() || deviceVersion != info.version() || channels != info.channelsTotal()) {
            return failed(String.format("it is another device, with serial number %08X, version %d and %d channels instead of %08X, %d "
                    + "and %d", serialNumber, deviceVersion, channels, info.serialNumber(), info.version(), info.channelsTotal()));
        }
        Set<Integer> groups = new TreeSet<>();
        for (int group : information.getIntArray(GROUPS_AT, count)) {
            groups.add(group);
        }
        keyGroups = Set.copyOf(groups);
        return new ModuleStatus(ModuleState.values()[state], sentence(information.getByteArray(SENTENCE_AT, SENTENCE)));
    }

    private static String sentence(byte[] bytes) {
        int length = 0;
        while (length < bytes.length && bytes[length] != 0) {
            length++;
        }
        return new String(bytes, 0, length, StandardCharsets.UTF_8);
    }

    @Override
    public ModuleStatus status() {
        return status;
    }

    @Override
    public Set<Integer> keyGroups() {
        return keyGroups;
    }

    @Override
    public void selfTest() {
        try {
            check(call(Call.SELF_TEST), "test itself");
        } catch (ModuleException e) {
            LOG.warn("{}", e.getMessage());
        }
        look();
    }

    @Override
    public void close() {
        looking.shutdownNow();
        use.writeLock().lock();
        try {
            if (!closed) {
                closed = true;
                functions.get(Call.CLOSE_DEVICE).invokeVoid(new Object[] {device});
            }
        } finally {
            use.writeLock().unlock();
        }
        status = new ModuleStatus(ModuleState.OFFLINE, "It was stopped.");
    }

    // ---- channels

    @Override
    public ModuleChannel open(int keyGroup, ChannelState state) throws ModuleException {
        ModuleStatus now = status;
        if (now.state() != ModuleState.OPERATIONAL) {
            throw new ModuleException(Reason.NOT_SERVING, "Module " + info.name() + " is " + now.state() + ": " + now.sentence());
        }
        byte[] packed = new byte[STATE];
        packed[3] = (byte) (state.unlocked() ? 1 : 0);
        byte[][] parts = {state.diversifier(), state.outgoingChallenge(), state.incomingChallenge()};
        for (int i = 0; i < parts.length; i++) {
            if (parts[i] != null) {
                if (parts[i].length == 0 || parts[i].length > PART) {
                    throw new ModuleException(Reason.STATE_REFUSED, "Module " + info.name() + " refuses a state that no channel has.");
                }
                packed[i] = (byte) parts[i].length;
                System.arraycopy(parts[i], 0, packed, 4 + i * PART, parts[i].length);
            }
        }
        IntByReference number = new IntByReference();
        byte[] atr = new byte[ATR];
        check(call(Call.OPEN_CHANNEL, keyGroup, packed, number, atr), "open a channel for key group " + keyGroup);
        return new NativeChannel(number.getValue(), atr);
    }

    private static byte[] part(byte[] packed, int i) {
        int length = Math.min(PART, packed[i] & 0xFF);
        return length == 0 ? null : Arrays.copyOfRange(packed, 4 + i * PART, 4 + i * PART + length);
    }

    /** A channel of the library. */
    private final class NativeChannel implements ModuleChannel {

        private final int number;
        private final byte[] atr;
        private boolean given;

        NativeChannel(int number, byte[] atr) {
            this.number = number;
            this.atr = atr;
        }

        @Override
        public byte[] atr() {
            return atr.clone();
        }

        @Override
        public byte[] exchange(byte[] command) throws ModuleException {
            checkOpen();
            byte[] response = new byte[RESPONSE];
            IntByReference length = new IntByReference(RESPONSE);
            // A copy: the library could write to what it is only to read.
            check(call(Call.EXCHANGE, number, command.clone(), command.length, response, length), "exchange");
            int told = length.getValue();
            if (told < 2 || told > RESPONSE) {
                throw new ModuleException(Reason.FAILED, "Module " + info.name() + ": its library " + library
                        + " answers with " + Integer.toUnsignedString(told) + " bytes, and a response has 2 to " + RESPONSE + ".");
            }
            return Arrays.copyOf(response, told);
        }

        private synchronized void checkOpen() throws ModuleException {
            if (given) {
                throw new ModuleException(Reason.FAILED, "Module " + info.name() + ": the channel is closed.");
            }
        }

        @Override
        public ChannelState idleState() {
            byte[] packed = new byte[STATE];
            try {
                checkOpen();
                int result = call(Call.CHANNEL_STATE, number, packed);
                if (result != IN_SESSION) {
                    check(result, "tell the state of a channel");
                    return new ChannelState(part(packed, 0), part(packed, 1), part(packed, 2), packed[3] != 0);
                }
            } catch (ModuleException e) {
                LOG.debug("{}", e.getMessage());
            }
            return null;
        }

        @Override
        public synchronized void close() {
            if (given) {
                return;
            }
            given = true;
            try {
                check(call(Call.CLOSE_CHANNEL, number), "close a channel");
            } catch (ModuleException e) {
                LOG.debug("{}", e.getMessage());
            }
        }
    }
}
