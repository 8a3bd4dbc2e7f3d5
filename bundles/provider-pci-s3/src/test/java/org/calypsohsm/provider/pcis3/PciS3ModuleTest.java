package org.calypsohsm.provider.pcis3;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.HashMap;
import java.util.Map;

import org.calypsohsm.emulation.Configured;
import org.calypsohsm.emulation.ModuleContract;
import org.calypsohsm.emulation.StubSam;
import org.calypsohsm.key.KeyStore;
import org.calypsohsm.keystore.TestKeyStore;
import org.calypsohsm.module.ModuleException;
import org.calypsohsm.module.SamEmulation;
import org.calypsohsm.module.SamForm;
import org.calypsohsm.module.SecurityModule;
import org.calypsohsm.sam.SamEmulator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PciS3ModuleTest extends ModuleContract {

    @Override
    protected SecurityModule start(Settings settings, KeyStore keyStore, SamEmulation emulation) {
        Map<String, Object> values = new HashMap<>();
        values.put("hsm_module_name", settings.name());
        values.put("model", channels());
        values.put("serialNumber", settings.serialNumber());
        values.put("version", settings.version());
        values.put("form", settings.form());
        values.put("keyGroups", settings.keyGroups());
        return new PciS3Module(Configured.with(PciS3Module.Config.class, values), keyStore, emulation);
    }

    @Override
    protected void stop(SecurityModule module) {
        ((PciS3Module) module).stop();
    }

    @Override
    protected int channels() {
        return 100;
    }

    @Override
    protected String kind() {
        return "PCI-S3";
    }

    @Override
    protected KeyStore keyStore(int... groups) {
        return new TestKeyStore(Configured.with(TestKeyStore.Config.class, Map.of("groups", groups)));
    }

    @Override
    protected SamEmulation emulation() {
        return new SamEmulator(Configured.with(SamEmulator.Config.class, Map.of()));
    }

    private PciS3Module model(Map<String, ?> values) {
        return new PciS3Module(Configured.with(PciS3Module.Config.class, values), keyStore(0), new StubSam().everywhere());
    }

    @ParameterizedTest
    @ValueSource(ints = {100, 500, 1000, 5000})
    void eachModelHasExactlyItsChannels(int model) throws ModuleException {
        PciS3Module module = model(Map.of("hsm_module_name", "main", "model", model));
        for (int i = 0; i < model; i++) {
            module.open(0);
        }
        assertThatExceptionOfType(ModuleException.class).isThrownBy(() -> module.open(0))
                .withMessageContaining("All " + model + " channels of module main are in use");
        assertThat(module.channelsInUse()).isEqualTo(model).isEqualTo(module.info().channelsTotal());
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, 1, 99, 101, 4999, 5001, Integer.MAX_VALUE})
    void saysWhichModelsThereAre(int model) {
        assertThatIllegalArgumentException().isThrownBy(() -> model(Map.of("hsm_module_name", "main", "model", model)))
                .withMessage("Module main: a PCI-S3 has 100, 500, 1000 or 5000 channels, not " + model + ".");
    }

    @Test
    void theModelForMeasurementsHasNoLimit() throws ModuleException {
        PciS3Module module = model(Map.of("hsm_module_name", "main", "model", 0));
        for (int i = 0; i < 5001; i++) {
            module.open(0);
        }
        assertThat(module.info().channelsTotal()).isEqualTo(Integer.MAX_VALUE);
    }

    @Test
    void hasDefaultsForAllButItsName() throws ModuleException {
        PciS3Module module = model(Map.of("hsm_module_name", "main"));
        assertThat(module.info().channelsTotal()).isEqualTo(5000);
        assertThat(module.info().serialNumber()).isEqualTo(0x53330001);
        assertThat(new PciS3Module(Configured.with(PciS3Module.Config.class, Map.of("hsm_module_name", "main")), keyStore(0),
                emulation()).open(0).atr()).isEqualTo(SamForm.HSM_C1.atr(0x53330001, 1));
    }
}
