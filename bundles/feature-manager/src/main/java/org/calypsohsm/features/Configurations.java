package org.calypsohsm.features;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Dictionary;
import java.util.HashMap;
import java.util.Hashtable;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

import org.calypsohsm.feature.FeatureException;
import org.calypsohsm.feature.FeatureException.Reason;
import org.osgi.framework.InvalidSyntaxException;
import org.osgi.service.cm.Configuration;
import org.osgi.service.cm.ConfigurationAdmin;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The configurations of features in Configuration Admin. During an update two versions of a feature may have the same. */
final class Configurations {

    private static final Logger LOG = LoggerFactory.getLogger(Configurations.class);
    /** Any bundle may get it: a provider that is exchanged has another location. */
    private static final String ANY_LOCATION = "?";

    /** Property that each configuration gets, and with it the services that are made of it: {@link #mark}. */
    static final String FEATURE = "hsm.feature";

    private static final String SEPARATOR = " ";
    private static final int DIGITS = 16;

    private final ConfigurationAdmin admin;
    /** By PID, the newest owner last. */
    private final Map<String, List<FeatureFile>> owners = new HashMap<>();

    Configurations(ConfigurationAdmin admin) {
        this.admin = admin;
    }

    /**
     * Applies the configurations of a feature.
     *
     * @param feature  the feature
     * @param replaced the feature whose configurations it may take over; null if there is none
     * @throws FeatureException BAD_FEATURE if somebody else has one of them, NOT_READY if they cannot be kept; none is applied then
     */
    void apply(FeatureFile feature, FeatureFile replaced) throws FeatureException {
        for (String pid : feature.configurations().keySet()) {
            List<FeatureFile> present = owners.getOrDefault(pid, List.of());
            boolean taken = present.isEmpty() ? isOfAnother(feature, pid) : present.get(present.size() - 1) != replaced;
            if (taken) {
                throw new FeatureException(Reason.BAD_FEATURE, "Feature " + feature + ": the configuration " + pid
                        + " exists already, " + (present.isEmpty() ? "from a configuration file" : "from the feature " + present.get(present.size() - 1))
                        + "; give one of them another name after the \"~\".");
            }
        }
        for (String pid : feature.configurations().keySet()) {
            owners.computeIfAbsent(pid, key -> new ArrayList<>()).add(feature);
            try {
                update(feature, pid);
            } catch (IOException | RuntimeException e) {
                remove(feature);
                throw new FeatureException(Reason.NOT_READY, "Feature " + feature + ": the configuration " + pid
                        + " is refused: " + e.getMessage() + ".", e);
            }
        }
    }

    /** Takes the configurations of a feature back: to what they were before, if another feature had them. */
    void remove(FeatureFile feature) {
        for (String pid : feature.configurations().keySet()) {
            List<FeatureFile> present = owners.get(pid);
            if (present == null || !present.contains(feature)) {
                continue;
            }
            boolean newest = present.get(present.size() - 1) == feature;
            present.remove(feature);
            try {
                if (present.isEmpty()) {
                    owners.remove(pid);
                    Configuration configuration = find(pid);
                    if (configuration != null) {
                        configuration.delete();
                    }
                } else if (newest) {
                    update(present.get(present.size() - 1), pid);
                }
            } catch (IOException | RuntimeException e) {
                LOG.error("Feature {}: the configuration {} is not taken back: {}", feature, pid, e.toString());
            }
        }
    }

    /** Removes those of features that an earlier manager installed. */
    void removeOthers() {
        try {
            Configuration[] all = admin.listConfigurations("(" + FEATURE + "=*)");
            for (Configuration configuration : all == null ? new Configuration[0] : all) {
                if (!owners.containsKey(configuration.getPid())) {
                    configuration.delete();
                }
            }
        } catch (IOException | InvalidSyntaxException | RuntimeException e) {
            LOG.error("Configurations of features that are gone are not removed: {}", e.toString());
        }
    }

    /** @return true if only this feature has the configuration */
    boolean isOnly(FeatureFile feature, String pid) {
        return List.of(feature).equals(owners.get(pid));
    }

    /** When the manager itself starts anew, the configurations of its features are still there. */
    private boolean isOfAnother(FeatureFile feature, String pid) {
        Configuration configuration = find(pid);
        return configuration != null && (configuration.getProperties() == null
                || !String.valueOf(configuration.getProperties().get(FEATURE)).startsWith(feature.key() + SEPARATOR));
    }

    private void update(FeatureFile feature, String pid) throws IOException {
        Dictionary<String, Object> properties = new Hashtable<>(feature.configurations().get(pid));
        properties.put(FEATURE, mark(feature, pid));
        int name = pid.indexOf('~');
        Configuration configuration = name < 0 ? admin.getConfiguration(pid, ANY_LOCATION)
                : admin.getFactoryConfiguration(pid.substring(0, name), pid.substring(name + 1), ANY_LOCATION);
        // Nothing happens if it is the same: what stays does not start anew.
        configuration.updateIfDifferent(properties);
    }

    /** @return the feature, and of which values a component has been made: configurations arrive some time after they were applied */
    static String mark(FeatureFile feature, String pid) {
        StringBuilder values = new StringBuilder();
        new TreeMap<>(feature.configurations().get(pid)).forEach((key, value) -> values.append(key).append('=')
                .append(Arrays.deepToString(new Object[] {value})).append('\n'));
        return feature.key() + SEPARATOR + Digests.sha256(values.toString().getBytes(StandardCharsets.UTF_8)).substring(0, DIGITS);
    }

    private Configuration find(String pid) {
        try {
            Configuration[] found = admin.listConfigurations("(service.pid=" + pid + ")");
            return found == null ? null : found[0];
        } catch (IOException | InvalidSyntaxException e) {
            throw new IllegalStateException("The configuration " + pid + " cannot be looked for: " + e.getMessage(), e);
        }
    }
}
