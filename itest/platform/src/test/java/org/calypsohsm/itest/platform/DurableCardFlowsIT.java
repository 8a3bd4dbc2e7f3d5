package org.calypsohsm.itest.platform;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertSame;
import static org.junit.Assert.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

import org.calypsohsm.audit.AuditTrail;
import org.calypsohsm.key.KeyStore;
import org.calypsohsm.startup.LockedStore;
import org.junit.Test;
import org.junit.runner.RunWith;
import org.ops4j.pax.exam.Configuration;
import org.ops4j.pax.exam.Option;
import org.ops4j.pax.exam.junit.PaxExam;
import org.ops4j.pax.exam.spi.reactors.ExamReactorStrategy;
import org.ops4j.pax.exam.spi.reactors.PerClass;

/** The flows on a durable store that start-up opens, with an audit log: all on the disk. */
@RunWith(PaxExam.class)
@ExamReactorStrategy(PerClass.class)
public class DurableCardFlowsIT extends CardFlows {

    private static final String PIN = "258025";

    @Configuration
    public Option[] configuration() throws IOException {
        Path folder = Files.createTempDirectory(Path.of("target").toAbsolutePath(), "durable");
        Path pin = Files.writeString(folder.resolve("pin"), PIN);
        Path conf = Files.writeString(folder.resolve("durable.json"), """
                {
                  ":configurator:resource-version": 1,
                  ":configurator:symbolic-name": "org.calypsohsm.itest.durable",
                  ":configurator:version": "1.0.0",
                  "org.calypsohsm.keystore.durable": {"directory": "%1$s/keys", "testGroups": [0, 1], "auditRequired": true},
                  "org.calypsohsm.startup": {"tokenDirectory": "%1$s"},
                  "org.calypsohsm.startup.unattended~main": {"store": "main", "pinFile": "%2$s", "token": "software"},
                  "org.calypsohsm.auditlog": {"directory": "%1$s/audit", "pinFile": "%2$s"},
                  "org.calypsohsm.provider.pcis3~main": {"hsm.module.name": "main", "model": 500, "serialNumber": "B0000001",
                    "keyGroups": [0, 1]}
                }
                """.formatted(folder, pin));
        return PlatformOptions.distribution(conf);
    }

    @Test
    public void theStoreIsTheOneThatStartUpOpenedAndTheLogKnowsIt() {
        Container container = new Container();
        LockedStore locked = container.service(LockedStore.class);
        Container.await("the store is open", () -> locked.status().isOpen());
        assertTrue("a software token opened it", locked.cardSet().isSoftwareToken());
        assertSame("there is no other store", locked, container.service(KeyStore.class));
        AuditTrail trail = container.service(AuditTrail.class);
        assertTrue(trail.verify().sentence(), trail.verify().isIntact());
        assertEquals("begun once", 1, trail.tail(1000).stream().filter(entry -> entry.event().act().equals("keystore.initialize")).count());
    }
}
