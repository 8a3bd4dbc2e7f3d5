package org.calypsohsm.itest.platform;

import static org.junit.Assert.assertArrayEquals;
import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

import org.calypsohsm.apdu.StatusWord;
import org.calypsohsm.card.Card;
import org.calypsohsm.card.CardCommands;
import org.calypsohsm.card.CardProduct;
import org.calypsohsm.channel.Channel;
import org.calypsohsm.channel.ChannelManager;
import org.calypsohsm.channel.ChannelRequest;
import org.calypsohsm.itest.kit.HsmOptions;
import org.calypsohsm.itest.kit.HsmTest;
import org.calypsohsm.itest.kit.Terminal;
import org.calypsohsm.key.KeyGroup;
import org.calypsohsm.key.KeyStore;
import org.calypsohsm.key.SamKey;
import org.calypsohsm.product.SecurityPlugin;
import org.junit.After;
import org.junit.Before;
import org.junit.Test;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleException;
import org.osgi.framework.Constants;
import org.osgi.framework.wiring.FrameworkWiring;

/**
 * The product of the OEM example, which the platform was not built with, comes into the running container. Its reference
 * construction is that of CD21, so a CD21 card whose keys have the ALG code of GTML in the SAM is a GTML card.
 */
public class OemProductIT extends HsmTest {

    private static final int KEY_GROUP = 1;
    private static final int ALG = 0x5B;
    private static final int ALG_CD21 = 0x30;
    private static final byte[] CONTRACT = {0x43, 0x4F, 0x4E, 0x54, 0x52, 0x41, 0x43, 0x54};

    private ChannelManager channels;
    private KeyGroup keys;
    private Bundle gtml;

    /** The deployer trusts the certificate that the OEM handed to him, and those that he trusted before. */
    @Override
    protected HsmOptions options() {
        try {
            Path store = Files.createDirectories(Path.of("target/oem-trust").toAbsolutePath());
            Path theirs = Path.of(System.getProperty("oem.jar")).resolveSibling("gtml.pem");
            Files.copy(theirs, store.resolve("gtml.pem"), StandardCopyOption.REPLACE_EXISTING);
            Path ours = Path.of(System.getProperty("hsm.home"), "conf/trust/developer.pem");
            Files.copy(ours, store.resolve("developer.pem"), StandardCopyOption.REPLACE_EXISTING);
            return HsmOptions.distribution().trustStore(store);
        } catch (IOException e) {
            throw new UncheckedIOException("The product of the OEM example is not there: run ./mvnw verify", e);
        }
    }

    @Before
    public void giveKeysTheAlgOfTheOem() {
        channels = hsm().channels();
        keys = hsm().await(KeyStore.class).keyGroup(KEY_GROUP);
        setAlg(ALG_CD21, ALG);
    }

    private void setAlg(int before, int after) {
        for (int record = 1; record <= KeyGroup.LAST_WORK_KEY_RECORD; record++) {
            SamKey key = keys.workKeyAt(record);
            if (key != null && key.alg() == before) {
                byte[] readable = new byte[SamKey.READABLE_LENGTH];
                key.copyReadable(readable, 0);
                keys.writeKey(new SamKey(record, key.kif(), key.kvc(), after, Arrays.copyOfRange(readable, 3, readable.length),
                        key.value()));
            }
        }
    }

    @After
    public void takeAllBack() throws BundleException {
        if (gtml != null && gtml.getState() != Bundle.UNINSTALLED) {
            gtml.uninstall();
        }
        setAlg(ALG, ALG_CD21);
    }

    private void install() throws BundleException {
        gtml = hsm().context().installBundle(Path.of(System.getProperty("oem.jar")).toUri().toString());
        gtml.start();
        hsm().awaitProduct("GTML");
    }

    /** Refreshes too, so that no class of it can be loaded any more. */
    private void uninstall() throws BundleException, InterruptedException {
        gtml.uninstall();
        CountDownLatch refreshed = new CountDownLatch(1);
        hsm().context().getBundle(Constants.SYSTEM_BUNDLE_LOCATION).adapt(FrameworkWiring.class)
                .refreshBundles(List.of(gtml), event -> refreshed.countDown());
        assertTrue("the framework refreshes", refreshed.await(20, TimeUnit.SECONDS));
    }

    private static Card card() {
        return Card.builder(CardProduct.CD21).keyGroup(KEY_GROUP).serialNumber(0x12345678).build();
    }

    private static void sell(Terminal terminal) throws Exception {
        terminal.session(CardCommands.LOAD, terminal.commands().updateRecord(CardCommands.SFI_CONTRACTS, 1, CONTRACT));
        assertArrayEquals(CONTRACT, Arrays.copyOf(terminal.card().record(CardCommands.SFI_CONTRACTS, 1), CONTRACT.length));
    }

    @Test
    public void sellsAsSoonAsItIsInstalled() throws Exception {
        try (Channel channel = channels.open(ChannelRequest.forKeyGroup(KEY_GROUP))) {
            Terminal terminal = new Terminal(card(), channel);
            terminal.giveChallenge();
            assertEquals("without the plugin", StatusWord.CONDITIONS_NOT_SATISFIED,
                    terminal.samStatus(0x12, 0x80, 0xFF, terminal.keyAnd(CardCommands.DEBIT, (byte) 1, (byte) 2, (byte) 3, (byte) 4)));
            install();
            sell(terminal);
        }
    }

    @Test
    public void aSaleInProgressOutlivesTheBundleAndItsSuccessorServesTheNext() throws Exception {
        install();
        try (Channel channel = channels.open(ChannelRequest.forKeyGroup(KEY_GROUP))) {
            Terminal terminal = new Terminal(card(), channel);
            terminal.open(CardCommands.LOAD);
            terminal.digested(terminal.commands().updateRecord(CardCommands.SFI_CONTRACTS, 1, CONTRACT));
            uninstall();
            terminal.digested(terminal.commands().readRecord(CardCommands.SFI_CONTRACTS, 1, CONTRACT.length));
            terminal.close();
            install();
            sell(new Terminal(card(), channel));
        }
    }

    @Test
    public void theExampleIsNotInTheDistribution() {
        assertEquals(0, hsm().services(SecurityPlugin.class.getName(), "(hsm.alg=" + ALG + ")").size());
    }
}
