package org.calypsohsm.keystore;

import java.util.Arrays;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;

import org.calypsohsm.key.KeyGroup;
import org.calypsohsm.key.KeyStore;
import org.calypsohsm.key.KeyStoreStatus;
import org.calypsohsm.testkeys.TestKeys;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.ConfigurationPolicy;
import org.osgi.service.metatype.annotations.AttributeDefinition;
import org.osgi.service.metatype.annotations.Designate;
import org.osgi.service.metatype.annotations.ObjectClassDefinition;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A key store with the public test keys. It says so loudly, since these keys protect nothing. */
@Component(immediate = true, configurationPid = "org.calypsohsm.keystore.test", property = KeyStore.NAME + "=test",
        configurationPolicy = ConfigurationPolicy.REQUIRE)
@Designate(ocd = TestKeyStore.Config.class)
public final class TestKeyStore implements KeyStore {

    /** Configuration of the test key store. */
    @ObjectClassDefinition(name = "Test key store", description = "Public test keys: never for the field")
    public @interface Config {

        /** @return numbers of the key groups to make, each 0 or more */
        @AttributeDefinition(description = "Numbers of the key groups")
        int[] groups() default 0;
    }

    private static final Logger LOG = LoggerFactory.getLogger(TestKeyStore.class);

    private final TreeMap<Integer, KeyGroup> groups = new TreeMap<>();
    private final KeyStoreStatus status = new KeyStoreStatus(KeyStoreStatus.State.OPEN, "It holds public test keys, in memory.");

    /**
     * Makes the key groups.
     *
     * @param config their numbers
     * @throws IllegalArgumentException if a number is negative
     */
    @Activate
    public TestKeyStore(Config config) {
        for (int group : config.groups()) {
            if (group < 0) {
                throw new IllegalArgumentException("Key store: a key group is numbered from 0, not " + group
                        + "; correct org.calypsohsm.keystore.test groups.");
            }
            groups.put(group, new MemoryKeyGroup(group, TestKeys.workKeys(group), TestKeys.systemKeys(group),
                    this::reached));
        }
        LOG.warn("TEST KEYS in key groups {}: everybody knows them, so they protect nothing. Never use them in the field.",
                Arrays.toString(config.groups()));
    }

    @Override
    public Set<Integer> keyGroups() {
        return Set.copyOf(groups.keySet());
    }

    @Override
    public KeyGroup keyGroup(int number) {
        return groups.get(number);
    }

    @Override
    public KeyStoreStatus status() {
        return status;
    }

    /** This store is open as long as it lives, so there is nothing more to tell. */
    @Override
    public Watch watch(Consumer<KeyStoreStatus> listener) {
        listener.accept(status);
        return () -> { };
    }

    private void reached(int group, int counter, int value, int ceiling, int percent) {
        LOG.info("Event counter {} of key group {} is at {} of {}, which is {} % of its ceiling.", counter, group, value, ceiling,
                percent);
    }
}
