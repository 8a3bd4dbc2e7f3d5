package org.calypsohsm.product.tck;

import static org.calypsohsm.product.tck.Kit.bytes;
import static org.calypsohsm.product.tck.Kit.key;
import static org.calypsohsm.product.tck.Rule.require;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

import org.calypsohsm.apdu.CommandApdu;
import org.calypsohsm.apdu.StatusWord;
import org.calypsohsm.key.KeyValue;
import org.calypsohsm.key.SamKey;
import org.calypsohsm.module.ChannelState;
import org.calypsohsm.module.ModuleChannel;
import org.calypsohsm.module.ModuleException;
import org.calypsohsm.module.SamForm;
import org.calypsohsm.product.DiversifiedKey;

/** Whole flows of the virtual SAM of the platform, which found the plugin as a service by its ALG code. */
final class SamRules {

    private static final int SERIAL = 0xC0FFEE01;
    private static final byte[] SERIAL_BYTES = {(byte) 0xC0, (byte) 0xFF, (byte) 0xEE, 0x01};
    private static final byte[] DIVERSIFIER = {0, 0, 0, 0, 0x11, 0x22, 0x33, 0x44};
    private static final int RECORD = 0x7E;
    private static final int KIF = 0x2A;
    private static final int KVC = 0x7B;
    private static final int HOSTILE = 4000;

    private final Kit kit;

    private SamRules(Kit kit) {
        this.kit = kit;
    }

    static List<Rule> of(Kit kit) {
        SamRules rules = new SamRules(kit);
        List<Rule> all = new ArrayList<>();
        for (Vector vector : kit.vectors("session")) {
            all.add(new Rule("sam-session-" + vector.number(), "sam-s1-apdu.md, Digest Init to Digest Authenticate",
                    "A secure session with the card of " + vector + " succeeds, and fails with a wrong certificate.",
                    () -> rules.session(vector)));
        }
        all.addAll(List.of(
                new Rule("sam-1", "sam-s1-apdu.md, Card Cipher PIN",
                        "A PIN is ciphered for presentation and for change.",
                        () -> kit.forEachAlg(rules::pin)),
                new Rule("sam-2", "sam-s1-apdu.md, Card Generate Key",
                        "A key is ciphered for loading into a card.",
                        () -> kit.forEachAlg(rules::cardKey)),
                new Rule("sam-3", "sam-s1-apdu.md, SV Prepare and SV Check",
                        "Stored value operations are prepared and checked, and a wrong card signature is refused.",
                        () -> kit.forEachAlg(rules::storedValue)),
                new Rule("sam-4", "sam-s1-apdu.md, PSO Compute and Verify Signature",
                        "Signatures are computed and verified, and a wrong one is refused.",
                        () -> kit.forEachAlg(rules::signature)),
                new Rule("sam-5", "sam-s1-apdu.md, SAM Generate Key and Write Key",
                        "With the function TRANSFER, a key goes from one SAM to another.",
                        () -> kit.forEachAlg(rules::transfer)),
                new Rule("sam-6", "SamEmulation.selfTest",
                        "The self test of a module with keys of the plugin succeeds.",
                        () -> kit.forEachAlg(alg -> kit.container.emulation().selfTest(keys(alg)))),
                new Rule("sam-7", "ModuleChannel.exchange",
                        "Whatever commands come, each has an answer with a status word, and the SAM goes on.",
                        () -> kit.forEachAlg(rules::hostileCommands))));
        return all;
    }

    private static SamKeys keys(int alg) {
        return new SamKeys().put(RECORD, KIF, KVC, alg, key(1)).put(0x01, 0x07, KVC, alg, key(2)).put(0x02, 0x10, KVC, alg, key(3));
    }

    private ModuleChannel sam(SamKeys keys, ChannelState state) {
        return kit.container.emulation().create(SamForm.HSM_C1, SERIAL, 1, keys, state);
    }

