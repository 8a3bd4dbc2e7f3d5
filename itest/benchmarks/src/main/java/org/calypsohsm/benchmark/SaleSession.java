package org.calypsohsm.benchmark;

import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.List;

import org.calypsohsm.key.KeyValue;
import org.calypsohsm.apdu.CommandApdu;
import org.calypsohsm.profile.ReferenceSession;
import org.calypsohsm.sam.KnownChallenges;
import org.calypsohsm.testkeys.TestKeys;

/**
 * The SAM's part in one sale: read environment and contract, update contract, append an event. 13 exchanges.
 * The card's certificates for all known challenges are computed beforehand.
 */
final class SaleSession {

    private static final int RECORD = 29;
    private static final int[] UPDATE_LENGTHS = {5, RECORD + 2, 5, RECORD + 2, 5 + RECORD, 2, 5 + RECORD, 2};
    private static final byte[] SERIAL = {0, 0, 0, 0, 0x12, 0x34, 0x56, 0x78};
    /** KVC, transaction counter, random number, record. */
    private static final int OPEN_RESPONSE = 1 + 3 + 1 + RECORD;
    private static final int KNOWN_CHALLENGES = 256;

    final byte[] selectDiversifier = command(0x14, 0, 0, SERIAL);
    final byte[] getChallenge = {(byte) 0x80, (byte) 0x84, 0, 0, 4};
    final byte[] digestInit;
    final byte[][] updates;
    final byte[] digestClose = {(byte) 0x80, (byte) 0x8E, 0, 0, 4};
    final byte[][] authenticates = new byte[KNOWN_CHALLENGES][];
    /** All that the session digests, with a length byte before each element. */
    final byte[] message;

    SaleSession(Profile profile) {
        int alg = profile.reference.alg();
        byte[] opened = filled(OPEN_RESPONSE, 1);
        byte[] init = new byte[2 + OPEN_RESPONSE];
        init[0] = TestKeys.LOAD;
        init[1] = (byte) TestKeys.kvc(alg);
        System.arraycopy(opened, 0, init, 2, OPEN_RESPONSE);
        digestInit = command(0x8A, 0, 0xFF, init);

        List<byte[]> elements = new ArrayList<>(List.of(opened));
        updates = new byte[UPDATE_LENGTHS.length][];
        for (int i = 0; i < updates.length; i++) {
            byte[] element = filled(UPDATE_LENGTHS[i], i + 2);
            elements.add(element);
            updates[i] = command(0x8C, 0, 0, element);
        }
        ByteArrayOutputStream stream = new ByteArrayOutputStream();
        elements.forEach(element -> {
            stream.write(element.length);
            stream.writeBytes(element);
        });
        message = stream.toByteArray();

        KeyValue key = TestKeys.value(0, TestKeys.LOAD, TestKeys.kvc(alg));
        for (int i = 0; i < KNOWN_CHALLENGES; i++) {
            ReferenceSession card = profile.reference.diversify(key, SERIAL)
                    .openSession(KnownChallenges.challenge((byte) i), false);
            elements.forEach(element -> card.update(element, 0, element.length));
            card.terminalCertificate();
            authenticates[i] = command(0x82, 0, 0, card.cardCertificate());
        }
    }

    /** @return how many exchanges one session has */
    int exchanges() {
        return updates.length + 5;
    }

    private static byte[] filled(int length, int with) {
        byte[] bytes = new byte[length];
        java.util.Arrays.fill(bytes, (byte) with);
        return bytes;
    }

    private static byte[] command(int ins, int p1, int p2, byte[] data) {
        return CommandApdu.sending(0x80, ins, p1 << 8 | p2, data);
    }
}
