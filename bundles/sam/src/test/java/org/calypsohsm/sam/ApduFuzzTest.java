package org.calypsohsm.sam;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.RandomDistribution;
import net.jqwik.api.Tuple;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.statistics.Statistics;
import net.jqwik.api.statistics.StatisticsReport;
import net.jqwik.api.statistics.StatisticsReport.StatisticsReportMode;

import org.calypsohsm.apdu.StatusWord;
import org.calypsohsm.key.SystemKeyType;
import org.calypsohsm.module.SamForm;
import org.calypsohsm.profile.ReferenceProfile;
import org.calypsohsm.profile.ReferenceSession;
import org.calypsohsm.testkeys.TestKeys;

/** Random commands in any order: the SAM answers each with a status word that the SAM-S1 has, and goes on. */
class ApduFuzzTest {

    /** Status words of sam-s1-apdu.md section 8; 61 and 6C stand with any second byte. */
    private static final Set<Integer> STATUS_WORDS = Set.of(0x9000, 0x6200, 0x6600, 0x6700, 0x6900, 0x6982, 0x6983, 0x6985,
            0x6988, 0x6A00, 0x6A80, 0x6A83, 0x6A87, 0x6A88, 0x6B00, 0x6D00, 0x6E00);
    private static final int LONGEST_RESPONSE = 255 + 2;

    private record AnyCommand(boolean wrongClass, int ins, int p1, int p2, byte[] data, int le, int lcOff) {

        byte[] apdu() {
            int length = data.length == 0 ? 0 : 1 + data.length;
            byte[] apdu = new byte[4 + length + (le < 0 ? 0 : 1)];
            apdu[0] = (byte) (wrongClass ? 0x13 : 0x00);
            apdu[1] = (byte) ins;
            apdu[2] = (byte) p1;
            apdu[3] = (byte) p2;
            if (data.length > 0) {
                apdu[4] = (byte) (data.length + lcOff);
                System.arraycopy(data, 0, apdu, 5, data.length);
            }
            if (le >= 0) {
                apdu[apdu.length - 1] = (byte) le;
            }
            return apdu;
        }
    }

    private static final String UNLOCK = "20000010" + Blocks.VALUE;
    private static final String DIVERSIFIER = "14000008" + Sam.DIVERSIFIER;
    private static final String BUSY_VERIFY = "2A00A80BFF3049840102035A5A5A5A";

    /** Commands that are right, or nearly so, when their turn has come; the openings of a session are one piece. */
    private static final List<List<String>> RIGHT = List.of(
            List.of(DIVERSIFIER, "84000004", "8A00FF0E3049" + Sam.OPEN),
            List.of("84000008", "1400000411223344", "8A02FF0E3059" + Sam.OPEN),
            List.of("84000008", "86000008" + Sam.DIVERSIFIER, "8A00280C" + Sam.OPEN),
            List.of("8C00000500B2014400"), List.of("8C8000060500B2014400"), List.of("8C00800500B2014400"),
            List.of("8C0080029000"), List.of("88800008"), List.of("8E000004"), List.of("8E000008"),
            List.of("8200000400000000"), List.of("820000080000000000000000"), List.of("BC00F0023049"), List.of("BE00A000"),
            List.of("BE00A020"), List.of("BC00F0023048"), List.of("84000004", "8A000D0C" + Sam.OPEN), List.of("BE00E100"),
            List.of("BE008500"), List.of("BE00B300"), List.of("BE1AB800"), List.of("BC00E0020000"), List.of("C0000008"),
            List.of(UNLOCK), List.of("84000008", "20000008" + "00".repeat(8)), List.of("58000003000000"),
            List.of("14000004C0FFEE01", "86000008" + "00".repeat(8), "160000F00DFF3049" + Blocks.PARAMETERS),
            List.of(DIVERSIFIER, BUSY_VERIFY, BUSY_VERIFY), List.of(DIVERSIFIER, "2A9E9A07FE304903010203"),
            List.of(DIVERSIFIER, "8F0000050149010203"), List.of("1A80F050" + "5A".repeat(80)), List.of("FF000000"),
            List.of(DIVERSIFIER, Command.SV_PREPARE_LOAD.apdu(), "58000000"),
            List.of(DIVERSIFIER, "84000008", "8A02FF0E3059" + Sam.OPEN, "88800008"),
            List.of(DIVERSIFIER, "84000004", "8A00FF0E3049" + Sam.OPEN, "8C00000500B2014400"),
            List.of(DIVERSIFIER, "84000004", "8A000D0C" + Sam.OPEN), List.of("1A88F030" + Blocks.plain(Blocks.WORK_KEY, "F0")),
            List.of("84000008", "1A00E030" + sealed(SystemKeyType.PERSONALIZATION, Blocks.LOCK, "E0")),
            List.of("84000008", "1A00C030" + sealed(SystemKeyType.PERSONALIZATION, Blocks.SYSTEM_KEY, "C0")),
            List.of("84000008", "D800A030" + sealed(SystemKeyType.PERSONALIZATION, Blocks.SAM_PARAMETERS, "A0")),
            List.of("84000008", "D800B830" + sealed(SystemKeyType.RELOADING, Blocks.CEILING, "B8")),
            List.of("D808B130" + sealed(SystemKeyType.RELOADING, Blocks.CEILINGS, "B1")),
            List.of("84000008", "1A007E30" + sealed(SystemKeyType.KEY_MANAGEMENT, Blocks.WORK_KEY, "7E")),
            List.of(DIVERSIFIER, "84000004", "8A00FF0E3049" + Sam.OPEN, "8E000004",
                    "82000004" + cardCertificate()));

