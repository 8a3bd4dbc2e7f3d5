package org.calypsohsm.apdu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.lang.reflect.Modifier;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class StatusWordTest {

    private static List<Integer> listed() {
        return Arrays.stream(StatusWord.class.getFields()).filter(field -> Modifier.isStatic(field.getModifiers())).map(field -> {
            try {
                return field.getInt(null);
            } catch (IllegalAccessException e) {
                throw new AssertionError(e);
            }
        }).toList();
    }

    @Test
    void readsTheLastTwoBytes() {
        assertThat(StatusWord.of(new byte[] {(byte) 0x90, 0})).isEqualTo(StatusWord.OK);
        assertThat(StatusWord.of(new byte[] {1, 2, 3, 0x6A, (byte) 0x83})).isEqualTo(StatusWord.NOT_FOUND);
        assertThat(StatusWord.of(new byte[] {(byte) 0xFF, (byte) 0xFF})).isEqualTo(0xFFFF);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1})
    void needsTwoBytes(int length) {
        assertThatIllegalArgumentException().isThrownBy(() -> StatusWord.of(new byte[length])).withMessageContaining("not " + length);
    }

    @Test
    void readsWhatItMade() {
        for (int statusWord = 0; statusWord <= 0xFFFF; statusWord++) {
            assertThat(StatusWord.of(StatusWord.response(statusWord))).isEqualTo(statusWord);
        }
    }

    @Test
    void onlyDoneMoreDataAndWarningsAreSuccessful() {
        for (int statusWord = 0; statusWord <= 0xFFFF; statusWord++) {
            boolean expected = statusWord == 0x9000 || statusWord >= 0x6100 && statusWord <= 0x62FF;
            assertThat(StatusWord.isSuccessful(statusWord)).as("%04X", statusWord).isEqualTo(expected);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "9000, 9000 done",
        "6200, '6200 done, data not signed'",
        "6985, '6985 preconditions not satisfied, locked or wrong state'",
        "6113, 6113 more data available",
        "6C08, 6C08 wrong Le",
        "9001, 9001 status word not listed for the SAM-S1"})
    void saysAStatusWordInWords(String statusWord, String words) {
        assertThat(StatusWord.describe(Integer.parseInt(statusWord, 16))).isEqualTo(words);
    }

    @Test
    void hasOtherWordsForEachStatusWordOfTheSam() {
        Set<String> words = new HashSet<>();
        for (int statusWord : listed()) {
            String description = StatusWord.describe(statusWord);
            assertThat(description).doesNotContain("not listed").startsWith(String.format("%04X ", statusWord));
            words.add(description.substring(5));
        }
        assertThat(listed()).hasSize(17);
        assertThat(words).hasSameSizeAs(listed());
    }
}