    private static ChannelState ready(byte[] diversifier, byte[] samChallenge, byte[] cardChallenge) {
        return new ChannelState(diversifier, samChallenge, cardChallenge, false);
    }

    private static byte[] send(ModuleChannel sam, int expected, int ins, int p1p2, byte... data) throws ModuleException {
        byte[] command = data.length == 0 ? new byte[] {(byte) 0x80, (byte) ins, (byte) (p1p2 >> 8), (byte) p1p2, 0}
                : CommandApdu.sending(0x80, ins, p1p2, data);
        return checked(expected, command, sam.exchange(command));
    }

    private static byte[] expect(ModuleChannel sam, int ins, int p1p2, int le) throws ModuleException {
        byte[] command = CommandApdu.expecting(0x80, ins, p1p2, le);
        return checked(StatusWord.OK, command, sam.exchange(command));
    }

    private static byte[] checked(int expected, byte[] command, byte[] answer) {
        require(StatusWord.of(answer) == expected, "instruction %02X of the SAM answers %04X instead of %04X", command[1],
                StatusWord.of(answer), expected);
        return Arrays.copyOf(answer, answer.length - 2);
    }

    private static void same(String what, byte[] actual, byte[] expected) {
        require(Arrays.equals(actual, expected), "%s is not what the plugin gives when it is called itself, or what the vector says",
                what);
    }

    // ---- sessions

    private void session(Vector vector) throws Exception {
        SamKeys keys = new SamKeys().put(RECORD, KIF, KVC, vector.alg(), vector.key("key"));
        byte[] card = vector.bytes("cardCertificate");
        ModuleChannel sam = closed(keys, vector);
        send(sam, StatusWord.OK, 0x82, 0, card);
        send(sam, StatusWord.CONDITIONS_NOT_SATISFIED, 0x82, 0, card);
        for (int i = 0; i < card.length; i++) {
            byte[] wrong = card.clone();
            wrong[i] ^= 0x40;
            ModuleChannel other = closed(keys, vector);
            send(other, StatusWord.SECURITY_DATA_WRONG, 0x82, 0, wrong);
            send(other, StatusWord.CONDITIONS_NOT_SATISFIED, 0x82, 0, card);
        }
    }

    /** Runs the session of a vector up to the terminal's certificate. */
    private ModuleChannel closed(SamKeys keys, Vector vector) throws ModuleException {
        ModuleChannel sam = sam(keys, ready(vector.bytes("diversifier"), vector.bytes("samChallenge"), null));
        send(sam, StatusWord.OK, 0x8A, vector.extended() ? 0x02FF : 0x00FF,
                Kit.join(new byte[] {KIF, KVC}, vector.bytes("digestInit")));
        require(sam.idleState() == null, "the SAM does not know that a session is running");
        for (byte[] element : vector.list("digestUpdates")) {
            send(sam, StatusWord.OK, 0x8C, 0, element);
        }
        if (vector.extended()) {
            same("the certificate in the middle", expect(sam, 0x88, 0x8000, 8), vector.bytes("midTerminalMac"));
            send(sam, StatusWord.OK, 0x82, 0, vector.bytes("midCardMac"));
            same("a ciphered command", send(sam, StatusWord.OK, 0x8C, 0x0080, vector.bytes("plainCommand")),
                    vector.bytes("cipheredCommand"));
            same("a response", send(sam, StatusWord.OK, 0x8C, 0x0080, vector.bytes("cipheredResponse")),
                    vector.bytes("plainResponse"));
        }
        byte[] terminal = vector.bytes("terminalCertificate");
        same("the terminal's certificate", expect(sam, 0x8E, 0, terminal.length), terminal);
        return sam;
    }

    // ---- what a card gets

    private ModuleChannel withCard(int alg) {
        return sam(keys(alg), ready(DIVERSIFIER, null, bytes(8, 4)));
    }

    private DiversifiedKey cardKey(int alg, int seed) {
        return kit.plugin.diversify(alg, key(seed), DIVERSIFIER);
    }

