package org.calypsohsm.features;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.lang.annotation.Annotation;
import java.lang.reflect.Proxy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CopyOnWriteArrayList;

import org.calypsohsm.audit.AuditEvent;
import org.calypsohsm.channel.DrainReport;
import org.calypsohsm.feature.FeatureChange;
import org.calypsohsm.feature.FeatureException;
import org.calypsohsm.feature.FeatureException.Reason;
import org.calypsohsm.feature.FeatureImpact;
import org.calypsohsm.feature.FeatureInfo;
import org.calypsohsm.feature.FeatureOperation;
import org.calypsohsm.feature.FeatureOutcome;
import org.calypsohsm.trust.BundleTrust;
import org.calypsohsm.trust.TrustReport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Changes of what is installed, in a framework that does what it is told to. */
class FeatureManagerTest {

    @TempDir
    Path work;

    private final FakePlatform platform = new FakePlatform();
    private final List<AuditEvent> events = new CopyOnWriteArrayList<>();
    private boolean trustRequired;
    private boolean auditRequired;
    private boolean trusted = true;
    private long watchMillis;
    private Path directory;
    private Path repository;
    private DefaultFeatureManager manager;

    @BeforeEach
    void install() throws Exception {
        directory = Files.createDirectory(work.resolve("feature"));
        repository = Files.createDirectory(work.resolve("repo"));
        Files.copy(Features.write(repository, "old", "1", "main"), directory.resolve("old.json"));
        Files.copy(Features.write(repository, "cd21", "1", null), directory.resolve("cd21.json"));
        Features.write(repository, "new", "1", "spare");
        Features.write(repository, "cd21-better", "1", null);
        start();
    }

    private void start() {
        stop();
        manager = new DefaultFeatureManager(config(), directory, repository, Features.SERVICE, platform);
        manager.bindChannels(platform.channels);
        manager.begin();
        assertThat(manager.restored().toCompletableFuture().join()).isEmpty();
    }

    @AfterEach
    void stop() {
        if (manager != null) {
            manager.stop();
        }
    }

    private DefaultFeatureManager.Config config() {
        return new DefaultFeatureManager.Config() {
            @Override
            public Class<? extends Annotation> annotationType() {
                return DefaultFeatureManager.Config.class;
            }

            @Override
            public String directory() {
                return "";
            }

            @Override
            public String repository() {
                return "";
            }

            @Override
            public boolean trustRequired() {
                return trustRequired;
            }

            @Override
            public boolean auditRequired() {
                return auditRequired;
            }

            @Override
            public long startMillis() {
                return 200;
            }

            @Override
            public long drainMillis() {
                return 5000;
            }

            @Override
            public long watchMillis() {
                return watchMillis;
            }
        };
    }

    private BundleTrust trust() {
        Map<Boolean, TrustReport> reports = Map.of(true, new TrustReport("a bundle", true, "CN=Somebody", "Somebody signed it."),
                false, new TrustReport("a bundle", false, null, "Nobody signed it."));
        return (BundleTrust) Proxy.newProxyInstance(FeatureManagerTest.class.getClassLoader(), new Class<?>[] {BundleTrust.class},
                (self, method, arguments) -> switch (method.getName()) {
                    case "check" -> reports.get(trusted);
                    case "equals" -> self == arguments[0];
                    default -> throw new UnsupportedOperationException(method.getName());
                });
    }

    private FeatureOutcome done(FeatureChange change) throws FeatureException {
        return manager.begin(change).outcome().toCompletableFuture().join();
    }

    private FeatureException failed(FeatureChange change) throws FeatureException {
        return failed(manager.begin(change));
    }

    private static FeatureException failed(FeatureOperation operation) {
        try {
            throw new AssertionError(operation.outcome().toCompletableFuture().join().sentence());
        } catch (CompletionException e) {
            return (FeatureException) e.getCause();
        }
    }

    private List<String> installed() {
        return manager.features().stream().filter(FeatureInfo::installed).map(FeatureInfo::name).toList();
    }

    private List<String> acts() {
        return events.stream().map(AuditEvent::act).toList();
    }

