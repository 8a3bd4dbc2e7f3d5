package org.calypsohsm.itest.kit.fault;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.calypsohsm.itest.kit.fault.Commands.ins;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.calypsohsm.module.ChannelState;
import org.calypsohsm.module.ModuleChannel;
import org.calypsohsm.module.ModuleException;
import org.calypsohsm.module.ModuleInfo;
import org.calypsohsm.module.ModuleState;
import org.calypsohsm.module.ModuleStatus;
import org.calypsohsm.module.SecurityModule;
import org.junit.jupiter.api.Test;

class FaultyModuleTest {

    private static final byte[] COMMAND = {(byte) 0x80, (byte) 0x84, 0, 0, 4};
    private static final byte[] ANSWER = {1, 2, (byte) 0x90, 0};

    private final List<byte[]> seen = new ArrayList<>();
    private final ModuleControl control = new ModuleControl("m");
    private final FaultyModule module = new FaultyModule(new Bank(), control);
    private final ModuleFaults faults = new ModuleFaults(control);

    /** A module that answers always the same. */
    private final class Bank implements SecurityModule {

        @Override
        public ModuleInfo info() {
            return new ModuleInfo("m", "test", 1, 1, 9, true);
        }

        @Override
        public ModuleStatus status() {
            return new ModuleStatus(ModuleState.OPERATIONAL, "It works.");
        }

        @Override
        public Set<Integer> keyGroups() {
            return Set.of(0);
        }

        @Override
        public int channelsInUse() {
            return 0;
        }

        @Override
        public ModuleChannel open(int keyGroup) throws ModuleException {
            if (keyGroup != 0) {
                throw new ModuleException(ModuleException.Reason.UNKNOWN_KEY_GROUP, "No such group.");
            }
            return new Sam();
        }

        @Override
        public ModuleChannel resume(int keyGroup, ChannelState state) throws ModuleException {
            return open(keyGroup);
        }
    }

    private final class Sam implements ModuleChannel {

        @Override
        public byte[] atr() {
            return new byte[19];
        }

        @Override
        public byte[] exchange(byte[] command) {
            seen.add(command);
            return ANSWER.clone();
        }

        @Override
        public CompletionStage<Void> pendingCommit() {
            return CompletableFuture.completedFuture(null);
        }

        @Override
        public ChannelState idleState() {
            return ChannelState.AFTER_RESET;
        }

        @Override
        public void close() {
            // Nothing to give back.
        }
    }

    private static ModuleException.Reason reason(ThrowingCallable call) {
        return catchThrowableOfType(ModuleException.class, call).reason();
    }

    @Test
    void withoutFaultsItIsTheModule() throws Exception {
        ModuleChannel channel = module.open(0);
        assertThat(channel.exchange(COMMAND)).containsExactly(ANSWER);
        assertThat(seen).containsExactly(COMMAND);
        assertThat(channel.pendingCommit()).isNotNull();
        assertThat(channel.idleState()).isSameAs(ChannelState.AFTER_RESET);
        assertThat(module.status().state()).isEqualTo(ModuleState.OPERATIONAL);
    }

    @Test
    void aLostCommandNeverReachesTheSamAndALostAnswerLeavesIt() throws Exception {
        ModuleChannel channel = module.open(0);
        faults.times(1).loseCommand();
        assertThat(reason(() -> channel.exchange(COMMAND))).isEqualTo(ModuleException.Reason.FAILED);
        assertThat(seen).isEmpty();
        faults.times(1).loseAnswer();
        assertThat(reason(() -> channel.exchange(COMMAND))).isEqualTo(ModuleException.Reason.FAILED);
        assertThat(seen).hasSize(1);
    }

    @Test
    void faultsAddUpInTheirOrder() throws Exception {
        ModuleChannel channel = module.open(0);
        Fault first = faults.delay(Duration.ofMillis(1));
        Fault second = faults.when(ins(0x84)).answer(ANSWER[0]);
        Fault third = faults.loseCommand();
        assertThat(channel.exchange(COMMAND)).containsExactly(ANSWER[0]);
        assertThat(channel.pendingCommit()).as("nothing of the module is waited for").isNull();
        assertThat(List.of(first.hits(), second.hits(), third.hits())).containsExactly(1, 1, 0);
    }

    @Test
    void aSpoiledAnswerKeepsLengthAndStatusWordAndIsTheSameEachTime() throws Exception {
        ModuleChannel channel = module.open(0);
        Fault fault = faults.spoilAnswer(3);
        byte[] spoiled = channel.exchange(COMMAND);
        assertThat(spoiled).hasSize(4).endsWith(0x90, 0x00);
        assertThat(spoiled[0]).isNotEqualTo(ANSWER[0]);
        assertThat(spoiled[1]).isNotEqualTo(ANSWER[1]);
        fault.end();
        faults.spoilAnswer(3);
        assertThat(channel.exchange(COMMAND)).containsExactly(spoiled);
    }

    @Test
    void aLostChannelForgetsItsStateAndOthersDoNot() throws Exception {
        ModuleChannel channel = module.open(0);
        faults.times(1).loseChannel();
        assertThat(reason(() -> channel.exchange(COMMAND))).isEqualTo(ModuleException.Reason.FAILED);
        assertThat(channel.idleState()).isNull();
        assertThat(reason(() -> channel.exchange(COMMAND))).isEqualTo(ModuleException.Reason.FAILED);
        assertThat(module.open(0).exchange(COMMAND)).containsExactly(ANSWER);
    }

    @Test
    void theYoungestStateCountsUntilItEnds() {
        Fault failed = faults.state(ModuleState.FAILED, "Broken.");
        Fault old = faults.state(ModuleState.END_OF_LIFE, "Worn out.");
        assertThat(module.status().state()).isEqualTo(ModuleState.END_OF_LIFE);
        assertThat(reason(() -> module.open(0))).isEqualTo(ModuleException.Reason.NOT_SERVING);
        failed.end();
        assertThat(module.status().state()).as("whatever ends first").isEqualTo(ModuleState.END_OF_LIFE);
        old.end();
        assertThat(module.status().state()).isEqualTo(ModuleState.OPERATIONAL);
    }

    @Test
    void aLimitCountsOpenChannelsOnly() throws Exception {
        faults.limit(1);
        assertThat(reason(() -> module.open(1))).isEqualTo(ModuleException.Reason.UNKNOWN_KEY_GROUP);
        ModuleChannel first = module.open(0);
        assertThat(reason(() -> module.open(0))).isEqualTo(ModuleException.Reason.FULL);
        first.close();
        first.close();
        module.resume(0, ChannelState.AFTER_RESET);
        assertThat(reason(() -> module.open(0))).isEqualTo(ModuleException.Reason.FULL);
    }

    @Test
    void clearEndsAll() throws Exception {
        ModuleChannel channel = module.open(0);
        faults.loseCommand();
        faults.state(ModuleState.FAILED, "Broken.");
        faults.limit(0);
        control.clear();
        assertThat(channel.exchange(COMMAND)).containsExactly(ANSWER);
        assertThat(module.open(0)).isNotNull();
    }

    @Test
    void latencyMakesSense() {
        assertThatThrownBy(() -> faults.delay(Duration.ofMillis(2), Duration.ofMillis(1), 0))
                .isInstanceOf(IllegalArgumentException.class);
    }
}
