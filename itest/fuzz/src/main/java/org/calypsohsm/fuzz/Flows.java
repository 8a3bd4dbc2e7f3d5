package org.calypsohsm.fuzz;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Supplier;
import java.util.stream.Stream;

import org.calypsohsm.card.Card;
import org.calypsohsm.card.CardCommands;
import org.calypsohsm.card.CardProduct;
import org.calypsohsm.card.OpenForm;
import org.calypsohsm.card.StoredValueOperation;
import org.calypsohsm.key.KeyGroup;
import org.calypsohsm.key.KeyValue;
import org.calypsohsm.key.SamKey;
import org.calypsohsm.key.SystemKeyType;
import org.calypsohsm.profile.ReferenceKey;
import org.calypsohsm.profile.ReferenceProfile;
import org.calypsohsm.testkeys.TestKeys;

/** Makes flows that are right, for one terminal: with a card, a SAM, and a control SAM that sends records to it. */
final class Flows {

    private static final byte[] PIN = "2468".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] NEW_PIN = "1357".getBytes(StandardCharsets.US_ASCII);
    private static final int FORMAT = 0x90;
    private static final int RECORD = 29;
    private static final int STATIC = 0x08;
    private static final int BUSY = 0x80;
    private static final int TRACEABLE = 0x40;
    private static final int BUSY_KIF = 0x01;
    private static final Flow.Kind[] WEIGHTED = Arrays.stream(Flow.Kind.values())
            .flatMap(kind -> Stream.generate(() -> kind).limit(kind.weight)).toArray(Flow.Kind[]::new);

    private final Sam sam;
    private final Sam control;
    private final SplittableRandom random;
    private final Spoiler spoiler;
    /** After so many answers of a card one is changed; less than 0 for none. */
    private int cardAnswersUntilSpoilt = -1;

    Flows(Sam sam, Sam control, SplittableRandom random, Spoiler spoiler) {
        this.sam = sam;
        this.control = control;
        this.random = random;
        this.spoiler = spoiler;
    }

    void spoilCardAfter(int answers) {
        cardAnswersUntilSpoilt = answers;
    }

    Flow any() {
        return of(WEIGHTED[random.nextInt(WEIGHTED.length)]);
    }

    Flow of(Flow.Kind kind) {
        Flow flow = new Flow(kind);
        switch (kind) {
            case SALE -> session(flow, card(product(), false), CardCommands.DEBIT, false, false);
            case SALE_GROUPED -> session(flow, card(product(), false), CardCommands.LOAD, true, false);
            case SALE_BY_RECORD -> session(flow, card(CardProduct.CD97, false), CardCommands.ISSUER, false, true);
            case EXTENDED_SESSION -> extendedSession(flow);
            case PIN -> pin(flow);
            case PIN_IN_SESSION -> pinInSession(flow);
            case CARD_KEYS -> cardKeys(flow);
            case STORED_VALUE -> storedValue(flow);
            case STORED_VALUE_IN_SESSION -> storedValueInSession(flow);
            case SIGNATURE -> signature(flow);
            case BUSY_SIGNATURE -> busySignature(flow);
            case DATA_CIPHER -> dataCipher(flow);
            case MAC -> mac(flow);
            case PARAMETERS -> dataTransfer(flow, random.nextInt(4) == 0, 0xA0, this::parameters);
            case CEILINGS -> dataTransfer(flow, false, 0xB1 + random.nextInt(3), this::ceilings);
            case CEILING -> dataTransfer(flow, false, 0xB8, this::ceiling);
            case STATIC_CEILINGS -> dataTransfer(flow, true, 0xB1 + random.nextInt(3), this::ceilings);
            case STATIC_WORK_KEY -> workKey(flow, true);
            case CAAD_RECORD -> {
                select(flow, control, () -> Bytes.of(0, 0, 0, 0, sam.serialNumber()));
                flow.send(control, () -> control.command(0x86, 0, 0, spoiler.bytes(8)));
                flow.send(control, () -> control.command(0x16, 0, 0xE8 + random.nextInt(7),
                        Bytes.of(kvc(SystemKeyType.PERSONALIZATION), spoiler.bytes(RECORD))));
            }
            case WORK_KEY -> workKey(flow, false);
            case SYSTEM_KEY -> systemKey(flow);
            case LOCK -> lock(flow);
            case PLAIN_KEY -> plainKey(flow);
            case PLAIN_LOCK -> flow.send(sam, () -> sam.command(0x1A, 0x80, 0xE0, plain(lockFile(lockParameters()), 0xE0)));
            case CAAD_TRANSFER -> caadTransfer(flow);
            case STATIC_UNLOCK -> {
                lockAndReset(flow);
                flow.send(sam, this::staticUnlock);
            }
            case DYNAMIC_UNLOCK -> {
                lockAndReset(flow);
                dynamicUnlock(flow);
            }
            case RESET -> flow.act(sam, sam::reset);
            case READS -> reads(flow);
            case UNUSABLE_KEYS -> unusableKeys(flow);
            case PUBLIC_KEYS -> publicKeys(flow);
            case GET_RESPONSE -> flow.sendAnyway(sam, () -> sam.command(0xC0, 0, 0, spoiler.pick(0, 4, 8, 0x30)));
            case ANY_COMMANDS -> times(flow, () -> spoiler.anyCommand(sam.cla()));
            case NOISE -> times(flow, () -> spoiler.noise(sam.cla()));
            default -> throw new IllegalStateException("no flow " + kind);
        }
        return flow;
    }

    private void times(Flow flow, Supplier<byte[]> command) {
        for (int i = random.nextInt(6); i >= 0; i--) {
            flow.sendAnyway(sam, command);
        }
    }

    // ---- cards

    private CardProduct product() {
        return CardProduct.values()[random.nextInt(CardProduct.values().length)];
    }

    private Card card(CardProduct product, boolean virgin) {
        Card card = Card.builder(product).keyGroup(sam.group.number()).serialNumber(random.nextLong(1L << 32)).pin(PIN).balance(1000)
                .virgin(virgin).build();
        card.transmit(CardCommands.of(product).selectApplication());
        return card;
    }

    private byte[] transmit(Card card, byte[] command) {
        byte[] answer;
        try {
            answer = card.transmit(command);
        } catch (RuntimeException e) {
            throw new Find("The card threw.", e);
        }
        if (cardAnswersUntilSpoilt-- == 0) {
            answer[random.nextInt(answer.length)] ^= 1 << random.nextInt(8);
        }
        return answer;
    }

    private static byte[] data(byte[] answer) {
        return Arrays.copyOf(answer, answer.length - 2);
    }

    private void select(Flow flow, Sam to, Supplier<byte[]> diversifier) {
        flow.send(to, () -> to.command(0x14, 0, 0, diversifier.get()));
    }

    private void giveChallenge(Flow flow, Card card, CardCommands commands) {
        flow.send(sam, () -> sam.command(0x86, 0, 0, data(transmit(card, commands.getChallenge()))));
    }

    // ---- sessions

    /** A session in progress, as the terminal sees it. */
    private final class Session {

        final Flow flow;
        final Card card;
        final CardCommands commands;
        final int key;
        final int challengeLength;
        byte[] challenge;
        byte[] terminalCertificate;
        byte[] closed;

        Session(Flow flow, Card card, OpenForm form, int key) {
            this.flow = flow;
            this.card = card;
            this.key = key;
            commands = CardCommands.of(card.product(), form);
            // A terminal may fetch 8 bytes and use the first four of them.
            challengeLength = random.nextInt(8) == 0 ? 8 : commands.certificateLength();
        }

        void open(boolean byRecord) {
            // Both orders are in use.
            boolean challengeFirst = random.nextInt(4) == 0;
            if (!challengeFirst) {
                select(flow, sam, card::serialNumber);
            }
            flow.send(sam, () -> sam.command(0x84, 0, 0, challengeLength),
                    answer -> challenge = Arrays.copyOf(answer, commands.certificateLength()));
            if (challengeFirst) {
                select(flow, sam, card::serialNumber);
            }
            int record = random.nextBoolean() ? 1 : 0;
            int mode = (commands.isExtended() ? 2 : 0) | (random.nextInt(32) == 0 ? 1 : 0);
            flow.send(sam, () -> {
                byte[] opened = transmit(card, commands.openSession(key, record == 0 ? 0 : CardCommands.SFI_ENVIRONMENT, record, challenge));
                return byRecord ? sam.command(0x8A, mode, commands.samKeyRecord(key), data(opened))
                        : sam.command(0x8A, mode, 0xFF, commands.digestInit(key, opened));
            });
        }

        void exchange(Supplier<byte[]> command) {
            byte[][] response = new byte[1][];
            flow.send(sam, () -> {
                byte[] sent = command.get();
                response[0] = transmit(card, sent);
                return sam.command(0x8C, 0, 0, CardCommands.digested(sent));
            });
            flow.send(sam, () -> sam.command(0x8C, 0, 0, response[0]));
        }

        void exchangeGrouped(Supplier<byte[]> command) {
            flow.send(sam, () -> {
                byte[] sent = command.get();
                byte[] response = transmit(card, sent);
                byte[] digested = CardCommands.digested(sent);
                return sam.command(0x8C, 0x80, 0, Bytes.of(digested.length, digested, response.length, response));
            });
        }

        void exchangeCiphered(Supplier<byte[]> command) {
            byte[][] response = new byte[1][];
            flow.send(sam, () -> sam.command(0x8C, 0, 0x80, CardCommands.digested(command.get())),
                    ciphered -> response[0] = transmit(card, ciphered));
            flow.send(sam, () -> sam.command(0x8C, 0, 0x80, response[0]));
        }

        void authenticate(int mode) {
            byte[][] certificate = new byte[1][];
            flow.send(sam, () -> sam.command(0x88, 0x80, 0, 8), answer -> certificate[0] = answer);
            flow.send(sam, () -> sam.command(0x82, 0, 0, data(transmit(card, Bytes.of(0, 0x82, 0, mode, 8, certificate[0])))));
        }

        void close() {
            flow.send(sam, () -> sam.command(0x8E, 0, 0, commands.certificateLength()), answer -> terminalCertificate = answer);
            flow.send(sam, () -> {
                closed = transmit(card, commands.closeSession(terminalCertificate, true));
                return sam.command(0x82, 0, 0, commands.cardCertificate(closed));
            });
        }

        byte[] anyCommand() {
            return switch (random.nextInt(6)) {
                case 0 -> commands.readRecord(CardCommands.SFI_ENVIRONMENT, 1, RECORD);
                case 1 -> commands.readRecord(CardCommands.SFI_CONTRACTS, 1 + random.nextInt(5), 1 + random.nextInt(RECORD));
                case 2 -> commands.appendRecord(CardCommands.SFI_EVENTS, spoiler.bytes(1 + random.nextInt(RECORD)));
                case 3 -> commands.updateRecord(CardCommands.SFI_CONTRACTS, 1 + random.nextInt(4), spoiler.bytes(RECORD));
                case 4 -> commands.increase(CardCommands.SFI_COUNTERS, 1, random.nextInt(1000));
                default -> commands.decrease(CardCommands.SFI_COUNTERS, 1, random.nextInt(10));
            };
        }
    }

    private OpenForm form(CardProduct product) {
        List<OpenForm> forms = product.openForms();
        OpenForm form = forms.get(random.nextInt(forms.size()));
        return form.isExtended() && !sam.form.extendedMode() && random.nextInt(8) != 0 ? OpenForm.REVISION_3 : form;
    }

    private void session(Flow flow, Card card, int key, boolean grouped, boolean byRecord) {
        Session session = new Session(flow, card, byRecord ? OpenForm.REVISION_1 : form(card.product()), key);
        session.open(byRecord);
        for (int i = random.nextInt(5); i > 0; i--) {
            if (grouped && (sam.form.digestUpdateMultiple() || random.nextInt(16) == 0)) {
                session.exchangeGrouped(session::anyCommand);
            } else {
                session.exchange(session::anyCommand);
            }
        }
        session.close();
    }

    private void extendedSession(Flow flow) {
        Session session = new Session(flow, card(CardProduct.TANGO_AES, false), OpenForm.REVISION_3_EXTENDED,
                1 + random.nextInt(3));
        session.open(false);
        boolean ciphered = false;
        // Now and then up to the limit of 250 authentications, or over it.
        boolean isLong = random.nextInt(500) == 0;
        for (int i = isLong ? 240 + random.nextInt(20) : random.nextInt(7); i > 0; i--) {
            if (isLong || random.nextInt(3) == 0) {
                ciphered = random.nextBoolean();
                session.authenticate(ciphered ? 3 : 1);
            } else if (ciphered) {
                session.exchangeCiphered(session::anyCommand);
            } else {
                session.exchange(session::anyCommand);
            }
        }
        session.close();
    }

    /** A session that must succeed on any SAM that is not locked: its key has no counter. */
    Flow probe() {
        Flow flow = new Flow(Flow.Kind.SALE);
        if (sam.isLocked()) {
            flow.send(sam, this::staticUnlock);
        }
        CardProduct product = product();
        Session session = new Session(flow, card(product, false), sam.form.extendedMode() ? product.openForms().get(0)
                : product == CardProduct.TANGO_AES ? OpenForm.REVISION_3 : OpenForm.REVISION_2_4, CardCommands.LOAD);
        session.open(false);
        session.exchange(() -> session.commands.readRecord(CardCommands.SFI_ENVIRONMENT, 1, RECORD));
        session.exchange(() -> session.commands.increase(CardCommands.SFI_COUNTERS, 2, 1));
        session.close();
        cardAnswersUntilSpoilt = -1;
        return flow;
    }

    // ---- PIN and keys of a card

    private byte[] keyAnd(CardCommands commands, int key, Object... more) {
        return Bytes.of(commands.kif(key), commands.kvc(), Bytes.of(more));
    }

    private void present(Flow flow, Card card, CardCommands commands, int key, byte[] pin) {
        giveChallenge(flow, card, commands);
        flow.send(sam, () -> sam.command(0x12, 0x80, 0xFF, keyAnd(commands, key, pin)),
                answer -> transmit(card, commands.verifyPin(answer)));
    }

    private void pin(Flow flow) {
        Card card = card(product(), false);
        CardCommands commands = CardCommands.of(card.product());
        select(flow, sam, card::serialNumber);
        present(flow, card, commands, CardCommands.DEBIT, PIN);
        giveChallenge(flow, card, commands);
        flow.send(sam, () -> sam.command(0x12, 0x40, 0xFF, keyAnd(commands, CardCommands.ISSUER, PIN, NEW_PIN)),
                answer -> transmit(card, commands.changePin(answer)));
        present(flow, card, commands, CardCommands.DEBIT, NEW_PIN);
    }

    private void pinInSession(Flow flow) {
        Card card = card(product(), false);
        Session session = new Session(flow, card, form(card.product()), CardCommands.LOAD);
        session.open(false);
        byte[][] got = new byte[2][];
        flow.send(sam, () -> {
            byte[] command = session.commands.getChallenge();
            got[0] = transmit(card, command);
            return sam.command(0x8C, 0, 0, command);
        });
        flow.send(sam, () -> sam.command(0x8C, 0, 0, got[0]));
        flow.send(sam, () -> sam.command(0x86, 0, 0, data(got[0])));
        flow.send(sam, () -> sam.command(0x12, 0x80, 0xFF, keyAnd(session.commands, CardCommands.LOAD, PIN)), answer -> got[1] = answer);
        session.exchange(() -> session.commands.verifyPin(got[1]));
        session.close();
    }

    private void cardKeys(Flow flow) {
        Card card = card(product(), true);
        CardCommands commands = CardCommands.of(card.product());
        select(flow, sam, card::serialNumber);
        for (int key : new int[] {CardCommands.ISSUER, CardCommands.LOAD, CardCommands.DEBIT}) {
            giveChallenge(flow, card, commands);
            byte[] source = keyAnd(commands, key, random.nextInt(8) == 0 ? 0 : FORMAT);
            flow.send(sam, () -> key == CardCommands.ISSUER ? sam.command(0x12, 0xFF, 0, source)
                    : sam.command(0x12, 0xFF, 0xFF, Bytes.of(keyAnd(commands, CardCommands.ISSUER), source)),
                    answer -> transmit(card, commands.changeKey(key, answer)));
        }
        Session session = new Session(flow, card, form(card.product()), CardCommands.LOAD);
        session.open(false);
        session.exchange(session::anyCommand);
        session.close();
    }

    // ---- stored value

    private Card storedValueCard() {
        CardProduct product = product();
        boolean fits = product != CardProduct.TANGO_AES || sam.form.extendedMode() || random.nextInt(8) == 0;
        return card(fits ? product : CardProduct.CD21, false);
    }

    private void storedValue(Flow flow) {
        Card card = storedValueCard();
        CardCommands commands = CardCommands.of(card.product());
        select(flow, sam, card::serialNumber);
        for (StoredValueOperation operation : StoredValueOperation.values()) {
            byte[][] kept = new byte[2][];
            flow.send(sam, () -> {
                kept[0] = commands.svPrepare(operation, transmit(card, commands.svGet(operation)), random.nextInt(100), 0x1234, 0x0567);
                return sam.command(operation.samInstruction(), random.nextInt(2), 0xFF, kept[0]);
            }, answer -> kept[1] = answer);
            if (random.nextInt(8) == 0) {
                flow.send(sam, () -> sam.command(0x58, 0, 0, 0));
            } else {
                flow.send(sam, () -> sam.command(0x58, 0, 0,
                        commands.svSignature(transmit(card, commands.svCommand(operation, kept[0], kept[1], sam.serialNumber())))));
            }
        }
    }

    private void storedValueInSession(Flow flow) {
        Card card = storedValueCard();
        Session session = new Session(flow, card, card.product().openForms().get(0), CardCommands.DEBIT);
        StoredValueOperation debit = StoredValueOperation.DEBIT;
        byte[][] kept = new byte[3][];
        session.open(false);
        flow.send(sam, () -> {
            byte[] get = session.commands.svGet(debit);
            kept[0] = transmit(card, get);
            return sam.command(0x8C, 0, 0, get);
        });
        flow.send(sam, () -> sam.command(0x8C, 0, 0, kept[0]));
        flow.send(sam, () -> {
            kept[1] = session.commands.svPrepare(debit, kept[0], random.nextInt(1000), 0x1234, 0x0567);
            return sam.command(debit.samInstruction(), 1, 0xFF, kept[1]);
        }, answer -> kept[2] = answer);
        session.exchange(() -> session.commands.svCommand(debit, kept[1], kept[2], sam.serialNumber()));
        session.close();
        flow.send(sam, () -> sam.command(0x58, 0, 0, session.commands.postponedSvSignature(session.closed, 0)));
    }

    // ---- signatures

    private int alg() {
        return Platform.ALGS[random.nextInt(Platform.ALGS.length)];
    }

    private int kif() {
        return spoiler.pick(TestKeys.ISSUER, TestKeys.LOAD, TestKeys.DEBIT, 0x07, 0x10);
    }

    private byte[] diversifier() {
        return spoiler.bytes(random.nextInt(4) == 0 ? 4 : 8);
    }

    private void signature(Flow flow) {
        select(flow, sam, this::diversifier);
        int mode = spoiler.pick(0x00, 0x80, 0x40, 0xC0, 0x60, 0xE0) | 1 + random.nextInt(8);
        boolean traceable = (mode & TRACEABLE) != 0;
        byte[] message = spoiler.bytes(traceable ? 7 + random.nextInt(200) : 1 + random.nextInt(208));
        int trace = ((mode & 0x20) != 0 ? 7 : 6) * 8;
        byte[] offset = traceable ? Bytes.number(random.nextInt(8 * message.length - trace + 1), 2) : new byte[0];
        byte[] prefix = Bytes.of(0xFF, kif(), TestKeys.kvc(alg()), mode, offset);
        byte[][] signed = new byte[1][];
        flow.send(sam, () -> sam.command(0x2A, 0x9E, 0x9A, Bytes.of(prefix, message)),
                answer -> signed[0] = traceable ? answer : Bytes.of(message, answer));
        flow.send(sam, () -> sam.command(0x2A, 0x00, 0xA8, Bytes.of(prefix, signed[0])));
    }

    private void busySignature(Flow flow) {
        select(flow, sam, this::diversifier);
        byte[] wrong = Bytes.of(0xFF, BUSY_KIF, TestKeys.kvc(alg()), BUSY | 8, spoiler.bytes(20));
        flow.sendAnyway(sam, () -> sam.command(0x2A, 0x00, 0xA8, wrong));
        flow.sendAnyway(sam, () -> sam.command(0x2A, 0x00, 0xA8, wrong));
    }

    private void dataCipher(Flow flow) {
        select(flow, sam, this::diversifier);
        int alg = spoiler.pick(0x20, 0x30, 0x40);
        flow.send(sam, () -> sam.command(0x1C, 0x40, 0, Bytes.of(kif(), TestKeys.kvc(alg), spoiler.bytes(8 + 8 * random.nextInt(26)))));
    }

    private void mac(Flow flow) {
        select(flow, sam, this::diversifier);
        flow.send(sam, () -> sam.command(0x8F, 0, 0, Bytes.of(kif(), TestKeys.kvc(alg()), spoiler.bytes(1 + random.nextInt(253)))));
    }

    // ---- from a control SAM to this one

    private int kvc(SystemKeyType type) {
        return control.group.systemKey(type).kvc();
    }

    /** Sends a record that the control SAM seals. */
    private void transfer(Flow flow, boolean isStatic, int ins, int p1, int p2, SystemKeyType protecting, Supplier<byte[]> request) {
        byte[][] kept = new byte[2][];
        select(flow, control, () -> random.nextBoolean() ? sam.serialNumber() : Bytes.of(0, 0, 0, 0, sam.serialNumber()));
        if (isStatic) {
            flow.send(control, () -> control.command(0x86, 0, 0, Bytes.number(count(protecting), 8)));
        } else {
            flow.send(sam, () -> sam.command(0x84, 0, 0, 8), answer -> kept[0] = answer);
            flow.send(control, () -> control.command(0x86, 0, 0, kept[0]));
        }
        flow.send(control, () -> control.command(0x16, p1, p2, request.get()), answer -> kept[1] = answer);
        flow.send(sam, () -> sam.command(ins, isStatic ? STATIC : 0, p2, kept[1]));
    }

    /** What the counter of a protecting key of this SAM will be: the control SAM counts it too if both have one group. */
    private int count(SystemKeyType protecting) {
        int counter = sam.group.systemKey(protecting).eventCounter();
        return counter == 0 || counter >= KeyGroup.COUNTERS ? 0
                : sam.group.eventCounter(counter) + (sam.group.number() == control.group.number() ? 1 : 0);
    }

    private void dataTransfer(Flow flow, boolean isStatic, int p2, Supplier<byte[]> record) {
        SystemKeyType protecting = p2 == 0xA0 ? SystemKeyType.PERSONALIZATION : SystemKeyType.RELOADING;
        transfer(flow, isStatic, 0xD8, 0, p2, protecting, () -> Bytes.of(kvc(protecting), record.get()));
    }

    /** Mostly such that all goes on; now and then with one of the bits that forbid something. */
    private byte[] parameters() {
        byte[] record = spoiler.bytes(RECORD);
        record[0] = (byte) (random.nextInt(40) == 0 ? random.nextInt(16) : 0x0C);
        return record;
    }

    private int ceilingValue() {
        return random.nextInt(12) == 0 ? random.nextInt(0x1000) : KeyGroup.HIGHEST_CEILING - random.nextInt(0x1000);
    }

    private byte[] ceilings() {
        byte[] record = new byte[0];
        for (int i = 0; i < 9; i++) {
            record = Bytes.of(record, Bytes.number(ceilingValue(), 3));
        }
        return Bytes.of(record, Bytes.number(random.nextInt(0x200), 2));
    }

    private byte[] ceiling() {
        return Bytes.of(random.nextInt(KeyGroup.COUNTERS), Bytes.number(ceilingValue(), 3), new byte[25]);
    }

    private static byte[] keyParameters(int counter) {
        return Bytes.of(1, 0, 0, counter, 1, 0, 0, 0, 0, 0);
    }

    private void workKey(Flow flow, boolean isStatic) {
        int p2 = random.nextInt(4) == 0 ? 1 + random.nextInt(KeyGroup.LAST_WORK_KEY_RECORD) : 0xF0;
        int diversified = random.nextInt(4) == 0 ? 1 : 0;
        transfer(flow, isStatic, 0x1A, diversified, p2, SystemKeyType.KEY_MANAGEMENT,
                () -> Bytes.of(kvc(SystemKeyType.KEY_MANAGEMENT), Platform.HANDED_OUT, 1 + random.nextInt(Platform.LAST_HANDED_OUT),
                        keyParameters(random.nextInt(KeyGroup.COUNTERS)), diversified == 1 ? spoiler.bytes(8) : new byte[0]));
    }

    private void systemKey(Flow flow) {
        SystemKeyType type = SystemKeyType.values()[random.nextInt(4)];
        transfer(flow, random.nextInt(4) == 0, 0x1A, 0, 0xC0, SystemKeyType.PERSONALIZATION, () -> Bytes.of(kvc(SystemKeyType.PERSONALIZATION),
                type.kif(), 1 + sam.group.systemKey(type).kvc() % 2, keyParameters(Platform.SYSTEM_COUNTERS + type.ordinal())));
    }

    private int lockParameters() {
        return random.nextInt(64) == 0 ? random.nextInt(256) : random.nextBoolean() ? 0x80 : 0;
    }

    private void lock(Flow flow) {
        transfer(flow, random.nextInt(4) == 0, 0x1A, 0, 0xE0, SystemKeyType.PERSONALIZATION, () -> Bytes.of(kvc(SystemKeyType.PERSONALIZATION),
                Platform.HANDED_OUT, 1 + random.nextInt(Platform.LAST_HANDED_OUT), Bytes.of(0, 0, 0, 0, 0, lockParameters(), 0, 0, 0, 0)));
    }

    private byte[] lockFile(int parameters) {
        return Bytes.of(0xEF, random.nextInt(256), new byte[5], parameters, new byte[5], spoiler.bytes(16));
    }

    private static byte[] plain(byte[] record, int p2) {
        return Bytes.of(new byte[8], record, p2, new byte[7], 0x80, 0, 0);
    }

    private void plainKey(Flow flow) {
        flow.send(sam, () -> sam.command(0x1A, random.nextBoolean() ? 0x80 : 0xC0, 0xF0, plain(Bytes.of(0x40 + random.nextInt(16),
                random.nextInt(64), alg(), keyParameters(random.nextInt(KeyGroup.COUNTERS)), spoiler.bytes(16)), 0xF0)));
        if (random.nextInt(4) == 0) {
            flow.sendAnyway(sam, () -> sam.command(0x1A, 0x80, 0xF0, spoiler.bytes(80)));
        }
    }

    /** A transfer with control always ends with 6A80 or 6A83, as no public command writes the records that it needs. */
    private void caadTransfer(Flow flow) {
        transfer(flow, false, 0x1A, 0, 0xF0, SystemKeyType.KEY_MANAGEMENT, () -> Bytes.of(kvc(SystemKeyType.KEY_MANAGEMENT),
                Platform.HANDED_OUT, 1, Bytes.of(1, 0, 0, 0, 1, 0x81 + random.nextInt(8), 0, 0, 0, 0)));
        Step last = flow.steps.remove(flow.steps.size() - 1);
        flow.sendAnyway(sam, () -> {
            byte[] write = last.command().get();
            return sam.command(0x1A, 0, 0xF0, Bytes.of(Arrays.copyOfRange(write, 5, write.length), new byte[32]));
        });
    }

    // ---- lock

    private void lockAndReset(Flow flow) {
        flow.send(sam, () -> sam.isLocked() ? null : sam.command(0x1A, 0x80, 0xE0, plain(lockFile(0x80), 0xE0)));
        flow.act(sam, sam::reset);
        for (int i = random.nextInt(3); i > 0; i--) {
            flow.sendAnyway(sam, () -> spoiler.anyCommand(sam.cla()));
        }
    }

    byte[] staticUnlock() {
        return sam.isLocked() ? sam.command(0x20, 0, 0, sam.lockValue()) : null;
    }

    private void dynamicUnlock(Flow flow) {
        byte[][] challenge = new byte[1][];
        flow.send(sam, () -> sam.isLocked() ? sam.command(0x84, 0, 0, 8) : null, answer -> challenge[0] = answer);
        flow.send(sam, () -> {
            SamKey authentication = sam.group.systemKey(SystemKeyType.AUTHENTICATION);
            if (!sam.isLocked()) {
                return null;
            }
            ReferenceProfile profile = Arrays.stream(ReferenceProfile.values()).filter(one -> one.alg() == authentication.alg())
                    .findFirst().orElseThrow();
            ReferenceKey key = profile.undiversified(KeyValue.copyOf(sam.lockValue()));
            return sam.command(0x20, 0, 0, key.sign(Bytes.of(sam.serialNumber(), challenge[0]), 8));
        });
    }

    // ---- reads, and what is refused

    private void reads(Flow flow) {
        for (int i = random.nextInt(4); i >= 0; i--) {
            if (random.nextInt(8) == 0) {
                flow.send(sam, () -> sam.isLocked() ? null : sam.command(0x86, 0, 0, spoiler.bytes(8)));
            }
            flow.sendAnyway(sam, this::read);
        }
    }

    private byte[] read() {
        int le = spoiler.pick(0, 0, 0x30, 0x20);
        return switch (random.nextInt(9)) {
            case 0 -> sam.command(0xBE, spoiler.pick(0, 0xC0), 0xA0, le);
            case 1 -> sam.command(0xBE, 0, 0xB1 + random.nextInt(3), le);
            case 2 -> sam.command(0xBE, random.nextInt(KeyGroup.COUNTERS), 0xB8, le);
            case 3 -> sam.command(0xBE, 0, 0xE1 + random.nextInt(3), le);
            case 4 -> sam.command(0xBE, 0, 0x80 + random.nextInt(KeyGroup.COUNTERS), le);
            case 5 -> sam.command(0xBC, 0, spoiler.pick(0xC1, 0xC2, 0xC3, 0xC4, 0xE0), new byte[2]);
            case 6 -> sam.command(0xBC, 0, spoiler.pick(0xF8, 0xFA, 0xC0), new byte[] {(byte) spoiler.pick(0x21, 0x30, 0xFD, 0xFA), 0});
            case 7 -> sam.command(0xBC, 0, 0xF0, Bytes.of(kif(), TestKeys.kvc(alg())));
            default -> Bytes.of(sam.command(0xBC, 0, 1 + random.nextInt(KeyGroup.LAST_WORK_KEY_RECORD), new byte[2]),
                    spoiler.pick(0, 0x10, 0x20));
        };
    }

    private void unusableKeys(Flow flow) {
        select(flow, sam, this::diversifier);
        int kvc = 1 + random.nextInt(2);
        flow.send(sam, () -> sam.command(0x84, 0, 0, 4));
        flow.sendAnyway(sam, () -> sam.command(0x8A, 0, 0xFF, Bytes.of(Platform.UNUSABLE, kvc, spoiler.bytes(20))));
        flow.sendAnyway(sam, () -> sam.command(0x1C, 0x40, 0, Bytes.of(Platform.UNUSABLE, kvc, spoiler.bytes(8))));
        flow.sendAnyway(sam, () -> sam.command(0x2A, 0x9E, 0x9A, Bytes.of(0xFF, Platform.UNUSABLE, kvc, 8, spoiler.bytes(9))));
        flow.sendAnyway(sam, () -> sam.command(0x8F, 0, 0, Bytes.of(Platform.UNUSABLE, kvc, spoiler.bytes(9))));
        flow.send(sam, () -> sam.command(0x86, 0, 0, spoiler.bytes(8)));
        flow.sendAnyway(sam, () -> sam.command(0x12, 0x80, 0xFF, Bytes.of(Platform.UNUSABLE, kvc, PIN)));
    }

    private void publicKeys(Flow flow) {
        flow.sendAnyway(sam, () -> sam.command(0xCA, 0xDF, 0x43, 0xFF));
        flow.sendAnyway(sam, () -> Bytes.of(sam.command(0x46, 0x80, 0, spoiler.bytes(10)), 0x63));
        flow.sendAnyway(sam, () -> Bytes.of(sam.command(0x2A, 0xEE, 0xAC, spoiler.bytes(spoiler.pick(0x42, 0x82))), 0xFF));
    }
}
