package org.calypsohsm.libs3.supply;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.lang.annotation.Annotation;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

import org.calypsohsm.channel.ChannelManager;
import org.calypsohsm.libs3.ClassPath;
import org.calypsohsm.libs3.OnClassPath;
import org.calypsohsm.libs3.TestModule;
import org.calypsohsm.manager.TestManager;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import com.spirtech.csm.CsmChannel;
import com.spirtech.csm.CsmException;
import com.spirtech.csm.CsmSystem;

/** Where the library finds a channel manager, in a container and outside. */
class SupplyTest {

    private record Settings(long initializeMillis, long idleTimeoutMillis) implements LibS3.Config {

        @Override
        public Class<? extends Annotation> annotationType() {
            return LibS3.Config.class;
        }
    }

    private static final byte[] COMMAND = {(byte) 0x80, (byte) 0x84, 0, 0, 4};

    @TempDir
    Path folder;

    private final CsmSystem system = CsmSystem.getInstance();
    private final TestManager manager = new TestManager();
    private ClassPath classPath;
    private final TestModule module = new TestModule("main", 1, 10, 0);

    @BeforeEach
    void begin() {
        OnClassPath.delegate = manager.channels();
        manager.come(module);
    }

    @AfterEach
    void end() throws Exception {
        system.Free();
        if (classPath != null) {
            classPath.close();
        }
        manager.close();
        Supply.inContainer(null).come(null);
        System.clearProperty(Supply.MANAGER);
        System.clearProperty(Supply.INITIALIZE_MILLIS);
        System.clearProperty(Supply.IDLE_TIMEOUT_MILLIS);
    }

    // ---- on the class path

    @Test
    void withoutAChannelManagerTheMessageSaysWhatToDo() throws Exception {
        classPath = new ClassPath(folder);
        assertNotInitialized("There is no channel manager: in a container start this library's bundle, elsewhere put a jar on the"
                + " class path that offers one in META-INF/services/" + ChannelManager.class.getName() + ".");
    }

    @Test
    void oneOfSeveralIsNamed() throws Exception {
        classPath = new ClassPath(folder, OnClassPath.class, OnClassPath.Unending.class);
        assertNotInitialized("Several channel managers are on the class path, [" + OnClassPath.class.getName() + ", "
                + OnClassPath.Unending.class.getName() + "]; name one in the system property " + Supply.MANAGER + ".");
        System.setProperty(Supply.MANAGER, "com.example.Other");
        assertNotInitialized("The system property " + Supply.MANAGER + " names com.example.Other, but on the class path are ["
                + OnClassPath.class.getName() + ", " + OnClassPath.Unending.class.getName() + "].");
        System.setProperty(Supply.MANAGER, OnClassPath.class.getName());
        system.Initialize();
        assertThat(system.getCsmList()).hasSize(1);
    }

    @Test
    void oneThatDoesNotStartSaysWhy() throws Exception {
        classPath = new ClassPath(folder, OnClassPath.Failing.class);
        assertNotInitialized("The channel manager on the class path does not start: the folder of the distribution is missing.");
    }

    @Test
    void oneThatDoesNotEndSaysWhyWhenItsChannelsAreClosed() throws Exception {
        classPath = new ClassPath(folder, OnClassPath.Unending.class);
        system.Initialize();
        assertThat(open()).isNotNull();
        assertThatThrownBy(system::Free).isInstanceOf(CsmException.class)
                .hasMessage("The channel manager did not end cleanly: a bundle does not stop.");
        assertThat(manager.open()).isZero();
    }

    @Test
    void withoutModulesTheListIsEmptyAfterTheWait() throws Exception {
        manager.go(module);
        System.setProperty(Supply.INITIALIZE_MILLIS, "1");
        classPath = new ClassPath(folder, OnClassPath.class);
        system.Initialize();
        assertThat(system.getCsmList()).isEmpty();
    }

