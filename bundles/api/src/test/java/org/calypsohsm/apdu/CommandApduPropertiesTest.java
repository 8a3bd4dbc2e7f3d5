package org.calypsohsm.apdu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.nio.ByteBuffer;
import java.util.HexFormat;

import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;

/** The four cases of ISO/IEC 7816-3 section 12.1.3, with short lengths. */
class CommandApduPropertiesTest {

    @Provide
    Arbitrary<byte[]> headers() {
        return Arbitraries.bytes().array(byte[].class).ofSize(4);
    }

    @Provide
    Arbitrary<byte[]> dataFields() {
        return Arbitraries.bytes().array(byte[].class).ofMinSize(1).ofMaxSize(255);
    }

    private static byte[] join(byte[]... parts) {
        ByteBuffer all = ByteBuffer.allocate(600);
        for (byte[] part : parts) {
            all.put(part);
        }
        byte[] joined = new byte[all.position()];
        all.flip().get(joined);
        return joined;
    }

    private static byte[] octet(int value) {
        return new byte[] {(byte) value};
    }

    private static void assertShape(byte[] bytes, int lc, int le) {
        CommandApdu apdu = CommandApdu.of(bytes);
        assertThat(apdu.isWellFormed()).isTrue();
        assertThat(apdu.hasHeader()).isTrue();
        assertThat(apdu.cla()).isEqualTo(bytes[0] & 0xFF);
        assertThat(apdu.ins()).isEqualTo(bytes[1] & 0xFF);
        assertThat(apdu.p1()).isEqualTo(bytes[2] & 0xFF);
        assertThat(apdu.p2()).isEqualTo(bytes[3] & 0xFF);
        assertThat(apdu.p1p2()).isEqualTo((bytes[2] & 0xFF) * 256 + (bytes[3] & 0xFF));
        assertThat(apdu.lc()).isEqualTo(lc);
        assertThat(apdu.le()).isEqualTo(le);
        for (int i = 0; i < lc; i++) {
            assertThat(apdu.data(i)).isEqualTo(bytes[apdu.dataOffset() + i] & 0xFF);
        }
        assertThat(apdu.bytes()).isSameAs(bytes);
    }

    @Property
    void case1HasOnlyAHeader(@ForAll("headers") byte[] header) {
        assertShape(header, 0, -1);
    }

    @Property
    void case2HasLe(@ForAll("headers") byte[] header, @ForAll @IntRange(max = 255) int le) {
        assertShape(join(header, octet(le)), 0, le);
    }

    @Property
    void case3HasData(@ForAll("headers") byte[] header, @ForAll("dataFields") byte[] data) {
        assertShape(join(header, octet(data.length), data), data.length, -1);
    }

    @Property
    void case4HasDataAndLe(@ForAll("headers") byte[] header, @ForAll("dataFields") byte[] data,
            @ForAll @IntRange(max = 255) int le) {
        assertShape(join(header, octet(data.length), data, octet(le)), data.length, le);
    }

    @Property
    void lcThatDisagreesWithTheLengthIsMalformed(@ForAll("headers") byte[] header, @ForAll("dataFields") byte[] data,
            @ForAll @IntRange(max = 255) int lc) {
        boolean fits = lc == data.length || lc == data.length - 1 && lc != 0;
        assertThat(CommandApdu.of(join(header, octet(lc), data)).isWellFormed()).isEqualTo(fits);
    }

    @Property
    void lcZeroWithDataIsMalformed(@ForAll("headers") byte[] header, @ForAll("dataFields") byte[] data) {
        assertThat(CommandApdu.of(join(header, octet(0), data)).isWellFormed()).isFalse();
    }

    @Property
    void whatIsShorterThanAHeaderIsMalformed(@ForAll @Size(max = 3) byte[] bytes) {
        CommandApdu apdu = CommandApdu.of(bytes);
        assertThat(apdu.isWellFormed()).isFalse();
        assertThat(apdu.hasHeader()).isFalse();
        assertThat(apdu.lc()).isZero();
        assertThat(apdu.le()).isEqualTo(-1);
        assertThat(apdu).hasToString("APDU of " + bytes.length + " bytes, without a header");
    }

    @Property
    void anyBytesCanBeViewed(@ForAll @Size(max = 300) byte[] bytes) {
        CommandApdu apdu = CommandApdu.of(bytes);
        assertThat(apdu.lc()).isBetween(0, 255);
        assertThat(apdu.le()).isBetween(-1, 255);
        if (apdu.isWellFormed()) {
            int length = 4 + (apdu.lc() > 0 ? 1 + apdu.lc() : 0) + (apdu.le() >= 0 ? 1 : 0);
            assertThat(bytes).hasSize(length);
        }
        assertThat(apdu.toString()).contains(bytes.length + " bytes");
    }

    @Example
    void showsTheHeaderButNoData() {
        CommandApdu apdu = CommandApdu.of(HexFormat.of().parseHex("8014FF0002ABCD"));
        assertThat(apdu).hasToString("APDU 80 14 FF 00, 7 bytes");
    }

    @Property
    void makesCommandsThatReadAsTheyWereMade(@ForAll @IntRange(max = 0xFF) int cla, @ForAll @IntRange(max = 0xFF) int ins,
            @ForAll @IntRange(max = 0xFFFF) int p1p2, @ForAll("dataFields") byte[] data, @ForAll @IntRange(max = 0xFF) int le) {
        byte[] sending = CommandApdu.sending(cla, ins, p1p2, data);
        assertShape(sending, data.length, -1);
        assertThat(sending).hasSize(5 + data.length);
        byte[] expecting = CommandApdu.expecting(cla, ins, p1p2, le);
        assertShape(expecting, 0, le);
        assertThat(CommandApdu.of(expecting).p1p2()).isEqualTo(p1p2);
        assertThat(CommandApdu.of(sending).cla()).isEqualTo(cla);
        assertThat(CommandApdu.of(sending).ins()).isEqualTo(ins);
    }

    @Example
    void makesACommandWithoutDataAndNoneThatIsTooLong() {
        assertThat(CommandApdu.sending(0x80, 0x58, 0)).containsExactly(0x80, 0x58, 0, 0);
        assertThatIllegalArgumentException().isThrownBy(() -> CommandApdu.sending(0x80, 0x58, 0, new byte[256]));
    }
}
