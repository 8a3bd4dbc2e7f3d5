package org.calypsohsm.provider.sams20pcsc;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Random;

import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.calypsohsm.apdu.CommandApdu;
import org.calypsohsm.apdu.StatusWord;
import org.calypsohsm.card.Card;
import org.calypsohsm.card.CardCommands;
import org.calypsohsm.card.CardProduct;
import org.calypsohsm.emulation.Configured;
import org.calypsohsm.key.KeyGroup;
import org.calypsohsm.keystore.TestKeyStore;
import org.calypsohsm.module.ChannelState;
import org.calypsohsm.module.ModuleChannel;
import org.calypsohsm.module.SamForm;
import org.calypsohsm.profile.ReferencePlugin;
import org.calypsohsm.profile.ReferenceProfile;
import org.calypsohsm.sam.SamWiring;

/** What is concluded from commands and answers is what the SAM itself says, whatever is done with it. */
class ChannelWatchTest {

    private static final int CLA = 0x80;
    private static final byte[] SERIAL = {0, 0, 0, 0, 0, 0, 0, 9};

    private final KeyGroup keys = new TestKeyStore(Configured.with(TestKeyStore.Config.class, Map.of("groups", new int[] {0}))).keyGroup(0);
    private final SamWiring wiring = new SamWiring();

    ChannelWatchTest() {
        wiring.add(new ReferencePlugin(ReferenceProfile.TDES_CBC) { }, 0x40);
        wiring.add(new ReferencePlugin(ReferenceProfile.TDES_RETAIL) { }, 0x30);
    }

    /** A SAM, what is concluded about it, and a card that it talks with. */
    private final class Trial {

        private ModuleChannel sam = wiring.emulation().create(SamForm.HSM_C1, 1, 1, keys, ChannelState.AFTER_RESET);
        private ChannelWatch watch = ChannelWatch.from(ChannelState.AFTER_RESET);
        private final Random random;
        private final Deque<String> done = new ArrayDeque<>();
        private Card card;

        Trial(long seed) {
            random = new Random(seed);
        }

        byte[] send(byte[] command) throws Exception {
            byte[] answer = sam.exchange(command);
            watch = watch.after(command, answer);
            done.add(String.format("%02X -> %04X", command[1], StatusWord.of(answer)));
            ChannelState said = sam.idleState();
            ChannelState concluded = watch.idleState();
            assertThat(concluded == null).as("tied after %s", done).isEqualTo(said == null);
            if (said != null) {
                assertThat(concluded.diversifier()).as("diversifier after %s", done).isEqualTo(said.diversifier());
                assertThat(concluded.outgoingChallenge()).as("outgoing after %s", done).isEqualTo(said.outgoingChallenge());
                assertThat(concluded.incomingChallenge()).as("incoming after %s", done).isEqualTo(said.incomingChallenge());
                assertThat(concluded.unlocked()).as("unlocked after %s", done).isEqualTo(said.unlocked());
            }
            return answer;
        }

        /** A step that makes sense now and then: each of them alone would rarely get into a session. */
        void step(int kind) throws Exception {
            switch (kind) {
                case 0 -> send(CommandApdu.sending(CLA, 0x14, 0, random.nextBoolean() ? SERIAL : new byte[4]));
                case 1 -> send(CommandApdu.expecting(CLA, 0x84, 0, random.nextBoolean() ? 4 : 8));
                case 2 -> send(CommandApdu.sending(CLA, 0x86, 0, new byte[8]));
                case 3 -> beginSession();
                case 4 -> send(CommandApdu.sending(CLA, 0x8C, 0, new byte[5]));
                case 5 -> send(CommandApdu.expecting(CLA, 0x8E, 0, 4));
                case 6 -> send(CommandApdu.sending(CLA, 0x82, 0, new byte[4]));
                // Generate Key, Cipher PIN, SV Prepare Load and Debit, SV Check, Data Cipher, Write Key, Write Ceilings, Unlock.
                case 7 -> send(CommandApdu.sending(CLA, 0x12, 0xFFFF, (byte) 0x21, (byte) 0x49, (byte) 0x27, (byte) 0x49, (byte) 0x90));
                case 8 -> send(CommandApdu.sending(CLA, 0x12, 0x80FF, (byte) 0x30, (byte) 0x49, (byte) 1, (byte) 2, (byte) 3, (byte) 4));
                case 9 -> send(prepareDebit());
                case 10 -> send(random.nextBoolean() ? CommandApdu.sending(CLA, 0x58, 0) : CommandApdu.sending(CLA, 0x58, 0, new byte[3]));
                case 11 -> send(CommandApdu.sending(CLA, 0x1A, 0x00F0, new byte[48]));
                case 12 -> send(CommandApdu.sending(CLA, 0xD8, 0x00B1, new byte[48]));
                case 13 -> send(CommandApdu.sending(CLA, 0x20, 0, new byte[random.nextBoolean() ? 8 : 16]));
                case 14 -> send(CommandApdu.sending(CLA, 0x16, 0x00A0, new byte[30]));
                case 15 -> send(CommandApdu.expecting(CLA, 0xBE, 0x00A0, 0));
                case 16 -> noise();
                default -> moveOn();
            }
        }

        private void beginSession() throws Exception {
            send(CommandApdu.sending(CLA, 0x14, 0, SERIAL));
            byte[] challenge = send(CommandApdu.expecting(CLA, 0x84, 0, 4));
            card = Card.builder(CardProduct.CD21).keyGroup(0).serialNumber(9).build();
            CardCommands commands = CardCommands.of(CardProduct.CD21);
            byte[] opened = card.transmit(commands.openSession(CardCommands.LOAD, CardCommands.SFI_ENVIRONMENT, 1,
                    Arrays.copyOf(challenge, 4)));
            send(CommandApdu.sending(CLA, 0x8A, 0x00FF, commands.digestInit(CardCommands.LOAD, opened)));
        }

        private byte[] prepareDebit() {
            byte[] data = new byte[0x30];
            data[0] = 0x7C;
            data[4] = 0x49;
            data[0x30 - 14] = (byte) 0x90;
            data[0x30 - 12] = (byte) 0xBA;
            data[0x30 - 9] = 0x14;
            return CommandApdu.sending(CLA, 0x54, 0x01FF, data);
        }

        private void noise() throws Exception {
            byte[] command = new byte[4 + random.nextInt(40)];
            random.nextBytes(command);
            command[0] = (byte) CLA;
            if (CommandApdu.of(command).isWellFormed()) {
                send(command);
            }
        }

        /** Goes on in another SAM, as after a reset of the card. */
        private void moveOn() {
            ChannelState state = watch.idleState();
            if (state != null) {
                sam.close();
                sam = wiring.emulation().create(SamForm.HSM_C1, 1, 1, keys, state);
                watch = ChannelWatch.from(state);
                done.add("moved");
            }
        }
    }

    @Provide
    Arbitrary<List<Integer>> steps() {
        return Arbitraries.integers().between(0, 17).list().ofMinSize(1).ofMaxSize(60);
    }

    @Property(tries = 400)
    void itConcludesWhatTheSamSays(@ForAll("steps") List<Integer> steps, @ForAll long seed) throws Exception {
        Trial trial = new Trial(seed);
        for (int step : steps) {
            trial.step(step);
        }
    }
}
