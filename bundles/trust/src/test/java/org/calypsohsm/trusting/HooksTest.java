package org.calypsohsm.trusting;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.io.ByteArrayInputStream;
import java.lang.reflect.Proxy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;

import org.apache.felix.framework.FrameworkFactory;
import org.calypsohsm.audit.AuditEvent;
import org.calypsohsm.audit.AuditLog;
import org.calypsohsm.product.SecurityPlugin;
import org.calypsohsm.trust.BundleTrust;
import org.calypsohsm.trust.TrustReport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.framework.BundleEvent;
import org.osgi.framework.Constants;
import org.osgi.framework.ServiceReference;
import org.osgi.framework.SynchronousBundleListener;
import org.osgi.framework.launch.Framework;
import org.osgi.framework.wiring.FrameworkWiring;
import org.osgi.util.tracker.ServiceTracker;

/** Services of trusted and other bundles, as a third bundle of a real framework sees them. */
class HooksTest {

    private static Signer us;
    private static Signer other;

    @TempDir
    private Path folder;
    private Path store;
    private Framework framework;
    private BundleContext context;
    private Bundle consumer;
    private Bundle trustBundle;
    private Activator activator;
    private ServiceTracker<SecurityPlugin, SecurityPlugin> tracker;
    private final List<AuditEvent> audited = new CopyOnWriteArrayList<>();

    @BeforeAll
    static void makeSigners() throws Exception {
        us = Signer.selfSigned("US");
        other = Signer.selfSigned("OTHER");
    }

    @BeforeEach
    void startFramework() throws Exception {
        store = Files.createDirectory(folder.resolve("store"));
        us.trustedIn(store);
        framework = new FrameworkFactory().newFramework(Map.of(Constants.FRAMEWORK_STORAGE, folder.resolve("cache").toString(),
                Activator.STORE, store.toString(), "felix.log.level", "0"));
        framework.start();
        context = framework.getBundleContext();
        // Bundles whose name begins so register a plugin whenever they start.
        context.addBundleListener((SynchronousBundleListener) event -> {
            if (event.getType() == BundleEvent.STARTED && event.getBundle().getSymbolicName().startsWith("plugin")) {
                register(event.getBundle());
            }
        });
        consumer = context.installBundle("consumer", new ByteArrayInputStream(Jars.bundle("consumer")));
        consumer.start();
        tracker = new ServiceTracker<>(consumer.getBundleContext(), SecurityPlugin.class, null);
        tracker.open();
        trustBundle = context.installBundle("trust", new ByteArrayInputStream(Jars.bundle("trust")));
        startTrust();
    }

    /** As the framework does; the bundle of the test has no code. */
    private void startTrust() throws Exception {
        trustBundle.start();
        activator = new Activator();
        activator.start(trustBundle.getBundleContext());
    }

    private void stopTrust() throws Exception {
        activator.stop(trustBundle.getBundleContext());
        activator = null;
        trustBundle.stop();
    }

    @AfterEach
    void stopFramework() throws Exception {
        if (activator != null) {
            stopTrust();
        }
        framework.stop();
        framework.waitForStop(0);
    }

    /** Under two types, to be found by neither. */
    private static void register(Bundle owner) {
        Object plugin = Proxy.newProxyInstance(HooksTest.class.getClassLoader(), new Class<?>[] {SecurityPlugin.class, Runnable.class},
                (self, method, arguments) -> switch (method.getName()) {
                    case "equals" -> self == arguments[0];
                    case "hashCode" -> System.identityHashCode(self);
                    default -> null;
                });
        owner.getBundleContext().registerService(new String[] {SecurityPlugin.class.getName(), Runnable.class.getName()}, plugin,
                null);
    }

    private Bundle install(byte[] jar) throws Exception {
        Bundle bundle = context.installBundle("test:" + System.nanoTime(), new ByteArrayInputStream(jar));
        if (bundle.getHeaders().get(Constants.FRAGMENT_HOST) == null) {
            bundle.start();
        }
        return bundle;
    }

