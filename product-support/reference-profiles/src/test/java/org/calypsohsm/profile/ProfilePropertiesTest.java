package org.calypsohsm.profile;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.List;

import org.bouncycastle.crypto.Mac;
import org.bouncycastle.crypto.engines.AESEngine;
import org.bouncycastle.crypto.engines.DESEngine;
import org.bouncycastle.crypto.macs.CMac;
import org.bouncycastle.crypto.macs.ISO9797Alg3Mac;
import org.bouncycastle.crypto.paddings.ISO7816d4Padding;
import org.bouncycastle.crypto.params.KeyParameter;
import org.calypsohsm.key.KeyValue;
import org.calypsohsm.product.TransferException;
import org.calypsohsm.product.TransferredRecord;

import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Assume;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;

/** What holds for any key and any data. */
class ProfilePropertiesTest {

    private static final int TRIES = 500;

    @Provide
    Arbitrary<byte[]> element() {
        return Arbitraries.bytes().array(byte[].class).ofMinSize(0).ofMaxSize(80);
    }

    @Provide
    Arbitrary<List<byte[]>> elements() {
        return element().list().ofMinSize(1).ofMaxSize(8);
    }

    @Provide
    Arbitrary<ReferenceProfile> transferring() {
        return Arbitraries.of(ReferenceProfile.class).filter(ReferenceProfile::hasTransfer);
    }

    private static ReferenceKey key(ReferenceProfile profile, byte[] key, byte[] diversifier) {
        return profile.diversify(KeyValue.copyOf(key), diversifier);
    }

    /** However a stream is cut, and wherever it was asked for a MAC before, the result is the CMAC of the whole. */
    @Property(tries = TRIES)
    void aForkedStreamGivesTheCmacOfTheWhole(@ForAll @Size(16) byte[] key, @ForAll("elements") List<byte[]> parts,
            @ForAll byte last) {
        CmacStream stream = new CmacStream(key);
        CMac whole = new CMac(AESEngine.newInstance());
        for (byte[] part : parts) {
            stream.update(part, 0, part.length);
            stream.mac((byte) 0);
        }
        whole.init(new KeyParameter(key));
        for (byte[] part : parts) {
            whole.update(part, 0, part.length);
        }
        whole.update(last);
        assertThat(stream.mac(last)).isEqualTo(ProfileKey.finish(whole));
    }

    @Property(tries = TRIES)
    void theRetailMacIsThatOfBouncyCastle(@ForAll @Size(16) byte[] key, @ForAll("elements") List<byte[]> parts) {
        Mac expected = new ISO9797Alg3Mac(new DESEngine(), 64, new ISO7816d4Padding());
        expected.init(new KeyParameter(key));
        Mac actual = MacKey.of(ReferenceProfile.TDES_RETAIL, key).start();
        for (byte[] part : parts) {
            expected.update(part, 0, part.length);
            for (byte one : part) {
                actual.update(one);
            }
        }
        assertThat(ProfileKey.finish(actual)).isEqualTo(ProfileKey.finish(expected));
    }

    /** A session depends on the elements, and not on the arrays that hold them. */
    @Property(tries = TRIES)
    void anElementMayLieAnywhere(@ForAll ReferenceProfile profile, @ForAll @Size(16) byte[] key,
            @ForAll("elements") List<byte[]> elements, @ForAll @IntRange(max = 20) int before, @ForAll byte filler) {
        ReferenceKey diversified = key(profile, key, new byte[8]);
        ReferenceSession one = diversified.openSession(new byte[4], false);
        ReferenceSession other = diversified.openSession(new byte[4], false);
        for (byte[] element : elements) {
            one.update(element, 0, element.length);
            byte[] larger = new byte[before + element.length + 3];
            Arrays.fill(larger, filler);
            System.arraycopy(element, 0, larger, before, element.length);
            other.update(larger, before, element.length);
        }
        assertThat(other.terminalCertificate()).isEqualTo(one.terminalCertificate());
        assertThat(other.cardCertificate()).isEqualTo(one.cardCertificate());
    }

    /** The same bytes cut into other elements are another session. */
    @Property(tries = TRIES)
    void theCutBetweenElementsIsAuthenticated(@ForAll ReferenceProfile profile, @ForAll @Size(16) byte[] key,
            @ForAll @Size(min = 2, max = 40) byte[] data, @ForAll @IntRange(min = 1, max = 39) int cut) {
        Assume.that(cut < data.length);
        ReferenceKey diversified = key(profile, key, new byte[8]);
        ReferenceSession whole = diversified.openSession(new byte[4], false);
        whole.update(data, 0, data.length);
        ReferenceSession parts = diversified.openSession(new byte[4], false);
        parts.update(data, 0, cut);
        parts.update(data, cut, data.length - cut);
        byte[] certificate = whole.terminalCertificate();
        assertThat(parts.terminalCertificate()).isNotEqualTo(certificate);
    }

