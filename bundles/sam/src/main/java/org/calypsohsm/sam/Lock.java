package org.calypsohsm.sam;

import java.security.MessageDigest;
import java.util.Arrays;

import org.calypsohsm.apdu.CommandApdu;
import org.calypsohsm.apdu.StatusWord;
import org.calypsohsm.key.KeyValue;
import org.calypsohsm.key.SamKey;
import org.calypsohsm.key.SystemKeyType;
import org.calypsohsm.product.DiversifiedKey;

/**
 * The lock of a SAM, with its command Unlock. The lock file is looked at when the SAM is reset, as its flags are.
 * Source: sam-s1-apdu.md sections 4.5 and 5.24. Dynamic unlock data is not public; the README says what is chosen.
 */
final class Lock {

    /** KIF of the lock file. */
    static final int KIF = 0xEF;

    private static final int PARAMETERS_AT = 7;
    private static final int VALUE_AT = 13;
    private static final int ENABLED = 0x80;
    /** Choices of this project: the positions of these flags are not public. */
    private static final int LOCKED_LOCK = 0x01;
    private static final int PLAIN_WRITE_DISABLED = 0x02;
    private static final int STATIC = 16;
    private static final int DYNAMIC = 8;

    private final int serialNumber;
    private final KeyUse use;
    private final Challenges challenges;
    private final int parameters;
    private boolean locked;

    Lock(int serialNumber, KeyUse use, Challenges challenges, boolean unlocked) {
        this.serialNumber = serialNumber;
        this.use = use;
        this.challenges = challenges;
        parameters = parameters(use.keys().lockFile());
        locked = isEnabled(parameters) && !unlocked;
    }

    /** Refuses while the SAM is locked; every command but Get Challenge, Unlock and the reads asks this behind its lengths. */
    void requireUnlocked() throws Refusal {
        Refusal.unless(!locked, StatusWord.CONDITIONS_NOT_SATISFIED);
    }

    /**
     * Tells whether a SAM that takes the place of this one would have to be unlocked although this one is not locked.
     *
     * @return true if the client has unlocked this SAM, or a lock was enabled since its reset
     */
    boolean isUnlocked() {
        return !locked && (isEnabled(parameters) || isEnabled(parameters(use.keys().lockFile())));
    }

    private static int parameters(byte[] file) {
        int parameters = (file[0] & 0xFF) == KIF ? file[PARAMETERS_AT] & 0xFF : 0;
        Arrays.fill(file, (byte) 0);
        return parameters;
    }

    private static boolean isEnabled(int parameters) {
        return (parameters & ENABLED) != 0;
    }

    boolean isLockedLock() {
        return (parameters & LOCKED_LOCK) != 0;
    }

    boolean isPlainWriteDisabled() {
        return (parameters & PLAIN_WRITE_DISABLED) != 0;
    }

    byte[] unlock(CommandApdu apdu) throws Refusal {
        Refusal.unless(apdu.p1p2() == 0, StatusWord.WRONG_MODE);
        Refusal.unless(apdu.lc() == STATIC || apdu.lc() == DYNAMIC, StatusWord.WRONG_LENGTH);
        Refusal.unless(locked, StatusWord.CONDITIONS_NOT_SATISFIED);
        byte[] data = apdu.data(0, apdu.lc());
        byte[] file = use.keys().lockFile();
        byte[] value = Arrays.copyOfRange(file, VALUE_AT, VALUE_AT + KeyValue.LENGTH);
        Arrays.fill(file, (byte) 0);
        try {
            byte[] expected = apdu.lc() == STATIC ? value : dynamicData(value);
            Refusal.unless(MessageDigest.isEqual(expected, data), StatusWord.SECURITY_DATA_WRONG);
        } finally {
            Arrays.fill(value, (byte) 0);
        }
        locked = false;
        return Responses.ok();
    }

    /** A signature of serial number and challenge under the lock value, by the algorithm of the authentication key. */
    private byte[] dynamicData(byte[] value) throws Refusal {
        byte[] challenge = challenges.requireOutgoing();
        SamKey authentication = use.keys().systemKey(SystemKeyType.AUTHENTICATION);
        PluginSlot slot = authentication == null ? null : use.plugins().lease(authentication.alg());
        Refusal.unless(slot != null, StatusWord.CONDITIONS_NOT_SATISFIED);
        KeyValue secret = KeyValue.copyOf(value);
        try {
            DiversifiedKey key = slot.plugin().undiversified(authentication.alg(), secret);
            try {
                // One challenge serves one attempt, whatever comes of it.
                challenges.useOutgoing();
                byte[] signed = new byte[Integer.BYTES + DYNAMIC];
                System.arraycopy(Responses.bytes(serialNumber), 0, signed, 0, Integer.BYTES);
                System.arraycopy(challenge, 0, signed, Integer.BYTES, DYNAMIC);
                return FromPlugin.bytes(key.sign(signed, DYNAMIC), DYNAMIC);
            } finally {
                Secrets.destroy(key::destroy);
            }
        } finally {
            secret.destroy();
            slot.leave();
        }
    }
}
