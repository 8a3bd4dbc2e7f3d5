package org.calypsohsm.itest.platform;

import static org.junit.Assert.assertArrayEquals;
import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertFalse;
import static org.junit.Assert.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

import org.calypsohsm.apdu.StatusWord;
import org.calypsohsm.card.Card;
import org.calypsohsm.card.CardBuilder;
import org.calypsohsm.card.CardCommands;
import org.calypsohsm.card.CardProduct;
import org.calypsohsm.card.StoredValueOperation;
import org.calypsohsm.channel.Channel;
import org.calypsohsm.itest.kit.HsmTest;
import org.calypsohsm.itest.kit.Terminal;
import org.junit.Test;

/** Whole flows between the cards of all products and channels of the platform: stored value, PIN, keys, personalization. */
public abstract class CardFlows extends HsmTest {

    /** Only the PCI-S3 has this group, so a channel is in the form HSM_C1, which extended mode needs. */
    private static final int KEY_GROUP = 1;
    private static final byte[] PIN = "2468".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] NEW_PIN = "1357".getBytes(StandardCharsets.US_ASCII);
    private static final byte FORMAT = (byte) 0x90;

    /** A flow with one card on one channel. */
    private interface Flow {
        void run(Terminal terminal) throws Exception;
    }

    private static CardBuilder builder(CardProduct product) {
        return Card.builder(product).keyGroup(KEY_GROUP).serialNumber(0x12345678).pin(PIN).balance(1000);
    }

    private void forEachProduct(Flow flow) throws Exception {
        for (CardProduct product : CardProduct.values()) {
            run(builder(product).build(), flow);
        }
    }

    private void run(Card card, Flow flow) throws Exception {
        try (Channel channel = hsm().open(KEY_GROUP)) {
            flow.run(new Terminal(card, channel));
        } catch (AssertionError e) {
            throw new AssertionError(card.product() + ": " + e.getMessage(), e);
        }
    }

    @Test
    public void storedValueOutsideSessions() throws Exception {
        forEachProduct(terminal -> {
            int number = terminal.card().storedValueTransactionNumber();
            operate(terminal, StoredValueOperation.RELOAD, 500);
            assertEquals(1500, terminal.card().balance());
            operate(terminal, StoredValueOperation.DEBIT, 300);
            assertEquals(1200, terminal.card().balance());
            operate(terminal, StoredValueOperation.UNDEBIT, 100);
            assertEquals(1300, terminal.card().balance());
            assertEquals(number + 3, terminal.card().storedValueTransactionNumber());
        });
    }

    private static void operate(Terminal terminal, StoredValueOperation operation, int amount) throws Exception {
        CardCommands commands = terminal.commands();
        byte[] prepared = commands.svPrepare(operation, terminal.transmit(commands.svGet(operation)), amount, 0x1234, 0x0567);
        byte[] answer = terminal.sam(operation.samInstruction(), 1, 0xFF, prepared);
        byte[] done = terminal.transmit(commands.svCommand(operation, prepared, answer, terminal.samSerialNumber()));
        terminal.sam(0x58, 0, 0, commands.svSignature(done));
    }

    @Test
    public void storedValueInASession() throws Exception {
        forEachProduct(terminal -> {
            CardCommands commands = terminal.commands();
            terminal.open(CardCommands.DEBIT);
            byte[] get = terminal.digested(commands.svGet(StoredValueOperation.DEBIT));
            byte[] prepared = commands.svPrepare(StoredValueOperation.DEBIT, get, 250, 0x1234, 0x0567);
            byte[] answer = terminal.sam(StoredValueOperation.DEBIT.samInstruction(), 1, 0xFF, prepared);
            byte[] debited = terminal.digested(commands.svCommand(StoredValueOperation.DEBIT, prepared, answer, terminal.samSerialNumber()));
            assertEquals(StatusWord.OK_NOT_SIGNED, StatusWord.of(debited));
            assertEquals("nothing is taken before the session is closed", 1000, terminal.card().balance());
            byte[] closed = terminal.close();
            terminal.sam(0x58, 0, 0, commands.postponedSvSignature(closed, 0));
            assertEquals(750, terminal.card().balance());
        });
    }

    @Test
    public void aForgedStoredValueSignatureTakesNothing() throws Exception {
        forEachProduct(terminal -> {
            CardCommands commands = terminal.commands();
            byte[] prepared = commands.svPrepare(StoredValueOperation.DEBIT,
                    terminal.transmit(commands.svGet(StoredValueOperation.DEBIT)), 250, 0, 0);
            byte[] answer = terminal.sam(StoredValueOperation.DEBIT.samInstruction(), 1, 0xFF, prepared);
            answer[answer.length - 1] ^= 1;
            byte[] refused = terminal.transmit(
                    commands.svCommand(StoredValueOperation.DEBIT, prepared, answer, terminal.samSerialNumber()));
            assertEquals(StatusWord.SECURITY_DATA_WRONG, StatusWord.of(refused));
            assertEquals(1000, terminal.card().balance());
            byte[] forged = new byte[commands.isExtended() ? 6 : 3];
            assertEquals(StatusWord.SECURITY_DATA_WRONG, terminal.samStatus(0x58, 0, 0, forged));
        });
    }

    @Test
    public void pinIsPresentedAndChangedCiphered() throws Exception {
        forEachProduct(terminal -> {
            present(terminal, PIN);
            assertEquals(3, terminal.card().pinTries());
            terminal.giveChallenge();
            byte[] ciphered = terminal.sam(0x12, 0x40, 0xFF, terminal.keyAnd(CardCommands.ISSUER, both(PIN, NEW_PIN)));
            terminal.card(terminal.commands().changePin(ciphered));
            present(terminal, NEW_PIN);

            terminal.giveChallenge();
            byte[] wrong = terminal.sam(0x12, 0x80, 0xFF, terminal.keyAnd(CardCommands.DEBIT, PIN));
            assertEquals(0x63C2, StatusWord.of(terminal.transmit(terminal.commands().verifyPin(wrong))));
            assertEquals(2, terminal.card().pinTries());
        });
    }

    private static void present(Terminal terminal, byte[] pin) throws Exception {
        terminal.giveChallenge();
        terminal.card(terminal.commands().verifyPin(terminal.sam(0x12, 0x80, 0xFF, terminal.keyAnd(CardCommands.DEBIT, pin))));
    }

    private static byte[] both(byte[] first, byte[] second) {
        byte[] bytes = Arrays.copyOf(first, first.length + second.length);
        System.arraycopy(second, 0, bytes, first.length, second.length);
        return bytes;
    }

    @Test
    public void keysAreLoadedIntoAVirginCardAndOpenSessions() throws Exception {
        for (CardProduct product : CardProduct.values()) {
            run(builder(product).virgin(true).build(), terminal -> {
                load(terminal, CardCommands.ISSUER, true);
                load(terminal, CardCommands.LOAD, false);
                load(terminal, CardCommands.DEBIT, false);
                for (int keyIndex : new int[] {CardCommands.ISSUER, CardCommands.LOAD, CardCommands.DEBIT}) {
                    byte[] event = {1, 2, 3, (byte) keyIndex};
                    terminal.session(keyIndex, terminal.commands().appendRecord(CardCommands.SFI_EVENTS, event));
                    assertArrayEquals(event, Arrays.copyOf(terminal.card().record(CardCommands.SFI_EVENTS, 1), event.length));
                }
            });
        }
    }

    /** Key 1 goes in under the null key, the others under key 1. */
    private static void load(Terminal terminal, int keyIndex, boolean underNullKey) throws Exception {
        terminal.giveChallenge();
        byte[] source = terminal.keyAnd(keyIndex, FORMAT);
        byte[] cryptogram = underNullKey ? terminal.sam(0x12, 0xFF, 0x00, source)
                : terminal.sam(0x12, 0xFF, 0xFF, both(terminal.keyAnd(CardCommands.ISSUER), source));
        terminal.card(terminal.commands().changeKey(keyIndex, cryptogram));
    }

    @Test
    public void personalizationAndTheEndOfACard() throws Exception {
        forEachProduct(terminal -> {
            byte[] environment = {0x45, 0x4E, 0x56};
            terminal.session(CardCommands.ISSUER,
                    terminal.commands().updateRecord(CardCommands.SFI_ENVIRONMENT, 1, environment),
                    terminal.commands().readRecord(CardCommands.SFI_ENVIRONMENT, 1, environment.length));
            assertArrayEquals(environment,
                    Arrays.copyOf(terminal.card().record(CardCommands.SFI_ENVIRONMENT, 1), environment.length));
            terminal.session(CardCommands.DEBIT, terminal.commands().invalidate());
            assertTrue(terminal.card().isInvalidated());
            terminal.session(CardCommands.ISSUER, terminal.commands().rehabilitate());
            assertFalse(terminal.card().isInvalidated());
        });
    }
}
