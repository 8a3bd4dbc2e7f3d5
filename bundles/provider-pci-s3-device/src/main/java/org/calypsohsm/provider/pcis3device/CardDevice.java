package org.calypsohsm.provider.pcis3device;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;

import org.calypsohsm.apdu.StatusWord;
import org.calypsohsm.cardlink.Frame;
import org.calypsohsm.cardlink.Link;
import org.calypsohsm.cardlink.LinkLoop;
import org.calypsohsm.cardlink.Operation;
import org.calypsohsm.cardlink.Payload;
import org.calypsohsm.cardlink.Peer;
import org.calypsohsm.cardlink.ProtocolException;
import org.calypsohsm.module.ChannelState;
import org.calypsohsm.module.ModuleChannel;
import org.calypsohsm.module.ModuleException;
import org.calypsohsm.module.ModuleException.Reason;
import org.calypsohsm.module.ModuleInfo;
import org.calypsohsm.module.ModuleState;
import org.calypsohsm.module.ModuleStatus;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A card process behind a Unix domain socket. One connection at a time; when it ends, whatever was asked on it fails at
 * once, and the next one is tried until it comes.
 */
final class CardDevice implements Device {

    private static final Logger LOG = LoggerFactory.getLogger(CardDevice.class);
    private static final long TICK_MILLIS = 50;
    private static final long PING_NANOS = TimeUnit.MILLISECONDS.toNanos(250);
    private static final long FIRST_PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(50);
    private static final long LONGEST_PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(500);
    private static final long SELF_TEST_MILLIS = TimeUnit.MINUTES.toMillis(2);

    private final ModuleInfo info;
    private final Path socket;
    private final long silenceMillis;
    private final long exchangeMillis;
    private final LinkLoop loop;
    private final AtomicInteger numbers = new AtomicInteger();

    /** The connection that serves; null while there is none. */
    private volatile Connection serving;
    private volatile ModuleStatus status;
    private volatile Set<Integer> keyGroups = Set.of();
    private volatile boolean stopped;

    // Only for the thread of the loop.
    private SocketChannel connecting;
    private long nextTry = System.nanoTime();
    private long pause = FIRST_PAUSE_NANOS;

    /** The connection that is made or serves; it is not used before the card has said what it is. */
    private volatile Connection current;

    CardDevice(ModuleInfo info, Path socket, long silenceMillis, long exchangeMillis) throws IOException {
        this.info = info;
        this.socket = socket.toAbsolutePath();
        this.silenceMillis = silenceMillis;
        this.exchangeMillis = exchangeMillis;
        status = offline("It looks for its card at " + this.socket + ".");
        loop = new LinkLoop("hsm-device-" + info.name(), TICK_MILLIS, this::tick);
        loop.start();
    }

    private static ModuleStatus offline(String sentence) {
        return new ModuleStatus(ModuleState.OFFLINE, sentence);
    }

    // ---- the connection

    private void tick() {
        long now = System.nanoTime();
        Connection connection = current;
        if (stopped) {
            return;
        }
        if (connection != null) {
            connection.tick(now);
        } else if (connecting != null || now - nextTry >= 0) {
            connect(now);
        }
    }

    private void connect(long now) {
        try {
            if (connecting == null) {
                nextTry = now + pause;
                pause = Math.min(2 * pause, LONGEST_PAUSE_NANOS);
                connecting = SocketChannel.open(StandardProtocolFamily.UNIX);
                connecting.configureBlocking(false);
                connecting.connect(UnixDomainSocketAddress.of(socket));
            }
            if (!connecting.isConnected() && !connecting.finishConnect()) {
                return;
            }
            String refusal = Peer.refusal(connecting);
            if (refusal != null) {
                throw new IOException(refusal);
            }
            Connection made = new Connection();
            // Before its first frame can come.
            current = made;
            made.begin(loop.add(connecting, made));
            connecting = null;
        } catch (IOException | RuntimeException e) {
            current = null;
            if (connecting != null) {
                loop.close(connecting);
                connecting = null;
            }
            become(offline(unreachable(e)));
        }
    }