    @Property(tries = TRIES)
    void bothSidesOfASessionAgree(@ForAll ReferenceProfile profile, @ForAll @Size(16) byte[] key,
            @ForAll @Size(8) byte[] diversifier, @ForAll @Size(4) byte[] challenge,
            @ForAll("elements") List<byte[]> elements, @ForAll @IntRange(max = 31) int wrongBit) {
        ReferenceSession sam = key(profile, key, diversifier).openSession(challenge, false);
        ReferenceSession card = key(profile, key, diversifier).openSession(challenge, false);
        for (byte[] element : elements) {
            sam.update(element, 0, element.length);
            card.update(element, 0, element.length);
        }
        assertThat(card.terminalCertificate()).hasSize(4).isEqualTo(sam.terminalCertificate());
        byte[] certificate = card.cardCertificate();
        assertThat(certificate).hasSize(4);
        assertThat(sam.verifyCardCertificate(certificate, 0, 4)).isTrue();
        assertThat(sam.verifyCardCertificate(certificate, 0, 3)).isFalse();
        certificate[wrongBit / 8] ^= (byte) (1 << wrongBit % 8);
        assertThat(sam.verifyCardCertificate(certificate, 0, 4)).isFalse();
    }

    @Property(tries = TRIES)
    void bothSidesOfAnExtendedSessionAgree(@ForAll @Size(16) byte[] key, @ForAll @Size(8) byte[] diversifier,
            @ForAll @Size(8) byte[] challenge, @ForAll("elements") List<byte[]> elements,
            @ForAll @IntRange(max = 63) int wrongBit) {
        ReferenceSession sam = key(ReferenceProfile.AES_CMAC, key, diversifier).openSession(challenge, true);
        ReferenceSession card = key(ReferenceProfile.AES_CMAC, key, diversifier).openSession(challenge, true);
        for (byte[] element : elements) {
            sam.update(element, 0, element.length);
            card.update(element, 0, element.length);

            byte[] terminalMac = sam.midSessionTerminalCertificate();
            assertThat(card.verifyMidSessionTerminalCertificate(terminalMac)).isTrue();
            byte[] cardMac = card.midSessionCardCertificate();
            assertThat(sam.verifyMidSessionCardCertificate(cardMac, 0, 8)).isTrue();
            terminalMac[wrongBit / 8] ^= (byte) (1 << wrongBit % 8);
            assertThat(card.verifyMidSessionTerminalCertificate(terminalMac)).isFalse();
            cardMac[wrongBit / 8] ^= (byte) (1 << wrongBit % 8);
            assertThat(sam.verifyMidSessionCardCertificate(cardMac, 0, 8)).isFalse();

            byte[] command = command(element);
            byte[] cipheredCommand = sam.cipher(command, 0, command.length);
            assertThat(cipheredCommand).startsWith(Arrays.copyOf(command, 5));
            assertThat(card.cipherAsCard(cipheredCommand, 0, cipheredCommand.length)).isEqualTo(command);
            byte[] response = Arrays.copyOf(element, element.length + 2);
            response[element.length] = (byte) 0x90;
            byte[] cipheredResponse = card.cipherAsCard(response, 0, response.length);
            assertThat(cipheredResponse).endsWith((byte) 0x90, (byte) 0);
            assertThat(sam.cipher(cipheredResponse, 0, cipheredResponse.length)).isEqualTo(response);
            if (element.length >= 8) {
                assertThat(cipheredCommand).isNotEqualTo(command);
                assertThat(cipheredResponse).isNotEqualTo(response);
            }
        }
        assertThat(card.terminalCertificate()).hasSize(8).isEqualTo(sam.terminalCertificate());
        byte[] certificate = card.cardCertificate();
        assertThat(sam.verifyCardCertificate(certificate, 0, 8)).isTrue();
        certificate[wrongBit / 8] ^= (byte) (1 << wrongBit % 8);
        assertThat(sam.verifyCardCertificate(certificate, 0, 8)).isFalse();
    }

