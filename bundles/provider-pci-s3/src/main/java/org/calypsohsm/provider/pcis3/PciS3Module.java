package org.calypsohsm.provider.pcis3;

import java.util.Arrays;

import org.calypsohsm.emulation.EmulatedModule;
import org.calypsohsm.emulation.SerialNumber;
import org.calypsohsm.key.KeyStore;
import org.calypsohsm.module.ModuleInfo;
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

/** A security module modelled on the PCI-S3, on the embedded emulation: 100, 500, 1000 or 5000 channels. */
@Component(immediate = true, service = SecurityModule.class, configurationPid = "org.calypsohsm.provider.pcis3",
        configurationPolicy = ConfigurationPolicy.REQUIRE, property = SecurityModule.KIND + "=" + PciS3Module.KIND_NAME)
@Designate(ocd = PciS3Module.Config.class, factory = true)
public final class PciS3Module extends EmulatedModule {

    static final String KIND_NAME = "PCI-S3";

    private static final Logger LOG = LoggerFactory.getLogger(PciS3Module.class);
    private static final int[] MODELS = {100, 500, 1000, 5000};
    /** The model without limit, for measurements only. */
    private static final int UNLIMITED_TEST_MODEL = 0;

    /** Configuration of one module. */
    @ObjectClassDefinition(name = "PCI-S3 (emulated)")
    public @interface Config {

        /** @return unique name of the module */
        @AttributeDefinition(description = "Unique name of the module")
        String hsm_module_name();

        /** @return channels of the model: 100, 500, 1000 or 5000 */
        @AttributeDefinition(description = "Channels of the model: 100, 500, 1000 or 5000; 0 is without limit, for tests only")
        int model() default 5000;

        /** @return serial number, 8 hexadecimal digits */
        @AttributeDefinition(description = "Serial number, 8 hexadecimal digits")
        String serialNumber() default "53330001";

        /** @return version of the module, 0 to 255 */
        @AttributeDefinition(description = "Version of the module, 0 to 255")
        int version() default 1;

        /** @return form of its virtual SAM-S1 */
        @AttributeDefinition(description = "Form of its virtual SAM-S1: HSM_C1, S1E1 or S1D")
        SamForm form() default SamForm.HSM_C1;

        /** @return key groups that it serves; none means all of the key store */
        @AttributeDefinition(description = "Key groups that it serves; none means all of the key store")
        int[] keyGroups() default {};
    }

    /**
     * Starts the module.
     *
     * @param config    its configuration
     * @param keyStore  where the key groups are
     * @param emulation makes the virtual SAM-S1
     * @throws IllegalArgumentException if the configuration is wrong; the message says what to correct
     */
    @Activate
    public PciS3Module(Config config, @Reference(name = "keyStore") KeyStore keyStore, @Reference SamEmulation emulation) {
        super(info(config), config.form(), config.keyGroups(), keyStore, emulation);
        start();
    }

    /** Ends following the key store. */
    @Deactivate
    void stop() {
        close();
    }

    private static ModuleInfo info(Config config) {
        String name = config.hsm_module_name();
        if (name == null || name.isBlank()) {
            throw new IllegalArgumentException("A PCI-S3 needs a name: set " + SecurityModule.NAME + ".");
        }
        int model = config.model();
        if (model == UNLIMITED_TEST_MODEL) {
            LOG.warn("Module {} has no limit of channels: this model exists for measurements only.", name);
            model = Integer.MAX_VALUE;
        } else if (Arrays.stream(MODELS).noneMatch(known -> known == config.model())) {
            throw new IllegalArgumentException("Module " + name + ": a PCI-S3 has 100, 500, 1000 or 5000 channels, not " + model + ".");
        }
        return new ModuleInfo(name, KIND_NAME, SerialNumber.parse(name, config.serialNumber()), config.version(), model, true);
    }
}
