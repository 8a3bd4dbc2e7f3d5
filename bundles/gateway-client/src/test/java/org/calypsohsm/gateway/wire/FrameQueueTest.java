package org.calypsohsm.gateway.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

class FrameQueueTest {

    private static final int LONGEST = 200;

    private final List<byte[]> messages = Collections.synchronizedList(new ArrayList<>());

    private void keep(ByteBuffer message) {
        byte[] bytes = new byte[message.remaining()];
        message.get(bytes);
        messages.add(bytes);
    }

    private List<Frame> frames() throws FrameException {
        List<Frame> frames = new ArrayList<>();
        for (byte[] message : messages) {
            ByteBuffer rest = ByteBuffer.wrap(message);
            for (Frame frame = Frame.read(rest); frame != null; frame = Frame.read(rest)) {
                frames.add(frame);
            }
        }
        return frames;
    }

    @Property(tries = 200)
    void whatIsAddedLeavesInOrderInMessagesThatAreNotTooLong(@ForAll @Size(min = 1, max = 60) List<@IntRange(max = 300) Integer> lengths,
            @ForAll long seed) throws FrameException {
        messages.clear();
        Random random = new Random(seed);
        FrameQueue queue = new FrameQueue(this::keep, LONGEST);
        int onTheirWay = 0;
        for (int i = 0; i < lengths.size(); i++) {
            byte[] payload = new byte[lengths.get(i)];
            random.nextBytes(payload);
            int before = messages.size();
            queue.add(Operation.EXCHANGE, i, 7L * i, payload);
            onTheirWay += messages.size() - before;
            assertThat(onTheirWay).isLessThanOrEqualTo(1);
            if (onTheirWay == 1 && random.nextBoolean()) {
                before = messages.size();
                queue.sent();
                onTheirWay = messages.size() - before;
            }
        }
        while (onTheirWay == 1) {
            int before = messages.size();
            queue.sent();
            onTheirWay = messages.size() - before;
        }
        assertThat(queue.waiting()).isZero();
        assertThat(queue.stuckNanos()).isZero();
        List<Frame> frames = frames();
        assertThat(frames).extracting(Frame::request).containsExactlyElementsOf(
                java.util.stream.IntStream.range(0, lengths.size()).boxed().toList());
        assertThat(frames).extracting(frame -> frame.payload().length).containsExactlyElementsOf(lengths);
        assertThat(frames).extracting(Frame::channel).isSorted();
        assertThat(messages).allSatisfy(message -> assertThat(message.length <= LONGEST || framesIn(message) == 1).isTrue());
    }

    private static int framesIn(byte[] message) throws FrameException {
        ByteBuffer rest = ByteBuffer.wrap(message);
        int frames = 0;
        while (Frame.read(rest) != null) {
            frames++;
        }
        return frames;
    }

    @Test
    void threadsDoNotMixTheirFramesAndTheStackStaysLow() throws Exception {
        int threads = 4;
        int each = 20_000;
        AtomicInteger sending = new AtomicInteger();
        AtomicInteger most = new AtomicInteger();
        FrameQueue[] queue = new FrameQueue[1];
        queue[0] = new FrameQueue(message -> {
            most.accumulateAndGet(sending.incrementAndGet(), Math::max);
            keep(message);
            sending.decrementAndGet();
            queue[0].sent();
        }, LONGEST);
        ExecutorService executor = Executors.newFixedThreadPool(threads);
        CountDownLatch done = new CountDownLatch(threads);
        for (int thread = 0; thread < threads; thread++) {
            int channel = thread;
            executor.execute(() -> {
                for (int i = 0; i < each; i++) {
                    queue[0].add(Operation.EXCHANGED, i, channel, new byte[] {(byte) channel});
                }
                done.countDown();
            });
        }
        assertThat(done.await(60, TimeUnit.SECONDS)).isTrue();
        executor.shutdown();
        assertThat(executor.awaitTermination(60, TimeUnit.SECONDS)).isTrue();
        assertThat(most).hasValue(1);
        List<Frame> frames = frames();
        assertThat(frames).hasSize(threads * each);
        for (int thread = 0; thread < threads; thread++) {
            int channel = thread;
            assertThat(frames.stream().filter(frame -> frame.channel() == channel).map(Frame::request).toList()).hasSize(each).isSorted();
        }
    }

    @Test
    void whatIsNoFrameIsRefused() {
        byte[] frame = ByteBuffer.allocate(Frame.HEADER + 2).put((byte) 1).put((byte) 2).putInt(3).putLong(4).putInt(2).array();
        assertThat(frame).hasSize(20);
        assertThatThrownBy(() -> Frame.read(ByteBuffer.wrap(frame, 0, 17))).hasMessageContaining("18 bytes");
        assertThatThrownBy(() -> Frame.read(ByteBuffer.wrap(frame, 0, 19))).hasMessageContaining("payload");
        frame[0] = 2;
        assertThatThrownBy(() -> Frame.read(ByteBuffer.wrap(frame))).hasMessageContaining("version");
        frame[0] = 1;
        frame[14] = -1;
        assertThatThrownBy(() -> Frame.read(ByteBuffer.wrap(frame))).hasMessageContaining("payload");
    }

    @Property(tries = 100)
    void apdusComeApartAsTheyWerePutTogether(@ForAll @Size(max = 20) List<@Size(max = 50) byte[]> apdus) throws FrameException {
        Frame frame = new Frame(Operation.EXCHANGE_ALL, 1, 2, Frame.payload(apdus));
        assertThat(frame.apdus()).usingElementComparator(java.util.Arrays::compare).containsExactlyElementsOf(apdus);
    }

    @Test
    void anApduThatIsCutIsRefused() {
        assertThatThrownBy(() -> new Frame(Operation.EXCHANGE_ALL, 1, 2, new byte[] {0, 0}).apdus()).isInstanceOf(FrameException.class);
        assertThatThrownBy(() -> new Frame(Operation.EXCHANGE_ALL, 1, 2, new byte[] {0, 0, 0, 2, 1}).apdus())
                .isInstanceOf(FrameException.class);
    }

    @Test
    void aFrameTellsNothingOfItsPayload() {
        assertThat(new Frame(Operation.EXCHANGE, 1, 2, new byte[] {0x42}).toString()).isEqualTo("EXCHANGE 1 of channel 2, 1 bytes");
    }
}
