package org.calypsohsm.provider.sams20pcsc;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashSet;
import java.util.Set;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ClassByteTest {

    @ParameterizedTest
    @CsvSource({"00,0,00", "00,3,03", "00,4,40", "00,19,4F", "80,0,80", "80,3,83", "80,4,C0", "80,19,CF", "94,0,94", "94,3,97",
        "94,4,F0", "94,19,FF"})
    void aClassOnAChannelIsOneByte(String cla, int channel, String expected) {
        assertThat(String.format("%02X", ClassByte.onChannel(Integer.parseInt(cla, 16), channel))).isEqualTo(expected);
    }

    @Test
    void noTwoAreTheSame() {
        Set<Integer> all = new HashSet<>();
        for (int cla : new int[] {0x00, 0x80, 0x94}) {
            for (int channel = 0; channel < 20; channel++) {
                assertThat(all.add(ClassByte.onChannel(cla, channel))).isTrue();
            }
        }
    }

    @Test
    void otherClassesAreOfNoSam() {
        Set<Integer> of = new HashSet<>();
        for (int cla = 0; cla < 256; cla++) {
            if (ClassByte.isOfSam(cla)) {
                of.add(cla);
            }
        }
        assertThat(of).containsExactlyInAnyOrder(0x00, 0x80, 0x94);
    }
}
