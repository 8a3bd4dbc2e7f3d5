package org.calypsohsm.pcsc;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ReaderClaimTest {

    @Test
    void aReaderHasOneOwner() {
        try (ReaderClaim first = ReaderClaim.take("reader 1", "module main")) {
            assertThat(first).isNotNull();
            assertThat(ReaderClaim.take("reader 1", "module main")).isNull();
            assertThat(ReaderClaim.owner("reader 1")).isEqualTo("module main");
            assertThat(ReaderClaim.owner("reader 2")).isNull();
        }
        assertThat(ReaderClaim.owner("reader 1")).isNull();
    }

    @Test
    void closingTwiceTakesNothingFromTheNext() {
        ReaderClaim first = ReaderClaim.take("reader 1", "first");
        first.close();
        try (ReaderClaim second = ReaderClaim.take("reader 1", "second")) {
            first.close();
            assertThat(second).isNotNull();
            assertThat(ReaderClaim.owner("reader 1")).isEqualTo("second");
        }
    }
}
