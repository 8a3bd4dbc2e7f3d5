package org.calypsohsm.itest.platform;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertFalse;
import static org.junit.Assert.assertThrows;
import static org.junit.Assert.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.List;

import org.calypsohsm.audit.AuditTrail;
import org.calypsohsm.channel.Channel;
import org.calypsohsm.channel.ChannelManager;
import org.calypsohsm.channel.ChannelRequest;
import org.calypsohsm.channel.ModuleUnavailableException;
import org.calypsohsm.itest.kit.HsmOptions;
import org.calypsohsm.itest.kit.HsmTest;
import org.calypsohsm.product.SecurityPlugin;
import org.calypsohsm.trust.BundleTrust;
import org.calypsohsm.trust.TrustReport;
import org.junit.Before;
import org.junit.Test;
import org.ops4j.pax.exam.spi.reactors.ExamReactorStrategy;
import org.ops4j.pax.exam.spi.reactors.PerClass;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.framework.InvalidSyntaxException;

/** Providers and product plugins that come while the platform runs: signed, unsigned and tampered. */
@ExamReactorStrategy(PerClass.class)
public class TrustIT extends HsmTest {

    private static final byte[] GET_CHALLENGE_4 = {(byte) 0x80, (byte) 0x84, 0x00, 0x00, 0x04};
    private static final String OEM = "com.example.oem";
    private static final String CD21 = "org.calypsohsm.product.cd21";
    private static final String SAM_S20 = "org.calypsohsm.provider.sams20";
    private static final String CODE = "org/calypsohsm/product/cd21/Cd21Plugin.class";
    private static final String SPARE = "spare";
    /** Where the configuration, outside of the container, leaves the jars for the tests inside. */
    private static final Path FOLDER = Path.of("target", "trust-it").toAbsolutePath();

    private static final Path STORE = FOLDER.resolve("store");

    private BundleContext context;
    private ChannelManager channels;
    private BundleTrust trust;
    private AuditTrail trail;

    @Override
    protected HsmOptions options() {
        try {
            return jars();
        } catch (Exception e) {
            throw new IllegalStateException("The jars of the test cannot be made: " + e.getMessage(), e);
        }
    }

    private static HsmOptions jars() throws Exception {
        Files.createDirectories(FOLDER);
        byte[] unsigned = OemJars.unsigned(OemJars.distributed(CD21), OEM);
        Files.write(FOLDER.resolve("unsigned.jar"), unsigned);
        Files.write(FOLDER.resolve("signed.jar"), OemJars.sign(unsigned));
        Files.write(FOLDER.resolve("tampered.jar"), OemJars.tamper(OemJars.sign(unsigned), CODE));
        Path provider = OemJars.distributed(SAM_S20);
        Files.copy(provider, FOLDER.resolve("provider-signed.jar"), StandardCopyOption.REPLACE_EXISTING);
        Files.write(FOLDER.resolve("provider-unsigned.jar"), OemJars.unsigned(provider, SAM_S20));
        Path certificate = Path.of(System.getProperty("hsm.home"), "conf/trust/developer.pem");
        Files.copy(certificate, Files.createDirectories(STORE).resolve("developer.pem"), StandardCopyOption.REPLACE_EXISTING);
        return HsmOptions.distribution().trustStore(STORE).auditLog().configuration("""
                {
                  "org.calypsohsm.keystore.test": {"groups": [0]},
                  "org.calypsohsm.provider.pcis3~main": {"hsm.module.name": "main", "model": 100, "serialNumber": "B0000001",
                    "keyGroups": [0]},
                  "org.calypsohsm.provider.sams20~spare": {"hsm.module.name": "spare", "serialNumber": "C0000001", "keyGroups": [0]}
                }
                """);
    }

    @Before
    public void findServices() {
        context = hsm().context();
        channels = hsm().channels();
        trust = hsm().await(BundleTrust.class);
        trail = hsm().await(AuditTrail.class);
    }

    private boolean isOperational(String module) {
        return channels.modules().stream().anyMatch(report -> report.name().equals(module) && report.state().equals("OPERATIONAL"));
    }

    private static byte[] jar(String name) throws IOException {
        return Files.readAllBytes(FOLDER.resolve(name));
    }

