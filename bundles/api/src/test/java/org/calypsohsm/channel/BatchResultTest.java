package org.calypsohsm.channel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

import org.calypsohsm.apdu.StatusWord;
import org.junit.jupiter.api.Test;

class BatchResultTest {

    private static BatchResult result(int requested, int... statusWords) {
        List<byte[]> responses = new ArrayList<>();
        for (int statusWord : statusWords) {
            responses.add(StatusWord.response(statusWord));
        }
        return new BatchResult(responses, requested);
    }

    @Test
    void isCompleteIfEveryCommandWasCarriedOut() {
        assertThat(result(0).isComplete()).isTrue();
        assertThat(result(2, 0x9000, 0x9000).isComplete()).isTrue();
        assertThat(result(1, 0x6200).isComplete()).isTrue();
        assertThat(result(1, 0x6108).isComplete()).isTrue();
    }

    @Test
    void isNotCompleteIfItStopped() {
        assertThat(result(2, 0x9000).isComplete()).isFalse();
        assertThat(result(2, 0x9000, 0x6985).isComplete()).isFalse();
        assertThat(result(3, 0x6985).isComplete()).isFalse();
        assertThat(result(1).isComplete()).isFalse();
    }

    @Test
    void tellsCountsButNoData() {
        assertThat(result(3, 0x9000, 0x6985)).hasToString("BatchResult[2 of 3 exchanged, stopped]");
        assertThat(result(1, 0x9000)).hasToString("BatchResult[1 of 1 exchanged, complete]");
    }

    @Test
    void keepsACopyOfTheList() {
        List<byte[]> responses = new ArrayList<>(Collections.singletonList(StatusWord.response(StatusWord.OK)));
        BatchResult result = new BatchResult(responses, 1);
        responses.clear();
        assertThat(result.responses()).hasSize(1);
        assertThatExceptionOfType(UnsupportedOperationException.class).isThrownBy(() -> result.responses().clear());
    }
}
