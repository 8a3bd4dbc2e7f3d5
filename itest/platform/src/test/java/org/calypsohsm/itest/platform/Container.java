package org.calypsohsm.itest.platform;

import static org.junit.Assert.assertTrue;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.framework.BundleException;
import org.osgi.framework.Constants;
import org.osgi.framework.FrameworkUtil;
import org.osgi.framework.InvalidSyntaxException;
import org.osgi.framework.ServiceReference;
import org.osgi.framework.wiring.FrameworkWiring;

/** The container, as the tests inside it see it. */
final class Container {

    private static final Duration PATIENCE = Duration.ofSeconds(20);
    private static final long LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(5);

    private final BundleContext context = FrameworkUtil.getBundle(Container.class).getBundleContext();

    Bundle[] bundles() {
        return context.getBundles();
    }

    Bundle bundle(String symbolicName) {
        return Arrays.stream(bundles()).filter(bundle -> symbolicName.equals(bundle.getSymbolicName())).findFirst().orElseThrow();
    }

    Bundle install(Path jar) throws BundleException {
        Bundle bundle = context.installBundle(jar.toUri().toString());
        bundle.start();
        return bundle;
    }

    /** Uninstalls a bundle, and refreshes, so that no class of it can be loaded any more. */
    void uninstall(Bundle bundle) throws BundleException, InterruptedException {
        bundle.uninstall();
        CountDownLatch refreshed = new CountDownLatch(1);
        context.getBundle(Constants.SYSTEM_BUNDLE_LOCATION).adapt(FrameworkWiring.class)
                .refreshBundles(List.of(bundle), event -> refreshed.countDown());
        assertTrue("the framework refreshes", refreshed.await(PATIENCE.toSeconds(), TimeUnit.SECONDS));
    }

    List<ServiceReference<?>> services(String type, String filter) {
        try {
            ServiceReference<?>[] found = context.getAllServiceReferences(type, filter);
            return found == null ? List.of() : Arrays.asList(found);
        } catch (InvalidSyntaxException e) {
            throw new IllegalArgumentException(e);
        }
    }

    <T> T service(Class<T> type) {
        await("service " + type.getName(), () -> context.getServiceReference(type) != null);
        return Objects.requireNonNull(context.getService(context.getServiceReference(type)));
    }

    /** Waits until a condition holds, and fails the test if it never does. */
    static void await(String what, BooleanSupplier condition) {
        long end = System.nanoTime() + PATIENCE.toNanos();
        while (!condition.getAsBoolean()) {
            assertTrue("within " + PATIENCE.toSeconds() + " s: " + what, System.nanoTime() - end < 0);
            LockSupport.parkNanos(LOOK_NANOS);
        }
    }
}