    private static ByteArrayInputStream stream(byte[] jar) {
        return new ByteArrayInputStream(jar);
    }

    /** @return whether the virtual SAM may see a plugin of a bundle */
    private boolean isServed(Bundle bundle) {
        try {
            return hsm().bundle("org.calypsohsm.sam").getBundleContext().getServiceReferences(SecurityPlugin.class, null).stream()
                    .anyMatch(plugin -> bundle.equals(plugin.getBundle()));
        } catch (InvalidSyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    private static boolean isRegistered(Bundle bundle) {
        return bundle.getRegisteredServices() != null;
    }

    private boolean isAudited(String subject, String reason) {
        return trail.tail(1000).stream().map(entry -> entry.event()).anyMatch(event -> event.act().equals("bundle.refused")
                && event.subject().startsWith(subject + " ") && event.outcome().contains(reason));
    }

    @Test
    public void everyProviderAndProductOfTheDistributionIsTrusted() {
        assertEquals(List.of(), trust.refused());
        TrustReport report = trust.check(hsm().bundle(CD21).getBundleId());
        assertTrue(report.sentence(), report.trusted());
        assertEquals(1, trust.store().certificates().size());
    }

    @Test
    public void unsignedProductIsRefusedAndTheSameSignedIsServed() throws Exception {
        assertFalse(trust.check(jar("unsigned.jar")).trusted());
        assertTrue(trust.check(jar("signed.jar")).trusted());
        Bundle oem = context.installBundle("oem:1", stream(jar("unsigned.jar")));
        try {
            oem.start();
            hsm().await("the plugin is registered", () -> isRegistered(oem));
            assertFalse("served", isServed(oem));
            assertEquals(OEM, trust.refused().get(0).bundle().split(" ")[0]);
            hsm().await("an entry in the audit log", () -> isAudited(OEM, "is not signed"));

            oem.update(stream(jar("signed.jar")));
            hsm().await("the plugin is served", () -> isServed(oem));
            assertEquals(List.of(), trust.refused());

            oem.update(stream(jar("tampered.jar")));
            hsm().await("the plugin is registered", () -> isRegistered(oem));
            assertFalse("served", isServed(oem));
            hsm().await("an entry in the audit log", () -> isAudited(OEM, CODE));
        } finally {
            oem.uninstall();
        }
    }

    @Test
    public void providerUpdatedToAnUnsignedJarLosesItsModule() throws Exception {
        Bundle provider = hsm().bundle(SAM_S20);
        provider.update(stream(jar("provider-unsigned.jar")));
        try {
            hsm().await("the module is registered", () -> isRegistered(provider));
            hsm().await("an entry in the audit log", () -> isAudited(SAM_S20, "is not signed"));
            assertFalse("the channel manager has it", channels.modules().stream().anyMatch(report -> report.name().equals(SPARE)));
        } finally {
            provider.update(stream(jar("provider-signed.jar")));
        }
        hsm().await("the module comes back", () -> isOperational(SPARE));
    }

    /** All modules and products go in an orderly way, and what was open goes on when they come back. */
    @Test
    public void removedCertificateTakesModulesAwayUntilItComesBack() throws Exception {
        try (Channel channel = channels.open(ChannelRequest.forKeyGroup(0).withIdleTimeout(Duration.ZERO))) {
            assertEquals(6, channel.exchange(GET_CHALLENGE_4).length);
            Path away = Files.move(STORE.resolve("developer.pem"), FOLDER.resolve("away.pem"), StandardCopyOption.REPLACE_EXISTING);
            try {
                hsm().await("no module is there", () -> channels.modules().isEmpty());
                hsm().await("an entry in the audit log", () -> isAudited(SAM_S20, "is empty"));
                assertThrows(ModuleUnavailableException.class, () -> channel.exchange(GET_CHALLENGE_4));
            } finally {
                Files.move(away, STORE.resolve("developer.pem"));
            }
            hsm().await("both modules are OPERATIONAL", () -> isOperational("main") && isOperational(SPARE));
            assertEquals(6, channel.exchange(GET_CHALLENGE_4).length);
        }
        assertEquals(List.of(), trust.refused());
    }
}
