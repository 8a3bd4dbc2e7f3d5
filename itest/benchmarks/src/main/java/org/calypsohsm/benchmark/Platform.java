package org.calypsohsm.benchmark;

import java.time.Duration;
import java.util.Map;

import org.calypsohsm.channel.Channel;
import org.calypsohsm.channel.ChannelException;
import org.calypsohsm.channel.ChannelManager;
import org.calypsohsm.channel.ChannelRequest;
import org.calypsohsm.key.KeyStore;
import org.calypsohsm.keystore.TestKeyStore;
import org.calypsohsm.manager.DefaultChannelManager;
import org.calypsohsm.manager.ManagerWiring;
import org.calypsohsm.module.SecurityModule;
import org.calypsohsm.product.cd21.Cd21Plugin;
import org.calypsohsm.product.cd97.Cd97Plugin;
import org.calypsohsm.product.tango.TangoPlugin;
import org.calypsohsm.provider.pcis3.PciS3Module;
import org.calypsohsm.sam.KnownChallenges;

/** The real components of the platform, wired by hand: the exchange path is the same as in the container. */
final class Platform {

    private final SecurityModule module;
    private final ChannelManager manager;

    /** Starts them with one module without limit of channels, on public test keys in memory. */
    Platform() {
        this(new TestKeyStore(Configs.of(TestKeyStore.Config.class, Map.of())));
    }

    /** Starts them with one module without limit of channels, on the keys of a store. */
    Platform(KeyStore keys) {
        this(keys, 0);
    }

    /** @param model number of channels, or 0 for no limit */
    Platform(KeyStore keys, int model) {
        KnownChallenges sams = new KnownChallenges();
        sams.add(new Cd97Plugin(), Profile.DESX_CBC.reference.alg());
        sams.add(new Cd21Plugin(), Profile.TDES_RETAIL.reference.alg());
        sams.add(new TangoPlugin(), Profile.TDES_CBC.reference.alg(), Profile.AES_CMAC.reference.alg());
        module = new PciS3Module(Configs.of(PciS3Module.Config.class,
                Map.of("hsm_module_name", "benchmark", "model", model)), keys, sams.emulation());
        manager = ManagerWiring.over(Configs.of(DefaultChannelManager.Config.class, Map.of()), module);
    }

    SecurityModule module() {
        return module;
    }

    ChannelManager manager() {
        return manager;
    }

    Channel open() {
        try {
            return manager.open(ChannelRequest.forKeyGroup(0).withIdleTimeout(Duration.ZERO));
        } catch (ChannelException e) {
            throw new IllegalStateException("The benchmark could not open a channel: " + e.getMessage(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("The benchmark was interrupted.", e);
        }
    }
}
