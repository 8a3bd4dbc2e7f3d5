package org.calypsohsm.itest.platform;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertThrows;
import static org.junit.Assert.assertTrue;

import java.io.ByteArrayInputStream;
import java.time.Duration;
import java.util.Map;

import org.calypsohsm.channel.ChannelManager;
import org.calypsohsm.itest.kit.Hsm;
import org.calypsohsm.itest.kit.HsmOptions;
import org.calypsohsm.itest.kit.HsmTest;
import org.calypsohsm.key.KeyStore;
import org.calypsohsm.module.ModuleState;
import org.calypsohsm.product.SecurityPlugin;
import org.calypsohsm.startup.LockedStore;
import org.junit.Test;
import org.junit.function.ThrowingRunnable;
import org.osgi.framework.Bundle;

/** What the tester kit says of a platform that is broken in many ways. */
public class AwaitIT extends HsmTest {

    private static final Duration SOON = Duration.ofMillis(300);

    @Override
    protected HsmOptions options() {
        return HsmOptions.distribution().durable().without("org.calypsohsm.product.cd97")
                .withoutConfiguration("org.calypsohsm.provider.sams20~spare")
                .configure("org.calypsohsm.provider.pcis3~odd", Map.of("hsm.module.name", "odd", "model", 7));
    }

    /** It never is ready. */
    @Override
    public void awaitPlatform() {
        hsm().awaitModule("main");
    }

    private Hsm soon() {
        return hsm().within(SOON);
    }

    private static void assertSays(ThrowingRunnable waiting, String... parts) {
        String message = assertThrows(AssertionError.class, waiting).getMessage();
        for (String part : parts) {
            assertTrue(part + " is in: " + message, message.contains(part));
        }
    }

    @Test
    public void whatIsThereIsGiven() {
        assertEquals("OPERATIONAL", soon().awaitModule("main").state());
        assertTrue(soon().awaitProduct("CD21") instanceof SecurityPlugin);
    }

    @Test
    public void aWrongConfigurationIsTheReason() {
        assertSays(() -> soon().awaitModule("odd"), "Within 300 ms there was not: module odd OPERATIONAL.",
                "has no module odd, only [main]", "failed: java.lang.IllegalArgumentException",
                "has 100, 500, 1000 or 5000 channels, not 7");
        assertSays(() -> soon().awaitReady(), "module odd");
    }

    @Test
    public void aMissingConfigurationIsTheReason() {
        assertSays(() -> soon().awaitModule("spare"), "has no module spare",
                "waits for a configuration with the PID org.calypsohsm.provider.sams20.");
    }

    @Test
    public void aMissingBundleIsTheReason() {
        assertSays(() -> soon().awaitProduct("CD97"),
                "A service org.calypsohsm.product.SecurityPlugin is there, but none with (hsm.product=CD97).");
        assertSays(() -> soon().await(Runnable.class),
                "No bundle in the container registers a service java.lang.Runnable: is one missing?");
    }

    @Test
    public void aBundleThatIsNotTrustedIsTheReason() throws Exception {
        byte[] unsigned = OemJars.unsigned(OemJars.distributed("org.calypsohsm.product.cd97"), "oem.cd97");
        Bundle oem = hsm().context().installBundle("oem", new ByteArrayInputStream(unsigned));
        try {
            oem.start();
            assertSays(() -> soon().awaitProduct("CD97"), "Bundle oem.cd97", "is refused since it is not signed");
        } finally {
            oem.uninstall();
        }
    }

    @Test
    public void aStoppedBundleIsTheReasonAlsoBehindAReference() throws Exception {
        Bundle sam = hsm().bundle("org.calypsohsm.sam");
        sam.stop();
        try {
            assertSays(() -> soon().awaitModule("main"), "waits for a service org.calypsohsm.module.SamEmulation.",
                    "Bundle org.calypsohsm.sam is stopped.");
        } finally {
            sam.start();
        }
        Bundle manager = hsm().bundle("org.calypsohsm.manager");
        manager.stop();
        try {
            assertSays(() -> soon().await(ChannelManager.class), "Bundle org.calypsohsm.manager is stopped.");
        } finally {
            manager.start();
        }
        hsm().awaitModule("main");
    }

    @Test
    public void aLockedKeyStoreIsTheReason() throws Exception {
        Bundle startup = hsm().bundle("org.calypsohsm.startup");
        startup.stop();
        try {
            hsm().await(LockedStore.class).lock("A test locks it.");
            hsm().awaitModule("main", ModuleState.LOCKED);
            assertSays(() -> soon().awaitModule("main"), "Module main is LOCKED: ", "Key store main is LOCKED: ", "hsm:unlock main");
            assertSays(() -> soon().awaitOpenKeyStore(), "Key store main is LOCKED");
        } finally {
            startup.start();
        }
        hsm().awaitOpenKeyStore();
        assertTrue(hsm().await(KeyStore.class).status().isOpen());
    }
}
