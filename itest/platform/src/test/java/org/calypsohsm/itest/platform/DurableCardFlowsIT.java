package org.calypsohsm.itest.platform;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertSame;
import static org.junit.Assert.assertTrue;

import java.util.Map;

import org.calypsohsm.audit.AuditTrail;
import org.calypsohsm.itest.kit.HsmOptions;
import org.calypsohsm.key.KeyStore;
import org.calypsohsm.startup.LockedStore;
import org.junit.Test;

/** The flows on a durable store that start-up opens, with an audit log: all on the disk. */
public class DurableCardFlowsIT extends CardFlows {

    @Override
    protected HsmOptions options() {
        return HsmOptions.distribution().durable().auditLog()
                .configure("org.calypsohsm.keystore.durable", Map.of("auditRequired", true));
    }

    @Test
    public void theStoreIsTheOneThatStartUpOpenedAndTheLogKnowsIt() {
        LockedStore locked = hsm().await(LockedStore.class);
        assertTrue("the store is open", locked.status().isOpen());
        assertTrue("a software token opened it", locked.cardSet().isSoftwareToken());
        assertSame("there is no other store", locked, hsm().await(KeyStore.class));
        AuditTrail trail = hsm().await(AuditTrail.class);
        assertTrue(trail.verify().sentence(), trail.verify().isIntact());
        assertEquals("begun once", 1, trail.tail(1000).stream()
                .filter(entry -> entry.event().act().equals("keystore.initialize")).count());
    }
}
