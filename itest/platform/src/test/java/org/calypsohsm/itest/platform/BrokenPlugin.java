package org.calypsohsm.itest.platform;

import java.util.Dictionary;
import java.util.Hashtable;

import org.calypsohsm.key.KeyValue;
import org.calypsohsm.product.DiversifiedKey;
import org.calypsohsm.product.SecurityPlugin;
import org.osgi.framework.BundleActivator;
import org.osgi.framework.BundleContext;

/** The only class of a bundle whose plugin fails its self test. */
public final class BrokenPlugin implements SecurityPlugin, BundleActivator {

    @Override
    public void start(BundleContext context) {
        Dictionary<String, Object> properties = new Hashtable<>();
        properties.put(SecurityPlugin.PRODUCT, "Broken");
        properties.put(SecurityPlugin.ALG, new int[] {0x30});
        context.registerService(SecurityPlugin.class, this, properties);
    }

    @Override
    public void stop(BundleContext context) {
        // The framework takes the service back.
    }

    @Override
    public boolean supports(int alg, Function function) {
        return false;
    }

    @Override
    public DiversifiedKey diversify(int alg, KeyValue key, byte[] diversifier) {
        throw new UnsupportedOperationException();
    }

    @Override
    public DiversifiedKey undiversified(int alg, KeyValue key) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void selfTest(int alg) {
        throw new IllegalStateException("the answer is not the known one");
    }
}
