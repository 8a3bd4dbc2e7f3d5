package org.calypsohsm.product;

import org.calypsohsm.key.KeyValue;
import org.osgi.annotation.versioning.ConsumerType;

/**
 * The security functions of a card product: an OEM registers one as a service to add a product.
 *
 * <p>The virtual SAM chooses the plugin by the ALG code of the key that a command names. Two plugins that claim one code:
 * the one with the higher service ranking serves it.
 *
 * <p>The plugin, and all that it hands out, is called by many threads at once; one {@link SessionDigest} is called by one
 * thread at a time. What it handed out must go on working after the plugin's service is gone, since a session in progress
 * keeps the instance it began with: so hold no service in it, and load every class you need while you activate.
 *
 * <p>Source: security-profiles.md.
 */
@ConsumerType
public interface SecurityPlugin {

    /** Service property, {@code String}: name of the card product, as in {@code "CD97"}. */
    String PRODUCT = "hsm.product";
    /** Service property, {@code Integer[]} or {@code int[]}: the ALG codes served, each 0..FF. */
    String ALG = "hsm.alg";
    /** Service property, {@code String}: what a person should know of the algorithms, in one sentence. */
    String NOTICE = "hsm.notice";

    /** The functions that not every algorithm has. */
    enum Function {
        /** Secure sessions in extended mode: 8-byte certificates, mid-session authentication, ciphered exchanges. */
        EXTENDED_SESSION,
        /** Transfer of keys and parameters between SAMs. */
        TRANSFER
    }

    /**
     * Tells whether an algorithm has a function.
     *
     * @param alg      ALG code, 0..FF
     * @param function which one
     * @return true if keys of this code may be used for it
     */
    boolean supports(int alg, Function function);

    /**
     * Diversifies a key.
     *
     * @param alg         ALG code of the key, one that this plugin declares
     * @param key         the master key
     * @param diversifier 4 or 8 bytes; not kept
     * @return the diversified key
     * @throws IllegalArgumentException if the ALG code is not served or the diversifier has another length
     */
    DiversifiedKey diversify(int alg, KeyValue key, byte[] diversifier);

    /**
     * Takes a key as it is, without diversification: the null key of a virgin card, a key that is diversified already.
     *
     * @param alg ALG code of the key, one that this plugin declares
     * @param key the key
     * @return the key in the form that its functions need
     * @throws IllegalArgumentException if the ALG code is not served
     */
    DiversifiedKey undiversified(int alg, KeyValue key);

    /**
     * Tests the algorithms with known answers. A module calls it before it serves, and on command.
     *
     * @param alg ALG code, one that this plugin declares
     * @throws IllegalStateException if an answer is not the known one; the message says which, in one sentence
     * @since 1.1
     */
    default void selfTest(int alg) {
        // A plugin that tested itself when it was made needs no more.
    }
}
