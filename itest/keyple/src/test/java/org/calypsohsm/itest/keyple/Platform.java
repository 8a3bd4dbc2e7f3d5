package org.calypsohsm.itest.keyple;

import java.nio.file.Path;

import org.calypsohsm.channel.Channel;
import org.calypsohsm.channel.ChannelException;
import org.calypsohsm.channel.ChannelManager;
import org.calypsohsm.itest.kit.HsmOptions;
import org.calypsohsm.itest.kit.HsmTest;

/** The base of the tests: the platform, configured by keyple.json, with the client's bundle. */
public abstract class Platform extends HsmTest {

    /** Key groups of keyple.json: the first three choose the form of SAM, two modules share the last. */
    static final int HSM_C1 = 1;
    static final int S1E1 = 2;
    static final int S1D = 3;
    static final int SHARED = 4;

    @Override
    protected HsmOptions options() {
        return HsmOptions.distribution().configuration(Path.of(System.getProperty("itest.configuration")))
                .with(Path.of(System.getProperty("itest.bundle"))).withoutFaults();
    }

    ChannelManager manager() {
        return hsm().channels();
    }

    Channel open(int keyGroup) throws ChannelException, InterruptedException {
        return hsm().open(keyGroup);
    }
}
