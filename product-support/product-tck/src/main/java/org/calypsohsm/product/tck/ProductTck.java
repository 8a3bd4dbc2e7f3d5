package org.calypsohsm.product.tck;

import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

import org.calypsohsm.product.SecurityPlugin;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.TestInstance;

/**
 * The conformance suite of a security plugin. An OEM extends it with an empty class whose name ends in {@code IT}, and lets
 * Failsafe run it, behind the build of the bundle: the suite runs the bundle itself, in a container with the virtual SAM.
 *
 * <pre>
 * class MetroTckIT extends ProductTck {
 * }
 * </pre>
 *
 * <p>What is broken is reported with the rule, where the rule is written, and what was found.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
public abstract class ProductTck {

    private static final Duration LIMIT = Duration.ofSeconds(60);

    private Kit kit;

    /** Makes the suite. */
    protected ProductTck() {
    }

    /**
     * Tells where the bundle of the plugin is.
     *
     * @return its jar; by default the one bundle in the folder {@code target} that provides a {@link SecurityPlugin}
     * @throws IOException if there is not exactly one
     */
    protected Path bundle() throws IOException {
        List<Path> found = new ArrayList<>();
        try (Stream<Path> files = Files.list(Path.of("target"))) {
            for (Path file : files.filter(path -> path.toString().endsWith(".jar")).toList()) {
                String provided = PluginContainer.manifestOf(file).getMainAttributes().getValue("Provide-Capability");
                if (provided != null && provided.contains(SecurityPlugin.class.getName())) {
                    found.add(file);
                }
            }
        }
        if (found.size() != 1) {
            throw new IOException("The folder " + new File("target").getAbsolutePath() + " has " + found.size()
                    + " bundles that provide a SecurityPlugin instead of one " + found
                    + ": build with \"mvn clean verify\", and run this class with Failsafe.");
        }
        return found.get(0);
    }

    /**
     * Opens the known answers.
     *
     * @return a list in JSON, in the shape of security-profile-vectors.json with a field {@code alg} instead of
     *         {@code profile}; by default the resource {@code /vectors.json}. It is closed by the caller.
     */
    protected InputStream vectors() {
        return getClass().getResourceAsStream("/vectors.json");
    }

    /**
     * Tells the ALG codes of vectors that name a profile instead of a code.
     *
     * @return ALG codes by the name of the profile; by default none
     */
    protected Map<String, Integer> profiles() {
        return Map.of();
    }

    /**
     * Tries every rule.
     *
     * @return one test for each rule
     * @throws Exception if bundle or vectors cannot be read
     */
    @TestFactory
    final Stream<DynamicTest> rules() throws Exception {
        return conformance().stream().map(rule -> DynamicTest.dynamicTest(rule.title(), () -> check(rule, LIMIT)));
    }

    static void check(Rule rule, Duration limit) {
        assertTimeoutPreemptively(limit, rule::check,
                () -> "Rule " + rule.title() + " hangs for more than " + limit.toSeconds() + " s; written in: " + rule.source());
    }

    final List<Rule> conformance() throws Exception {
        List<Vector> known;
        try (InputStream in = vectors()) {
            if (in == null) {
                throw new IOException("There is no resource /vectors.json: put the known answers into src/test/resources.");
            }
            known = Vector.read(in, profiles());
        }
        try {
            kit = new Kit(bundle(), known);
        } catch (Rule.Violation e) {
            return List.of(new Rule("bundle-0", "SecurityPlugin, class comment", "The bundle starts and registers one SecurityPlugin.",
                    () -> {
                throw e;
            }));
        }
        List<Rule> rules = new ArrayList<>(BundleRules.of(kit));
        if (kit.algs.length > 0) {
            rules.addAll(ContractRules.of(kit));
            rules.addAll(VectorRules.of(kit));
            rules.addAll(SamRules.of(kit));
            rules.addAll(ThreadRules.of(kit));
            rules.addAll(HostileRules.of(kit));
            rules.addAll(LifecycleRules.of(kit));
        }
        return rules;
    }

    @AfterAll
    final void close() throws Exception {
        if (kit != null) {
            kit.close();
        }
    }
}
