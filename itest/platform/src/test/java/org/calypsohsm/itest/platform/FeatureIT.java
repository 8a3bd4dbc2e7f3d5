package org.calypsohsm.itest.platform;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertFalse;
import static org.junit.Assert.assertThrows;
import static org.junit.Assert.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.jar.Attributes;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import java.util.stream.Stream;

import org.calypsohsm.card.Card;
import org.calypsohsm.card.CardCommands;
import org.calypsohsm.card.CardProduct;
import org.calypsohsm.channel.Channel;
import org.calypsohsm.channel.ChannelManager;
import org.calypsohsm.channel.ChannelRequest;
import org.calypsohsm.feature.FeatureChange;
import org.calypsohsm.feature.FeatureException;
import org.calypsohsm.feature.FeatureException.Reason;
import org.calypsohsm.feature.FeatureInfo;
import org.calypsohsm.feature.FeatureManager;
import org.calypsohsm.feature.FeatureOperation;
import org.calypsohsm.feature.FeatureOutcome;
import org.calypsohsm.itest.kit.HsmOptions;
import org.calypsohsm.itest.kit.HsmTest;
import org.calypsohsm.itest.kit.Terminal;
import org.calypsohsm.product.SecurityPlugin;
import org.junit.Before;
import org.junit.Test;
import org.osgi.framework.Bundle;

/** Providers and products that are installed, exchanged and removed while the platform runs; each test leaves things as they were. */
public class FeatureIT extends HsmTest {

    private static final Path FOLDER = Path.of("target", "feature-it").toAbsolutePath();
    private static final Path INSTALLED = FOLDER.resolve("feature");
    private static final Path REPOSITORY = FOLDER.resolve("repo");
    private static final String PCI_S3 = "org.calypsohsm.provider.pcis3";
    private static final String SAM_S20 = "org.calypsohsm.provider.sams20";
    private static final String MAIN = "main";
    private static final String SPARE = "spare";
    private static final long PATIENCE_SECONDS = 30;

    private ChannelManager channels;
    private FeatureManager features;

    /** Outside of the container: a repository with good and bad features, and what is installed at first. */
    @Override
    protected HsmOptions options() {
        try {
            return features();
        } catch (Exception e) {
            throw new IllegalStateException("The features of the test cannot be made: " + e.getMessage(), e);
        }
    }

    private static HsmOptions features() throws Exception {
        Path home = Path.of(System.getProperty("hsm.home"));
        delete(FOLDER);
        Files.createDirectories(REPOSITORY);
        Files.createDirectories(INSTALLED);
        try (Stream<Path> files = Files.list(home.resolve("repo"))) {
            for (Path file : files.toList()) {
                Files.copy(file, REPOSITORY.resolve(file.getFileName()));
            }
        }
        String main = module(PCI_S3, MAIN, "\"model\": 100, \"serialNumber\": \"B0000001\"");
        write("pci-s3", PCI_S3, digest(PCI_S3), main);
        write("sam-s20", SAM_S20, digest(SAM_S20), module(SAM_S20, SPARE, "\"serialNumber\": \"C0000001\""));
        write("second", PCI_S3, digest(PCI_S3), module(PCI_S3, "second", "\"model\": 100, \"serialNumber\": \"B0000002\""));
        write("wrong-serial", SAM_S20, digest(SAM_S20), module(SAM_S20, "wrong", "\"serialNumber\": \"nonsense\""));
        write("wrong-digest", SAM_S20, "0".repeat(64), module(SAM_S20, "wrong", ""));
        write("unresolved", "unresolved", jar("unresolved", "no.such.package"), null);
        write("broken", "broken", jar("broken", "org.calypsohsm.product,org.calypsohsm.key,org.osgi.framework"), null);
        write("field", "field", copy("field", "org.calypsohsm.product.cd21"), null);
        for (String feature : List.of("pci-s3", "cd97", "cd21", "tango")) {
            Files.copy(REPOSITORY.resolve(feature + ".json"), INSTALLED.resolve(feature + ".json"));
        }
        return HsmOptions.distribution().features().configuration("""
                {
                  "org.calypsohsm.keystore.test": {"groups": [0]},
                  "org.calypsohsm.features": {"directory": "%s", "repository": "%s", "watchMillis": 50, "startMillis": 3000}
                }
                """.formatted(INSTALLED, REPOSITORY));
    }

