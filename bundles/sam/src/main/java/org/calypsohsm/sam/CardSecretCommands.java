package org.calypsohsm.sam;

import org.calypsohsm.apdu.CommandApdu;
import org.calypsohsm.apdu.StatusWord;
import org.calypsohsm.key.KeyValue;
import org.calypsohsm.key.SamKey;
import org.calypsohsm.product.DiversifiedKey;

/**
 * The commands that cipher a secret for a card: Card Cipher PIN and Card Generate Key, both bound to the card's challenge.
 * Source: sam-s1-apdu.md sections 5.11 and 5.12; security-profiles.md, "PIN" and "Card key loading".
 */
final class CardSecretCommands {

    private static final int PRESENT_PIN = 0x80;
    private static final int CHANGE_PIN = 0x40;
    private static final int GENERATE_KEY = 0xFF;
    private static final int BY_KIF_KVC = 0xFF;
    private static final int BY_NULL_KEY = 0x00;
    private static final int PIN = 4;
    private static final int CIPHERED_PIN = 8;
    private static final int CIPHERED_NEW_PIN = 16;
    private static final int CIPHERED_KEY = 32;
    private static final int FORMAT_REVISION_3 = 0x90;
    private static final int FORMAT_LEGACY = 0x00;

    private final KeyUse use;
    private final Challenges challenges;
    private final Lock lock;

    CardSecretCommands(KeyUse use, Challenges challenges, Lock lock) {
        this.use = use;
        this.challenges = challenges;
        this.lock = lock;
    }

    byte[] run(CommandApdu apdu) throws Refusal {
        return switch (apdu.p1()) {
            case PRESENT_PIN, CHANGE_PIN -> cipherPin(apdu, apdu.p1() == CHANGE_PIN);
            case GENERATE_KEY -> generateKey(apdu);
            default -> throw new Refusal(StatusWord.WRONG_REFERENCE);
        };
    }

    private byte[] cipherPin(CommandApdu apdu, boolean change) throws Refusal {
        Refusal.unless(apdu.p2() == BY_KIF_KVC, StatusWord.WRONG_REFERENCE);
        Refusal.unless(apdu.lc() == 2 + (change ? 2 * PIN : PIN), StatusWord.WRONG_LENGTH);
        lock.requireUnlocked();
        byte[] challenge = challenges.requireIncoming();
        byte[] diversifier = challenges.requireDiversifier();
        SamKey key = use.cipheringKey(apdu.data(0), apdu.data(1));
        byte[] first = apdu.data(2, PIN);
        byte[] ciphered = use.counted(key, diversifier, (diversified, counter) -> change
                ? FromPlugin.bytes(diversified.cipherNewPin(challenge, first, apdu.data(2 + PIN, PIN)), CIPHERED_NEW_PIN)
                : FromPlugin.bytes(diversified.cipherPin(challenge, first), CIPHERED_PIN));
        challenges.useIncoming();
        return Responses.ok(ciphered);
    }

    private byte[] generateKey(CommandApdu apdu) throws Refusal {
        boolean byNullKey = apdu.p2() == BY_NULL_KEY;
        Refusal.unless(byNullKey || apdu.p2() == BY_KIF_KVC, StatusWord.WRONG_REFERENCE);
        int sourceAt = byNullKey ? 0 : 2;
        Refusal.unless(apdu.lc() == sourceAt + 3, StatusWord.WRONG_LENGTH);
        lock.requireUnlocked();
        byte[] challenge = challenges.requireIncoming();
        byte[] diversifier = challenges.requireDiversifier();
        int format = apdu.data(sourceAt + 2);
        Refusal.unless(format == FORMAT_REVISION_3 || format == FORMAT_LEGACY, StatusWord.WRONG_DATA);

        int kif = apdu.data(sourceAt);
        int kvc = apdu.data(sourceAt + 1);
        boolean nullSource = kif == 0 && kvc == 0;
        // A null key under the null key would change nothing, and no key would tell the algorithm.
        Refusal.unless(!nullSource || !byNullKey, StatusWord.WRONG_DATA);
        SamKey ciphering = byNullKey ? null : use.workKey(apdu.data(0), apdu.data(1));
        SamKey source = nullSource ? null : use.workKey(kif, kvc);
        if (ciphering != null) {
            KeyUse.requireCipherEnabled(ciphering);
            // The card holds keys of one algorithm.
            Refusal.unless(source == null || source.alg() == ciphering.alg(), StatusWord.WRONG_DATA);
        }
        byte[] cryptogram = compute(ciphering, source, diversifier, challenge, kif, kvc);
        challenges.useIncoming();
        return Responses.ok(cryptogram);
    }

    private byte[] compute(SamKey ciphering, SamKey source, byte[] diversifier, byte[] challenge, int kif, int kvc)
            throws Refusal {
        int alg = ciphering == null ? source.alg() : ciphering.alg();
        PluginSlot slot = use.plugins().lease(alg);
        Refusal.unless(slot != null, StatusWord.CONDITIONS_NOT_SATISFIED);
        DiversifiedKey under = null;
        DiversifiedKey loaded = null;
        try {
            boolean shared = ciphering != null && source != null && ciphering.eventCounter() == source.eventCounter();
            use.requireCountable(ciphering, 1);
            use.requireCountable(source, shared ? 2 : 1);
            use.count(ciphering);
            use.count(source);
            under = key(slot, alg, ciphering, diversifier);
            loaded = key(slot, alg, source, diversifier);
            return FromPlugin.bytes(under.cipherCardKey(challenge, loaded, kif, kvc), CIPHERED_KEY);
        } finally {
            destroy(under);
            destroy(loaded);
            slot.leave();
        }
    }

    /** A card's null key is all zero, and not diversified. */
    private static DiversifiedKey key(PluginSlot slot, int alg, SamKey key, byte[] diversifier) {
        return key == null ? slot.plugin().undiversified(alg, KeyValue.copyOf(new byte[KeyValue.LENGTH]))
                : slot.plugin().diversify(alg, key.value(), diversifier);
    }

    private static void destroy(DiversifiedKey key) {
        if (key != null) {
            Secrets.destroy(key::destroy);
        }
    }
}
