package org.calypsohsm.provider.sams20;

import java.io.UncheckedIOException;
import java.nio.file.Path;

import org.calypsohsm.emulation.EmulatedModule;
import org.calypsohsm.emulation.SerialNumber;
import org.calypsohsm.key.KeyStore;
import org.calypsohsm.module.ModuleException;
import org.calypsohsm.module.ModuleInfo;
import org.calypsohsm.module.ModuleState;
import org.calypsohsm.module.ModuleStatus;
import org.calypsohsm.module.SamEmulation;
import org.calypsohsm.module.SamForm;
import org.calypsohsm.module.SecurityModule;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.ConfigurationPolicy;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.metatype.annotations.AttributeDefinition;
import org.osgi.service.metatype.annotations.Designate;
import org.osgi.service.metatype.annotations.ObjectClassDefinition;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A security module modelled on the SAM-S20 card, on the embedded emulation: 20 channels, 16 million operations. */
@Component(immediate = true, service = SecurityModule.class, configurationPid = "org.calypsohsm.provider.sams20",
        configurationPolicy = ConfigurationPolicy.REQUIRE, property = SecurityModule.KIND + "=" + SamS20Module.KIND_NAME)
@Designate(ocd = SamS20Module.Config.class, factory = true)
public final class SamS20Module extends EmulatedModule {

    static final String KIND_NAME = "SAM-S20";
    static final int CHANNELS = 20;

    private static final Logger LOG = LoggerFactory.getLogger(SamS20Module.class);
    private static final int[] WARN_AT_PERCENT = {80, 90, 95};
    private static final int PERCENT = 100;

    private final OperationMeter meter;
    private final long lifetime;

    /** Configuration of one card. */
    @ObjectClassDefinition(name = "SAM-S20 (emulated)")
    public @interface Config {

        /** @return unique name of the module */
        @AttributeDefinition(description = "Unique name of the module")
        String hsm_module_name();

        /** @return serial number, 8 hexadecimal digits */
        @AttributeDefinition(description = "Serial number, 8 hexadecimal digits")
        String serialNumber() default "53200001";

        /** @return version of the module, 0 to 255 */
        @AttributeDefinition(description = "Version of the module, 0 to 255")
        int version() default 1;

        /** @return form of its virtual SAM-S1 */
        @AttributeDefinition(description = "Form of its virtual SAM-S1: HSM_C1, S1E1 or S1D")
        SamForm form() default SamForm.HSM_C1;

        /** @return key groups that it serves; none means all of the key store */
        @AttributeDefinition(description = "Key groups that it serves; none means all of the key store")
        int[] keyGroups() default {};

        /** @return operations until the end of life */
        @AttributeDefinition(description = "Operations until the end of life; one exchange is one operation")
        long lifetime() default 16_000_000;

        /** @return file that keeps the count of operations; empty keeps it in memory */
        @AttributeDefinition(description = "File that keeps the count of operations; empty keeps it in memory")
        String countFile() default "";
    }

    /**
     * Starts the module.
     *
     * @param config    its configuration
     * @param keyStore  where the key groups are
     * @param emulation makes the virtual SAM-S1
     * @throws IllegalArgumentException      if the configuration is wrong; the message says what to correct
     * @throws java.io.UncheckedIOException if the count file cannot be used
     */
    @Activate
    public SamS20Module(Config config, @Reference(name = "keyStore") KeyStore keyStore, @Reference SamEmulation emulation) {
        super(info(config), config.form(), config.keyGroups(), keyStore, emulation);
        lifetime = config.lifetime();
        meter = new OperationMeter(config.countFile().isBlank() ? null : Path.of(config.countFile()));
        int reached = reached(meter.used());
        if (reached > 0) {
            warn(reached);
        }
        try {
            start();
        } catch (RuntimeException e) {
            meter.close();
            throw e;
        }
    }

    private static ModuleInfo info(Config config) {
        String name = config.hsm_module_name();
        if (name == null || name.isBlank()) {
            throw new IllegalArgumentException("A SAM-S20 needs a name: set " + SecurityModule.NAME + ".");
        }
        if (config.lifetime() < 1) {
            throw new IllegalArgumentException("Module " + name + ": a lifetime is at least 1 operation, not " + config.lifetime() + ".");
        }
        return new ModuleInfo(name, KIND_NAME, SerialNumber.parse(name, config.serialNumber()), config.version(), CHANNELS, true);
    }

    /** Keeps the exact count, and ends following the key store. */
    @Deactivate
    void stop() {
        try {
            close();
        } finally {
            meter.close();
        }
    }

    @Override
    public ModuleStatus status() {
        long used = meter.used();
        if (used >= lifetime) {
            // Before all else: no key store and no self test brings the card back.
            return new ModuleStatus(ModuleState.END_OF_LIFE, endOfLife());
        }
        ModuleStatus now = super.status();
        if (now.state() != ModuleState.OPERATIONAL) {
            return now;
        }
        int reached = reached(used);
        return reached == 0 ? now : new ModuleStatus(ModuleState.OPERATIONAL,
                "It has used up " + reached + " % of its " + lifetime + " operations; have another card ready.");
    }

    @Override
    public long operationsUsed() {
        return Math.min(meter.used(), lifetime);
    }

    @Override
    public long operationsTotal() {
        return lifetime;
    }

    private String endOfLife() {
        return "The card has used up its " + lifetime + " operations; replace it.";
    }

    /** @return the highest warning level reached, in percent; 0 if none is */
    private int reached(long used) {
        int reached = 0;
        for (int percent : WARN_AT_PERCENT) {
            if (used >= threshold(percent)) {
                reached = percent;
            }
        }
        return reached;
    }

    private long threshold(int percent) {
        return Math.max(1, lifetime / PERCENT * percent + lifetime % PERCENT * percent / PERCENT);
    }

    @Override
    protected void beforeExchange() throws ModuleException {
        long used;
        try {
            used = meter.count(lifetime);
        } catch (UncheckedIOException e) {
            throw new ModuleException(ModuleException.Reason.FAILED,
                    "Module " + info().name() + ": " + e.getMessage() + " " + e.getCause() + ".", e);
        }
        if (used == 0) {
            throw new ModuleException(ModuleException.Reason.NOT_SERVING, "Module " + info().name() + ": " + endOfLife());
        }
        for (int percent : WARN_AT_PERCENT) {
            if (used == threshold(percent)) {
                warn(percent);
            }
        }
    }

    private void warn(int percent) {
        LOG.warn("Module {} has used up {} % of its {} operations; have another card ready.", info().name(), percent, lifetime);
    }
}