    private String unreachable(Exception fault) {
        if (!Files.exists(socket)) {
            return "There is no card at " + socket + "; start it with hsm card --socket " + socket + ".";
        }
        if (fault instanceof AccessDeniedException || String.valueOf(fault.getMessage()).contains("ermission denied")) {
            return "The card at " + socket + " may not be used by this user; run both as the same one.";
        }
        return "The card at " + socket + " cannot be reached: " + fault.getMessage() + ".";
    }

    private void become(ModuleStatus now) {
        status = now;
    }

    /** Why a card is not the one that was configured; null if it is. */
    private String difference(ModuleInfo card) {
        if (card.serialNumber() != info.serialNumber()) {
            return String.format("serial number %08X instead of %08X", card.serialNumber(), info.serialNumber());
        }
        if (card.version() != info.version()) {
            return "version " + card.version() + " instead of " + info.version();
        }
        return card.channelsTotal() == info.channelsTotal() ? null
                : card.channelsTotal() + " channels instead of " + info.channelsTotal();
    }

    /** One connection, and who waits for an answer on it. */
    private final class Connection implements Link.Handler {

        private final Map<Integer, CompletableFuture<Frame>> waiting = new ConcurrentHashMap<>();
        private final AtomicInteger requests = new AtomicInteger();
        private volatile Link link;
        private long pinged;
        private boolean answered = true;

        void begin(Link made) {
            link = made;
            made.know();
            if (serving != this) {
                become(offline("Its card at " + socket + " is there, but does not say yet what it is."));
            }
            made.send(Operation.HELLO, requests.incrementAndGet(), 0, Payload.hello());
        }

        /** Sees whether the card is still there. Until it has said what it is, it may take its time: nobody waits for it. */
        void tick(long now) {
            if (serving != this) {
                return;
            }
            if (link.received() - pinged > 0) {
                answered = true;
            }
            // What it sent while this process was stopped has been received before this.
            if (!answered && now - pinged > TimeUnit.MILLISECONDS.toNanos(silenceMillis)) {
                link.close("it has not answered for " + silenceMillis + " ms");
            } else if (answered && now - pinged > PING_NANOS) {
                pinged = now;
                answered = false;
                link.send(Operation.PING, 0, 0, Payload.empty());
            }
        }

        @Override
        public void frame(Link from, Frame frame) throws ProtocolException {
            if (serving != this) {
                welcome(from, frame);
                return;
            }
            switch (frame.operation()) {
                case STATUS -> take(frame.payload());
                case DONE, FAULT -> {
                    CompletableFuture<Frame> future = waiting.remove(frame.request());
                    // Who asked may have given up.
                    if (future != null) {
                        future.complete(frame);
                    }
                }
                default -> throw new ProtocolException(frame.operation() + " is nothing that a card sends");
            }
        }

        private void welcome(Link from, Frame frame) throws ProtocolException {
            if (frame.operation() != Operation.WELCOME) {
                throw new ProtocolException("it does not begin as a card does");
            }
            String difference = difference(frame.payload().getInfo());
            if (difference != null) {
                throw new ProtocolException("it is another card, with " + difference);
            }
            pinged = System.nanoTime();
            pause = FIRST_PAUSE_NANOS;
            serving = this;
            take(frame.payload());
            if (from.closedFor() != null) {
                // On another thread, meanwhile.
                end(from.closedFor());
                return;
            }
            LOG.info("Module {} has its card at {}: {}", info.name(), socket, status.state());
        }

        private void take(Payload payload) throws ProtocolException {
            ModuleStatus told = payload.getStatus();
            Set<Integer> groups = payload.getKeyGroups();
            // A card that is locked tells none; what it had is better than nothing for those who ask.
            keyGroups = Set.copyOf(groups);
            become(told);
        }