    @Test
    void whatWasInstalledComesBack() throws Exception {
        assertThat(platform.done).containsExactly("install cd21 1", "install old 1");
        assertThat(installed()).containsExactly("cd21", "old");
        assertThat(manager.features()).extracting(FeatureInfo::name).containsExactly("cd21", "cd21-better", "new", "old");
        done(FeatureChange.install("new"));
        done(FeatureChange.uninstall("old"));
        start();
        assertThat(installed()).containsExactly("cd21", "new");
    }

    @Test
    void whatComesIsUpBeforeWhatGoesIsDrained() throws Exception {
        platform.done.clear();
        FeatureOutcome outcome = done(FeatureChange.swap("old", "new").withDrainTimeout(Duration.ofMillis(700)));
        assertThat(platform.done).containsExactly("install new 1", "test spare", "drain main 700", "remove old 1");
        assertThat(outcome.moved()).isEqualTo(3);
        assertThat(directory.resolve("new.json")).exists();
        assertThat(directory.resolve("old.json")).doesNotExist();
        assertThat(installed()).containsExactly("cd21", "new");
    }

    @Test
    void whatIsThereAlreadyTakesOver() throws Exception {
        done(FeatureChange.install("new"));
        platform.done.clear();
        done(FeatureChange.swap("old", "new"));
        assertThat(platform.done).containsExactly("drain main 30000", "remove old 1");
        assertThat(installed()).containsExactly("cd21", "new");
    }

    @Test
    void aModuleThatFailsItsSelfTestTakesNothingOver() throws Exception {
        platform.faults.add("test spare");
        platform.done.clear();
        FeatureException fault = failed(FeatureChange.swap("old", "new"));
        assertThat(fault.reason()).isEqualTo(Reason.SELF_TEST);
        assertThat(fault).hasMessageContaining("module spare is FAILED after its self test")
                .hasMessageEndingWith("; all is as before.");
        assertThat(platform.done).containsExactly("install new 1", "test spare", "remove new 1");
        assertThat(installed()).containsExactly("cd21", "old");
        assertThat(directory.resolve("new.json")).doesNotExist();
    }

    @Test
    void aModuleThatIsFailedTakesNothingOver() throws Exception {
        platform.states.put("spare", "FAILED");
        FeatureException fault = failed(FeatureChange.swap("old", "new"));
        assertThat(fault.reason()).isEqualTo(Reason.SELF_TEST);
        assertThat(fault).hasMessageContaining("module spare is FAILED: It is told to be");
    }

    @Test
    void aLockedModuleMayBeInstalledButTakesNothingOver() throws Exception {
        platform.states.put("spare", "LOCKED");
        assertThat(failed(FeatureChange.swap("old", "new")).reason()).isEqualTo(Reason.NOT_READY);
        done(FeatureChange.install("new"));
        assertThat(installed()).contains("new");
    }

    @Test
    void aPluginThatFailsOrNeverComesGoesAgain() throws Exception {
        platform.faults.add("plugin cd21-better");
        assertThat(failed(FeatureChange.swap("cd21", "cd21-better")).reason()).isEqualTo(Reason.SELF_TEST);
        platform.faults.clear();
        platform.faults.add("look cd21-better");
        assertThat(failed(FeatureChange.swap("cd21", "cd21-better")))
                .hasMessageContaining("did not come up within 200 ms: it waits for ever");
        platform.faults.clear();
        platform.faults.add("install cd21-better");
        platform.done.clear();
        assertThat(failed(FeatureChange.swap("cd21", "cd21-better")).reason()).isEqualTo(Reason.NOT_READY);
        assertThat(platform.done).isEmpty();
        assertThat(installed()).containsExactly("cd21", "old");
    }

    @Test
    void aProviderWithoutModulesTakesNothingOver() throws Exception {
        assertThat(failed(FeatureChange.swap("old", "cd21-better"))).hasMessageContaining("it runs no module");
    }

    @Test
    void aFeatureThatNeedsALaterOneComesBackToo() throws Exception {
        platform.needs.put("cd21", "old");
        stop();
        platform.installed.clear();
        platform.done.clear();
        start();
        assertThat(platform.done).startsWith("install old 1", "install cd21 1");
    }

