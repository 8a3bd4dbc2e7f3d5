package org.calypsohsm.profile;

import static org.assertj.core.api.Assertions.assertThat;
import static org.calypsohsm.profile.Hex.hex;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

import org.bouncycastle.crypto.BlockCipher;
import org.bouncycastle.crypto.Mac;
import org.bouncycastle.crypto.params.KeyParameter;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The primitives of the profiles against the vectors of their standards. */
class PublishedVectorsTest {

    private static final String DES_KEY = "0123456789ABCDEF";
    private static final String NO_WHITENING = "0000000000000000";

    /** FIPS 81 appendix B and C, and FIPS 46: with a whitening key of zeros, DESX is DES. */
    @ParameterizedTest
    @CsvSource({
        DES_KEY + ", 4E6F772069732074, 3FA40E8A984D4815",
        DES_KEY + ", 68652074696D6520, 6A271787AB8883F9",
        DES_KEY + ", 666F7220616C6C20, 893D51EC4B563B53",
        "133457799BBCDFF1, 0123456789ABCDEF, 85E813540F0AB405",
        "0101010101010101, 8000000000000000, 95F8A5E5DD31D900"})
    void desInsideDesx(String key, String plain, String ciphered) {
        BlockCipher engine = ReferenceProfile.DESX_CBC.newEngine();
        assertBothWays(engine, hex(key + NO_WHITENING), hex(plain), hex(ciphered));
    }

    /** The whitening of security-profiles.md around the first vector of FIPS 81. */
    @Test
    void desxWhitensBothSides() {
        byte[] whitening = hex("A1B2C3D4E5F60718");
        byte[] plain = hex("4E6F772069732074");
        byte[] ciphered = hex("3FA40E8A984D4815");
        Bytes.xor(plain, whitening, 8);
        Bytes.xor(ciphered, whitening, 8);
        assertBothWays(ReferenceProfile.DESX_CBC.newEngine(), hex(DES_KEY + "A1B2C3D4E5F60718"), plain, ciphered);
    }

    /** FIPS 81 appendix C, "Now is the time for all " in CBC mode. */
    @Test
    void desInCbcMode() {
        DesKey key = new DesKey(ReferenceProfile.DESX_CBC, hex(DES_KEY + NO_WHITENING));
        byte[] iv = hex("1234567890ABCDEF");
        byte[] text = "Now is the time for all ".getBytes(StandardCharsets.US_ASCII);
        byte[] data = text.clone();
        key.encrypt(iv, data, data.length);
        assertThat(data).isEqualTo(hex("E5C7CDDE872BF27C 43E934008C389C0F 683788499A7C05F6"));
        key.decrypt(iv, data, data.length);
        assertThat(data).isEqualTo(text);
    }

    /** NIST SP 800-67 appendix B.1, "The qufck brown fox jump", with three keys. */
    @ParameterizedTest
    @CsvSource({"5468652071756663, A826FD8CE53B855F", "6B2062726F776E20, CCE21C8112256FE6", "666F78206A756D70, 68D5C05DD9B6B900"})
    void tripleDesWithThreeKeys(String plain, String ciphered) {
        byte[] key = hex("0123456789ABCDEF 23456789ABCDEF01 456789ABCDEF0123");
        assertBothWays(ReferenceProfile.TDES_CBC.newEngine(), key, hex(plain), hex(ciphered));
    }

    /** NIST SP 800-38B appendix D.5: the cipher of zeros with two keys. */
    @Test
    void tripleDesWithTwoKeys() {
        byte[] key = hex("4CF15134A2850DD5 8A3D10BA80570D38");
        assertBothWays(ReferenceProfile.TDES_RETAIL.newEngine(), key, new byte[8], hex("C7679B9F6B8D7D7A"));
        assertBothWays(ReferenceProfile.TDES_CBC.newEngine(), key, new byte[8], hex("C7679B9F6B8D7D7A"));
    }

