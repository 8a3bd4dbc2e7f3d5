package org.calypsohsm.sam;

import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

import org.calypsohsm.key.KeyGroup;
import org.calypsohsm.key.SamKey;
import org.calypsohsm.key.SystemKeyType;
import org.calypsohsm.module.ChannelState;
import org.calypsohsm.module.ModuleChannel;
import org.calypsohsm.module.SamEmulation;
import org.calypsohsm.module.SamForm;
import org.calypsohsm.product.SecurityPlugin;
import org.osgi.framework.ServiceReference;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.component.annotations.ReferenceCardinality;
import org.osgi.service.component.annotations.ReferencePolicy;
import org.osgi.service.metatype.annotations.AttributeDefinition;
import org.osgi.service.metatype.annotations.Designate;
import org.osgi.service.metatype.annotations.ObjectClassDefinition;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The service that makes virtual SAM-S1, and keeps track of the security plugins for all of them. */
@Component(immediate = true, configurationPid = "org.calypsohsm.sam")
@Designate(ocd = SamEmulator.Config.class)
public final class SamEmulator implements SamEmulation {

    /** Configuration of the virtual SAM-S1. */
    @ObjectClassDefinition(name = "Virtual SAM-S1")
    public @interface Config {

        /** @return how long a command waits for the successor of a security plugin that went, in milliseconds */
        @AttributeDefinition(description = "How long a command waits for the successor of a security plugin, in milliseconds")
        long successorGraceMillis() default 2000;
    }

    private static final Logger LOG = LoggerFactory.getLogger(SamEmulator.class);

    private final SamServices services;
    private final GeneratorCheck generatorCheck;

    /**
     * Makes the service.
     *
     * @param config its configuration
     */
    @Activate
    public SamEmulator(Config config) {
        this(config.successorGraceMillis(), new DrbgPool());
    }

    SamEmulator(long successorGraceMillis, RandomSource random) {
        this(successorGraceMillis, random, new GeneratorCheck(), System::nanoTime);
    }

    /** @param clock for busy mode; nanoseconds, as of {@link System#nanoTime()} */
    SamEmulator(long successorGraceMillis, RandomSource random, GeneratorCheck generatorCheck, LongSupplier clock) {
        this.generatorCheck = generatorCheck;
        services = new SamServices(new PluginRegistry(TimeUnit.MILLISECONDS.toNanos(successorGraceMillis)), new BusyKeys(clock),
                random);
    }

    @Reference(cardinality = ReferenceCardinality.MULTIPLE, policy = ReferencePolicy.DYNAMIC)
    void bindPlugin(SecurityPlugin plugin, ServiceReference<SecurityPlugin> reference) {
        int[] algs = AlgProperty.read(reference.getProperty(SecurityPlugin.ALG));
        String product = String.valueOf(reference.getProperty(SecurityPlugin.PRODUCT));
        if (algs.length == 0) {
            LOG.warn("Security plugin {} of bundle {} serves nothing: its service property {} names no ALG code.",
                    product, reference.getBundle().getSymbolicName(), SecurityPlugin.ALG);
        }
        services.plugins().add(plugin, product, reference, algs);
    }

    void unbindPlugin(SecurityPlugin plugin) {
        services.plugins().remove(plugin);
    }

    PluginRegistry plugins() {
        return services.plugins();
    }

    @Override
    public ModuleChannel create(SamForm form, int serialNumber, int version, KeyGroup keyGroup, ChannelState state) {
        return new VirtualSam(form, serialNumber, version, keyGroup, services, state);
    }

    @Override
    public void selfTest(KeyGroup keyGroup) {
        generatorCheck.run(services.random());
        for (int alg : algs(keyGroup)) {
            PluginSlot slot = services.plugins().lease(alg);
            // An algorithm without a plugin is no fault: one may come later, and until then commands are refused.
            if (slot != null) {
                try {
                    selfTest(slot, alg);
                } finally {
                    slot.leave();
                }
            }
        }
    }

    private static void selfTest(PluginSlot slot, int alg) {
        try {
            slot.plugin().selfTest(alg);
        } catch (RuntimeException | Error e) {
            // Errors too: a plugin whose bundle was updated throws NoClassDefFoundError.
            String why = e instanceof IllegalStateException && e.getMessage() != null ? e.getMessage() : e + ".";
            throw new IllegalStateException(String.format("The self test of %s under ALG %02X failed: %s", slot.product(), alg, why), e);
        }
    }

    private static Set<Integer> algs(KeyGroup keyGroup) {
        Set<Integer> algs = new TreeSet<>();
        for (int record = 1; record <= KeyGroup.LAST_WORK_KEY_RECORD; record++) {
            addAlg(algs, keyGroup.workKeyAt(record));
        }
        for (SystemKeyType type : SystemKeyType.values()) {
            addAlg(algs, keyGroup.systemKey(type));
        }
        return algs;
    }

    private static void addAlg(Set<Integer> algs, SamKey key) {
        if (key != null) {
            algs.add(key.alg());
        }
    }
}
