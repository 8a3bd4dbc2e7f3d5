package org.calypsohsm.sam;

import java.util.Arrays;
import java.util.List;
import java.util.function.UnaryOperator;

import org.calypsohsm.key.SystemKeyType;
import org.calypsohsm.module.SamForm;

/** Each command that uses a key outside of a session, in a state that accepts it: what the tables of faults are made of. */
enum Command {

    CIPHER_PIN(Sam::withCard, "12 80 FF 06 3049 31323334", 8, 0x28),
    CIPHER_NEW_PIN(Sam::withCard, "12 40 FF 0A 3049 31323334 35363738", 16, 0x28),
    CARD_GENERATE_KEY(Sam::withCard, "12 FF FF 05 2149 3049 90", 32, 0x26, 0x28),
    CARD_GENERATE_KEY_UNDER_NULL_KEY(Sam::withCard, "12 FF 00 03 3049 90", 32, 0x28),
    SEAL_PARAMETERS(Command::withTarget, "16 00 A0 1E FF" + Blocks.SAM_PARAMETERS, 48, 0xC1),
    SEAL_CEILINGS(Command::withTarget, "16 00 B2 1E FF" + Blocks.CEILINGS, 48, 0xC3),
    SEAL_CEILING(Command::withTarget, "16 00 B8 1E FF" + Blocks.CEILING, 48, 0xC3),
    SEAL_CAAD(Command::withTarget, "16 00 EE 1E FF" + Blocks.CEILINGS, 48, 0xC1),
    GENERATE_WORK_KEY(Command::withTarget, "16 00 F0 0D FF 3049" + Blocks.PARAMETERS, 48, 0xC2),
    GENERATE_WORK_KEY_BY_RECORD(Command::withTarget, "16 00 7E 0D FF 3049" + Blocks.PARAMETERS, 48, 0xC2),
    GENERATE_DIVERSIFIED_KEY(Command::withTarget, "16 01 F0 15 FF 3049" + Blocks.PARAMETERS + "0102030405060708", 48, 0xC2),
    GENERATE_SYSTEM_KEY(Command::withTarget, "16 00 C0 0D FF FDFF" + Blocks.PARAMETERS, 48, 0xC1),
    GENERATE_LOCK(Command::withTarget, "16 00 E0 0D FF 3049" + "0000000000 80 00000000", 48, 0xC1),
    WRITE_WORK_KEY("1A 00 F0", SystemKeyType.KEY_MANAGEMENT, Blocks.WORK_KEY),
    WRITE_WORK_KEY_BY_RECORD("1A 00 7E", SystemKeyType.KEY_MANAGEMENT, Blocks.WORK_KEY),
    WRITE_SYSTEM_KEY("1A 00 C0", SystemKeyType.PERSONALIZATION, Blocks.SYSTEM_KEY),
    WRITE_LOCK("1A 00 E0", SystemKeyType.PERSONALIZATION, Blocks.LOCK),
    WRITE_WORK_KEY_STATIC("1A 08 F0", SystemKeyType.KEY_MANAGEMENT, Blocks.WORK_KEY),
    WRITE_WORK_KEY_PLAIN(sam -> sam, "1A 80 F0 30" + Blocks.plain(Blocks.WORK_KEY, "F0"), 0),
    WRITE_WORK_KEY_DRAWN(sam -> sam, "1A C0 7E 30" + Blocks.plain(Blocks.WORK_KEY, "7E"), 0),
    WRITE_LOCK_PLAIN(sam -> sam, "1A 80 E0 30" + Blocks.plain(Blocks.LOCK, "E0"), 0),
    WRITE_PARAMETERS("D8 00 A0", SystemKeyType.PERSONALIZATION, Blocks.SAM_PARAMETERS),
    WRITE_CEILINGS("D8 00 B1", SystemKeyType.RELOADING, Blocks.CEILINGS),
    WRITE_CEILING("D8 00 B8", SystemKeyType.RELOADING, Blocks.CEILING),
    WRITE_CEILINGS_STATIC("D8 08 B3", SystemKeyType.RELOADING, Blocks.CEILINGS),
    DATA_CIPHER(Sam::withCard, "1C 40 00 0A 3049 0102030405060708", 8, 0x28),
    MAC_COMPUTE(Sam::withCard, "8F 00 00 05 3049 010203", 8, 0x28),
    COMPUTE_SIGNATURE(Sam::withCard, "2A 9E 9A 07 FF 3049 03 010203", 3, 0x28),
    COMPUTE_TRACEABLE(Sam::withCard, "2A 9E 9A 0E FF 3049 E8 0001 0102030405060708", 16, 0x28),
    VERIFY_SIGNATURE(Sam::withCard, "2A 00 A8 0B FF 3049 84 010203" + Blocks.sign("010203", 4), 0),
    SV_PREPARE_LOAD(Sam::withCard, "56 01 FF 36" + Blocks.storedValue(0xB8, false, 0x49), 11, 0x2A),
    SV_PREPARE_DEBIT(Sam::withCard, "54 01 FF 30" + Blocks.storedValue(0xBA, false, 0x49), 11, 0x2B),
    SV_PREPARE_UNDEBIT(Sam::withCard, "5C 00 FF 30" + Blocks.storedValue(0xBC, false, 0x49), 11, 0x2B),
    SV_PREPARE_LOAD_EXTENDED(Sam::withCard, "56 00 FF 52" + Blocks.storedValue(0xB8, true, 0x59), 16, 0x30),
    SV_PREPARE_DEBIT_EXTENDED(Sam::withCard, "54 01 FF 4F" + Blocks.storedValue(0xBA, true, 0x59), 16, 0x31),
    SV_PREPARE_UNDEBIT_EXTENDED(Sam::withCard, "5C 01 FF 4F" + Blocks.storedValue(0xBC, true, 0x59), 16, 0x31),
    SV_CHECK(sam -> sam.withCard().okData("56 01 FF 36" + Blocks.storedValue(0xB8, false, 0x49), 11), "58 00 00 00", 0);

