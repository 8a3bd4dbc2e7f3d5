package org.calypsohsm.manager;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.Size;
import org.calypsohsm.channel.Channel;
import org.calypsohsm.channel.ChannelException;
import org.calypsohsm.channel.NoChannelFreeException;
import org.calypsohsm.channel.UnknownKeyGroupException;
import org.calypsohsm.module.ModuleState;

/** Whatever is done in whatever order: what is reserved is what is open, and in the end nothing is. */
class AccountingPropertiesTest {

    private enum Action {
        OPEN, OPEN_OTHER_GROUP, OPEN_ASYNC, CLOSE, SELECT, BEGIN, END, FAIL_EXCHANGE, DRAIN, UNDRAIN, ADD_MODULE, REMOVE_MODULE,
        REFUSE, FAIL, RECOVER
    }

    private record Step(Action action, byte which) {

        /** @return the element meant, if there is one */
        <T> List<T> of(List<T> list) {
            return list.isEmpty() ? List.of() : List.of(list.get((which & 0xFF) % list.size()));
        }
    }

    @Property(tries = 150)
    void nothingIsLeftReserved(@ForAll @Size(min = 1, max = 80) List<Action> actions, @ForAll @Size(80) List<Byte> choices)
            throws InterruptedException {
        try (Fixture fixture = new Fixture()) {
            fixture.settings.drainMillis = 0;
            fixture.settings.graceMillis = 0;
            fixture.settings.watchMillis = 60_000;
            fixture.module("m0", 2, 0, 1);
            List<Channel> channels = new ArrayList<>();
            List<FakeModule> present = new ArrayList<>(fixture.modules);
            for (int i = 0; i < actions.size(); i++) {
                perform(new Step(actions.get(i), choices.get(i)), fixture, channels, present);
                assertReservedIsOpen(fixture, present);
            }
            channels.forEach(Channel::close);
            fixture.assertNothingLeft();
            assertThat(fixture.modules).allSatisfy(module -> assertThat(module.lateCalls).hasValue(0));
        }
    }

    private static void assertReservedIsOpen(Fixture fixture, List<FakeModule> present) {
        for (FakeModule module : present) {
            ModuleSlot slot = fixture.slot(module);
            if (module.open.size() != slot.channels.size() || slot.reserved != slot.channels.size()) {
                // A parked channel may be on its way to the room that was just made.
                await().atMost(Fixture.SOON).until(() -> fixture.manager().placement().reserved(slot) == slot.channels.size());
            }
            assertThat(module.open).as("open in %s", slot.name()).hasSize(slot.channels.size());
            assertThat(slot.reserved).as("reserved on %s", slot.name()).isEqualTo(slot.channels.size());
        }
    }

    private static void perform(Step step, Fixture fixture, List<Channel> channels, List<FakeModule> present)
            throws InterruptedException {
        try {
            switch (step.action) {
                case OPEN -> channels.add(fixture.manager().open(Fixture.request(0, Duration.ZERO)));
                case OPEN_OTHER_GROUP -> channels.add(fixture.manager().open(Fixture.request(1, Duration.ZERO)));
                case OPEN_ASYNC -> fixture.manager().openAsync(Fixture.request(0, Duration.ZERO)).thenAccept(Channel::close)
                        .handle((nothing, fault) -> null).toCompletableFuture().join();
                case CLOSE -> step.of(channels).forEach(Channel::close);
                case SELECT -> exchange(step.of(channels), Apdus.select(step.which));
                case BEGIN -> exchange(step.of(channels), Apdus.BEGIN);
                case END -> exchange(step.of(channels), Apdus.END);
                case FAIL_EXCHANGE -> step.of(present).forEach(module -> module.exchangeScript = command -> null);
                case DRAIN -> step.of(present).forEach(module -> fixture.manager().drain(module.info().name(), Duration.ZERO));
                case UNDRAIN -> step.of(present).forEach(module -> fixture.manager().undrain(module.info().name()));
                case ADD_MODULE -> present.add(fixture.module("m" + fixture.modules.size(), 1 + (step.which & 3), step.which & 1));
                case REMOVE_MODULE -> step.of(List.copyOf(present)).forEach(module -> {
                    present.remove(module);
                    fixture.unbind(module);
                });
                case REFUSE -> step.of(present).forEach(module -> module.givesNull = !module.givesNull);
                case FAIL -> step.of(present).forEach(module -> module.become(ModuleState.FAILED, "It is broken."));
                case RECOVER -> step.of(present).forEach(module -> {
                    module.become(ModuleState.OPERATIONAL, "It serves.");
                    module.exchangeScript = command -> FakeModule.CARRY_OUT;
                    fixture.slot(module).refresh();
                });
            }
        } catch (NoChannelFreeException | UnknownKeyGroupException e) {
            assertThat(e.channel()).isZero();
        } catch (ChannelException e) {
            assertThat(channels).anyMatch(channel -> channel.id() == e.channel());
        }
    }

    private static void exchange(List<Channel> channels, byte[] command) throws ChannelException {
        for (Channel channel : channels) {
            assertThat(channel.exchange(command).length).isGreaterThanOrEqualTo(2);
        }
    }
}