    @Test
    void anIdleChannelIsTakenBackIfThatIsConfigured() throws Exception {
        System.setProperty(Supply.IDLE_TIMEOUT_MILLIS, "1");
        classPath = new ClassPath(folder, OnClassPath.class);
        system.Initialize();
        CsmChannel channel = open();
        await().until(() -> manager.open() == 0);
        assertThatThrownBy(() -> channel.apduExchange(COMMAND)).isInstanceOf(CsmException.class);
    }

    // ---- in a container

    @Test
    void initializeWaitsForTheServiceAndForAModule() throws Exception {
        manager.go(module);
        LibS3 component = new LibS3(new Settings(60_000, 0));
        CompletableFuture<Void> done = CompletableFuture.runAsync(() -> {
            try {
                system.Initialize();
            } catch (CsmException e) {
                throw new IllegalStateException(e);
            }
        });
        component.bindManager(manager.channels());
        assertThat(done).isNotDone();
        manager.come(module);
        done.get(30, TimeUnit.SECONDS);
        assertThat(system.getCsmList()).hasSize(1);
    }

    @Test
    void withoutTheServiceInitializeFailsAfterTheWait() {
        new LibS3(new Settings(1, 0));
        assertNotInitialized("No service " + ChannelManager.class.getName() + " came within 1 ms; install and start the channel manager.");
    }

    @Test
    void theServiceMayGoAndASuccessorServesTheSameServer() throws Exception {
        LibS3 component = new LibS3(new Settings(60_000, 0));
        component.bindManager(manager.channels());
        system.Initialize();
        component.unbindManager(manager.channels());
        assertThatThrownBy(system::getCsmList).isInstanceOfSatisfying(CsmException.class,
                fault -> assertThat(fault.getCode()).isEqualTo(3)).hasMessageContaining("no channel manager at the moment");
        // A component of its own, as after a change of the configuration.
        LibS3 next = new LibS3(new Settings(1, 0));
        next.bindManager(manager.channels());
        assertThat(open()).isNotNull();
    }

    @Test
    void aServiceThatGoesAfterItsSuccessorCameTakesNothingAway() throws Exception {
        LibS3 component = new LibS3(new Settings(60_000, 0));
        try (TestManager successor = new TestManager()) {
            component.bindManager(manager.channels());
            component.bindManager(successor.channels());
            component.unbindManager(manager.channels());
            successor.come(module);
            system.Initialize();
            assertThat(open()).isNotNull();
            assertThat(successor.open()).isEqualTo(1);
            system.Free();
        }
    }

    @Test
    void theServiceDoesNotGoWhileItIsAsked() throws Exception {
        Lease lease = new Lease();
        lease.come(manager.channels());
        CountDownLatch asked = new CountDownLatch(1);
        CountDownLatch answer = new CountDownLatch(1);
        CompletableFuture<Integer> asking = CompletableFuture.supplyAsync(() -> {
            try {
                return lease.ask(channels -> {
                    asked.countDown();
                    answer.await();
                    return channels.modules().size();
                });
            } catch (Exception e) {
                throw new IllegalStateException(e);
            }
        });
        assertThat(asked.await(30, TimeUnit.SECONDS)).isTrue();
        Thread going = new Thread(() -> lease.go(manager.channels()));
        going.start();
        await().atMost(Duration.ofSeconds(30)).until(() -> going.getState() == Thread.State.WAITING);
        assertThat(asking).isNotDone();
        answer.countDown();
        going.join();
        assertThat(asking.get(30, TimeUnit.SECONDS)).isEqualTo(1);
        assertThatThrownBy(() -> lease.ask(ChannelManager::modules)).isInstanceOf(SupplyException.class);
    }

    private CsmChannel open() throws CsmException {
        return List.copyOf(system.getCsmList()).get(0).channelOpen(0);
    }

    private void assertNotInitialized(String message) {
        assertThatThrownBy(system::Initialize).isInstanceOfSatisfying(CsmException.class,
                fault -> assertThat(fault.getCode()).isEqualTo(3)).hasMessage(message);
        assertThatThrownBy(system::getCsmList).isInstanceOf(CsmException.class);
    }
}