    @Test
    void aFeatureThatNeedsAMissingOneIsToldOnce() throws Exception {
        platform.needs.put("cd21", "nothing");
        stop();
        platform.installed.clear();
        manager = new DefaultFeatureManager(config(), directory, repository, Features.SERVICE, platform);
        manager.bindChannels(platform.channels);
        manager.begin();
        assertThat(manager.restored().toCompletableFuture().join()).singleElement().asString().contains("it needs nothing");
        assertThat(platform.installed).extracting(FeatureFile::name).containsExactly("old");
    }

    @Test
    void untrustedJarsAreNotInstalled() throws Exception {
        trusted = false;
        manager.bindTrust(trust());
        platform.done.clear();
        FeatureException fault = failed(FeatureChange.install("new"));
        assertThat(fault.reason()).isEqualTo(Reason.NOT_TRUSTED);
        assertThat(fault).hasMessageContaining("new-1.jar").hasMessageContaining("Nobody signed it");
        assertThat(platform.done).isEmpty();
        assertThat(manager.features().get(0).trust()).isEqualTo("Nobody signed it.");
        trusted = true;
        done(FeatureChange.install("new"));
    }

    @Test
    void withoutTheCheckNothingIsInstalledIfItIsRequired() throws Exception {
        trustRequired = true;
        stop();
        manager = new DefaultFeatureManager(config(), directory, repository, Features.SERVICE, platform);
        manager.bindChannels(platform.channels);
        manager.bindTrust(trust());
        manager.begin();
        assertThat(manager.restored().toCompletableFuture().join()).isEmpty();
        manager.unbindTrust(trust());
        done(FeatureChange.install("new"));
        BundleTrust other = trust();
        manager.bindTrust(other);
        manager.unbindTrust(other);
        assertThat(failed(FeatureChange.install("cd21-better"))).hasMessageContaining("trustRequired");
    }

    @Test
    void aCancelledSwapIsTakenBack() throws Exception {
        CompletableFuture<DrainReport> drain = new CompletableFuture<>();
        platform.drains.put("main", drain);
        platform.done.clear();
        FeatureOperation swap = manager.begin(FeatureChange.swap("old", "new"));
        await().until(() -> swap.step().equals("draining module main"));
        assertThat(swap.channelsLeft()).isEqualTo(3);
        assertThatThrownBy(() -> manager.begin(FeatureChange.install("cd21-better")))
                .hasMessageContaining("the swap of old for new is in progress")
                .satisfies(fault -> assertThat(((FeatureException) fault).reason()).isEqualTo(Reason.BUSY));
        assertThat(swap.cancel()).isTrue();
        assertThat(failed(swap).reason()).isEqualTo(Reason.CANCELLED);
        assertThat(swap.cancel()).isFalse();
        assertThat(platform.done).containsExactly("install new 1", "test spare", "drain main 30000", "undrain main", "remove new 1");
        assertThat(installed()).containsExactly("cd21", "old");
        done(FeatureChange.install("new"));
    }

    @Test
    void nothingIsDoneThatIsNotRecorded() {
        auditRequired = true;
        start();
        platform.done.clear();
        assertThatThrownBy(() -> manager.begin(FeatureChange.install("new"))).hasMessageContaining("auditRequired")
                .satisfies(fault -> assertThat(((FeatureException) fault).reason()).isEqualTo(Reason.NOT_RECORDED));
        manager.bindAuditLog(event -> {
            throw new IllegalStateException("the disk is full");
        });
        assertThatThrownBy(() -> manager.begin(FeatureChange.uninstall("old"))).hasMessageContaining("the disk is full");
        assertThat(platform.done).isEmpty();
    }

    @Test
    void allActsAreInTheAuditLog() throws Exception {
        manager.bindAuditLog(events::add);
        done(FeatureChange.install("new"));
        done(FeatureChange.swap("old", "new"));
        done(FeatureChange.uninstall("new"));
        platform.faults.add("plugin cd21-better");
        failed(FeatureChange.swap("cd21", "cd21-better"));
        stop();
        assertThat(acts()).containsExactlyInAnyOrder("feature.install", "feature.install", "feature.swap", "feature.swap",
                "feature.uninstall", "feature.uninstall", "feature.swap", "feature.rollback");
        assertThat(events).allMatch(event -> event.subject().contains("com.example:"));
    }

