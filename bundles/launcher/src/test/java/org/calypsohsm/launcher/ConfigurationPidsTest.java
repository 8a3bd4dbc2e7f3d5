package org.calypsohsm.launcher;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ConfigurationPidsTest {

    @Test
    void takesTheOuterKeysOnly() {
        assertThat(ConfigurationPids.read("""
                {
                  ":configurator:resource-version": 1,
                  "a.b": { "inner": { "x": 1 }, "list": ["y", {"z": 2}] },
                  "a.c~main" : { "text": "not: \\"a\\": key", "path": "C:\\\\" },
                  "a.d":{}
                }
                """)).containsExactly("a.b", "a.c~main", "a.d");
    }

    @Test
    void skipsComments() {
        assertThat(ConfigurationPids.read("""
                { // "a": {},
                  /* "b": { */
                  "c" /* here too */ : { "url": "http://x" }
                }
                """)).containsExactly("c");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "{", "}", "\"", "{\"a", "{\"a\"", "{\"a\\", "/*", "//", "{\"a\" /*", "]["})
    void survivesWhatIsNoJson(String text) {
        assertThat(ConfigurationPids.read(text)).isEmpty();
    }
}
