package com.example.gtml;

import java.util.Arrays;
import java.util.HexFormat;

import org.calypsohsm.key.KeyValue;
import org.calypsohsm.product.DiversifiedKey;
import org.calypsohsm.product.PluginProperties;
import org.calypsohsm.product.SecurityPlugin;
import org.calypsohsm.product.SessionDigest;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;

/** The security functions of GTML cards under ALG 5B. */
@Component(service = SecurityPlugin.class, immediate = true)
@PluginProperties(product = "GTML", alg = GtmlPlugin.ALG,
        notice = "Reference construction with Triple DES and retail MAC, since the field algorithm of GTML is not public: it does not "
                + "authenticate GTML cards in the field.")
public final class GtmlPlugin implements SecurityPlugin {

    /** ALG code of the keys that this plugin serves. */
    static final int ALG = 0x5B;

    /** For the power-up test: a key that everybody knows, and what its key for one card answers. */
    private static final byte[] TEST_KEY = HexFormat.of().parseHex("000102030405060708090A0B0C0D0E0F");
    private static final String TEST_ANSWERS = "64F0B143 6DC447B3661416D3 356B3453DC734FC3AF52C4731C23BCBC "
            + "573631E17B14819AE7834CC4770B540DCFD613929F62653F1CE65089FBE8DC8C 2ACB30F724 F47E5A F6E52E760533E3F3 5BA2AB1339C32142";

    /**
     * Activates the plugin.
     *
     * @throws IllegalStateException if the power-up test fails; the service is not registered then
     */
    @Activate
    public GtmlPlugin() {
        // It also loads every class, so that sessions in progress outlive the removal of this bundle.
        selfTest(ALG);
    }

    /** Functions that not every algorithm has: none. Extended sessions and the transfer of keys between SAMs can be added. */
    @Override
    public boolean supports(int alg, Function function) {
        return false;
    }

    @Override
    public DiversifiedKey diversify(int alg, KeyValue key, byte[] diversifier) {
        requireServed(alg);
        byte[] master = key.revealKeyBytes();
        try {
            return new GtmlKey(GtmlKey.diversify(master, diversifier));
        } finally {
            Arrays.fill(master, (byte) 0);
        }
    }

    @Override
    public DiversifiedKey undiversified(int alg, KeyValue key) {
        requireServed(alg);
        return new GtmlKey(key.revealKeyBytes());
    }

    private static void requireServed(int alg) {
        if (alg != ALG) {
            throw new IllegalArgumentException(String.format("The GTML plugin does not serve ALG %02X.", alg));
        }
    }

    /** Uses each function once, and compares the answers with the known ones. */
    @Override
    public void selfTest(int alg) {
        byte[] challenge = {1, 2, 3, 4, 5, 6, 7, 8};
        byte[] four = {1, 2, 3, 4};
        byte[] three = {1, 2, 3};
        DiversifiedKey key = diversify(alg, KeyValue.copyOf(TEST_KEY), challenge);
        SessionDigest session = key.openSession(four, false);
        session.update(TEST_KEY, 0, TEST_KEY.length);
        byte[] certificate = session.terminalCertificate();
        boolean refused = !session.verifyCardCertificate(certificate, 0, certificate.length);
        session.destroy();
        byte[] terminalMac = key.storedValueTerminalMac(TEST_KEY, three, three, four);
        String answers = String.join(" ", hex(certificate), hex(key.cipherPin(challenge, four)), hex(key.cipherNewPin(challenge, four,
                four)),
                hex(key.cipherCardKey(challenge, undiversified(alg, KeyValue.copyOf(TEST_KEY)), 0x21, 0x01)), hex(terminalMac),
                hex(key.storedValueCardMac(TEST_KEY, three, three, four, terminalMac)), hex(key.sign(TEST_KEY, 8)),
                hex(key.signRead(challenge, TEST_KEY)));
        key.destroy();
        if (!refused || !answers.equals(TEST_ANSWERS)) {
            throw new IllegalStateException("The self test of the GTML plugin failed: with the test key it answers \"" + answers
                    + "\".");
        }
    }

    private static String hex(byte[] bytes) {
        return HexFormat.of().withUpperCase().formatHex(bytes);
    }
}
