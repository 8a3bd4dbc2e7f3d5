package org.calypsohsm.sam;

import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

import org.calypsohsm.key.KeyGroup;
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
        this(successorGraceMillis, random, System::nanoTime);
    }

    /** @param clock for busy mode; nanoseconds, as of {@link System#nanoTime()} */
    SamEmulator(long successorGraceMillis, RandomSource random, LongSupplier clock) {
        services = new SamServices(new PluginRegistry(TimeUnit.MILLISECONDS.toNanos(successorGraceMillis)),
                new BusyKeys(clock), random);
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
        // TODO
    }
}
