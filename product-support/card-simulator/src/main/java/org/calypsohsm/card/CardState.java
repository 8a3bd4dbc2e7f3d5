package org.calypsohsm.card;

import java.util.List;
import java.util.SplittableRandom;

/**
 * What one card knows: persistent contents, and what lasts until the next reset. Commands work on this.
 * Source: calypso-card.md section d.
 */
final class CardState {

    /** Ratification bytes of revision 1 and 2: their meaning is not public, the project shows part of a certificate. */
    static final int RATIFICATION_LENGTH = 2;

    private static final int RATIFICATION_COMMAND_BIT = 0x04;
    private static final int SMALLEST_INDICATOR = 0x06;
    private static final int LARGEST_INDICATOR = 0x37;
    private static final int TYPE = 2;

    final CardProduct product;
    final byte[] startup;
    final byte[] serialNumber;
    final CardKeys keys;
    /** The PIN, or null on a card without. */
    final Pin pin;
    /** True on a card with stored value. */
    final boolean storedValue;
    private final SplittableRandom random;

    // Persistent.
    private FileImage image;
    private int transactionCounter;
    private boolean ratified = true;
    private final byte[] ratificationBytes = new byte[RATIFICATION_LENGTH];

    // Until the next reset.
    private Directory directory = FileStructure.TICKETING;
    private ElementaryFile file;
    private boolean selectedByName;
    private boolean nextCommandRatifies;
    private SecureSession session;
    private byte[] preOpenChallenge;
    private byte[] challenge;
    private StoredValueCommands.Offer nextOffer;
    private StoredValueCommands.Offer offer;

    CardState(CardProduct product, byte[] startup, byte[] serialNumber, CardKeys keys, Pin pin, boolean storedValue,
            FileImage image, int transactionCounter, long seed) {
        this.product = product;
        this.startup = startup;
        this.serialNumber = serialNumber;
        this.keys = keys;
        this.pin = pin;
        this.storedValue = storedValue;
        this.image = image;
        this.transactionCounter = transactionCounter;
        this.random = new SplittableRandom(seed);
    }

    // --- power and selection

    /** Loses all that is not persistent. After power-on the ticketing application is selected implicitly. */
    void reset() {
        abortSession();
        directory = FileStructure.TICKETING;
        file = null;
        selectedByName = false;
        nextCommandRatifies = false;
        preOpenChallenge = null;
        challenge = null;
        nextOffer = null;
        forgetPin();
    }

    private void forgetPin() {
        if (pin != null) {
            pin.forgetPresentation();
        }
    }

    /** Begins a command: what SV Get answered counts for the next command only. */
    void beginCommand() {
        ratifyByNextCommand();
        offer = nextOffer;
        nextOffer = null;
    }

    /** @return MF and the DFs of this card */
    List<Directory> directories() {
        return storedValue ? FileStructure.DIRECTORIES : FileStructure.WITHOUT_STORED_VALUE;
    }

    Directory directory() {
        return directory;
    }

    /** @return the current EF, or null */
    ElementaryFile file() {
        return file;
    }

    /** Makes a DF and an EF of it (or null) the current ones. */
    void select(Directory newDirectory, ElementaryFile newFile) {
        directory = newDirectory;
        file = newFile;
    }

    void selectByName(Directory newDirectory) {
        select(newDirectory, null);
        selectedByName = true;
        preOpenChallenge = null;
        forgetPin();
    }

    /** A CD97 that no AID was selected on is a revision 1 card to its terminal. */
    boolean isUsedAsRevision1() {
        return !selectedByName && product.openForms().contains(OpenForm.REVISION_1);
    }

    /**
     * Finds the EF that a command names, and makes it the current one.
     *
     * @param sfi 01..1E, or 0 for the current EF
     * @throws Refusal 6A82 if there is none, 6986 if none is current
     */
    ElementaryFile file(int sfi) {
        if (sfi == 0) {
            if (file == null) {
                throw new Refusal(CardStatus.NO_CURRENT_FILE);
            }
            return file;
        }
        ElementaryFile found = directory.bySfi(sfi);
        if (found == null) {
            throw new Refusal(CardStatus.FILE_NOT_FOUND);
        }
        file = found;
        return found;
    }

    // --- contents

    /** @return the contents as the running session, if any, sees them */
    FileImage image() {
        return session == null ? image : session.image();
    }

    FileImage persistentImage() {
        return image;
    }

    /**
     * Checks that a file may be read.
     *
     * @throws Refusal 6982 or 6985
     */
    void checkReadable(ElementaryFile target, int sessionKey) {
        check(target.access(ElementaryFile.Group.READ), sessionKey);
    }

    /**
     * Checks that a file may be modified, and takes room for it in the session.
     *
     * @param dataLength length of the command's data in bytes
     * @return the contents to modify: provisional in a session
     * @throws Refusal 6982, 6985 or 6400
     */
    FileImage modify(ElementaryFile target, ElementaryFile.Group group, int dataLength) {
        checkModifiable(target, group);
        return modify(dataLength);
    }