    private void assertSeen(Bundle owner, boolean seen) throws Exception {
        ServiceReference<?> own = owner.getRegisteredServices()[0];
        assertThat(owner.getBundleContext().getServiceReferences(SecurityPlugin.class, null)).as("by its owner").contains(cast(own));
        BundleContext viewer = consumer.getBundleContext();
        List<ServiceReference<?>> found = new ArrayList<>(viewer.getServiceReferences(SecurityPlugin.class, null));
        assertThat(found.contains(own)).as("found").isEqualTo(seen);
        assertThat(viewer.getServiceReferences(Runnable.class, null).contains(own)).as("found by another type").isEqualTo(seen);
        assertThat(List.of(viewer.getAllServiceReferences(null, null)).contains(own)).as("found without a type").isEqualTo(seen);
        assertThat(tracker.getServiceReferences() != null && List.of(tracker.getServiceReferences()).contains(own))
                .as("tracked").isEqualTo(seen);
    }

    @SuppressWarnings("unchecked") // registered under this type
    private static ServiceReference<SecurityPlugin> cast(ServiceReference<?> reference) {
        return (ServiceReference<SecurityPlugin>) reference;
    }

    private void audit() {
        context.registerService(AuditLog.class, audited::add, null);
    }

    private BundleTrust trust() {
        return context.getService(context.getServiceReference(BundleTrust.class));
    }

    @Test
    void signedIsSeenAndUnsignedIsNot() throws Exception {
        Bundle good = install(us.sign(Jars.bundle("plugin.good")));
        Bundle bad = install(Jars.bundle("plugin.bad"));
        Bundle foreign = install(other.sign(Jars.bundle("plugin.foreign")));
        assertSeen(good, true);
        assertSeen(bad, false);
        assertSeen(foreign, false);
        assertThat(trust().check(good.getBundleId()).trusted()).isTrue();
        assertThat(trust().refused()).extracting(TrustReport::bundle).containsExactly("plugin.bad 1.0.0", "plugin.foreign 1.0.0");
        assertThatThrownBy(() -> trust().check(4711)).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("no bundle 4711");
    }

    @Test
    void everyRefusalIsAuditedOnceAlsoIfTheLogComesLater() throws Exception {
        Bundle early = install(Jars.bundle("plugin.early"));
        assertSeen(early, false);
        audit();
        Bundle late = install(Jars.bundle("plugin.late"));
        assertSeen(late, false);
        trust().check(Jars.bundle("never.installed"));
        install(Jars.bundle("unsigned.library"));
        await().until(() -> audited.size() >= 3);
        assertThat(audited).extracting(AuditEvent::act).containsOnly("bundle.refused");
        assertThat(audited).extracting(AuditEvent::subject)
                .containsExactly("plugin.early 1.0.0", "plugin.late 1.0.0", "never.installed 1.0.0");
        assertThat(audited.get(0).outcome()).contains("plugin.early 1.0.0 is refused since it is not signed");
    }

    @Test
    void updateToAnUnsignedJarHides() throws Exception {
        Bundle bundle = install(us.sign(Jars.bundle("plugin.a")));
        assertSeen(bundle, true);
        bundle.update(new ByteArrayInputStream(Jars.bundle("plugin.a")));
        assertSeen(bundle, false);
        bundle.update(new ByteArrayInputStream(us.sign(Jars.bundle("plugin.a"))));
        assertSeen(bundle, true);
        bundle.update(new ByteArrayInputStream(Jars.replace(us.sign(Jars.bundle("plugin.a")), Jars.CODE, "code", "c0de")));
        assertSeen(bundle, false);
        assertThat(trust().refused().get(0).sentence()).contains("changed", Jars.CODE);
        bundle.uninstall();
        assertThat(trust().refused()).isEmpty();
    }

    @Test
    void fragmentCounts() throws Exception {
        Bundle signed = install(us.sign(Jars.bundle("fragment.good", "Fragment-Host: plugin.a")));
        Bundle bundle = install(us.sign(Jars.bundle("plugin.a")));
        assertSeen(bundle, true);
        Bundle unsigned = install(Jars.bundle("fragment.bad", "Fragment-Host: plugin.a"));
        refresh(bundle);
        assertThat(unsigned.getState()).as("attached").isEqualTo(Bundle.RESOLVED);
        assertSeen(bundle, false);
        assertThat(trust().refused().get(0).sentence())
                .contains("plugin.a 1.0.0 is refused since its fragment fragment.bad 1.0.0 is not signed");
        unsigned.uninstall();
        refresh(bundle);
        assertSeen(bundle, true);
        // The host goes on with the old, good content until it is refreshed.
        signed.update(new ByteArrayInputStream(Jars.bundle("fragment.good", "Fragment-Host: plugin.a")));
        assertSeen(bundle, true);
        refresh(bundle);
        assertSeen(bundle, false);
    }

