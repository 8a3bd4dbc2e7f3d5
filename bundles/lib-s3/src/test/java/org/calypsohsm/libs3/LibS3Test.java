package org.calypsohsm.libs3;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

import org.calypsohsm.channel.Channel;
import org.calypsohsm.channel.ChannelRequest;
import org.calypsohsm.manager.TestManager;
import org.calypsohsm.module.ModuleState;
import org.calypsohsm.module.SamForm;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import com.spirtech.csm.Csm;
import com.spirtech.csm.CsmChannel;
import com.spirtech.csm.CsmException;
import com.spirtech.csm.CsmInfoRecord;
import com.spirtech.csm.CsmKeyInfo;
import com.spirtech.csm.CsmSystem;

/** The surface, row by row, over the real channel manager; and what a caller relies on. */
class LibS3Test {

    private static final byte[] COMMAND = {(byte) 0x80, (byte) 0x84, 0, 0, 4};

    @TempDir
    Path folder;

    private final CsmSystem system = CsmSystem.getInstance();
    private final TestManager manager = new TestManager();
    private final TestModule first = new TestModule("first", 0xA1B2C3D4, 2, 0, 1);
    private final TestModule second = new TestModule("second", 0x00000007, 2, 0, 2);
    private ClassPath classPath;

    @BeforeEach
    void begin() throws Exception {
        OnClassPath.delegate = manager.channels();
        classPath = new ClassPath(folder, OnClassPath.class);
        manager.come(first);
        manager.come(second);
        system.Initialize();
    }

    @AfterEach
    void end() throws IOException {
        try {
            system.Free();
        } catch (CsmException e) {
            throw new AssertionError(e);
        } finally {
            classPath.close();
            manager.close();
        }
        assertThat(first.open).hasValue(0);
        assertThat(second.open).hasValue(0);
    }

    // ---- CsmSystem

    @Test
    void theLibraryIsASingleton() {
        assertThat(CsmSystem.getInstance()).isSameAs(system);
    }

    @Test
    void initializingTwiceChangesNothing() throws Exception {
        CsmChannel channel = csm("first").channelOpen(0);
        system.Initialize();
        assertThat(channel.apduExchange(COMMAND)).hasSize(COMMAND.length + 2);
    }

    @Test
    void theListShowsTheModulesThatAreThereNow() throws Exception {
        assertThat(system.getCsmList()).extracting(Csm::toString).containsExactly("first", "second");
        manager.go(first);
        assertThat(system.getCsmList()).extracting(Csm::toString).containsExactly("second");
        TestModule third = new TestModule("third", 3, 1, 0);
        manager.come(third);
        assertThat(system.getCsmList()).extracting(Csm::toString).containsExactly("second", "third");
        manager.go(third);
        manager.go(second);
        assertThat(system.getCsmList()).isEmpty();
    }

    @Test
    void aModuleIsTheSameObjectForAsLongAsTheLibraryIsInitialized() throws Exception {
        Csm before = csm("first");
        assertThat(csm("first")).isSameAs(before);
        manager.go(first);
        manager.come(first);
        assertThat(csm("first")).isSameAs(before);
        TestModule other = new TestModule("first", 5, 1, 0);
        manager.go(first);
        manager.come(other);
        assertThat(csm("first")).isNotSameAs(before);
        assertThat(csm("first").getInfos().getSerialNumber()).isEqualTo(5);
    }

    @Test
    void freeClosesAllChannels() throws Exception {
        List<CsmChannel> channels = List.of(csm("first").channelOpen(0), csm("second").channelOpen(2), csm("first").channelOpen(1));
        assertThat(manager.open()).isEqualTo(3);
        system.Free();
        assertThat(manager.open()).isZero();
        assertThat(OnClassPath.closed).as("the channel manager of the class path is closed").isTrue();
        for (CsmChannel channel : channels) {
            assertFault(() -> channel.apduExchange(COMMAND), 0x05, "closed");
        }
    }