    /**
     * Checks that a file may be modified.
     *
     * @throws Refusal 6982 or 6985
     */
    void checkModifiable(ElementaryFile target, ElementaryFile.Group group) {
        check(target.access(group), sessionKey());
        checkValid(directory);
    }

    /**
     * Checks an access condition.
     *
     * @throws Refusal 6982 or 6985
     */
    void check(Access access, int sessionKey) {
        access.check(sessionKey, pin != null && pin.isVerified());
    }

    /**
     * Checks that a DF is not invalidated.
     *
     * @throws Refusal 6985
     */
    void checkValid(Directory target) {
        if (image().isInvalidated(target)) {
            throw new Refusal(CardStatus.ACCESS_FORBIDDEN);
        }
    }

    /**
     * Checks that a key is not the null key, which proves nothing.
     *
     * @throws Refusal 6985
     */
    void checkLoaded(Directory target, int keyIndex) {
        if (keys.isNull(target, keyIndex)) {
            throw new Refusal(CardStatus.ACCESS_FORBIDDEN);
        }
    }

    /**
     * Takes room for a modification in the session, if there is one; all conditions must have been checked.
     *
     * @param dataLength length of the command's data in bytes
     * @return the contents to modify: provisional in a session
     * @throws Refusal 6400
     */
    FileImage modify(int dataLength) {
        return session == null ? image : session.modify(dataLength);
    }

    // --- session

    /** @return the open session, or null */
    SecureSession session() {
        return session;
    }

    int sessionKey() {
        return session == null ? 0 : session.keyIndex();
    }

    int transactionCounter() {
        return transactionCounter;
    }

    /**
     * Limit of modifications in a session: the first startup byte is a number of commands for revision 1 and 2, and the
     * logarithm of a number of bytes for revision 3 (calypso-card.md section a).
     */
    int sessionRoom() {
        int n = startup[0] & 0xFF;
        if (!product.isRevision3()) {
            return n;
        }
        int indicator = Math.min(Math.max(n, SMALLEST_INDICATOR), LARGEST_INDICATOR);
        return (int) Math.pow(2, (indicator + 25) / 4.0);
    }

    /** Begins a session and spends one transaction, so that no challenge is used twice. */
    void beginSession(SecureSession newSession) {
        session = newSession;
        preOpenChallenge = null;
        transactionCounter--;
    }

    /** Drops the session, if any, with all that is provisional. */
    void abortSession() {
        if (session != null) {
            session.destroy();
            session = null;
        }
    }

    /** Makes the provisional contents the confirmed ones. */
    void commitSession(byte[] terminalCertificate, boolean ratify) {
        image = session.image();
        ratified = ratify;
        nextCommandRatifies = !ratify;
        System.arraycopy(terminalCertificate, 0, ratificationBytes, 0, RATIFICATION_LENGTH);
        abortSession();
    }

    boolean isRatified() {
        return ratified;
    }

    byte[] ratificationBytes() {
        return ratificationBytes;
    }

    /** Any command after Close shows that the terminal got the answer to Close. */
    private void ratifyByNextCommand() {
        if (nextCommandRatifies) {
            ratified = true;
            nextCommandRatifies = false;
        }
    }

    /** An orderly deselection shows the same to the products that look at it. */
    void ratifyByDeselection() {
        boolean commandRequired = product.isRevision3() && (startup[TYPE] & RATIFICATION_COMMAND_BIT) != 0;
        if (product.ratifiesOnDeselect() && !commandRequired) {
            ratifyByNextCommand();
        }
    }

    // --- stored value

    /** @return what the command before this one, an SV Get, answered; else null */
    StoredValueCommands.Offer storedValueOffer() {
        return offer;
    }

    void offerStoredValue(StoredValueCommands.Offer newOffer) {
        nextOffer = newOffer;
    }

    // --- challenges

    /** @return a new challenge, which stays for one ciphered command */
    byte[] newChallenge(int length) {
        challenge = randomBytes(length);
        return challenge;
    }

    /**
     * Gives the challenge for a cryptogram, once: the same cryptogram never works again.
     *
     * @throws Refusal 6982 if there is none
     */
    byte[] takeChallenge() {
        if (challenge == null) {
            throw new Refusal(CardStatus.SECURITY_NOT_FULFILLED);
        }
        byte[] taken = challenge;
        challenge = null;
        return taken;
    }

    byte[] randomBytes(int length) {
        byte[] bytes = new byte[length];
        random.nextBytes(bytes);
        return bytes;
    }

    /** @return random part of the challenge that pre-open showed, or null */
    byte[] preOpenChallenge() {
        return preOpenChallenge;
    }

    void setPreOpenChallenge(byte[] challenge) {
        preOpenChallenge = challenge;
    }
}