    private static void delete(Path folder) throws IOException {
        if (Files.exists(folder)) {
            try (Stream<Path> files = Files.walk(folder)) {
                for (Path file : files.sorted((left, right) -> right.compareTo(left)).toList()) {
                    Files.delete(file);
                }
            }
        }
    }

    private static String module(String pid, String name, String more) {
        return "\"%s~%s\": {\"hsm.module.name\": \"%s\", \"keyGroups\": [0]%s}".formatted(pid, name, name,
                more.isEmpty() ? "" : ", " + more);
    }

    private static void write(String name, String bundle, String digest, String configuration) throws IOException {
        Files.writeString(REPOSITORY.resolve(name + ".json"), json(name, "1.0.0", bundle, digest, configuration));
    }

    private static String json(String name, String version, String bundle, String digest, String configuration) throws IOException {
        return """
                {"feature-resource-version": "1.0", "id": "org.calypsohsm.feature:%s:%s",
                 "bundles": [{"id": "org.calypsohsm:%s:%s", "sha256": "%s"}], "configurations": {%s}}
                """.formatted(name, version, bundle, jarOf(bundle).getFileName().toString().replaceFirst("^" + bundle + "-", "")
                        .replaceFirst("\\.jar$", ""), digest, configuration == null ? "" : configuration);
    }

    private static Path jarOf(String bundle) throws IOException {
        try (Stream<Path> files = Files.list(REPOSITORY)) {
            return files.filter(file -> file.getFileName().toString().startsWith(bundle + "-") && file.toString().endsWith(".jar"))
                    .findFirst().orElseThrow();
        }
    }

