package org.calypsohsm.profile;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.calypsohsm.profile.Hex.hex;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

import org.calypsohsm.key.KeyValue;
import org.calypsohsm.product.DiversifiedKey;
import org.calypsohsm.product.SecurityPlugin.Function;
import org.calypsohsm.product.TransferException;
import org.calypsohsm.product.TransferException.Reason;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.EnumSource.Mode;

/** What keys, sessions and plugins refuse, and what they promise beside their answers. */
class ReferenceKeyTest {

    private static final byte[] KEY = hex("00112233445566778899AABBCCDDEEFF");
    private static final byte[] CHALLENGE = hex("0102030405060708");
    private static final byte[] SERIAL = hex("00000000C0FFEE01");

    private static ReferenceKey key(ReferenceProfile profile) {
        return profile.diversify(KeyValue.copyOf(KEY), SERIAL);
    }

    @ParameterizedTest
    @EnumSource
    void onlyDiversifiersOf4Or8BytesAreTaken(ReferenceProfile profile) {
        for (int length : new int[] {0, 3, 5, 7, 9, 16}) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> profile.diversify(KeyValue.copyOf(KEY), new byte[length]));
        }
    }

    @ParameterizedTest
    @EnumSource
    void aKeyNeverShowsItsBytes(ReferenceProfile profile) {
        ReferenceKey key = profile.undiversified(KeyValue.copyOf(KEY));
        assertThat(key).hasToString("diversified key of the reference profile " + profile);
        assertThat(key.openSession(new byte[4], false).toString())
                .doesNotContainIgnoringCase(HexFormat.of().formatHex(KEY).substring(0, 8));
    }

    @ParameterizedTest
    @EnumSource
    void anInputOfWrongLengthIsRefused(ReferenceProfile profile) {
        ReferenceKey key = key(profile);
        List<Callable<?>> calls = List.of(
                () -> key.openSession(new byte[5], false),
                () -> key.openSession(new byte[8], false),
                () -> key.cipherPin(new byte[7], new byte[4]),
                () -> key.cipherPin(CHALLENGE, new byte[5]),
                () -> key.decipherPin(CHALLENGE, new byte[9]),
                () -> key.cipherNewPin(CHALLENGE, new byte[4], new byte[3]),
                () -> key.cipherNewPin(CHALLENGE, new byte[3], new byte[4]),
                () -> key.decipherNewPin(CHALLENGE, new byte[8]),
                () -> key.cipherCardKey(new byte[4], key, 0, 0),
                () -> key.decipherCardKey(CHALLENGE, new byte[24], 0, 0),
                () -> key.storedValueTerminalMac(new byte[256], new byte[3], new byte[3], new byte[4]),
                () -> key.storedValueTerminalMac(new byte[9], new byte[4], new byte[3], new byte[4]),
                () -> key.storedValueTerminalMac(new byte[9], new byte[3], new byte[2], new byte[4]),
                () -> key.storedValueTerminalMac(new byte[9], new byte[3], new byte[3], new byte[8]),
                () -> key.storedValueCardMac(new byte[9], new byte[3], new byte[3], new byte[4], new byte[3]),
                () -> key.sign(new byte[9], 0),
                () -> key.sign(new byte[9], 9),
                () -> key.signRead(new byte[4], new byte[40]));
        for (Callable<?> call : calls) {
            assertThatIllegalArgumentException().isThrownBy(call::call);
        }
    }

    @ParameterizedTest
    @EnumSource(mode = Mode.EXCLUDE, names = "DESX_CBC")
    void aTransferOfWrongLengthIsRefused(ReferenceProfile profile) {
        ReferenceKey key = key(profile);
        assertThatIllegalArgumentException().isThrownBy(() -> key.sealTransfer(new byte[4], new byte[29], 0));
        assertThatIllegalArgumentException().isThrownBy(() -> key.sealTransfer(CHALLENGE, new byte[28], 0));
        assertThatIllegalArgumentException().isThrownBy(() -> key.openTransfer(CHALLENGE, new byte[32]));
        assertThatIllegalArgumentException().isThrownBy(() -> key.openTransfer(new byte[4], new byte[48]));
    }

    @Test
    void desxHasNoTransfer() {
        ReferenceKey key = key(ReferenceProfile.DESX_CBC);
        assertThatThrownBy(() -> key.sealTransfer(CHALLENGE, new byte[29], 0)).isInstanceOf(UnsupportedOperationException.class);
        assertThatThrownBy(() -> key.openTransfer(CHALLENGE, new byte[48])).isInstanceOf(UnsupportedOperationException.class);
    }

    @ParameterizedTest
    @EnumSource(mode = Mode.EXCLUDE, names = "DESX_CBC")
    void aWrongFrameIsBadContentAndAWrongChecksumIsABadSignature(ReferenceProfile profile) {
        ProfileKey key = (ProfileKey) key(profile);
        byte[] zeroIv = new byte[key.cipher().getBlockSize()];
        byte[] plain = key.sealTransfer(CHALLENGE, new byte[29], 0xA0);
        key.decrypt(zeroIv, plain, plain.length);
        for (int i = 0; i < plain.length; i++) {
            byte[] changed = plain.clone();
            changed[i] ^= 1;
            key.encrypt(zeroIv, changed, changed.length);
            Reason expected = i < 38 ? Reason.BAD_SIGNATURE : Reason.BAD_CONTENT;
            assertThatThrownBy(() -> key.openTransfer(CHALLENGE, changed))
                    .isInstanceOfSatisfying(TransferException.class, e -> assertThat(e.reason()).isEqualTo(expected));
        }
    }

    @ParameterizedTest
    @EnumSource
    void aCardKeyMustHaveTheSameProfile(ReferenceProfile profile) {
        for (ReferenceProfile other : ReferenceProfile.values()) {
            if (other == profile) {
                assertThat(key(profile).cipherCardKey(CHALLENGE, key(other), 0x21, 0x79)).hasSize(32);
            } else {
                assertThatIllegalArgumentException()
                        .isThrownBy(() -> key(profile).cipherCardKey(CHALLENGE, key(other), 0x21, 0x79));
            }
        }
        assertThatIllegalArgumentException().isThrownBy(() -> key(profile).cipherCardKey(CHALLENGE, null, 0x21, 0x79));
    }

    @Test
    void onlyTheAesProfileNeedsTheNameOfACardKey() {
        for (ReferenceProfile profile : ReferenceProfile.values()) {
            byte[] cryptogram = key(profile).cipherCardKey(CHALLENGE, key(profile), 0x21, 0x79);
            assertThat(key(profile).decipherCardKey(CHALLENGE, cryptogram, 0x21, 0x7A) == null)
                    .isEqualTo(profile == ReferenceProfile.AES_CMAC);
            assertThat(key(profile).decipherCardKey(CHALLENGE, cryptogram, 0x22, 0x79) == null)
                    .isEqualTo(profile == ReferenceProfile.AES_CMAC);
        }
    }

    /** The checksum covers KIF and KVC but not the zeros behind them, so they have a check of their own. */
    @ParameterizedTest
    @EnumSource(mode = Mode.EXCLUDE, names = "AES_CMAC")
    void theFillOfACardKeyCryptogramMustBeZero(ReferenceProfile profile) {
        ProfileKey key = (ProfileKey) key(profile);
        byte[] iv = CHALLENGE.clone();
        key.cipher().processBlock(iv, 0, iv, 0);
        byte[] cryptogram = key.cipherCardKey(CHALLENGE, key, 0x21, 0x79);
        key.decrypt(iv, cryptogram, 24);
        cryptogram[23] ^= 1;
        key.encrypt(iv, cryptogram, 24);
        assertThat(key.decipherCardKey(CHALLENGE, cryptogram, 0x21, 0x79)).isNull();
    }

    /** One wrong PIN cryptogram in four thousand million passes, so a few fixed ones must not. */
    @ParameterizedTest
    @EnumSource
    void aPinCryptogramForAnotherChallengeIsRefused(ReferenceProfile profile) {
        byte[] cryptogram = key(profile).cipherPin(CHALLENGE, hex("31323334"));
        for (int i = 4; i < 8; i++) {
            byte[] other = CHALLENGE.clone();
            other[i] ^= 1;
            assertThat(key(profile).decipherPin(other, cryptogram)).isNull();
        }
    }

    @ParameterizedTest
    @EnumSource(mode = Mode.EXCLUDE, names = "AES_CMAC")
    void onlyTheAesProfileHasExtendedMode(ReferenceProfile profile) {
        assertThatThrownBy(() -> key(profile).openSession(CHALLENGE, true)).isInstanceOf(UnsupportedOperationException.class);
    }

    @ParameterizedTest
    @EnumSource
    void aRegularSessionHasNothingOfExtendedMode(ReferenceProfile profile) {
        ReferenceSession session = key(profile).openSession(new byte[4], false);
        List<Callable<?>> calls = List.of(
                () -> session.cipher(new byte[5], 0, 5),
                () -> session.cipherAsCard(new byte[5], 0, 5),
                session::midSessionTerminalCertificate,
                session::midSessionCardCertificate,
                () -> session.verifyMidSessionTerminalCertificate(new byte[8]),
                () -> session.verifyMidSessionCardCertificate(new byte[8], 0, 8));
        for (Callable<?> call : calls) {
            assertThatThrownBy(call::call).isInstanceOf(UnsupportedOperationException.class);
        }
    }

    @ParameterizedTest
    @EnumSource
    void aSessionHasAnOrder(ReferenceProfile profile) {
        ReferenceSession session = key(profile).openSession(new byte[4], false);
        assertThatIllegalStateException().isThrownBy(session::cardCertificate);
        assertThatIllegalStateException().isThrownBy(() -> session.verifyCardCertificate(new byte[4], 0, 4));
        session.terminalCertificate();
        assertThatIllegalStateException().isThrownBy(session::terminalCertificate);
        assertThatIllegalStateException().isThrownBy(() -> session.update(new byte[4], 0, 4));
        session.destroy();
        assertThatIllegalStateException().isThrownBy(session::cardCertificate);
        assertThatIllegalStateException().isThrownBy(() -> session.update(new byte[4], 0, 4));
        assertThatCode(session::destroy).doesNotThrowAnyException();
    }

    @Test
    void anExtendedSessionHasAnOrder() {
        ReferenceSession session = key(ReferenceProfile.AES_CMAC).openSession(CHALLENGE, true);
        session.terminalCertificate();
        assertThatIllegalStateException().isThrownBy(session::midSessionTerminalCertificate);
        assertThatIllegalStateException().isThrownBy(() -> session.cipher(new byte[5], 0, 5));
    }

    @ParameterizedTest
    @EnumSource
    void anElementHas0To255BytesOfItsArray(ReferenceProfile profile) {
        ReferenceSession session = key(profile).openSession(new byte[4], false);
        assertThatIllegalArgumentException().isThrownBy(() -> session.update(new byte[256], 0, 256));
        assertThatThrownBy(() -> session.update(new byte[4], 2, 3)).isInstanceOf(IndexOutOfBoundsException.class);
        ReferenceSession untouched = key(profile).openSession(new byte[4], false);
        session.update(new byte[255], 0, 255);
        untouched.update(new byte[255], 0, 255);
        session.update(new byte[0], 0, 0);
        untouched.update(new byte[9], 9, 0);
        assertThat(session.terminalCertificate()).isEqualTo(untouched.terminalCertificate());
    }

    @Test
    void aCipheredExchangeKeepsWhatIsNotData() {
        ReferenceSession session = key(ReferenceProfile.AES_CMAC).openSession(CHALLENGE, true);
        assertThatIllegalArgumentException().isThrownBy(() -> session.cipher(new byte[4], 0, 4));
        byte[] readRecord = hex("00B2013C1D");
        assertThat(session.cipher(readRecord, 0, 5)).isEqualTo(readRecord);
        assertThatIllegalArgumentException().isThrownBy(() -> session.cipher(new byte[1], 0, 1));
        byte[] statusOnly = hex("9000");
        assertThat(session.cipher(statusOnly, 0, 2)).isEqualTo(statusOnly);
        byte[] withLe = hex("00DC013C 02 AAAA 1D");
        assertThat(session.cipher(withLe, 0, withLe.length)).startsWith(hex("00DC013C02")).endsWith((byte) 0x1D)
                .isNotEqualTo(withLe);
    }

    @ParameterizedTest
    @EnumSource
    void aDestroyedKeyIsZeroAndRefused(ReferenceProfile profile) {
        ProfileKey key = (ProfileKey) key(profile);
        byte[] bytes = key.key();
        key.sign(CHALLENGE, 8);
        key.destroy();
        assertThat(bytes).containsOnly(0);
        assertThatIllegalStateException().isThrownBy(() -> key.sign(CHALLENGE, 8));
        assertThatIllegalStateException().isThrownBy(() -> key.openSession(new byte[4], false));
        assertThatIllegalStateException().isThrownBy(() -> key(profile).cipherCardKey(CHALLENGE, key, 0, 0));
    }

    @ParameterizedTest
    @EnumSource
    void aSessionOutlivesItsKey(ReferenceProfile profile) {
        ReferenceKey key = key(profile);
        boolean extended = profile.hasExtendedMode();
        byte[] challenge = Arrays.copyOf(CHALLENGE, extended ? 8 : 4);
        ReferenceSession session = key.openSession(challenge, extended);
        key.destroy();
        ReferenceSession expected = key(profile).openSession(challenge, extended);
        session.update(CHALLENGE, 0, 8);
        expected.update(CHALLENGE, 0, 8);
        if (extended) {
            byte[] command = hex("00DC013C02AAAA");
            assertThat(session.cipher(command, 0, 7)).isEqualTo(expected.cipher(command, 0, 7));
        }
        assertThat(session.terminalCertificate()).isEqualTo(expected.terminalCertificate());
    }

    @ParameterizedTest
    @EnumSource
    void inputsAreNotChangedAndNotKept(ReferenceProfile profile) {
        byte[] serial = SERIAL.clone();
        byte[] challenge = new byte[4];
        byte[] master = KEY.clone();
        KeyValue value = KeyValue.copyOf(master);
        ReferenceKey key = profile.diversify(value, serial);
        ReferenceSession session = key.openSession(challenge, false);
        assertThat(serial).isEqualTo(SERIAL);
        assertThat(value.revealKeyBytes()).isEqualTo(KEY);
        Arrays.fill(serial, (byte) 1);
        Arrays.fill(challenge, (byte) 1);
        value.destroy();
        session.update(CHALLENGE, 0, 8);
        ReferenceSession expected = key(profile).openSession(new byte[4], false);
        expected.update(CHALLENGE, 0, 8);
        assertThat(session.terminalCertificate()).isEqualTo(expected.terminalCertificate());
    }

    /** One key serves many threads, from the first call on, when its key schedules are not made yet. */
    @ParameterizedTest
    @EnumSource
    void aKeyServesManyThreads(ReferenceProfile profile) throws Exception {
        int threads = 4;
        byte[] expected = everything(key(profile));
        ExecutorService executor = Executors.newFixedThreadPool(threads);
        try {
            for (int round = 0; round < 50; round++) {
                ReferenceKey shared = key(profile);
                List<Callable<byte[]>> calls = new ArrayList<>();
                for (int i = 0; i < threads; i++) {
                    calls.add(() -> {
                        byte[] last = everything(shared);
                        for (int n = 0; n < 20 && Arrays.equals(last, expected); n++) {
                            last = everything(shared);
                        }
                        return last;
                    });
                }
                for (Future<byte[]> result : executor.invokeAll(calls)) {
                    assertThat(result.get()).isEqualTo(expected);
                }
            }
        } finally {
            executor.shutdownNow();
        }
    }

    private static byte[] everything(ReferenceKey key) {
        byte[] data = new byte[100];
        ReferenceSession session = key.openSession(new byte[4], false);
        session.update(data, 0, data.length);
        byte[] signature = key.sign(data, 8);
        byte[] pin = key.cipherPin(CHALLENGE, new byte[4]);
        byte[] cardKey = key.cipherCardKey(CHALLENGE, key, 0x21, 0x79);
        byte[] certificate = session.terminalCertificate();
        byte[] all = Arrays.copyOf(cardKey, 52);
        System.arraycopy(signature, 0, all, 32, 8);
        System.arraycopy(pin, 0, all, 40, 8);
        System.arraycopy(certificate, 0, all, 48, 4);
        return all;
    }

    @Test
    void aPluginServesItsProfilesOnly() {
        ReferencePlugin plugin = new ReferencePlugin(ReferenceProfile.DESX_CBC, ReferenceProfile.AES_CMAC) {
        };
        assertThat(plugin.supports(0x20, Function.EXTENDED_SESSION)).isFalse();
        assertThat(plugin.supports(0x20, Function.TRANSFER)).isFalse();
        assertThat(plugin.supports(0x50, Function.EXTENDED_SESSION)).isTrue();
        assertThat(plugin.supports(0x50, Function.TRANSFER)).isTrue();
        KeyValue value = KeyValue.copyOf(KEY);
        for (int alg : new int[] {-1, 0, 0x30, 0x40, 0xFF, 0x120}) {
            assertThatIllegalArgumentException().isThrownBy(() -> plugin.supports(alg, Function.TRANSFER));
            assertThatIllegalArgumentException().isThrownBy(() -> plugin.diversify(alg, value, SERIAL));
            assertThatIllegalArgumentException().isThrownBy(() -> plugin.undiversified(alg, value));
        }
        DiversifiedKey key = plugin.undiversified(0x50, value);
        assertThat(key.sign(CHALLENGE, 8)).isEqualTo(ReferenceProfile.AES_CMAC.undiversified(value).sign(CHALLENGE, 8));
    }
}
