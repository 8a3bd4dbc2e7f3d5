package org.calypsohsm.profile;

import java.util.Arrays;

import org.bouncycastle.crypto.Mac;

/** Session of the profiles with 8-byte blocks: one MAC of 8 bytes, terminal half and card half. Regular mode only. */
final class DesSession implements ReferenceSession {

    private static final int HALF = 4;

    private Mac mac;
    private byte[] result;

    /** Takes over a MAC that has been given what stands before the first element. */
    DesSession(Mac mac) {
        this.mac = mac;
    }

    @Override
    public void update(byte[] data, int offset, int length) {
        Bytes.requireElement(data, offset, length);
        Mac open = open();
        open.update((byte) length);
        open.update(data, offset, length);
    }

    @Override
    public byte[] cipher(byte[] data, int offset, int length) {
        throw notExtended();
    }

    @Override
    public byte[] cipherAsCard(byte[] data, int offset, int length) {
        throw notExtended();
    }

    @Override
    public byte[] midSessionTerminalCertificate() {
        throw notExtended();
    }

    @Override
    public boolean verifyMidSessionCardCertificate(byte[] certificate, int offset, int length) {
        throw notExtended();
    }

    @Override
    public boolean verifyMidSessionTerminalCertificate(byte[] certificate) {
        throw notExtended();
    }

    @Override
    public byte[] midSessionCardCertificate() {
        throw notExtended();
    }

    @Override
    public byte[] terminalCertificate() {
        byte[] out = new byte[2 * HALF];
        open().doFinal(out, 0);
        mac = null;
        result = out;
        return Arrays.copyOf(out, HALF);
    }

    @Override
    public boolean verifyCardCertificate(byte[] certificate, int offset, int length) {
        return Bytes.same(certificate, offset, length, closed(), HALF, HALF);
    }

    @Override
    public byte[] cardCertificate() {
        return Arrays.copyOfRange(closed(), HALF, 2 * HALF);
    }

    @Override
    public void destroy() {
        if (mac != null) {
            mac.reset();
            mac = null;
        }
        if (result != null) {
            Arrays.fill(result, (byte) 0);
            result = null;
        }
    }

    private Mac open() {
        if (mac == null) {
            throw new IllegalStateException("The digest of this session has ended.");
        }
        return mac;
    }

    private byte[] closed() {
        if (result == null) {
            throw new IllegalStateException("The digest of this session has not ended, or was destroyed.");
        }
        return result;
    }

    private static UnsupportedOperationException notExtended() {
        return new UnsupportedOperationException("This session is not in extended mode.");
    }
}