    private void pin(int alg) throws Exception {
        byte[] pin = {0x31, 0x32, 0x33, 0x34};
        byte[] next = {0x35, 0x36, 0x37, 0x38};
        same("the PIN", send(withCard(alg), StatusWord.OK, 0x12, 0x80FF, Kit.join(new byte[] {KIF, KVC}, pin)),
                cardKey(alg, 1).cipherPin(bytes(8, 4), pin));
        same("the new PIN", send(withCard(alg), StatusWord.OK, 0x12, 0x40FF, Kit.join(new byte[] {KIF, KVC}, pin, next)),
                cardKey(alg, 1).cipherNewPin(bytes(8, 4), pin, next));
    }

    private void cardKey(int alg) throws Exception {
        same("the key", send(withCard(alg), StatusWord.OK, 0x12, 0xFFFF, (byte) KIF, (byte) KVC, (byte) 0x07, (byte) KVC, (byte) 0x90),
                cardKey(alg, 1).cipherCardKey(bytes(8, 4), cardKey(alg, 2), 0x07, KVC));
        // Under the null key of a virgin card, which is not diversified.
        same("the first key", send(withCard(alg), StatusWord.OK, 0x12, 0xFF00, (byte) 0x07, (byte) KVC, (byte) 0x90),
                kit.plugin.undiversified(alg, KeyValue.copyOf(new byte[KeyValue.LENGTH]))
                        .cipherCardKey(bytes(8, 4), cardKey(alg, 2), 0x07, KVC));
    }

    // ---- stored value

    /** Data of SV Prepare: what SV Get answered, and the command to the card up to its signature. */
    private static byte[] operation(int cardInstruction, boolean extended) {
        boolean load = cardInstruction == 0xB8;
        int length = extended ? 0x3D : load ? 0x21 : 0x1E;
        byte[] got = bytes(length, 3);
        got[extended ? 8 : 0] = KVC;
        int lc = load ? extended ? 0x1C : 0x17 : extended ? 0x19 : 0x14;
        return Kit.join(new byte[] {0x7C, 0, 7, (byte) length}, got, new byte[] {(byte) 0x90, 0},
                new byte[] {(byte) cardInstruction, 0, 0, (byte) lc, 0}, bytes(load ? 10 : 7, 4));
    }

    private void storedValue(int alg) throws Exception {
        int[][] operations = {{0x56, 0xB8, 2}, {0x54, 0xBA, 3}, {0x5C, 0xBC, 3}};
        for (int[] each : operations) {
            byte[] data = operation(each[1], kit.extended(alg));
            DiversifiedKey key = cardKey(alg, each[2]);
            for (boolean right : new boolean[] {true, false}) {
                ModuleChannel sam = withCard(alg);
                byte[] prepared = send(sam, StatusWord.OK, each[0], 0x01FF, data);
                byte[] challenge = Arrays.copyOf(prepared, 3);
                byte[] number = Arrays.copyOfRange(prepared, 3, 6);
                byte[] terminal = Arrays.copyOfRange(prepared, 6, prepared.length);
                same("the terminal's signature", terminal, key.storedValueTerminalMac(data, challenge, number, SERIAL_BYTES));
                byte[] card = key.storedValueCardMac(data, challenge, number, SERIAL_BYTES, terminal);
                card[0] ^= (byte) (right ? 0 : 1);
                send(sam, right ? StatusWord.OK : StatusWord.SECURITY_DATA_WRONG, 0x58, 0, card);
            }
        }
    }

    // ---- signatures

    private void signature(int alg) throws Exception {
        byte[] message = bytes(30, 1);
        ModuleChannel sam = withCard(alg);
        for (int length = 1; length <= 8; length++) {
            byte[] head = {(byte) 0xFF, KIF, KVC, (byte) length};
            byte[] signature = send(sam, StatusWord.OK, 0x2A, 0x9E9A, Kit.join(head, message));
            same("the signature", signature, cardKey(alg, 1).sign(message, length));
            send(sam, StatusWord.OK, 0x2A, 0x00A8, Kit.join(head, message, signature));
            signature[length - 1] ^= 1;
            send(sam, StatusWord.SECURITY_DATA_WRONG, 0x2A, 0x00A8, Kit.join(head, message, signature));
        }
    }