        @Override
        public void closed(Link from, String reason) {
            if (current == this && !stopped) {
                LOG.warn("Module {} has lost its card at {}: {}.", info.name(), socket, reason);
            }
            end(reason);
        }

        private void end(String reason) {
            boolean refused = reason.contains("another card") || reason.contains("of the protocol");
            if (!stopped) {
                become(new ModuleStatus(refused ? ModuleState.FAILED : ModuleState.OFFLINE,
                        "The connection to its card at " + socket + " ended: " + reason + "."));
            }
            if (serving == this) {
                serving = null;
            }
            if (current == this) {
                current = null;
            }
            waiting.values().forEach(future -> future.completeExceptionally(new IOException(reason)));
        }

        /** Asks something, and waits for the answer. */
        Frame ask(Operation operation, int channel, Payload payload, long millis) throws ModuleException {
            int request = requests.incrementAndGet();
            CompletableFuture<Frame> future = new CompletableFuture<>();
            waiting.put(request, future);
            if (!link.send(operation, request, channel, payload)) {
                waiting.remove(request);
                throw lost(link.closedFor());
            }
            if (link.closedFor() != null) {
                // It was closed after it was sent, perhaps before anybody knew that somebody waits.
                future.completeExceptionally(new IOException(link.closedFor()));
            }
            return await(request, future, millis);
        }

        private Frame await(int request, CompletableFuture<Frame> future, long millis) throws ModuleException {
            boolean interrupted = false;
            long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis);
            try {
                while (true) {
                    try {
                        return future.get(end - System.nanoTime(), TimeUnit.NANOSECONDS);
                    } catch (InterruptedException e) {
                        // What was sent is on its way: its answer decides what becomes of the channel.
                        interrupted = true;
                    }
                }
            } catch (ExecutionException e) {
                throw lost(e.getCause().getMessage());
            } catch (TimeoutException e) {
                throw new ModuleException(Reason.FAILED, "Module " + info.name() + ": its card has not answered for " + millis + " ms.");
            } finally {
                waiting.remove(request);
                if (interrupted) {
                    Thread.currentThread().interrupt();
                }
            }
        }

        private ModuleException lost(String reason) {
            return new ModuleException(Reason.FAILED, "Module " + info.name() + " has lost its card: " + reason + ".");
        }

