package org.calypsohsm.startup.cards;

import java.io.IOException;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;

import org.bouncycastle.crypto.threshold.ShamirSecretSplitter;
import org.bouncycastle.crypto.threshold.ShamirSplitSecret;
import org.bouncycastle.crypto.threshold.ShamirSplitSecretShare;
import org.calypsohsm.startup.CardSet;
import org.calypsohsm.startup.LockedStore;

/**
 * Shares a storage key out and puts it together again: Shamir's scheme over the field of AES, by Bouncy Castle. With a
 * threshold of 1, each share is the key itself.
 */
final class KeySharing {

    private static final ShamirSecretSplitter.Algorithm FIELD = ShamirSecretSplitter.Algorithm.AES;

    private KeySharing() {
    }

    /**
     * A new key and its shares.
     *
     * @param key    storage key, 32 bytes
     * @param shares one for each card
     */
    record Shared(byte[] key, List<Share> shares) {

        @Override
        public String toString() {
            return "a storage key in " + shares.size() + " shares";
        }
    }

    /**
     * Makes a random storage key.
     *
     * @param set how it is shared out
     * @return the key with its shares
     */
    static Shared share(CardSet set) {
        try {
            ShamirSplitSecret secret = ShamirSecretSplitter.getInstance(FIELD, LockedStore.STORAGE_KEY_LENGTH, new SecureRandom())
                    .split(set.threshold(), set.cards());
            List<Share> shares = new ArrayList<>();
            for (ShamirSplitSecretShare share : secret.getSecretShares()) {
                shares.add(new Share(set, shares.size() + 1, share.getEncoded()));
            }
            return new Shared(secret.getSecret(), List.copyOf(shares));
        } catch (IOException e) {
            throw new IllegalStateException("A storage key cannot be shared out.", e);
        }
    }

    /**
     * Puts a storage key together.
     *
     * @param shares as many different ones as the threshold says
     * @return the key, 32 bytes
     */
    static byte[] combine(Collection<Share> shares) {
        try {
            return ShamirSplitSecret.getInstance(FIELD, shares.stream()
                    .map(share -> new ShamirSplitSecretShare(share.value(), share.index())).toArray(ShamirSplitSecretShare[]::new)).getSecret();
        } catch (IOException e) {
            throw new IllegalStateException("A storage key cannot be put together.", e);
        }
    }
}