    // ---- transfer

    private void transfer(int alg) throws Exception {
        if (!kit.transfers(alg)) {
            return;
        }
        int system = 0xC2;
        SamKeys source = keys(alg).put(system, 0xFD, 5, alg, key(9));
        SamKeys target = new SamKeys().put(system, 0xFD, 5, alg, key(9));
        ModuleChannel to = sam(target, ChannelState.AFTER_RESET);
        byte[] challenge = expect(to, 0x84, 0, 8);
        ModuleChannel from = sam(source, ready(SERIAL_BYTES, null, challenge));
        byte[] parameters = new byte[SamKey.PARAMETERS];
        parameters[0] = 1;
        byte[] block = send(from, StatusWord.OK, 0x16, 0x00F0, Kit.join(new byte[] {5, KIF, KVC}, parameters));
        require(block.length == Kit.BLOCK, "SAM Generate Key gives %d bytes", block.length);
        byte[] changed = block.clone();
        changed[20] ^= 1;
        byte[] again = expect(sam(target, ChannelState.AFTER_RESET), 0x84, 0, 8);
        require(!Arrays.equals(challenge, again), "two challenges are the same");
        send(to, StatusWord.OK, 0x1A, 0x00F0, block);
        SamKey arrived = target.workKey(KIF, KVC);
        require(arrived != null && arrived.alg() == alg && arrived.value().equals(key(1)), "another key arrives");
        ModuleChannel other = sam(target, ready(null, challenge, null));
        int status = StatusWord.of(other.exchange(CommandApdu.sending(0x80, 0x1A, 0x00F0, changed)));
        require(status == StatusWord.SECURITY_DATA_WRONG || status == StatusWord.WRONG_DATA, "a changed block answers %04X", status);
    }

    // ---- anything

    private void hostileCommands(int alg) throws Exception {
        int[] instructions = {0x12, 0x14, 0x16, 0x1A, 0x1C, 0x2A, 0x54, 0x56, 0x58, 0x5C, 0x82, 0x84, 0x86, 0x88, 0x8A, 0x8C, 0x8E,
                0x8F,
            0xBC, 0xBE, 0xD8};
        int[] parameters = {0, 0x00FF, 0x0080, 0x01FF, 0x02FF, 0x40FF, 0x80FF, 0xFFFF, 0x9E9A, 0x00A8, 0x00F0, 0x8000, 0x4000};
        SamKeys keys = keys(alg).put(0xC2, 0xFD, 5, alg, key(9)).put(0xC4, 0xFA, 1, alg, key(8));
        ModuleChannel sam = sam(keys, ready(DIVERSIFIER, bytes(8, 1), bytes(8, 2)));
        Random random = new Random(Kit.SEED);
        for (int i = 0; i < HOSTILE; i++) {
            byte[] data = new byte[random.nextInt(random.nextInt(4) == 0 ? 250 : 20) + 1];
            random.nextBytes(data);
            if (data.length > 2 && random.nextBoolean()) {
                data[0] = KIF;
                data[1] = KVC;
            }
            byte[] command = CommandApdu.sending(0x80, instructions[random.nextInt(instructions.length)],
                    random.nextInt(3) == 0 ? random.nextInt(0x10000) : parameters[random.nextInt(parameters.length)], data);
            byte[] answer = sam.exchange(random.nextInt(5) == 0 ? Arrays.copyOf(command, random.nextInt(command.length)) : command);
            require(answer != null && answer.length >= 2, "instruction %02X has no answer", command[1]);
        }
        pin(alg);
        require(StatusWord.of(sam.exchange(CommandApdu.expecting(0x80, 0x84, 0, 8))) == StatusWord.OK,
                "Get Challenge fails afterwards");
    }
}
