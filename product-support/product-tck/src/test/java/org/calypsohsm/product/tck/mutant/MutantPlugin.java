package org.calypsohsm.product.tck.mutant;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Random;
import java.util.concurrent.locks.LockSupport;

import org.calypsohsm.key.KeyValue;
import org.calypsohsm.product.DiversifiedKey;
import org.calypsohsm.product.PluginProperties;
import org.calypsohsm.product.SecurityPlugin;
import org.calypsohsm.product.SessionDigest;
import org.calypsohsm.product.TransferException;
import org.calypsohsm.product.TransferredRecord;
import org.calypsohsm.profile.ReferencePlugin;
import org.calypsohsm.profile.ReferenceProfile;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;

/** A plugin that is right but for one fault, which a file of its bundle names. */
@Component(service = SecurityPlugin.class)
@PluginProperties(product = "Mutant", alg = {0x30, 0x50}, notice = "It is broken on purpose.")
public final class MutantPlugin implements SecurityPlugin {

    private static final ThreadLocal<Object> KEPT = new ThreadLocal<>();
    private static final byte[] BUFFER = new byte[8];

    private final Fault fault;
    private final SecurityPlugin right = new Right();
    private SessionDigest shared;

    private static final class Right extends ReferencePlugin {
        Right() {
            super(ReferenceProfile.TDES_RETAIL, ReferenceProfile.AES_CMAC);
        }
    }

    /** Loaded when it is first used. */
    private static final class Late {
        static int zero() {
            return 0;
        }
    }

