package org.calypsohsm.profile;

import java.util.Arrays;

import org.bouncycastle.crypto.engines.AESEngine;
import org.bouncycastle.crypto.modes.CTRModeCipher;
import org.bouncycastle.crypto.modes.SICBlockCipher;
import org.bouncycastle.crypto.params.KeyParameter;
import org.bouncycastle.crypto.params.ParametersWithIV;

/** Session of the AES profile: CMAC at any point of the stream; in extended mode also ciphered exchanges. */
final class AesSession implements ReferenceSession {

    private static final byte TERMINAL_MID_SESSION = 1;
    private static final byte CARD_MID_SESSION = 2;
    private static final byte TERMINAL_CLOSING = 3;
    private static final byte CARD_CLOSING = 4;

    private static final int BLOCK = 16;
    private static final int REGULAR = 4;
    private static final int EXTENDED = 8;
    private static final int HEADER = 5;
    private static final int LC = 4;
    private static final int STATUS_WORD = 2;

    private enum Phase { OPEN, CLOSED, DESTROYED }

    private final CmacStream stream;
    private final byte[] cipherKey;
    private final int certificateLength;
    private CTRModeCipher counterMode;
    private long exchanges;
    private Phase phase = Phase.OPEN;

    /**
     * Starts a session.
     *
     * @param macKey    SKmac, 16 bytes; not kept
     * @param cipherKey SKenc, 16 bytes, which becomes the session's own; null in regular mode
     */
    AesSession(byte[] macKey, byte[] cipherKey) {
        this.stream = new CmacStream(macKey);
        this.cipherKey = cipherKey;
        this.certificateLength = cipherKey == null ? REGULAR : EXTENDED;
    }

    @Override
    public void update(byte[] data, int offset, int length) {
        Bytes.requireElement(data, offset, length);
        require(Phase.OPEN);
        absorb(data, offset, length);
    }

    private void absorb(byte[] data, int offset, int length) {
        stream.update((byte) length);
        stream.update(data, offset, length);
    }

    @Override
    public byte[] cipher(byte[] data, int offset, int length) {
        return exchange(data, offset, length, true);
    }

    @Override
    public byte[] cipherAsCard(byte[] data, int offset, int length) {
        return exchange(data, offset, length, false);
    }

    private byte[] exchange(byte[] data, int offset, int length, boolean samSide) {
        requireExtended();
        Bytes.requireElement(data, offset, length);
        boolean command = (exchanges & 1) == 0;
        if (length < (command ? HEADER : STATUS_WORD)) {
            throw new IllegalArgumentException(length + " bytes are too few for a " + (command ? "command." : "response."));
        }
        int start = command ? HEADER : 0;
        // A 5-byte command has no data: its last byte is Le then, or zero.
        int size = command ? Math.min(data[offset + LC] & 0xFF, length - HEADER) : length - STATUS_WORD;

        byte[] out = Arrays.copyOfRange(data, offset, offset + length);
        counterMode(++exchanges).processBytes(data, offset + start, size, out, start);
        // The stream takes in the ciphered form: the SAM makes that of a command, the card that of a response.
        if (command == samSide) {
            absorb(out, 0, length);
        } else {
            absorb(data, offset, length);
        }
        return out;
    }

    private CTRModeCipher counterMode(long exchange) {
        byte[] counter = new byte[BLOCK];
        Bytes.fromLong(exchange, counter, 0);
        KeyParameter key = null;
        if (counterMode == null) {
            counterMode = SICBlockCipher.newInstance(AESEngine.newInstance());
            key = new KeyParameter(cipherKey);
        }
        // Without a key, only the counter is set.
        counterMode.init(true, new ParametersWithIV(key, counter));
        return counterMode;
    }

    @Override
    public byte[] midSessionTerminalCertificate() {
        requireExtended();
        return certificate(TERMINAL_MID_SESSION);
    }

    @Override
    public boolean verifyMidSessionCardCertificate(byte[] certificate, int offset, int length) {
        requireExtended();
        return verify(CARD_MID_SESSION, certificate, offset, length);
    }

    @Override
    public boolean verifyMidSessionTerminalCertificate(byte[] certificate) {
        requireExtended();
        return verify(TERMINAL_MID_SESSION, certificate, 0, certificate.length);
    }

    @Override
    public byte[] midSessionCardCertificate() {
        requireExtended();
        return certificate(CARD_MID_SESSION);
    }

    @Override
    public byte[] terminalCertificate() {
        require(Phase.OPEN);
        phase = Phase.CLOSED;
        return certificate(TERMINAL_CLOSING);
    }

    @Override
    public boolean verifyCardCertificate(byte[] certificate, int offset, int length) {
        require(Phase.CLOSED);
        return verify(CARD_CLOSING, certificate, offset, length);
    }

    @Override
    public byte[] cardCertificate() {
        require(Phase.CLOSED);
        return certificate(CARD_CLOSING);
    }

    private byte[] certificate(byte which) {
        return Arrays.copyOf(stream.mac(which), certificateLength);
    }

    private boolean verify(byte which, byte[] certificate, int offset, int length) {
        return Bytes.same(certificate, offset, length, stream.mac(which), 0, certificateLength);
    }

    @Override
    public void destroy() {
        phase = Phase.DESTROYED;
        stream.destroy();
        counterMode = null;
        if (cipherKey != null) {
            Arrays.fill(cipherKey, (byte) 0);
        }
    }

    private void requireExtended() {
        if (cipherKey == null) {
            throw new UnsupportedOperationException("This session is not in extended mode.");
        }
        require(Phase.OPEN);
    }

    private void require(Phase needed) {
        if (phase != needed) {
            throw new IllegalStateException("The digest of this session is " + phase + ", not " + needed + ".");
        }
    }
}