    @Test
    void afterFreeNothingWorksUntilTheNextInitialize() throws Exception {
        Csm csm = csm("first");
        system.Free();
        assertFault(system::getCsmList, 0x02, "call CsmSystem.Initialize()");
        assertFault(csm::getInfos, 0x02, "Initialize");
        assertFault(csm::getKeyList, 0x02, "Initialize");
        assertFault(() -> csm.channelOpen(0), 0x02, "Initialize");
        system.Free();
        system.Initialize();
        assertThat(csm("first").channelOpen(0)).isNotNull();
    }

    // ---- Csm, CsmInfoRecord, CsmKeyInfo

    @Test
    void infosTellSerialNumberVersionAndChannels() throws Exception {
        CsmInfoRecord infos = csm("first").getInfos();
        assertThat(infos.getSerialNumber()).isEqualTo(0xA1B2C3D4);
        assertThat(infos.fSerialNumber).isEqualTo(0xA1B2C3D4);
        assertThat(infos.getCsmVersion()).isEqualTo(0x23);
        assertThat(infos.fCsmVersion).isEqualTo(0x23);
        assertThat(infos.getStructureVersion()).isEqualTo(1);
        assertThat(infos.getChannelsTotal()).isEqualTo(2);
        assertThat(String.format("%d %d %d", infos.getCsmVersion(), infos.getStructureVersion(), infos.getChannelsTotal()))
                .isEqualTo("35 1 2");
    }

    @Test
    void aCallerBuildsTheAtrOfTheChannel() throws Exception {
        for (Csm csm : system.getCsmList()) {
            CsmChannel channel = csm.channelOpen(0);
            byte[] atr = Server.atr(channel);
            try (Channel same = manager.channels().open(ChannelRequest.forKeyGroup(channel.getCsm() == csm("first") ? 1 : 2))) {
                assertThat(atr).isEqualTo(same.atr());
            }
        }
    }

    @Test
    void theKeyListHasTheKeyGroupsOfTheModule() throws Exception {
        assertThat(csm("first").getKeyList()).extracting(CsmKeyInfo::getKeyGroup).containsExactly(0, 1);
        assertThat(csm("second").getKeyList()).extracting(CsmKeyInfo::getKeyGroup).containsExactly(0, 2);
    }

    @Test
    void theKeyListOfAModuleThatHasGoneIsAFault() throws Exception {
        Csm csm = csm("first");
        manager.go(first);
        assertFault(csm::getKeyList, 0x04, "Module first is not present any more");
        assertThat(csm.getInfos().getSerialNumber()).isEqualTo(0xA1B2C3D4);
    }

    @Test
    void keysAndChannelsAreDumpedInOneLineEach() throws Exception {
        assertThat(printed(out -> CsmKeyInfo.dumpHeader("  ", out))).isEqualTo(String.format("  Key group%n"));
        CsmKeyInfo key = csm("second").getKeyList().get(1);
        assertThat(printed(out -> key.dump("  ", out))).isEqualTo(String.format("  2        %n"));
        CsmChannel channel = csm("second").channelOpen(2);
        assertThat(printed(out -> channel.getInfo().dump("> ", out)))
                .isEqualTo(String.format("> Channel %d, key group 2, module second%n", channel.getId()));
    }

    // ---- opening

    @Test
    void aKeyGroupThatTheModuleLacksHasItsOwnCode() throws Exception {
        assertFault(() -> csm("first").channelOpen(2), CsmException.kHsmErrKeyGroup, "Module first has no key group 2.");
        assertFault(() -> csm("second").channelOpen(9), CsmException.kHsmErrKeyGroup, "Module second has no key group 9.");
        assertFault(() -> csm("second").channelOpen(-1), CsmException.kHsmErrKeyGroup, "no key group -1");
    }