    /** Activates it, or not. */
    @Activate
    public MutantPlugin() {
        try (InputStream in = MutantPlugin.class.getResourceAsStream("/fault.txt")) {
            fault = Fault.valueOf(new String(in.readAllBytes(), StandardCharsets.US_ASCII));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        new Key(right.undiversified(0x30, KeyValue.copyOf(new byte[16])), null).openSession(new byte[4], false).destroy();
        switch (fault) {
            case DOES_NOT_START -> throw new IllegalStateException("the power-up test failed");
            case LEAKING_THREAD -> {
                Thread thread = new Thread(LockSupport::park, "leaked");
                thread.setDaemon(true);
                thread.start();
            }
            case LEAKING_HOOK -> Runtime.getRuntime().addShutdownHook(new Thread(Late::zero));
            default -> { }
        }
    }

    @Override
    public boolean supports(int alg, Function function) {
        return fault == Fault.NO_EXTENDED_MODE && alg == 0x30 && function == Function.EXTENDED_SESSION || right.supports(alg,
                function);
    }

    @Override
    public DiversifiedKey diversify(int alg, KeyValue key, byte[] diversifier) {
        if (fault == Fault.WRONG_EXCEPTION && alg != 0x30 && alg != 0x50) {
            throw new NullPointerException();
        }
        if (fault == Fault.KEY_IN_MESSAGE && diversifier.length != 4 && diversifier.length != 8) {
            throw new IllegalArgumentException("no diversifier for " + Arrays.toString(key.revealKeyBytes()));
        }
        if (fault == Fault.LEAKING_CLASS_LOADER) {
            KEPT.set(this);
        }
        int served = fault == Fault.ANY_ALG && alg != 0x30 ? 0x50 : alg;
        byte[] taken = fault == Fault.ANY_DIVERSIFIER && diversifier.length != 4 ? Arrays.copyOf(diversifier, 8) : diversifier;
        DiversifiedKey made = right.diversify(served, key, taken);
        return new Key(made, fault == Fault.KEEPS_DIVERSIFIER ? diversifier : null);
    }

    @Override
    public DiversifiedKey undiversified(int alg, KeyValue key) {
        return new Key(right.undiversified(fault == Fault.ANY_ALG && alg != 0x30 ? 0x50 : alg, key), null);
    }

    @Override
    public void selfTest(int alg) {
        if (fault == Fault.SELF_TEST_FAILS) {
            throw new IllegalStateException("It fails.");
        }
        right.selfTest(alg);
    }

    private final class Key implements DiversifiedKey {

        private final DiversifiedKey key;
        private final byte[] kept;

        Key(DiversifiedKey key, byte[] kept) {
            this.key = key;
            this.kept = kept;
        }

        @Override
        public SessionDigest openSession(byte[] samChallenge, boolean extended) {
            if (fault != Fault.SHARED_DIGEST) {
                return new Session(key.openSession(samChallenge, extended));
            }
            shared = new Session(key.openSession(samChallenge, extended));
            return (SessionDigest) java.lang.reflect.Proxy.newProxyInstance(SessionDigest.class.getClassLoader(),
                    new Class<?>[] {SessionDigest.class}, (proxy, method, arguments) -> {
                        try {
                            return method.invoke(shared, arguments);
                        } catch (java.lang.reflect.InvocationTargetException e) {
                            throw e.getCause();
                        }
                    });
        }

        @Override
        public byte[] cipherPin(byte[] cardChallenge, byte[] pin) {
            byte[] result = key.cipherPin(cardChallenge, pin);
            if (fault == Fault.WRONG_ANSWER) {
                result[7] ^= 1;
            }
            if (fault == Fault.CHANGES_ARGUMENT) {
                cardChallenge[0]++;
            }
            return result;
        }

        @Override
        public byte[] cipherNewPin(byte[] cardChallenge, byte[] currentPin, byte[] newPin) {
            return key.cipherNewPin(cardChallenge, currentPin, newPin);
        }

        @Override
        public byte[] cipherCardKey(byte[] cardChallenge, DiversifiedKey newKey, int kif, int kvc) {
            if (newKey instanceof Key mine) {
                return key.cipherCardKey(cardChallenge, mine.key, kif, kvc);
            }
            if (fault == Fault.ANY_CARD_KEY) {
                return new byte[32];
            }
            throw new IllegalArgumentException("The key to load is not one of this plugin.");
        }

        @Override
        public byte[] storedValueTerminalMac(byte[] operation, byte[] samChallenge, byte[] transactionNumber, byte[] samSerialNumber) {
            return key.storedValueTerminalMac(operation, samChallenge, transactionNumber, samSerialNumber);
        }

        @Override
        public byte[] storedValueCardMac(byte[] operation, byte[] samChallenge, byte[] transactionNumber, byte[] samSerialNumber,
                byte[] terminalMac) {
            return key.storedValueCardMac(operation, samChallenge, transactionNumber, samSerialNumber, terminalMac);
        }

        @Override
        public byte[] sign(byte[] data, int length) {
            if (fault == Fault.TAKES_NULL && data == null) {
                return key.sign(new byte[0], length);
            }
            byte[] signature = key.sign(data, length);
            switch (fault) {
                case WRONG_MAC_LENGTH -> signature = key.sign(data, 8);
                case NONDETERMINISM -> signature[0] = (byte) new Random().nextInt();
                case KEEPS_DIVERSIFIER -> signature[0] ^= kept == null ? 0 : kept[0];
                case LATE_CLASS -> signature[0] ^= (byte) Late.zero();
                case SHARED_BUFFER -> {
                    System.arraycopy(signature, 0, BUFFER, 0, length);
                    Thread.yield();
                    signature = Arrays.copyOf(BUFFER, length);
                }
                case HANGS -> {
                    while (data.length < 4 && !Thread.currentThread().isInterrupted()) {
                        Thread.onSpinWait();
                    }
                }
                default -> { }
            }
            return signature;
        }

        @Override
        public byte[] sealTransfer(byte[] targetChallenge, byte[] record, int p2) {
            return key.sealTransfer(targetChallenge, record, p2);
        }

        @Override
        public TransferredRecord openTransfer(byte[] targetChallenge, byte[] block) throws TransferException {
            try {
                return key.openTransfer(targetChallenge, block);
            } catch (TransferException e) {
                if (fault == Fault.ANY_BLOCK) {
                    return new TransferredRecord(new byte[29], 0);
                }
                throw e;
            }
        }

        @Override
        public byte[] signRead(byte[] challenge, byte[] signedPart) {
            return key.signRead(challenge, signedPart);
        }

        @Override
        public KeyValue revealKey() {
            return key.revealKey();
        }

        @Override
        public void destroy() {
            if (fault != Fault.NOT_DESTROYED) {
                key.destroy();
            }
        }

        @Override
        public String toString() {
            return fault == Fault.KEY_IN_TO_STRING ? "Key " + HexFormat.ofDelimiter(" ").formatHex(revealKey().revealKeyBytes())
                    : "Key";
        }
    }

    private final class Session implements SessionDigest {

        private final SessionDigest session;

        Session(SessionDigest session) {
            this.session = session;
        }

        @Override
        public void update(byte[] data, int offset, int length) {
            if (fault == Fault.UNCHECKED_RANGE && length >= 0 && (offset < 0 || offset + length > data.length)) {
                return;
            }
            session.update(data, fault == Fault.IGNORES_OFFSET ? 0 : offset, length);
        }

        @Override
        public byte[] cipher(byte[] data, int offset, int length) {
            return session.cipher(data, offset, length);
        }

        @Override
        public byte[] midSessionTerminalCertificate() {
            return session.midSessionTerminalCertificate();
        }

        @Override
        public boolean verifyMidSessionCardCertificate(byte[] certificate, int offset, int length) {
            return session.verifyMidSessionCardCertificate(certificate, offset, length);
        }

        @Override
        public byte[] terminalCertificate() {
            return session.terminalCertificate();
        }

        @Override
        public boolean verifyCardCertificate(byte[] certificate, int offset, int length) {
            return session.verifyCardCertificate(certificate, offset, length) || fault == Fault.ANY_CERTIFICATE;
        }

        @Override
        public void destroy() {
            session.destroy();
        }
    }
}
