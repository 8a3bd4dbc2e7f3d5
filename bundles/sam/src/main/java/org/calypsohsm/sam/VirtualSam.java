package org.calypsohsm.sam;

import java.util.concurrent.CompletionStage;

import org.calypsohsm.apdu.CommandApdu;
import org.calypsohsm.apdu.StatusWord;
import org.calypsohsm.key.KeyGroup;
import org.calypsohsm.module.ChannelState;
import org.calypsohsm.module.ModuleChannel;
import org.calypsohsm.module.SamForm;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One virtual SAM-S1: checks class, instruction and length, and hands each command to the class that knows it.
 * Faults are answered in the order class, instruction, shape of the APDU, P1 P2, lengths, locked, state, key present,
 * key rights, counter, computation.
 */
final class VirtualSam implements ModuleChannel {

    private static final Logger LOG = LoggerFactory.getLogger(VirtualSam.class);

    private static final int CARD_SECRET = 0x12;
    private static final int SELECT_DIVERSIFIER = 0x14;
    private static final int TRANSFER = 0x16;
    private static final int WRITE_KEY = 0x1A;
    private static final int DATA_CIPHER = 0x1C;
    private static final int UNLOCK = 0x20;
    private static final int PERFORM_SECURITY_OPERATION = 0x2A;
    private static final int COMPUTE_CERTIFICATE = 0xEEAC;
    private static final int SV_PREPARE_DEBIT = 0x54;
    private static final int SV_PREPARE_LOAD = 0x56;
    private static final int SV_CHECK = 0x58;
    private static final int SV_PREPARE_UNDEBIT = 0x5C;
    private static final int DIGEST_AUTHENTICATE = 0x82;
    private static final int GET_CHALLENGE = 0x84;
    private static final int GIVE_RANDOM = 0x86;
    private static final int INTERNAL_AUTHENTICATE = 0x88;
    private static final int DIGEST_INIT = 0x8A;
    private static final int DIGEST_UPDATE = 0x8C;
    private static final int DIGEST_CLOSE = 0x8E;
    private static final int MAC_COMPUTE = 0x8F;
    private static final int READ_KEY_PARAMETERS = 0xBC;
    private static final int READ = 0xBE;
    private static final int GET_RESPONSE = 0xC0;
    private static final int WRITE = 0xD8;

    private final SamForm form;
    private final int serialNumber;
    private final int version;
    private final RandomSource random;
    private final KeyUse use;
    private final Challenges challenges;
    private final SessionCommands session;
    private final ReadCommands reads;
    private final CardSecretCommands cardSecrets;
    private final StoredValueCommands storedValue;
    private final SignatureCommands signatures;
    private final TransferCommands transfers;
    private final WriteCommands writes;
    private final Lock lock;

    VirtualSam(SamForm form, int serialNumber, int version, KeyGroup keys, SamServices services, ChannelState state) {
        this.form = form;
        this.serialNumber = serialNumber;
        this.version = version;
        random = services.random();
        challenges = new Challenges(state);
        use = new KeyUse(keys, services.plugins());
        lock = new Lock(serialNumber, use, challenges, state.unlocked());
        session = new SessionCommands(form, use, challenges, lock);
        reads = new ReadCommands(serialNumber, use, challenges);
        cardSecrets = new CardSecretCommands(use, challenges, lock);
        storedValue = new StoredValueCommands(form, serialNumber, use, challenges, random, lock);
        signatures = new SignatureCommands(serialNumber, use, challenges, services.busyKeys(), lock);
        transfers = new TransferCommands(use, challenges, lock);
        writes = new WriteCommands(serialNumber, use, challenges, random, lock);
    }

    @Override
    public byte[] atr() {
        return form.atr(serialNumber, version);
    }

    @Override
    public byte[] exchange(byte[] command) {
        use.begin();
        CommandApdu apdu = CommandApdu.of(command);
        if (!apdu.hasHeader()) {
            return Responses.status(StatusWord.WRONG_LENGTH);
        }
        if (!form.acceptsClass(apdu.cla())) {
            return Responses.status(StatusWord.CLASS_NOT_SUPPORTED);
        }
        try {
            return run(apdu);
        } catch (Refusal e) {
            return Responses.status(e.statusWord());
        } catch (RuntimeException | LinkageError | AssertionError | StackOverflowError e) {
            // Only a security plugin (a class of a bundle that is gone, too) or the key store can bring us here.
            session.drop();
            storedValue.drop();
            LOG.warn("Virtual SAM {}: a security plugin or the key store failed in instruction {}, answered 6985.",
                    String.format("%08X", serialNumber), String.format("%02X", apdu.ins()), e);
            return Responses.status(StatusWord.CONDITIONS_NOT_SATISFIED);
        }
    }

