package org.calypsohsm.provider.pcis3device;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.WeakHashMap;

import org.calypsohsm.cardserver.ServedModule;
import org.calypsohsm.emulation.Configured;
import org.calypsohsm.emulation.StubStore;
import org.calypsohsm.key.KeyStoreStatus;
import org.calypsohsm.keystore.TestKeyStore;
import org.calypsohsm.module.ModuleChannel;
import org.calypsohsm.module.ModuleException;
import org.calypsohsm.module.ModuleState;
import org.calypsohsm.module.SecurityModule;
import org.calypsohsm.module.tck.ProviderTck;
import org.calypsohsm.provider.pcis3.Emulated;
import org.calypsohsm.sam.SamEmulator;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A module whose card is behind a real socket: the conformance suite, and what can happen to the socket. */
@SuppressWarnings("try") // a card that is only there
@Timeout(60)
class CardDeviceTest extends ProviderTck {

    private static final byte[] SELECT_DIVERSIFIER = {(byte) 0x80, 0x14, 0, 0, 8, 1, 2, 3, 4, 5, 6, 7, 8};
    private static final byte[] GET_CHALLENGE = {(byte) 0x80, (byte) 0x84, 0, 0, 8};

    /** The card of a module. */
    private record Card(StubStore store, SecurityModule inside, ServedModule server) implements AutoCloseable {

        static Card at(Path socket) throws IOException {
            StubStore store = new StubStore(new TestKeyStore(Configured.with(TestKeyStore.Config.class,
                    Map.of("groups", new int[] {0, 3}))));
            SecurityModule inside = Emulated.start(store, new SamEmulator(Configured.with(SamEmulator.Config.class, Map.of())));
            return new Card(store, inside, new ServedModule(socket, inside));
        }

        @Override
        public void close() {
            server.close();
            Emulated.stop(inside);
        }
    }

    private final Map<SecurityModule, Card> cards = new WeakHashMap<>();
    private int sockets;

    @TempDir
    Path folder;

    @BeforeEach
    void ownersFolder() throws IOException {
        Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwx------"));
    }

    private Path socket() {
        return folder.resolve("card" + sockets++);
    }

    // ---- the conformance suite

    @Override
    protected SecurityModule start(String name) throws Exception {
        Path socket = socket();
        Card card = Card.at(socket);
        SecurityModule module = Cards.module(name, socket, Map.of());
        cards.put(module, card);
        Cards.await(module, ModuleState.OPERATIONAL);
        return module;
    }

    @Override
    protected void stop(SecurityModule module) {
        ((DeviceModule) module).stop();
        cards.remove(module).close();
    }

    @Override
    protected int channels() {
        return 100;
    }

    @Override
    protected Set<Integer> keyGroups() {
        return Set.of(0, 3);
    }

    @Override
    protected boolean lock(SecurityModule module) {
        cards.get(module).store.become(KeyStoreStatus.State.LOCKED, "It was locked.");
        Cards.await(module, ModuleState.LOCKED);
        return true;
    }

    @Override
    protected void unlock(SecurityModule module) {
        cards.get(module).store.become(KeyStoreStatus.State.OPEN, "It is open.");
        Cards.await(module, ModuleState.OPERATIONAL);
    }

    // ---- the socket

    @Test
    void aCardThatComesBackHasItsIdleChannelsAgain() throws Exception {
        Path socket = socket();
        DeviceModule module = Cards.module("main", socket, Map.of());
        try {
            assertThat(module.status().state()).isEqualTo(ModuleState.OFFLINE);
            ModuleChannel idle;
            try (Card card = Card.at(socket)) {
                Cards.await(module, ModuleState.OPERATIONAL);
                idle = module.open(0);
                idle.exchange(SELECT_DIVERSIFIER);
            }
            Cards.await(module, ModuleState.OFFLINE);
            assertThat(module.status().sentence()).contains(socket.toString());
            assertThatExceptionOfType(ModuleException.class).isThrownBy(() -> module.open(0)).withMessageContaining("main");
            assertThatExceptionOfType(ModuleException.class).isThrownBy(() -> idle.exchange(GET_CHALLENGE));
            assertThat(idle.idleState().diversifier()).containsExactly(1, 2, 3, 4, 5, 6, 7, 8);
            try (Card card = Card.at(socket)) {
                Cards.await(module, ModuleState.OPERATIONAL);
                assertThat(idle.exchange(GET_CHALLENGE)).hasSize(10);
                assertThat(idle.idleState().diversifier()).containsExactly(1, 2, 3, 4, 5, 6, 7, 8);
                idle.close();
                assertThat(module.channelsInUse()).isZero();
                assertThat(card.inside.channelsInUse()).isZero();
            }
        } finally {
            module.stop();
        }
    }