    /** What the target SAM of the writes gave as its challenge. */
    static final String CHALLENGE = "C0C1C2C3C4C5C6C7";

    private final UnaryOperator<Sam> enter;
    private final String apdu;
    private final int answer;
    private final int[] counted;

    Command(UnaryOperator<Sam> enter, String apdu, int answer, int... counted) {
        this.enter = enter;
        this.apdu = apdu.replace(" ", "");
        this.answer = answer;
        this.counted = counted;
    }

    Command(String header, SystemKeyType type, String record) {
        this(header.startsWith("08", 3) ? sam -> sam : Command::withChallenge, header + "30"
                + Blocks.seal(type, header.startsWith("08", 3) ? "00".repeat(8) : "C0C1C2C3C4C5C6C7", record, header.substring(6)),
                0, type.reference());
    }

    private static Sam withTarget(Sam sam) {
        return sam.ok("14 00 00 04 0A0B0C0D").ok("86 00 00 08" + CHALLENGE);
    }

    private static Sam withChallenge(Sam sam) {
        return sam.nextChallenge(Hex.bytes(CHALLENGE)).okData("84 00 00 08", 8);
    }

    /** The test keys, with everything enabled that these commands need. */
    static TestGroup keys() {
        return TestGroup.full().enable(WriteCommands.PLAIN_WORK_KEY_INPUT_ENABLE | WriteCommands.STATIC_CIPHER_ENABLE);
    }

    /** A SAM in the state that accepts this command. */
    Sam enter(SamForm form) {
        return enter(Sam.of(form, keys()));
    }

    Sam enter(Sam sam) {
        return enter.apply(sam);
    }

    /** The command without its class byte. */
    String apdu() {
        return apdu;
    }

    String header() {
        return apdu.substring(0, 6);
    }

    String data() {
        return apdu.substring(8);
    }

    /** Runs the command, which must be carried out. */
    Sam run(Sam sam) {
        return sam.okData(apdu, answer);
    }

    /** References of the keys whose use it counts. */
    List<Integer> counted() {
        return Arrays.stream(counted).boxed().toList();
    }

    boolean isExtended() {
        return name().endsWith("EXTENDED");
    }

    boolean isDynamicWrite() {
        return header().matches("(1A|D8)00..");
    }

    boolean isStaticWrite() {
        return header().matches("(1A|D8)08..");
    }

    boolean isPlainWrite() {
        return header().matches("1A(80|C0)..");
    }

    /** Key whose CipherEnableBit it needs. */
    boolean needsCipherEnable() {
        return !isPlainWrite() && this != VERIFY_SIGNATURE && this != SV_CHECK && this != CARD_GENERATE_KEY_UNDER_NULL_KEY;
    }

    static List<Command> of(SamForm form) {
        return Arrays.stream(values()).filter(command -> form.extendedMode() || !command.isExtended()).toList();
    }
}
