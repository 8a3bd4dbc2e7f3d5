package org.calypsohsm.demo;

import java.util.Dictionary;
import java.util.Hashtable;
import java.util.List;
import java.util.Locale;
import java.util.Map;

import org.calypsohsm.channel.ChannelManager;
import org.osgi.service.cm.ConfigurationAdmin;

/** PCI-S3 modules that are card processes: somebody else has started them, and one more for the successor of the first. */
final class DeviceModules extends DemoModules {

    private final List<?> cards;

    /** @param cards how each one is reached: configurations of modules, in the order in which they are made */
    DeviceModules(ConfigurationAdmin configurations, ChannelManager channels, List<?> cards) {
        super(configurations, channels);
        this.cards = cards;
    }

    /** @param description kind and model, as in {@code "PCI-S3:5000"} */
    @Override
    Made make(String description) throws DemoException, InterruptedException {
        return make(Integer.parseInt(description.trim().substring(description.trim().indexOf(':') + 1)));
    }

    @Override
    Made successor(Made old) throws DemoException, InterruptedException {
        return make(old.model());
    }

    private Made make(int model) throws DemoException, InterruptedException {
        Dictionary<String, Object> properties = new Hashtable<>();
        properties.put("model", model);
        ((Map<?, ?>) cards.get(made().size())).forEach((name, value) -> properties.put((String) name, value));
        String kind = "PCI-S3";
        return make("org.calypsohsm.provider.pcis3device", kind, model, kind.toLowerCase(Locale.ROOT) + "-" + (made().size() + 1),
                properties);
    }
}