    /** Challenges are zero in this test. */
    private static String sealed(SystemKeyType type, String record, String p2) {
        return Blocks.seal(type, "00".repeat(8), record, p2);
    }

    /** What a card answers to a session of nothing but its opening. */
    private static String cardCertificate() {
        ReferenceSession card = ReferenceProfile.TDES_CBC.diversify(TestKeys.value(0, 0x30, 0x49), Hex.bytes(Sam.DIVERSIFIER))
                .openSession(new byte[4], false);
        card.update(Hex.bytes(Sam.OPEN), 0, Sam.OPEN.length() / 2);
        card.terminalCertificate();
        return Hex.text(card.cardCertificate());
    }

    /** The right ones from above, and each other command with a card's diversifier and challenge before it. */
    private static List<List<String>> right() {
        return Stream.concat(RIGHT.stream(), Stream.of(Command.values())
                .map(command -> List.of(DIVERSIFIER, "86000008" + Sam.CARD_CHALLENGE, command.apdu()))).toList();
    }

    /** One fault in the last command of a right piece: a byte changed, cut off, or too many. */
    private static List<byte[]> spoil(List<byte[]> piece, int place, byte value, int kind) {
        List<byte[]> spoilt = new ArrayList<>(piece);
        byte[] last = piece.get(piece.size() - 1).clone();
        int at = place % last.length;
        switch (kind) {
            case 0 -> last[at] ^= value;
            case 1 -> last = Arrays.copyOf(last, at);
            case 2 -> last = Arrays.copyOf(last, last.length + 1 + at % 3);
            default -> last[Math.min(2 + place % 4, last.length - 1)] ^= value;
        }
        spoilt.set(piece.size() - 1, last);
        return spoilt;
    }

    @Provide
    Arbitrary<List<byte[]>> sequences() {
        Arbitrary<Integer> ins = Arbitraries.frequencyOf(
                Tuple.of(9, Arbitraries.of(0x12, 0x14, 0x16, 0x1A, 0x1C, 0x20, 0x2A, 0x54, 0x56, 0x58, 0x5C, 0x82, 0x84,
                        0x86, 0x88, 0x8A, 0x8C, 0x8E, 0x8F, 0xBC, 0xBE, 0xC0, 0xD8)),
                Tuple.of(1, Arbitraries.integers().between(0, 0xFF)));
        Arbitrary<Integer> p1 = Arbitraries.frequencyOf(
                Tuple.of(3, Arbitraries.of(0x00, 0x01, 0x02, 0x08, 0x40, 0x80, 0x9E, 0xC0, 0xFF)),
                Tuple.of(1, Arbitraries.integers().between(0, 0xFF)));
        Arbitrary<Integer> p2 = Arbitraries.frequencyOf(
                Tuple.of(3, Arbitraries.of(0x00, 0x01, 0x02, 0x03, 0x80, 0x9A, 0xA0, 0xA8, 0xB1, 0xB8, 0xC0, 0xC1, 0xE0, 0xE1, 0xE8,
                        0xF0, 0xF8, 0xFA, 0xFF)),
                Tuple.of(1, Arbitraries.integers().between(0, 0xFF)));
        Arbitrary<byte[]> data = Arbitraries.frequencyOf(
                Tuple.of(3, Arbitraries.of(0, 2, 3, 4, 5, 6, 8, 10, 13, 14, 16, 21, 30, 48, 54, 79, 80, 82)
                        .flatMap(Arbitraries.bytes().array(byte[].class)::ofSize)),
                Tuple.of(1, Arbitraries.bytes().array(byte[].class).ofMaxSize(255)));
        Arbitrary<Integer> le = Arbitraries.frequencyOf(Tuple.of(3, Arbitraries.of(-1, 0, 4, 8, 0x20, 0x30)),
                Tuple.of(1, Arbitraries.integers().between(-1, 0xFF)));
        Arbitrary<Integer> lcOff = Arbitraries.frequency(Tuple.of(8, 0), Tuple.of(1, 1), Tuple.of(1, -1));
        Arbitrary<Boolean> wrongClass = Arbitraries.frequency(Tuple.of(19, false), Tuple.of(1, true));
        Arbitrary<List<byte[]>> any = Combinators.combine(wrongClass, ins, p1, p2, data, le, lcOff)
                .as((wrong, i, one, two, d, l, off) -> List.of(new AnyCommand(wrong, i, one, two, d, l, off).apdu()));
        Arbitrary<List<byte[]>> right = Arbitraries.of(right())
                .map(apdus -> apdus.stream().map(apdu -> Hex.bytes("00" + apdu)).toList());
        Arbitrary<List<byte[]>> noise = Arbitraries.bytes().array(byte[].class).ofMaxSize(300).map(List::of);
        Arbitrary<List<byte[]>> nearly = Combinators.combine(right, Arbitraries.integers().between(0, 0xFFFF),
                Arbitraries.bytes(), Arbitraries.integers().between(0, 3)).as(ApduFuzzTest::spoil);
        return Arbitraries.frequencyOf(Tuple.of(12, right), Tuple.of(6, nearly), Tuple.of(6, any), Tuple.of(1, noise)).list()
                .ofMinSize(1).ofMaxSize(60).withSizeDistribution(RandomDistribution.uniform())
                .map(pieces -> pieces.stream().flatMap(List::stream).toList());
    }