    @Test
    void noneIsOpenedWhenNoneIsFreeOnAnyModule() throws Exception {
        List<CsmChannel> channels = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            channels.add(csm("first").channelOpen(0));
        }
        assertThat(channels).doesNotContainNull();
        assertThat(channels).extracting(channel -> channel.getCsm().toString()).contains("first", "second");
        assertThat(csm("first").channelOpen(0)).isNull();
        assertThat(csm("second").channelOpen(0)).isNull();
        channels.get(0).close();
        assertThat(csm("first").channelOpen(0)).isNotNull();
    }

    @Test
    void aModuleThatIsFullDrainedOrGoneIsMadeUpForByAnother() throws Exception {
        Csm csm = csm("first");
        manager.channels().drain("first", Duration.ZERO).toCompletableFuture().get(10, TimeUnit.SECONDS);
        CsmChannel channel = csm.channelOpen(0);
        assertThat(channel.getCsm()).isSameAs(csm("second"));
        assertThat(Server.atr(channel)).endsWith(0, 0, 0, 7, 0x82, 0x90, 0);
        assertThat(csm.channelOpen(1)).as("no other module has key group 1").isNull();
        manager.go(first);
        assertThat(csm.channelOpen(0).getCsm()).isSameAs(csm("second"));
        assertFault(() -> csm.channelOpen(1), CsmException.kHsmErrKeyGroup, "1");
        assertFault(() -> csm.channelOpen(2), CsmException.kHsmErrKeyGroup, "Module first has no key group 2.");
    }

    @Test
    void aModuleThatWaitsForItsKeysStillHasItsKeyGroups() throws Exception {
        Csm csm = csm("first");
        first.become(ModuleState.LOCKED, "It waits for startup cards.");
        await().until(() -> csm.getKeyList().isEmpty());
        assertThat(csm.channelOpen(0).getCsm()).isSameAs(csm("second"));
        assertFault(() -> csm.channelOpen(2), CsmException.kHsmErrKeyGroup, "it is LOCKED: It waits for startup cards.");
    }

    @Test
    void modulesOfAnotherFormAreNotTakenForAnHsm() throws Exception {
        second.take(SamForm.S1E1);
        for (int i = 0; i < 2; i++) {
            CsmChannel channel = csm("second").channelOpen(0);
            assertThat(channel.getCsm()).hasToString("first");
        }
        assertThat(second.open).hasValue(0);
        assertFault(() -> csm("first").channelOpen(0), 0x06, "are on module second, which does not have the form HSM_C1");
        assertThat(manager.open()).isEqualTo(2);
        try (Channel one = manager.channels().open(ChannelRequest.forKeyGroup(2));
                Channel other = manager.channels().open(ChannelRequest.forKeyGroup(2))) {
            assertThat(one.id()).isNotEqualTo(other.id());
            assertThat(csm("first").channelOpen(0)).as("none is free of any form").isNull();
        }
    }

    // ---- CsmChannel

    @Test
    void apdusGoThroughUntouched() throws Exception {
        CsmChannel channel = csm("first").channelOpen(1);
        assertThat(channel.getCsm()).isSameAs(csm("first"));
        assertThat(channel.getId()).isEqualTo((int) manager.channels().channels().get(0).id());
        assertThat(channel.apduExchange(COMMAND)).containsExactly(0x80, 0x84, 0, 0, 4, 0x90, 0);
        assertFault(() -> channel.apduExchange(null), 0x08, "no command APDU");
    }

    @Test
    void aClosedChannelIsGivenBackOnce() throws Exception {
        CsmChannel channel = csm("first").channelOpen(1);
        channel.close();
        channel.close();
        assertThat(manager.open()).isZero();
        assertFault(() -> channel.apduExchange(COMMAND), 0x05, "closed");
    }

    @Test
    void aChannelGoesOnOnAnotherModuleAndKeepsItsIdentity() throws Exception {
        CsmChannel channel = csm("first").channelOpen(0);
        Csm before = channel.getCsm();
        manager.channels().drain(before.toString(), Duration.ZERO).toCompletableFuture().get(10, TimeUnit.SECONDS);
        assertThat(channel.apduExchange(COMMAND)).hasSize(COMMAND.length + 2);
        assertThat(channel.getCsm()).isSameAs(before);
        assertThat(channel.getInfo().module()).isNotEqualTo(before.toString());
    }

    @Test
    void aLostSessionEndsTheChannel() throws Exception {
        CsmChannel channel = csm("first").channelOpen(1);
        first.beginSessions();
        manager.channels().drain("first", Duration.ZERO).toCompletableFuture().get(10, TimeUnit.SECONDS);
        assertFault(() -> channel.apduExchange(COMMAND), 0x05, "first");
    }

    @Test
    void aChannelThatNoModuleCanServeStaysOpen() throws Exception {
        CsmChannel channel = csm("first").channelOpen(1);
        manager.go(first);
        assertFault(() -> channel.apduExchange(COMMAND), 0x06, "Channel " + channel.getId());
        manager.come(first);
        assertThat(channel.apduExchange(COMMAND)).hasSize(COMMAND.length + 2);
    }

    @Test
    void aForgottenChannelDoesNotStayReserved() throws Exception {
        for (int i = 0; i < 4; i++) {
            assertThat(csm("first").channelOpen(0)).isNotNull();
        }
        assertThat(manager.open()).isEqualTo(4);
        await().atMost(Duration.ofSeconds(60)).pollInterval(Duration.ofMillis(20)).until(() -> {
            System.gc();
            return manager.open() == 0;
        });
        assertThat(csm("first").channelOpen(0)).isNotNull();
    }

    @Test
    void anInterruptedThreadStaysInterrupted() throws Exception {
        Csm csm = csm("first");
        first.gate = new CountDownLatch(1);
        Thread.currentThread().interrupt();
        try {
            assertFault(() -> csm.channelOpen(1), 0x07, "interrupted");
        } finally {
            assertThat(Thread.interrupted()).isTrue();
            first.gate.countDown();
        }
        await().until(() -> manager.open() == 0);
    }

    @Test
    void manyThreadsOpenExchangeAndCloseWhileTheLibraryIsFreed() throws Exception {
        var threads = Executors.newFixedThreadPool(8);
        try {
            Csm csm = csm("first");
            CompletableFuture<Void> busy = new CompletableFuture<>();
            List<Future<Integer>> all = new ArrayList<>();
            for (int i = 0; i < 8; i++) {
                all.add(threads.submit(() -> untilFreed(csm, busy)));
            }
            busy.get(30, TimeUnit.SECONDS);
            system.Free();
            for (Future<Integer> each : all) {
                assertThat(each.get(30, TimeUnit.SECONDS)).isIn(0x02, 0x05);
            }
        } finally {
            threads.shutdownNow();
        }
        assertThat(manager.open()).isZero();
    }

    /** @return the code of the fault at the end */
    private static int untilFreed(Csm csm, CompletableFuture<Void> busy) {
        for (int i = 0;; i++) {
            try {
                CsmChannel channel = csm.channelOpen(0);
                if (channel != null) {
                    channel.apduExchange(COMMAND);
                    if (i % 3 != 0) {
                        channel.close();
                    }
                }
            } catch (CsmException e) {
                return e.getCode();
            }
            if (i == 20) {
                busy.complete(null);
            }
        }
    }

    // ---- a server

    @Test
    void aServerInThePatternOfThePublicCallerRunsUnchanged() throws Exception {
        system.Free();
        Server server = new Server();
        assertThat(server.groups()).containsExactly(0, 1, 2);
        CsmChannel channel = server.allocate(null);
        assertThat(server.name(channel)).startsWith(channel.getCsm() + " Ch. #");
        assertThat(channel.apduExchange(COMMAND)).hasSize(COMMAND.length + 2);
        manager.go(first);
        assertThat(server.allocate("0").getCsm()).hasToString("second");
        server.free();
        assertThat(manager.open()).isZero();
    }

    private Csm csm(String name) throws CsmException {
        return system.getCsmList().stream().filter(csm -> csm.toString().equals(name)).findFirst().orElseThrow();
    }

    private static String printed(Consumer<PrintStream> print) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        print.accept(new PrintStream(bytes, true, StandardCharsets.US_ASCII));
        return bytes.toString(StandardCharsets.US_ASCII);
    }

    private static void assertFault(org.assertj.core.api.ThrowableAssert.ThrowingCallable call, int code, String message) {
        assertThatThrownBy(call).isInstanceOfSatisfying(CsmException.class, fault -> {
            assertThat(fault.getCode()).isEqualTo(code);
            assertThat(fault).hasMessageContaining(message);
        });
    }
}