        /** Says something whose answer nobody waits for. */
        void say(Operation operation, int channel) {
            link.send(operation, requests.incrementAndGet(), channel, Payload.empty());
        }
    }

    // ---- what the module asks

    @Override
    public ModuleStatus status() {
        return status;
    }

    @Override
    public Set<Integer> keyGroups() {
        return keyGroups;
    }

    private Connection connection() throws ModuleException {
        Connection connection = serving;
        if (connection == null) {
            ModuleStatus now = status;
            throw new ModuleException(Reason.NOT_SERVING, "Module " + info.name() + " is " + now.state() + ": " + now.sentence());
        }
        return connection;
    }

    @Override
    public ModuleChannel open(int keyGroup, ChannelState state) throws ModuleException {
        return new CardChannel(keyGroup, state);
    }

    @Override
    public void selfTest() {
        try {
            Connection connection = connection();
            Frame answer = connection.ask(Operation.SELF_TEST, 0, Payload.empty(), SELF_TEST_MILLIS);
            connection.take(answer.payload());
        } catch (ModuleException e) {
            LOG.warn("Module {} could not test itself: {}", info.name(), e.getMessage());
        } catch (ProtocolException e) {
            LOG.warn("Module {} could not test itself: {}.", info.name(), e.getMessage());
        }
    }

    @Override
    public void close() {
        stopped = true;
        Connection connection = current;
        if (connection != null && connection.link != null) {
            connection.link.close("the module goes");
        }
        loop.close();
        become(offline("It was stopped."));
    }

    /**
     * A channel of the card. It knows its state between sessions from the answers, so that it can go on elsewhere when the
     * card is gone, also on the next connection to the same card.
     */
    private final class CardChannel implements ModuleChannel {

        private static final int UNCHANGED = 0;
        private static final int IDLE = 1;

        private final int keyGroup;
        private byte[] atr;
        private Connection connection;
        private int number;
        private boolean closed;
        private volatile ChannelState state;

        CardChannel(int keyGroup, ChannelState state) throws ModuleException {
            this.keyGroup = keyGroup;
            this.state = copy(state);
            attach();
        }

        private static ChannelState copy(ChannelState state) {
            return state == null ? null : new ChannelState(copy(state.diversifier()), copy(state.outgoingChallenge()),
                    copy(state.incomingChallenge()), state.unlocked());
        }

        private static byte[] copy(byte[] bytes) {
            return bytes == null ? null : bytes.clone();
        }

        private void attach() throws ModuleException {
            if (!Payload.fits(state)) {
                throw new ModuleException(Reason.STATE_REFUSED, "Module " + info.name() + " refuses a state that no channel has.");
            }
            Connection now = connection();
            int next = numbers.incrementAndGet();
            Frame answer;
            try {
                answer = now.ask(Operation.OPEN, next, Payload.empty().putInt(keyGroup).putState(state), exchangeMillis);
            } catch (ModuleException e) {
                // It may be open on the card, or open later.
                now.say(Operation.CLOSE, next);
                throw e;
            }
            try {
                atr = done(answer).getBytes();
            } catch (ProtocolException e) {
                throw nonsense(now, e);
            }
            connection = now;
            number = next;
        }

        private Payload done(Frame answer) throws ModuleException, ProtocolException {
            if (answer.operation() == Operation.FAULT) {
                throw answer.payload().getFault("Module " + info.name() + ": ");
            }
            return answer.payload();
        }

        private ModuleException nonsense(Connection with, ProtocolException fault) {
            with.link.close("the other side breaks the rules: " + fault.getMessage());
            return with.lost(fault.getMessage());
        }

        @Override
        public byte[] atr() {
            return atr.clone();
        }

        @Override
        public byte[] exchange(byte[] command) throws ModuleException {
            if (connection == null || serving != connection) {
                reattach();
            }
            if (command.length > Frame.LONGEST) {
                // As the virtual SAM answers whatever is too long for it.
                return new byte[] {(byte) (StatusWord.WRONG_LENGTH >> Byte.SIZE), (byte) StatusWord.WRONG_LENGTH};
            }
            Connection with = connection;
            Frame answer;
            try {
                answer = with.ask(Operation.EXCHANGE, number, Payload.of(command), exchangeMillis);
            } catch (ModuleException e) {
                // What becomes of it on the card is not known, so it goes on with what was known before, or not at all.
                connection = null;
                with.say(Operation.CLOSE, number);
                throw e;
            }
            try {
                Payload payload = done(answer);
                int told = payload.getByte();
                if (told != UNCHANGED) {
                    state = told == IDLE ? payload.getState() : null;
                }
                return payload.getRest();
            } catch (ProtocolException e) {
                throw nonsense(with, e);
            }
        }

        /** Goes on where it stopped on the next connection: the card ended its channels with the last one. */
        private void reattach() throws ModuleException {
            connection = null;
            if (closed) {
                throw new ModuleException(Reason.FAILED, "Module " + info.name() + ": the channel is closed.");
            }
            if (state == null) {
                throw new ModuleException(Reason.FAILED, "Module " + info.name()
                        + " cannot go on with the session, since the connection to its card ended meanwhile.");
            }
            attach();
        }

        @Override
        public ChannelState idleState() {
            return copy(state);
        }

        @Override
        public void close() {
            closed = true;
            Connection with = connection;
            connection = null;
            if (with == null || serving != with) {
                return;
            }
            try {
                // The place is free when this returns.
                with.ask(Operation.CLOSE, number, Payload.empty(), exchangeMillis);
            } catch (ModuleException e) {
                LOG.debug("A channel of module {} ends with its connection.", info.name());
            }
        }
    }
}