    /** What a locked SAM may carry out. */
    private static final Set<Integer> WHILE_LOCKED = Set.of(0x20, 0x84, 0xBC, 0xBE);

    private static TestGroup keys(boolean locked) {
        // A blocked key and an invalidated one, so that every status word can come.
        TestGroup keys = Command.keys().block(0x0D).invalidate(0x29);
        return locked ? keys.lock(0x80, Hex.bytes(Blocks.VALUE)) : keys;
    }

    @Property(tries = 500, edgeCases = EdgeCasesMode.NONE)
    @StatisticsReport(StatisticsReportMode.OFF)
    void everySequenceIsAnsweredAndTheSamGoesOn(@ForAll SamForm form, @ForAll @IntRange(max = 2) int lock,
            @ForAll("sequences") List<byte[]> sequence) {
        boolean locked = lock == 0;
        Sam sam = Sam.of(form, keys(locked)).zeroRandom();
        for (byte[] command : sequence) {
            byte[] apdu = command.clone();
            if (apdu.length > 0) {
                // Sequences are made with class 00; xor moves them to the class of the form and keeps a wrong one wrong.
                apdu[0] ^= (byte) (form == SamForm.S1D ? 0x94 : 0x80);
            }
            byte[] answer = sam.sam.exchange(apdu);
            int status = StatusWord.of(answer);
            assertThat(answer.length).as("length of the answer to %s", Hex.text(apdu)).isLessThanOrEqualTo(LONGEST_RESPONSE);
            assertThat(STATUS_WORDS.contains(status) || status >> 8 == 0x61 || status >> 8 == 0x6C)
                    .as("%04X, the answer to %s", status, Hex.text(apdu)).isTrue();
            assertThat(StatusWord.isSuccessful(status) || answer.length == 2).as("a fault has no data").isTrue();
            Statistics.label("status word").collect(String.format("%04X", status));
            if (apdu.length > 1 && status == 0x9000) {
                int ins = apdu[1] & 0xFF;
                Statistics.label("done").collect(Hex.text(ins));
                assertThat(locked && !WHILE_LOCKED.contains(ins)).as("%s done while locked", Hex.text(apdu)).isFalse();
                locked &= ins != 0x20;
            }
        }
        if (locked) {
            sam.ok(UNLOCK);
        }
        sam.runGoodSession();
        // A fuzzer that never gets into a session, or out of one, would prove little. Each of these has a piece of its own.
        for (String reached : List.of("6600", "6700", "6900", "6982", "6985", "6988", "6A00", "6A80", "6A83", "6A87", "6B00",
                "6C30", "6D00", "6E00")) {
            Statistics.label("status word").coverage(coverage -> coverage.check(reached).count(count -> count > 0));
        }
        for (String done : List.of("12", "14", "16", "1A", "1C", "20", "2A", "54", "56", "58", "5C", "82", "84", "86", "88", "8A",
                "8C", "8E", "8F", "BC", "BE", "D8")) {
            Statistics.label("done").coverage(coverage -> coverage.check(done).count(count -> count > 0));
        }
    }
}
