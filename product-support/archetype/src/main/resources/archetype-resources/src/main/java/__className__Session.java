package ${package};

import java.security.MessageDigest;
import java.util.Arrays;
import java.util.Objects;

import org.bouncycastle.crypto.Mac;
import org.calypsohsm.product.SessionDigest;

/**
 * The digest of one secure session with a ${product} card. One thread at a time uses it.
 *
 * <p>PUT THE FIELD ALGORITHM HERE. In this placeholder the session has one MAC of 8 bytes: the first half is the terminal's
 * certificate, the second half the card's.
 */
final class ${className}Session implements SessionDigest {

    private static final int HALF = ${className}Key.BLOCK / 2;

    private Mac mac;
    private byte[] result;

    /** Takes over a MAC that was just started. */
    ${className}Session(Mac mac) {
        this.mac = mac;
    }

    @Override
    public void update(byte[] data, int offset, int length) {
        ${className}Key.requireElement(data, offset, length);
        requireOpen();
        mac.update((byte) length);
        mac.update(data, offset, length);
    }

    @Override
    public byte[] terminalCertificate() {
        requireOpen();
        result = new byte[2 * HALF];
        mac.doFinal(result, 0);
        mac = null;
        return Arrays.copyOf(result, HALF);
    }

    @Override
    public boolean verifyCardCertificate(byte[] certificate, int offset, int length) {
        Objects.checkFromIndexSize(offset, length, certificate.length);
        if (result == null) {
            throw new IllegalStateException("The digest of this session has not ended, or was destroyed.");
        }
        // In constant time, so that the time does not tell how much of a forged certificate is right.
        return MessageDigest.isEqual(Arrays.copyOfRange(certificate, offset, offset + length), Arrays.copyOfRange(result, HALF,
                2 * HALF));
    }

    @Override
    public byte[] cipher(byte[] data, int offset, int length) {
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

    private void requireOpen() {
        if (mac == null) {
            throw new IllegalStateException("The digest of this session has ended.");
        }
    }

    private static UnsupportedOperationException notExtended() {
        return new UnsupportedOperationException("This session is not in extended mode.");
    }
}
