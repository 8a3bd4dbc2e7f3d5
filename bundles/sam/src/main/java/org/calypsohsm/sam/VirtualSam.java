package org.calypsohsm.sam;

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
 * Faults are answered in the order class, instruction, shape of the APDU, P1 P2, lengths, state, key, counter, computation.
 */
final class VirtualSam implements ModuleChannel {

    private static final Logger LOG = LoggerFactory.getLogger(VirtualSam.class);

    private static final int SELECT_DIVERSIFIER = 0x14;
    private static final int DIGEST_AUTHENTICATE = 0x82;
    private static final int GET_CHALLENGE = 0x84;
    private static final int GIVE_RANDOM = 0x86;
    private static final int INTERNAL_AUTHENTICATE = 0x88;
    private static final int DIGEST_INIT = 0x8A;
    private static final int DIGEST_UPDATE = 0x8C;
    private static final int DIGEST_CLOSE = 0x8E;
    private static final int READ_KEY_PARAMETERS = 0xBC;
    private static final int READ = 0xBE;

    private final SamForm form;
    private final int serialNumber;
    private final int version;
    private final RandomSource random;
    private final Challenges challenges;
    private final SessionCommands session;
    private final ReadCommands reads;

    VirtualSam(SamForm form, int serialNumber, int version, KeyGroup keys, PluginRegistry plugins, RandomSource random,
            ChannelState state) {
        this.form = form;
        this.serialNumber = serialNumber;
        this.version = version;
        this.random = random;
        challenges = new Challenges(state);
        session = new SessionCommands(form, keys, plugins, challenges);
        reads = new ReadCommands(serialNumber, keys, plugins, challenges);
    }

    @Override
    public byte[] atr() {
        return form.atr(serialNumber, version);
    }

    @Override
    public byte[] exchange(byte[] command) {
        CommandApdu apdu = CommandApdu.of(command);
        if (!apdu.hasHeader()) {
            return Responses.status(StatusWord.WRONG_LENGTH);
        }
        if (!form.acceptsClass(apdu.cla())) {
            return Responses.status(StatusWord.CLASS_NOT_SUPPORTED);
        }
        try {
            return run(apdu);
        } catch (RuntimeException | LinkageError e) {
            // Only a security plugin (a class of a bundle that is gone, too) or the key store can bring us here.
            session.drop();
            LOG.warn("Virtual SAM {}: a security plugin or the key store failed in instruction {}, answered 6985.",
                    String.format("%08X", serialNumber), String.format("%02X", apdu.ins()), e);
            return Responses.status(StatusWord.CONDITIONS_NOT_SATISFIED);
        }
    }

    private byte[] run(CommandApdu apdu) {
        if (!knows(apdu.ins())) {
            return Responses.status(StatusWord.UNKNOWN_INSTRUCTION);
        }
        if (!apdu.isWellFormed()) {
            return Responses.status(StatusWord.WRONG_LENGTH);
        }
        return switch (apdu.ins()) {
            case SELECT_DIVERSIFIER -> challenges.selectDiversifier(apdu);
            case GET_CHALLENGE -> challenges.getChallenge(apdu, random);
            case GIVE_RANDOM -> challenges.giveRandom(apdu);
            case DIGEST_INIT -> session.digestInit(apdu);
            case DIGEST_UPDATE -> session.digestUpdate(apdu);
            case INTERNAL_AUTHENTICATE -> session.internalAuthenticate(apdu);
            case DIGEST_CLOSE -> session.digestClose(apdu);
            case DIGEST_AUTHENTICATE -> session.digestAuthenticate(apdu);
            case READ_KEY_PARAMETERS -> reads.readKeyParameters(apdu);
            default -> reads.readParameters(apdu);
        };
    }

    private boolean knows(int ins) {
        return switch (ins) {
            case SELECT_DIVERSIFIER, GET_CHALLENGE, GIVE_RANDOM, DIGEST_INIT, DIGEST_UPDATE, DIGEST_CLOSE,
                    DIGEST_AUTHENTICATE, READ_KEY_PARAMETERS, READ -> true;
            case INTERNAL_AUTHENTICATE -> form.extendedMode();
            default -> false;
        };
    }

    @Override
    public ChannelState idleState() {
        return session.inProgress() ? null : challenges.state();
    }

    @Override
    public void close() {
        session.drop();
    }
}
