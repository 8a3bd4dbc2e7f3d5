package org.calypsohsm.keystore.admin;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantReadWriteLock;

import org.calypsohsm.apdu.CommandApdu;
import org.calypsohsm.apdu.StatusWord;
import org.calypsohsm.channel.Channel;
import org.calypsohsm.channel.ChannelException;
import org.calypsohsm.channel.ChannelManager;
import org.calypsohsm.channel.ChannelRequest;
import org.calypsohsm.key.KeyAdministrationException;
import org.calypsohsm.key.KeyAdministrationException.Reason;
import org.calypsohsm.key.KeyGroup;
import org.calypsohsm.key.Officer;
import org.calypsohsm.key.Role;
import org.calypsohsm.key.SamKey;
import org.calypsohsm.key.SystemKeyType;
import org.calypsohsm.keystore.DurableKeyGroup;
import org.calypsohsm.keystore.OpenStore;

/**
 * Raises ceilings as in the field: a control SAM seals, the target SAM opens and writes.
 * Source: sam-s1-apdu.md sections 5.20, 5.23 and 6.3.
 */
public final class CeilingRaise {

    private static final long WAIT_SECONDS = 1;
    private static final int CLASS = 0x80;
    private static final int CLASS_S1D = 0x94;
    private static final int SELECT_DIVERSIFIER = 0x14;
    private static final int DATA_CIPHER = 0x16;
    private static final int GET_CHALLENGE = 0x84;
    private static final int GIVE_RANDOM = 0x86;
    private static final int WRITE_CEILINGS = 0xD8;
    private static final int SINGLE_CEILING = 0xB8;
    private static final int CHALLENGE = 8;
    private static final int RECORD = 29;
    private static final int BLOCK = 48;
    private static final int SUBTYPE_AT = 8;
    private static final int SERIAL_AT = 12;
    private static final int SERIAL = 4;

    private final StoreAccess access;
    /** Held while the channel manager is called: it is deactivated only after the last call. */
    private final ReentrantReadWriteLock calls = new ReentrantReadWriteLock();
    private volatile ChannelManager manager;

    CeilingRaise(StoreAccess access) {
        this.access = access;
    }

    /**
     * Takes the channel manager that has come.
     *
     * @param next the channel manager
     */
    public void come(ChannelManager next) {
        manager = next;
    }

    /**
     * Lets a channel manager go; returns when no call is in it any more, unless one does not come back.
     *
     * @param gone the channel manager
     */
    public void go(ChannelManager gone) {
        boolean locked = false;
        try {
            locked = calls.writeLock().tryLock(WAIT_SECONDS, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        if (manager == gone) {
            manager = null;
        }
        if (locked) {
            calls.writeLock().unlock();
        }
    }

    void raise(OpenStore store, Officer by, int number, int counter, int ceiling, int controlNumber)
            throws KeyAdministrationException {
        access.require(by, Role.SUPERVISOR);
        DurableKeyGroup group = access.group(store, number);
        SamKey reloading = access.group(store, controlNumber).systemKey(SystemKeyType.RELOADING);
        if (reloading == null) {
            throw access.fault(Reason.NOT_FOUND, "key group " + controlNumber + " has no reloading key; name a group that has one.");
        }
        if (counter < 0 || counter >= KeyGroup.COUNTERS) {
            throw access.fault(Reason.BAD_INPUT, "event counters are numbered 0 to " + (KeyGroup.COUNTERS - 1) + ", not " + counter + ".");
        }
        int present = group.ceiling(counter);
        if (ceiling <= present || ceiling > KeyGroup.HIGHEST_CEILING) {
            throw access.fault(Reason.BAD_INPUT, String.format("the ceiling of event counter %d in key group %d is %,d, so the new one is"
                    + " above it and at most %,d, not %,d.", counter, number, present, KeyGroup.HIGHEST_CEILING, ceiling));
        }
        access.order("ceiling.raise", "event counter " + counter + " of key group " + number, by.name(),
                String.format("The ceiling is raised from %,d to %,d, sealed by key group %d.", present, ceiling, controlNumber));
        byte[] record = ByteBuffer.allocate(RECORD).putInt(counter << Byte.SIZE * 3 | ceiling).array();
        calls.readLock().lock();
        try {
            transfer(number, controlNumber, reloading.kvc(), record);
        } finally {
            calls.readLock().unlock();
        }
    }

    private void transfer(int number, int controlNumber, int kvc, byte[] record) throws KeyAdministrationException {
        ChannelManager present = manager;
        if (present == null) {
            throw access.fault(Reason.FAILED, "no channel manager is present; start its bundle, and a module for key groups "
                    + number + " and " + controlNumber + ".");
        }
        try (Channel target = present.open(ChannelRequest.forKeyGroup(number));
                Channel control = present.open(ChannelRequest.forKeyGroup(controlNumber))) {
            byte[] challenge = send(target, "Get Challenge", GET_CHALLENGE, 0, null, CHALLENGE);
            byte[] serial = Arrays.copyOfRange(target.atr(), SERIAL_AT, SERIAL_AT + SERIAL);
            send(control, "Select Diversifier", SELECT_DIVERSIFIER, 0, serial, 0);
            send(control, "Give Random", GIVE_RANDOM, 0, challenge, 0);
            byte[] sealed = send(control, "SAM Data Cipher", DATA_CIPHER, SINGLE_CEILING,
                    ByteBuffer.allocate(1 + RECORD).put((byte) kvc).put(record).array(), BLOCK);
            send(target, "Write Ceilings", WRITE_CEILINGS, SINGLE_CEILING, sealed, 0);
        } catch (ChannelException e) {
            throw access.fault(Reason.FAILED, e.getMessage(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw access.fault(Reason.FAILED, "the wait for a channel was interrupted; raise the ceiling again.", e);
        }
    }

    /** @return the data of the response, of the length given */
    private byte[] send(Channel channel, String command, int instruction, int p2, byte[] data, int answer)
            throws KeyAdministrationException, ChannelException {
        // A data field and Le never come together here: the SAM answers the commands of case 4 without Le (section 2).
        int cla = (channel.atr()[SUBTYPE_AT] & 0xF0) == 0xD0 ? CLASS_S1D : CLASS;
        byte[] response = channel.exchange(data == null ? CommandApdu.expecting(cla, instruction, p2, answer)
                : CommandApdu.sending(cla, instruction, p2, data));
        int status = StatusWord.of(response);
        if (status != StatusWord.OK || response.length != answer + 2) {
            throw access.fault(Reason.FAILED, "the SAM of key group " + channel.keyGroup() + " answered " + command + " with "
                    + StatusWord.describe(status) + "; check its system keys.");
        }
        return Arrays.copyOf(response, answer);
    }
}
