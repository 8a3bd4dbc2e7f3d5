package org.calypsohsm.demo;

import java.util.Dictionary;
import java.util.Hashtable;

import org.calypsohsm.channel.ChannelManager;
import org.osgi.service.cm.ConfigurationAdmin;

/** SAM-S20 cards in PC/SC readers. All are there from the start; the first one is taken out in the middle. */
final class CardModules extends DemoModules {

    private static final int CHANNELS = 20;

    CardModules(ConfigurationAdmin configurations, ChannelManager channels) {
        super(configurations, channels);
    }

    /** @param description serial number of the card, 8 hexadecimal digits */
    @Override
    Made make(String description) throws DemoException, InterruptedException {
        Dictionary<String, Object> properties = new Hashtable<>();
        properties.put("serialNumber", description.trim());
        try {
            return make("org.calypsohsm.provider.sams20pcsc", "SAM-S20", CHANNELS, "sam-s20-" + (made().size() + 1), properties);
        } catch (DemoException e) {
            throw new DemoException(e.getMessage() + " To try it without hardware: install pcscd and vsmartcard-vpcd, start pcscd as root"
                    + " (pcscd --foreground), leave ./hsm sam-s20-card running, and say ./hsm demo --via pcsc again.");
        }
    }

    @Override
    Made successor(Made old) throws DemoException {
        return made().get(1);
    }

    /** @return the channels that are left when the first card is out */
    @Override
    long capacity() {
        return super.capacity() - CHANNELS;
    }
}