    /** FIPS 197 appendix C.1. */
    @Test
    void aes() {
        assertBothWays(ReferenceProfile.AES_CMAC.newEngine(), hex("000102030405060708090A0B0C0D0E0F"),
                hex("00112233445566778899AABBCCDDEEFF"), hex("69C4E0D86A7B0430D8CDB78070B4C55A"));
    }

    /** ISO/IEC 9797-1 annex B: algorithm 1 with DES, padding method 2; with both halves the same, Triple DES is DES. */
    @ParameterizedTest
    @CsvSource({"'Now is the time for all ', 10E1F0F108341B6D", "Now is the time for it, A924C72136149211"})
    void macAlgorithm1(String text, String expected) {
        assertThat(mac(ReferenceProfile.TDES_CBC, DES_KEY + DES_KEY, text)).isEqualTo(hex(expected));
        assertThat(mac(ReferenceProfile.DESX_CBC, DES_KEY + NO_WHITENING, text)).isEqualTo(hex(expected));
    }

    /** ISO/IEC 9797-1 annex B: algorithm 3 with DES, padding method 2. */
    @ParameterizedTest
    @CsvSource({"'Now is the time for all ', E9086230CA3BE796", "Now is the time for it, 5A692CE64F404145"})
    void macAlgorithm3(String text, String expected) {
        assertThat(mac(ReferenceProfile.TDES_RETAIL, DES_KEY + "FEDCBA9876543210", text)).isEqualTo(hex(expected));
    }

    /** ICAO Doc 9303 part 11 appendix D.3: algorithm 3, padding method 2, with two keys of a passport. */
    @Test
    void macAlgorithm3OfPassport() {
        DesKey key = new DesKey(ReferenceProfile.TDES_RETAIL, hex("7962D9ECE03D1ACD4C76089DCE131543"));
        byte[] data = hex("72C29C2371CC9BDB65B779B8E8D37B29ECC154AA56A8799FAE2F498F76ED92F2");
        assertThat(key.sign(data, 8)).isEqualTo(hex("5F1448EEA8AD90A7"));
    }

    /** RFC 4493 section 4, which is NIST SP 800-38B appendix D.1: by the MAC, and by the stream that forks. */
    @ParameterizedTest
    @CsvSource({"0, BB1D6929E95937287FA37D129B756746", "16, 070A16B46B4D4144F79BDD9DD04A287C",
        "40, DFA66747DE9AE63030CA32611497C827", "64, 51F0BEBF7E3B9D92FC49741779363CFE"})
    void cmac(int length, String expected) {
        byte[] key = hex("2B7E151628AED2A6ABF7158809CF4F3C");
        byte[] message = Arrays.copyOf(hex("6BC1BEE22E409F96E93D7E117393172A AE2D8A571E03AC9C9EB76FAC45AF8E51"
                + "30C81C46A35CE411E5FBC1191A0A52EF F69F2445DF4F9B17AD2B417BE66C3710"), length);
        Mac mac = MacKey.of(ReferenceProfile.AES_CMAC, key).start();
        mac.update(message, 0, length);
        assertThat(ProfileKey.finish(mac)).isEqualTo(hex(expected));

        if (length > 0) {
            CmacStream stream = new CmacStream(key);
            for (int i = 0; i < length - 1; i++) {
                stream.mac((byte) i);
                stream.update(message[i]);
            }
            assertThat(stream.mac(message[length - 1])).isEqualTo(hex(expected));
        }
    }

    private static byte[] mac(ReferenceProfile profile, String key, String text) {
        return new DesKey(profile, hex(key)).sign(text.getBytes(StandardCharsets.US_ASCII), 8);
    }

    private static void assertBothWays(BlockCipher engine, byte[] key, byte[] plain, byte[] ciphered) {
        byte[] out = new byte[engine.getBlockSize()];
        engine.init(true, new KeyParameter(key));
        engine.processBlock(plain, 0, out, 0);
        assertThat(out).isEqualTo(ciphered);
        engine.init(false, new KeyParameter(key));
        engine.processBlock(ciphered, 0, out, 0);
        assertThat(out).isEqualTo(plain);
    }
}
