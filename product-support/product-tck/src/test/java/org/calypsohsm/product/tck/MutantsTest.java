package org.calypsohsm.product.tck;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.File;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;

import aQute.bnd.osgi.Builder;
import aQute.bnd.osgi.EmbeddedResource;
import aQute.bnd.osgi.Jar;
import org.calypsohsm.product.SecurityPlugin;
import org.calypsohsm.product.tck.mutant.Fault;
import org.calypsohsm.profile.testing.ProfileVectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Each rule finds what it is there for: plugins that are broken on purpose. */
class MutantsTest {

    private static final Duration LIMIT = Duration.ofSeconds(20);
    private static final Duration HANG_LIMIT = Duration.ofSeconds(2);
    private static Builder builder;
    private static Jar mutant;

    @TempDir
    private Path folder;

    @BeforeAll
    static void build() throws Exception {
        builder = new Builder();
        for (String place : System.getProperty("java.class.path").split(File.pathSeparator)) {
            if (new File(place).exists()) {
                builder.addClasspath(new File(place));
            }
        }
        builder.setBundleSymbolicName("org.calypsohsm.product.mutant");
        builder.setProperty("Private-Package", "org.calypsohsm.product.tck.mutant,org.calypsohsm.profile");
        builder.setProperty("-noimportjava", "true");
        mutant = builder.build();
        assertThat(builder.getErrors()).isEmpty();
    }

    @AfterAll
    static void close() throws Exception {
        builder.close();
    }

    private static final class Suite extends ProductTck {

        private final Path jar;

        Suite(Path jar) {
            this.jar = jar;
        }

        @Override
        protected Path bundle() {
            return jar;
        }

        @Override
        protected InputStream vectors() {
            return ProfileVectors.open();
        }

        @Override
        protected Map<String, Integer> profiles() {
            return Map.of("TDES_RETAIL", 0x30, "AES_CMAC", 0x50);
        }
    }

    private Suite suite(Fault fault) throws Exception {
        mutant.putResource("fault.txt", new EmbeddedResource(fault.name().getBytes(StandardCharsets.US_ASCII), 0));
        return suite();
    }

    private Suite suite() throws Exception {
        Path jar = folder.resolve("mutant.jar");
        mutant.write(jar.toFile());
        return new Suite(jar);
    }

    private static Rule rule(List<Rule> rules, String id) {
        return rules.stream().filter(rule -> rule.id().equals(id)).findFirst().orElseThrow();
    }

    private static String broken(Suite suite, String id, Duration limit) throws Exception {
        try {
            Rule rule = rule(suite.conformance(), id);
            AssertionError[] found = new AssertionError[1];
            assertThatExceptionOfType(AssertionError.class).as(rule.title()).isThrownBy(() -> ProductTck.check(rule, limit))
                    .satisfies(error -> found[0] = error).withMessageContaining(id).withMessageContaining(rule.source());
            return found[0].getMessage();
        } finally {
            suite.close();
        }
    }

    @Test
    void aRightPluginKeepsEveryRule() throws Exception {
        Suite suite = suite(Fault.NONE);
        try {
            List<Rule> rules = suite.conformance();
            assertThat(rules).extracting(Rule::id).doesNotHaveDuplicates().hasSizeGreaterThan(90);
            for (Rule rule : rules) {
                assertThatCode(() -> ProductTck.check(rule, LIMIT)).as(rule.title()).doesNotThrowAnyException();
            }
        } finally {
            suite.close();
        }
    }

    @ParameterizedTest
    @CsvSource({
        "DOES_NOT_START, bundle-0, the power-up test failed",
        "SELF_TEST_FAILS, contract-6, IllegalStateException",
        "SELF_TEST_FAILS, sam-6, IllegalStateException",
        "WRONG_EXCEPTION, contract-1, instead of IllegalArgumentException",
        "ANY_ALG, contract-1, is not refused",
        "ANY_DIVERSIFIER, contract-2, a diversifier of 0 bytes is not refused",
        "KEEPS_DIVERSIFIER, contract-3, changes what the key does",
        "WRONG_MAC_LENGTH, contract-7, 'sign gives 8 bytes, not 1'",
        "CHANGES_ARGUMENT, contract-9, an argument was changed",
        "KEY_IN_TO_STRING, contract-10, shows 4 bytes of a key",
        "KEY_IN_MESSAGE, contract-10, shows 4 bytes of a key",
        "ANY_CARD_KEY, contract-12, but gives 32 bytes",
        "ANY_BLOCK, contract-13, is not refused with TransferException",
        "NOT_DESTROYED, contract-14, it still does",
        "IGNORES_OFFSET, contract-16, makes a difference",
        "ANY_CERTIFICATE, contract-17, is taken for",
        "ANY_CERTIFICATE, sam-session-26, instead of 6988",
        "NO_EXTENDED_MODE, contract-7, 'storedValueTerminalMac gives 5 bytes, not 10'",
        "NO_EXTENDED_MODE, vectors-0, a session in extended mode",
        "WRONG_ANSWER, vectors-27, another answer than the field verifyCryptogram",
        "NONDETERMINISM, threads-1, different results",
        "SHARED_DIGEST, threads-2, share nothing",
        "SHARED_BUFFER, threads-3, a thread gets another result",
        "TAKES_NULL, hostile-1, sign with null is not refused",
        "UNCHECKED_RANGE, hostile-3, is not refused",
        "HANGS, contract-7, hangs for more than",
        "LATE_CLASS, lifecycle-1, a class was loaded too late",
        "LEAKING_CLASS_LOADER, lifecycle-2, class loaders are still reachable",
        "LEAKING_HOOK, lifecycle-2, 20 of 20 class loaders",
        "LEAKING_THREAD, lifecycle-3, leaked"})
    void findsIt(Fault fault, String id, String found) throws Exception {
        assertThat(broken(suite(fault), id, fault == Fault.HANGS ? HANG_LIMIT : LIMIT)).contains(found);
    }

    @Test
    void findsABundleThatTellsNoResolverWhatItProvides() throws Exception {
        Object before = mutant.getManifest().getMainAttributes().remove(new java.util.jar.Attributes.Name("Provide-Capability"));
        try {
            assertThat(broken(suite(Fault.NONE), "bundle-4", LIMIT)).contains("Provide-Capability is null");
        } finally {
            mutant.getManifest().getMainAttributes().put(new java.util.jar.Attributes.Name("Provide-Capability"), before);
        }
    }

    @Test
    void findsACopyOfTheApi() throws Exception {
        String name = SecurityPlugin.class.getName().replace('.', '/') + "$Copy.class";
        mutant.putResource(name, new EmbeddedResource(new byte[1], 0));
        try {
            assertThat(broken(suite(Fault.NONE), "bundle-5", LIMIT)).contains("the jar holds");
        } finally {
            mutant.remove(name);
        }
    }

    @Test
    void everyKindOfFaultIsFoundByARule() throws Exception {
        CsvSource found = MutantsTest.class.getDeclaredMethod("findsIt", Fault.class, String.class, String.class)
                .getAnnotation(CsvSource.class);
        for (Fault fault : Fault.values()) {
            assertThat(fault == Fault.NONE || List.of(found.value()).stream().anyMatch(line -> line.startsWith(fault + ",")))
                    .as(fault.name())
                    .isTrue();
        }
    }
}