    private byte[] run(CommandApdu apdu) throws Refusal {
        if (!knows(apdu.ins()) || isForPublicKeys(apdu)) {
            return Responses.status(StatusWord.UNKNOWN_INSTRUCTION);
        }
        if (!apdu.isWellFormed()) {
            return Responses.status(StatusWord.WRONG_LENGTH);
        }
        return switch (apdu.ins()) {
            case CARD_SECRET -> cardSecrets.run(apdu);
            case TRANSFER -> transfers.run(apdu);
            case WRITE_KEY -> writes.writeKey(apdu);
            case WRITE -> writes.writeData(apdu);
            case DATA_CIPHER -> signatures.dataCipher(apdu);
            case PERFORM_SECURITY_OPERATION -> signatures.performSecurityOperation(apdu);
            case MAC_COMPUTE -> signatures.macCompute(apdu);
            case UNLOCK -> lock.unlock(apdu);
            case SV_PREPARE_LOAD -> storedValue.prepareLoad(apdu);
            case SV_PREPARE_DEBIT -> storedValue.prepareDebit(apdu);
            case SV_PREPARE_UNDEBIT -> storedValue.prepareUndebit(apdu);
            case SV_CHECK -> storedValue.check(apdu);
            case SELECT_DIVERSIFIER -> challenges.selectDiversifier(apdu, lock);
            case GET_CHALLENGE -> challenges.getChallenge(apdu, random);
            case GIVE_RANDOM -> challenges.giveRandom(apdu, lock);
            case DIGEST_INIT -> session.digestInit(apdu);
            case DIGEST_UPDATE -> session.digestUpdate(apdu);
            case INTERNAL_AUTHENTICATE -> session.internalAuthenticate(apdu);
            case DIGEST_CLOSE -> session.digestClose(apdu);
            case DIGEST_AUTHENTICATE -> session.digestAuthenticate(apdu);
            case READ_KEY_PARAMETERS -> reads.readKeyParameters(apdu);
            case READ -> reads.readData(apdu);
            // Every answer is given at once, so nothing is ever left to fetch.
            default -> Responses.status(StatusWord.CONDITIONS_NOT_SATISFIED);
        };
    }

    /** PSO Compute Certificate is known by its P1 P2 only; a SAM-S1 has none of the commands for public keys. */
    private static boolean isForPublicKeys(CommandApdu apdu) {
        return apdu.ins() == PERFORM_SECURITY_OPERATION && apdu.p1p2() == COMPUTE_CERTIFICATE;
    }

    private boolean knows(int ins) {
        return switch (ins) {
            case SELECT_DIVERSIFIER, GET_CHALLENGE, GIVE_RANDOM, DIGEST_INIT, DIGEST_UPDATE, DIGEST_CLOSE,
                    DIGEST_AUTHENTICATE, READ_KEY_PARAMETERS, READ, CARD_SECRET, TRANSFER, WRITE_KEY, WRITE, DATA_CIPHER,
                    PERFORM_SECURITY_OPERATION, MAC_COMPUTE, UNLOCK, SV_PREPARE_LOAD, SV_PREPARE_DEBIT, SV_PREPARE_UNDEBIT,
                    SV_CHECK, GET_RESPONSE -> true;
            case INTERNAL_AUTHENTICATE -> form.extendedMode();
            default -> false;
        };
    }

    @Override
    public CompletionStage<Void> pendingCommit() {
        return use.pendingCommit();
    }

    @Override
    public ChannelState idleState() {
        return inSession() ? null : challenges.state(lock.isUnlocked());
    }

    @Override
    public boolean inSession() {
        return session.inProgress() || storedValue.inProgress();
    }

    @Override
    public void close() {
        session.drop();
        storedValue.drop();
    }
}