    private void refresh(Bundle bundle) {
        List<Integer> refreshed = new CopyOnWriteArrayList<>();
        framework.adapt(FrameworkWiring.class).refreshBundles(List.of(bundle), event -> refreshed.add(event.getType()));
        await().until(() -> !refreshed.isEmpty() && bundle.getState() == Bundle.ACTIVE && bundle.getRegisteredServices() != null);
    }

    @Test
    void unsignedExtensionOfTheFrameworkOffersNothing() {
        register(framework);
        assertThat(consumer.getBundleContext().getServiceReference(SecurityPlugin.class)).isNull();
        assertThat(trust().refused()).singleElement().extracting(TrustReport::sentence).asString().contains("framework itself");
    }

    /** What the framework reads in place may change after the check. */
    @Test
    void referenceIsRefused() throws Exception {
        Path jar = Files.write(folder.resolve("by-reference.jar"), us.sign(Jars.bundle("plugin.reference")));
        Bundle byReference = context.installBundle("reference:" + jar.toUri());
        byReference.start();
        assertSeen(byReference, false);
        assertThat(trust().check(byReference.getBundleId()).sentence()).contains("reference:");
        Path other = Files.write(folder.resolve("update.jar"), us.sign(Jars.bundle("plugin.updated")));
        Bundle updated = install(Jars.bundle("plugin.updated", "Bundle-UpdateLocation: reference:" + other.toUri()));
        updated.update();
        assertThat(updated.getHeaders().get(Constants.BUNDLE_UPDATELOCATION)).isNull();
        assertSeen(updated, false);
    }

    @Test
    void changeOfTheStoreTakesServicesAndGivesThem() throws Exception {
        audit();
        Bundle ours = install(us.sign(Jars.bundle("plugin.ours")));
        Bundle theirs = install(other.sign(Jars.bundle("plugin.theirs")));
        assertSeen(ours, true);
        assertSeen(theirs, false);
        Files.delete(store.resolve("US.pem"));
        other.trustedIn(store);
        await().until(() -> tracker.getServiceReferences() != null && tracker.getServiceReferences()[0].getBundle() == theirs);
        await().until(() -> ours.getRegisteredServices() != null && theirs.getRegisteredServices() != null);
        assertSeen(ours, false);
        assertSeen(theirs, true);
        await().until(() -> audited.stream().anyMatch(event -> event.act().equals("trust.change")
                && event.outcome().contains("CN=OTHER")));
        await().until(() -> audited.stream().anyMatch(event -> event.subject().equals("plugin.ours 1.0.0")));
        Files.delete(store.resolve("OTHER.pem"));
        await().until(() -> tracker.isEmpty());
        assertThat(trust().store().problem()).contains("is empty");
    }

    @Test
    void whoHoldsAServiceFromBeforeTheStartLetsGo() throws Exception {
        stopTrust();
        Bundle bad = install(Jars.bundle("plugin.bad"));
        Bundle good = install(us.sign(Jars.bundle("plugin.good")));
        assertThat(tracker.getServices()).as("nobody checks").hasSize(2);
        startTrust();
        assertSeen(bad, false);
        assertSeen(good, true);
    }

    @Test
    void stoppedTrustLeavesNothingRefusedRunning() throws Exception {
        audit();
        Bundle good = install(us.sign(Jars.bundle("plugin.good")));
        Bundle bad = install(Jars.bundle("plugin.bad"));
        stopTrust();
        assertThat(good.getState()).isEqualTo(Bundle.ACTIVE);
        assertThat(bad.getState()).isEqualTo(Bundle.RESOLVED);
        assertThat(audited).extracting(AuditEvent::act).contains("trust.stop");
    }
}