    private static String digest(String bundle) throws Exception {
        return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(jarOf(bundle))));
    }

    /** @return the digest of a new jar with {@link BrokenPlugin} */
    private static String jar(String name, String imports) throws Exception {
        Manifest manifest = new Manifest();
        Attributes headers = manifest.getMainAttributes();
        headers.put(Attributes.Name.MANIFEST_VERSION, "1.0");
        headers.putValue("Bundle-ManifestVersion", "2");
        headers.putValue("Bundle-SymbolicName", name);
        headers.putValue("Bundle-Version", "1.0.0");
        headers.putValue("Bundle-Activator", BrokenPlugin.class.getName());
        headers.putValue("Import-Package", imports);
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        String entry = BrokenPlugin.class.getName().replace('.', '/') + ".class";
        try (JarOutputStream out = new JarOutputStream(bytes, manifest);
                InputStream in = BrokenPlugin.class.getClassLoader().getResourceAsStream(entry)) {
            out.putNextEntry(new JarEntry(entry));
            in.transferTo(out);
        }
        Files.write(REPOSITORY.resolve(name + "-1.0.0.jar"), OemJars.sign(bytes.toByteArray()));
        return digest(name);
    }

    /** @return the digest of a jar that is as another one, but for its name */
    private static String copy(String name, String bundle) throws Exception {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (JarFile jar = new JarFile(jarOf(bundle).toFile())) {
            Manifest manifest = new Manifest(jar.getManifest());
            manifest.getMainAttributes().putValue("Bundle-SymbolicName", name);
            // Without the signatures of the entries, of which the copy has none.
            manifest.getEntries().clear();
            try (JarOutputStream out = new JarOutputStream(bytes, manifest)) {
                for (JarEntry entry : jar.stream().filter(one -> !one.isDirectory() && !one.getName().matches("META-INF/[^/]*"))
                        .toList()) {
                    out.putNextEntry(new JarEntry(entry.getName()));
                    jar.getInputStream(entry).transferTo(out);
                }
            }
        }
        Files.write(REPOSITORY.resolve(name + "-1.0.0.jar"), OemJars.sign(bytes.toByteArray()));
        return digest(name);
    }

    @Before
    public void awaitFeatures() {
        channels = hsm().channels();
        hsm().await("the features with the configured folder", () -> {
            features = hsm().await(FeatureManager.class);
            return features.restored().toCompletableFuture().isDone()
                    && installed().equals(List.of("cd21", "cd97", "pci-s3", "tango")) && isOperational(MAIN);
        });
        assertEquals(List.of(), features.restored().toCompletableFuture().join());
        assertEquals(List.of(MAIN), modules());
    }

    private List<String> installed() {
        return features.features().stream().filter(FeatureInfo::installed).map(FeatureInfo::name).toList();
    }

    private List<String> modules() {
        return channels.modules().stream().map(report -> report.name()).toList();
    }

    private boolean isOperational(String module) {
        return channels.modules().stream().anyMatch(report -> report.name().equals(module) && report.state().equals("OPERATIONAL"));
    }

    private List<Bundle> bundles(String symbolicName) {
        return Arrays.stream(hsm().context().getBundles()).filter(bundle -> symbolicName.equals(bundle.getSymbolicName())).toList();
    }

    private FeatureOutcome done(FeatureChange change) throws Exception {
        return features.begin(change).outcome().toCompletableFuture().get(PATIENCE_SECONDS, TimeUnit.SECONDS);
    }

    private FeatureException failed(FeatureOperation operation) {
        return (FeatureException) assertThrows(CompletionException.class, () -> operation.outcome().toCompletableFuture().join())
                .getCause();
    }

    private List<String> drained(FeatureChange change) throws FeatureException {
        return features.impact(change).modules().stream().map(module -> module.name()).toList();
    }

    private void assertContains(String text, String part) {
        assertTrue(part + " is in: " + text, text.contains(part));
    }

    /** Sells until told to stop. */
    private int sell(AtomicBoolean going, int client) throws Exception {
        int sessions = 0;
        CardProduct product = CardProduct.values()[client % CardProduct.values().length];
        try (Channel channel = channels.open(ChannelRequest.forKeyGroup(0).withIdleTimeout(Duration.ZERO))) {
            while (going.get()) {
                Card card = Card.builder(product).keyGroup(0).serialNumber(0x1000 + client).build();
                new Terminal(card, channel).session(CardCommands.DEBIT);
                sessions++;
            }
        }
        return sessions;
    }

    /** What is done while clients sell cards of all products. */
    private interface Work {
        void run(int clients) throws Exception;
    }

    private void underLoad(Work work) throws Exception {
        int clients = 8;
        AtomicBoolean going = new AtomicBoolean(true);
        ExecutorService executor = Executors.newFixedThreadPool(clients);
        try {
            List<Future<Integer>> sellers = new ArrayList<>();
            for (int i = 0; i < clients; i++) {
                int client = i;
                sellers.add(executor.submit(() -> sell(going, client)));
            }
            hsm().await("all sell", () -> channels.channels().size() == clients);
            work.run(clients);
            going.set(false);
            for (Future<Integer> seller : sellers) {
                assertTrue("every client sold", seller.get(PATIENCE_SECONDS, TimeUnit.SECONDS) > 0);
            }
        } finally {
            going.set(false);
            executor.shutdownNow();
        }
    }

    @Test
    public void productsAreSwappedUnderLoadWithoutALostSession() throws Exception {
        underLoad(clients -> {
            for (int swap = 0; swap < 4; swap++) {
                boolean there = swap % 2 == 0;
                assertEquals(0, done(there ? FeatureChange.swap("cd21", "field") : FeatureChange.swap("field", "cd21")).lost());
                assertEquals(there ? 1 : 0, bundles("field").size());
                assertEquals(there ? 0 : 1, bundles("org.calypsohsm.product.cd21").size());
            }
        });
    }

    @Test
    public void providersAreSwappedUnderLoadWithoutALostSession() throws Exception {
        underLoad(clients -> {
            for (int swap = 0; swap < 4; swap++) {
                boolean there = swap % 2 == 0;
                FeatureChange change = there ? FeatureChange.swap("pci-s3", "sam-s20") : FeatureChange.swap("sam-s20", "pci-s3");
                assertEquals(List.of(there ? MAIN : SPARE), drained(change));
                assertEquals(clients, features.impact(change).channels());
                FeatureOutcome outcome = done(change);
                assertEquals(0, outcome.lost());
                assertEquals(clients, outcome.moved());
                assertEquals(List.of(there ? SPARE : MAIN), modules());
                assertEquals(there, Files.exists(INSTALLED.resolve("sam-s20.json")));
                assertEquals(!there, Files.exists(INSTALLED.resolve("pci-s3.json")));
                assertEquals(there ? 0 : 1, bundles(PCI_S3).size());
            }
        });
    }

    @Test
    public void wrongDigestInstallsNothing() throws Exception {
        int before = hsm().context().getBundles().length;
        FeatureException fault = failed(features.begin(FeatureChange.install("wrong-digest")));
        assertEquals(Reason.WRONG_DIGEST, fault.reason());
        assertContains(fault.getMessage(), jarOf(SAM_S20).getFileName().toString());
        assertEquals(before, hsm().context().getBundles().length);
        assertFalse(Files.exists(INSTALLED.resolve("wrong-digest.json")));
    }

    @Test
    public void aProductThatFailsItsSelfTestGoesAgain() throws Exception {
        FeatureException fault = failed(features.begin(FeatureChange.swap("cd21", "broken")));
        assertEquals(Reason.SELF_TEST, fault.reason());
        assertContains(fault.getMessage(), "Broken failed its self test of ALG 30: the answer is not the known one");
        assertEquals(List.of(), bundles("broken"));
        assertTrue(installed().contains("cd21"));
        assertEquals(3, hsm().services(SecurityPlugin.class.getName(), null).size());
    }

    @Test
    public void aProviderThatDoesNotComeUpGoesAgain() throws Exception {
        FeatureException fault = failed(features.begin(FeatureChange.swap("pci-s3", "wrong-serial")));
        assertEquals(Reason.SELF_TEST, fault.reason());
        assertContains(fault.getMessage(), "nonsense");
        assertEquals(List.of(), bundles(SAM_S20));
        assertTrue(isOperational(MAIN));
        fault = failed(features.begin(FeatureChange.install("unresolved")));
        assertEquals(Reason.NOT_READY, fault.reason());
        assertContains(fault.getMessage(), "no.such.package");
        assertEquals(List.of(), bundles("unresolved"));
    }

    @Test
    public void aCancelledSwapLeavesASessionWhereItIs() throws Exception {
        try (Channel channel = channels.open(ChannelRequest.forKeyGroup(0))) {
            Card card = Card.builder(CardProduct.values()[0]).keyGroup(0).serialNumber(0x1234).build();
            Terminal terminal = new Terminal(card, channel);
            terminal.open(CardCommands.DEBIT);
            FeatureOperation swap = features.begin(FeatureChange.swap("pci-s3", "sam-s20"));
            hsm().await("the drain waits for the session", () -> swap.step().startsWith("draining") && swap.channelsLeft() == 1);
            FeatureException busy = assertThrows(FeatureException.class, () -> features.begin(FeatureChange.install("second")));
            assertEquals(Reason.BUSY, busy.reason());
            assertContains(busy.getMessage(), "swap of pci-s3 for sam-s20");
            assertTrue(swap.cancel());
            assertEquals(Reason.CANCELLED, failed(swap).reason());
            assertTrue(isOperational(MAIN));
            assertEquals(List.of(), bundles(SAM_S20));
            terminal.close();
            assertEquals(MAIN, channel.module());
        }
    }

    @Test
    public void twoFeaturesShareABundle() throws Exception {
        done(FeatureChange.install("second"));
        assertEquals(List.of(MAIN, "second"), modules());
        assertEquals(1, bundles(PCI_S3).size());
        assertEquals(List.of("second"), drained(FeatureChange.uninstall("second")));
        done(FeatureChange.uninstall("second"));
        assertEquals(List.of(MAIN), modules());
        assertEquals(1, bundles(PCI_S3).size());
    }

    @Test
    public void theFolderIsFollowed() throws Exception {
        Path file = INSTALLED.resolve("anything.json");
        Files.copy(REPOSITORY.resolve("sam-s20.json"), file);
        hsm().await("the dropped feature is installed", () -> isOperational(SPARE));
        String other = module(SAM_S20, "other", "\"serialNumber\": \"C0000002\"");
        Files.writeString(file, json("sam-s20", "1.0.1", SAM_S20, digest(SAM_S20), other));
        hsm().await("the changed feature is updated", () -> modules().equals(List.of(MAIN, "other")) && isOperational("other"));
        Files.delete(file);
        hsm().await("the deleted feature is uninstalled", () -> modules().equals(List.of(MAIN)) && bundles(SAM_S20).isEmpty());

        Path bad = INSTALLED.resolve("bad.json");
        Files.copy(REPOSITORY.resolve("wrong-digest.json"), bad);
        hsm().await("a bad feature is refused", () -> Files.exists(INSTALLED.resolve("bad.json.refused")));
        assertFalse(Files.exists(bad));
        assertEquals(List.of(), bundles(SAM_S20));
    }

    @Test
    public void aDroppedJarIsAFeature() throws Exception {
        done(FeatureChange.uninstall("cd21"));
        Path jar = INSTALLED.resolve("cd21.jar");
        try {
            Files.copy(jarOf("org.calypsohsm.product.cd21"), jar, StandardCopyOption.REPLACE_EXISTING);
            hsm().await("the plugin of the jar", () -> hsm().services(SecurityPlugin.class.getName(), null).size() == 3);
            hsm().await("it is a feature", () -> installed().contains("cd21"));
        } finally {
            Files.delete(jar);
        }
        hsm().await("the plugin goes with the jar", () -> hsm().services(SecurityPlugin.class.getName(), null).size() == 2);
        hsm().await("nothing is in progress", () -> !installed().contains("cd21"));
        done(FeatureChange.install("cd21"));
    }

    @Test
    public void aNewVersionTakesThePlaceOfTheOld() throws Exception {
        String second = module(PCI_S3, MAIN, "\"model\": 500, \"serialNumber\": \"B0000001\"");
        Path newer = REPOSITORY.resolve("pci-s3-newer.json");
        Files.writeString(newer, json("pci-s3", "1.10.0", PCI_S3, digest(PCI_S3), second));
        try (Channel channel = channels.open(ChannelRequest.forKeyGroup(0))) {
            done(FeatureChange.update("pci-s3"));
            assertEquals(500, channels.modules().get(0).channelsTotal());
            assertEquals(6, channel.exchange(new byte[] {(byte) 0x80, (byte) 0x84, 0, 0, 4}).length);
            assertContains(Files.readString(INSTALLED.resolve("pci-s3.json")), "1.10.0");
            FeatureException fault = assertThrows(FeatureException.class, () -> features.begin(FeatureChange.update("pci-s3")));
            assertEquals(Reason.NOTHING_TO_DO, fault.reason());
        } finally {
            Files.delete(newer);
            Files.copy(REPOSITORY.resolve("pci-s3.json"), INSTALLED.resolve("pci-s3.json"), StandardCopyOption.REPLACE_EXISTING);
        }
        hsm().await("the folder is followed back", () -> channels.modules().size() == 1
                && channels.modules().get(0).channelsTotal() == 100 && isOperational(MAIN));
    }

    @Test
    public void whatIsInstalledComesBackWithTheManager() throws Exception {
        done(FeatureChange.install("second"));
        Bundle manager = hsm().bundle("org.calypsohsm.features");
        manager.stop();
        try {
            assertEquals("what serves goes on", List.of(MAIN, "second"), modules());
            Files.delete(INSTALLED.resolve("second.json"));
        } finally {
            // The other tests need it.
            manager.start();
        }
        hsm().await("the feature whose file is gone is removed", () -> modules().equals(List.of(MAIN)));
        assertEquals(1, bundles(PCI_S3).size());
    }
}