    @Test
    void aCommandThatIsTooLongForTheProtocolIsNoFaultOfTheModule() throws Exception {
        SecurityModule module = start("main");
        try {
            ModuleChannel channel = module.open(0);
            assertThat(channel.exchange(new byte[1024 * 1024])).containsExactly(0x67, 0);
            assertThat(channel.exchange(GET_CHALLENGE)).hasSize(10);
        } finally {
            stop(module);
        }
    }

    @Test
    void refusesAnotherCard() throws Exception {
        Path socket = socket();
        try (Card card = Card.at(socket)) {
            DeviceModule module = Cards.module("main", socket, Map.of("serialNumber", "C0FFEE02"));
            try {
                Cards.await(module, ModuleState.FAILED);
                assertThat(module.status().sentence()).contains("serial number C0FFEE01 instead of C0FFEE02");
            } finally {
                module.stop();
            }
        }
    }

    @Test
    void aFileThatAKilledCardLeftIsRemovedAndOneInUseIsNot() throws Exception {
        Path socket = socket();
        try (ServerSocketChannel left = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            left.bind(UnixDomainSocketAddress.of(socket));
            assertThatExceptionOfType(IOException.class).isThrownBy(() -> Card.at(socket)).withMessageContaining("already");
        }
        assertThat(socket).exists();
        try (Card card = Card.at(socket)) {
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(socket))).isEqualTo("rw-------");
        }
        assertThat(socket).doesNotExist();
    }

    @Test
    void aFolderForEverybodyIsRefused() throws Exception {
        Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxrwxrwx"));
        assertThatExceptionOfType(IOException.class).isThrownBy(() -> Card.at(socket())).withMessageContaining("make it 0700");
    }

    @Test
    void garbageClosesItsOwnConnectionOnly() throws Exception {
        Path socket = socket();
        try (Card card = Card.at(socket)) {
            DeviceModule module = Cards.module("main", socket, Map.of());
            try {
                Cards.await(module, ModuleState.OPERATIONAL);
                ModuleChannel channel = module.open(0);
                Random random = new Random(1);
                for (int i = 0; i < 200; i++) {
                    byte[] garbage = new byte[1 + random.nextInt(4000)];
                    random.nextBytes(garbage);
                    if (i % 2 == 0) {
                        // So that its length is one that may be.
                        Arrays.fill(garbage, 0, Math.min(3, garbage.length), (byte) 0);
                    }
                    send(socket, garbage);
                    assertThat(channel.exchange(GET_CHALLENGE)).hasSize(10);
                }
                // The greatest length there is, and nothing after it.
                send(socket, new byte[] {0x7F, -1, -1, -1});
                assertThat(channel.exchange(GET_CHALLENGE)).hasSize(10);
            } finally {
                module.stop();
            }
        }
    }

    private static void send(Path socket, byte[] bytes) throws IOException {
        try (SocketChannel channel = SocketChannel.open(UnixDomainSocketAddress.of(socket))) {
            channel.write(ByteBuffer.wrap(bytes));
        } catch (IOException e) {
            // It closed before all was written, which is right.
        }
    }

    @Test
    void aCardThatTalksGarbageIsLeftAndTriedAgain() throws Exception {
        Path socket = socket();
        DeviceModule module = Cards.module("main", socket, Map.of());
        try {
            try (ServerSocketChannel wrong = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
                wrong.bind(UnixDomainSocketAddress.of(socket));
                for (byte[] bytes : new byte[][] {new byte[64], {0, 0, 0, 10, 2, 1, 0, 0, 0, 1, 0, 0, 0, 0}, {0x7F, -1, -1, -1}}) {
                    try (SocketChannel taken = wrong.accept()) {
                        taken.write(ByteBuffer.wrap(bytes));
                        // It closes its side.
                        ByteBuffer hello = ByteBuffer.allocate(100);
                        while (taken.read(hello) >= 0) {
                            assertThat(hello.hasRemaining()).isTrue();
                        }
                        assertThat(module.status().state()).isIn(ModuleState.OFFLINE, ModuleState.FAILED);
                    }
                }
            }
            Files.delete(socket);
            try (Card card = Card.at(socket)) {
                Cards.await(module, ModuleState.OPERATIONAL);
            }
        } finally {
            module.stop();
        }
    }
}