    @Test
    void theNewestVersionIsTaken() throws Exception {
        Features.write(repository, "cd21", "1.9", null);
        Features.write(repository, "cd21", "1.10-SNAPSHOT", null);
        done(FeatureChange.update("cd21"));
        assertThat(platform.installed).extracting(FeatureFile::id).contains("com.example:cd21:1.10-SNAPSHOT")
                .doesNotContain("com.example:cd21:1");
        assertThat(directory.resolve("cd21.json")).content().contains("1.10-SNAPSHOT");
        assertThatThrownBy(() -> manager.begin(FeatureChange.update("cd21"))).hasMessageContaining("is the newest")
                .satisfies(fault -> assertThat(((FeatureException) fault).reason()).isEqualTo(Reason.NOTHING_TO_DO));
        Features.write(repository, "cd21", "1.10", null);
        done(FeatureChange.update("cd21"));
        start();
        assertThat(manager.features()).filteredOn(FeatureInfo::installed).extracting(FeatureInfo::version)
                .containsExactly("1.10", "1");
    }

    @Test
    void unknownNamesAreExplained() {
        assertThatThrownBy(() -> manager.begin(FeatureChange.install("none"))).hasMessageContaining("cd21, cd21-better, new, old");
        assertThatThrownBy(() -> manager.begin(FeatureChange.uninstall("new"))).hasMessageContaining("there are: cd21, old");
        assertThatThrownBy(() -> manager.begin(FeatureChange.install("old"))).hasMessageContaining("installed already");
        assertThatThrownBy(() -> manager.begin(FeatureChange.swap("old", "old"))).hasMessageContaining("its own place");
    }

    @Test
    void impactTellsWhatWillBeMissing() throws Exception {
        FeatureImpact impact = manager.impact(FeatureChange.uninstall("old"));
        assertThat(impact.modules()).containsExactly(new FeatureImpact.Module("main", 3, 1, Duration.ofMillis(70)));
        assertThat(impact.warnings()).containsExactly(
                "No module will serve key group 0: its channels wait for one, and new ones cannot open.",
                "No module will serve key group 1: its channels wait for one, and new ones cannot open.");
        done(FeatureChange.install("new"));
        assertThat(manager.impact(FeatureChange.swap("old", "new")).warnings())
                .containsExactly("No module will serve key group 1: its channels wait for one, and new ones cannot open.");
        assertThat(manager.impact(FeatureChange.uninstall("cd21")).warnings())
                .containsExactly("No plugin will serve ALG 30: sessions with its keys are refused.");
        assertThat(manager.impact(FeatureChange.swap("cd21", "cd21-better")).warnings())
                .containsExactly("No plugin will serve ALG 30, unless cd21-better does: sessions with its keys are refused.");
        done(FeatureChange.install("cd21-better"));
        assertThat(manager.impact(FeatureChange.uninstall("cd21")).warnings()).isEmpty();
    }

    @Test
    void theFolderSaysWhatIsInstalled() throws Exception {
        watchMillis = 10;
        start();
        Path dropped = Files.copy(repository.resolve("new-1.json"), directory.resolve("anything.json"));
        await().until(() -> installed().contains("new"));
        Files.delete(dropped);
        await().until(() -> !installed().contains("new"));

        Path bad = Files.writeString(directory.resolve("bad.json"), "nonsense");
        await().until(() -> Files.exists(directory.resolve("bad.json.refused")));
        assertThat(bad).doesNotExist();

        platform.faults.add("plugin cd21");
        Files.writeString(directory.resolve("cd21.json"), Files.readString(repository.resolve("cd21-1.json")) + " ");
        await().until(() -> Files.exists(directory.resolve("cd21.json.refused")));
        await().untilAsserted(() -> assertThat(directory.resolve("cd21.json"))
                .hasSameBinaryContentAs(repository.resolve("cd21-1.json")));
        assertThat(installed()).containsExactly("cd21", "old");
    }
}