    private static byte[] command(byte[] data) {
        byte[] command = new byte[5 + data.length];
        command[1] = (byte) 0xDC;
        command[4] = (byte) data.length;
        System.arraycopy(data, 0, command, 5, data.length);
        return command;
    }

    @Property(tries = TRIES)
    void aPinComesBack(@ForAll ReferenceProfile profile, @ForAll @Size(16) byte[] key, @ForAll @Size(8) byte[] challenge,
            @ForAll @Size(4) byte[] pin, @ForAll @Size(4) byte[] newPin, @ForAll @IntRange(max = 63) int wrongBit) {
        ReferenceKey diversified = key(profile, key, new byte[4]);
        byte[] cryptogram = diversified.cipherPin(challenge, pin);
        assertThat(cryptogram).hasSize(8);
        assertThat(diversified.decipherPin(challenge, cryptogram)).isEqualTo(pin);

        byte[] change = diversified.cipherNewPin(challenge, pin, newPin);
        assertThat(change).hasSize(16);
        byte[] both = diversified.decipherNewPin(challenge, change);
        assertThat(both).startsWith(newPin).endsWith(pin).hasSize(8);

        change[wrongBit / 8] ^= (byte) (1 << wrongBit % 8);
        assertThat(diversified.decipherNewPin(challenge, change)).isNull();
    }

    @Property(tries = TRIES)
    void aCardKeyComesBackOrIsRefused(@ForAll ReferenceProfile profile, @ForAll @Size(16) byte[] issuer,
            @ForAll @Size(16) byte[] source, @ForAll @Size(8) byte[] challenge, @ForAll @IntRange(max = 255) int kif,
            @ForAll @IntRange(max = 255) int kvc, @ForAll @IntRange(max = 255) int wrongBit) {
        ReferenceKey issuerKey = key(profile, issuer, new byte[8]);
        ProfileKey sourceKey = (ProfileKey) key(profile, source, new byte[8]);
        byte[] cryptogram = issuerKey.cipherCardKey(challenge, sourceKey, kif, kvc);
        assertThat(cryptogram).hasSize(32);
        assertThat(issuerKey.decipherCardKey(challenge, cryptogram, kif, kvc)).isEqualTo(sourceKey.key());

        byte[] otherChallenge = challenge.clone();
        otherChallenge[wrongBit / 32] ^= 1;
        assertThat(issuerKey.decipherCardKey(otherChallenge, cryptogram, kif, kvc)).isNull();
        cryptogram[wrongBit / 8] ^= (byte) (1 << wrongBit % 8);
        assertThat(issuerKey.decipherCardKey(challenge, cryptogram, kif, kvc)).isNull();
    }

    @Property(tries = TRIES)
    void aTransferredRecordComesBackOrIsRefused(@ForAll("transferring") ReferenceProfile profile, @ForAll @Size(16) byte[] key,
            @ForAll @Size(8) byte[] challenge, @ForAll @Size(29) byte[] record, @ForAll @IntRange(max = 255) int p2,
            @ForAll @IntRange(max = 383) int wrongBit) throws TransferException {
        ReferenceKey systemKey = key(profile, key, new byte[4]);
        byte[] block = systemKey.sealTransfer(challenge, record, p2);
        assertThat(block).hasSize(48);
        TransferredRecord opened = systemKey.openTransfer(challenge, block);
        assertThat(opened.record()).isEqualTo(record);
        assertThat(opened.p2()).isEqualTo(p2);

        byte[] otherChallenge = challenge.clone();
        otherChallenge[7] ^= 1;
        assertThatThrownBy(() -> systemKey.openTransfer(otherChallenge, block))
                .isInstanceOfSatisfying(TransferException.class,
                        e -> assertThat(e.reason()).isEqualTo(TransferException.Reason.BAD_SIGNATURE));
        block[wrongBit / 8] ^= (byte) (1 << wrongBit % 8);
        assertThatThrownBy(() -> systemKey.openTransfer(challenge, block)).isInstanceOf(TransferException.class);
    }

    /** A diversifier of 4 bytes is the same as one of 8 with zeros before it. */
    @Property(tries = TRIES)
    void aShortDiversifierIsPaddedOnTheLeft(@ForAll ReferenceProfile profile, @ForAll @Size(16) byte[] key,
            @ForAll @Size(4) byte[] diversifier) {
        byte[] padded = new byte[8];
        System.arraycopy(diversifier, 0, padded, 4, 4);
        assertThat(((ProfileKey) key(profile, key, diversifier)).key()).isEqualTo(((ProfileKey) key(profile, key, padded)).key());
    }
}
