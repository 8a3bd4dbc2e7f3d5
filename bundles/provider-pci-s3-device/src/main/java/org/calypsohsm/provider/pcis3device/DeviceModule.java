package org.calypsohsm.provider.pcis3device;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

import org.calypsohsm.emulation.SerialNumber;
import org.calypsohsm.module.ChannelState;
import org.calypsohsm.module.ModuleChannel;
import org.calypsohsm.module.ModuleException;
import org.calypsohsm.module.ModuleInfo;
import org.calypsohsm.module.ModuleState;
import org.calypsohsm.module.ModuleStatus;
import org.calypsohsm.module.SecurityModule;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.ConfigurationPolicy;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.metatype.annotations.AttributeDefinition;
import org.osgi.service.metatype.annotations.Designate;
import org.osgi.service.metatype.annotations.ObjectClassDefinition;

/** A PCI-S3 that is a device of its own: a card process behind a socket, or the native library of a vendor. */
@Component(immediate = true, service = SecurityModule.class, configurationPid = "org.calypsohsm.provider.pcis3device",
        configurationPolicy = ConfigurationPolicy.REQUIRE, property = SecurityModule.KIND + "=" + DeviceModule.KIND_NAME)
@Designate(ocd = DeviceModule.Config.class, factory = true)
public final class DeviceModule implements SecurityModule {

    static final String KIND_NAME = "PCI-S3";
    private static final int[] MODELS = {100, 500, 1000, 5000};

    /** Configuration of one module. */
    @ObjectClassDefinition(name = "PCI-S3 (device)")
    public @interface Config {

        /** @return unique name of the module */
        @AttributeDefinition(description = "Unique name of the module")
        String hsm_module_name();

        /** @return path of the socket of a card process; empty for none */
        @AttributeDefinition(description = "Path of the socket of a card process")
        String socket() default "";

        /** @return path of the shared library of a vendor; empty for none */
        @AttributeDefinition(description = "Path of the shared library of a vendor")
        String library() default "";

        /** @return which device of the library, as its vendor says */
        @AttributeDefinition(description = "Which device of the library, as its vendor says")
        String device() default "";

        /** @return channels of the model: 100, 500, 1000 or 5000 */
        @AttributeDefinition(description = "Channels of the model: 100, 500, 1000 or 5000")
        int model() default 5000;

        /** @return serial number, 8 hexadecimal digits */
        @AttributeDefinition(description = "Serial number, 8 hexadecimal digits: another card is refused")
        String serialNumber() default "53330001";

        /** @return version of the module, 0 to 255 */
        @AttributeDefinition(description = "Version of the module, 0 to 255: another card is refused")
        int version() default 1;

        /** @return key groups that it serves; none means all of the card */
        @AttributeDefinition(description = "Key groups that it serves; none means all of the card")
        int[] keyGroups() default {};

        /** @return how long a card may say nothing until it is left, in milliseconds */
        @AttributeDefinition(description = "How long a card may say nothing until it is left, in milliseconds")
        long silenceMillis() default 1500;

        /** @return how long one exchange may take, in milliseconds */
        @AttributeDefinition(description = "How long one exchange may take, in milliseconds")
        long exchangeMillis() default 5000;
    }

    private final ModuleInfo info;
    private final Set<Integer> configuredGroups = new TreeSet<>();
    private final Device device;
    private final AtomicInteger inUse = new AtomicInteger();

    /**
     * Starts the module. It is OFFLINE until the device is there.
     *
     * @param config its configuration
     * @throws IOException              if the system refuses what is needed to reach a device
     * @throws IllegalArgumentException if the configuration is wrong; the message says what to correct
     */
    @Activate
    public DeviceModule(Config config) throws IOException {
        info = info(config);
        Arrays.stream(config.keyGroups()).forEach(configuredGroups::add);
        boolean card = !config.socket().isBlank();
        if (card != config.library().isBlank()) {
            throw new IllegalArgumentException("Module " + info.name() + " needs one device: set either socket or library.");
        }
        if (config.silenceMillis() < 1 || config.exchangeMillis() < 1) {
            throw new IllegalArgumentException("Module " + info.name() + ": silenceMillis and exchangeMillis are at least 1.");
        }
        device = card ? new CardDevice(info, Path.of(config.socket()), config.silenceMillis(), config.exchangeMillis())
                : new NativeDevice(info, Path.of(config.library()), config.device());
    }

    private static ModuleInfo info(Config config) {
        String name = config.hsm_module_name();
        if (name == null || name.isBlank()) {
            throw new IllegalArgumentException("A PCI-S3 needs a name: set " + SecurityModule.NAME + ".");
        }
        if (Arrays.stream(MODELS).noneMatch(known -> known == config.model())) {
            throw new IllegalArgumentException("Module " + name + ": a PCI-S3 has 100, 500, 1000 or 5000 channels, not "
                    + config.model() + ".");
        }
        return new ModuleInfo(name, KIND_NAME, SerialNumber.parse(name, config.serialNumber()), config.version(), config.model(),
                config.library().isBlank());
    }

    /** Lets go of the device. */
    @Deactivate
    void stop() {
        device.close();
    }

    @Override
    public ModuleInfo info() {
        return info;
    }

    @Override
    public ModuleStatus status() {
        return device.status();
    }

    @Override
    public Set<Integer> keyGroups() {
        Set<Integer> told = device.keyGroups();
        if (configuredGroups.isEmpty()) {
            return told;
        }
        Set<Integer> groups = new TreeSet<>(configuredGroups);
        // A device that was never there may have all of them.
        if (!told.isEmpty() || device.status().state() != ModuleState.OFFLINE) {
            groups.retainAll(told);
        }
        return groups;
    }

    @Override
    public int channelsInUse() {
        return inUse.get();
    }

    @Override
    public ModuleChannel open(int keyGroup) throws ModuleException {
        return resume(keyGroup, ChannelState.AFTER_RESET);
    }

    @Override
    public ModuleChannel resume(int keyGroup, ChannelState state) throws ModuleException {
        if (!configuredGroups.isEmpty() && !configuredGroups.contains(keyGroup)) {
            throw new ModuleException(ModuleException.Reason.UNKNOWN_KEY_GROUP,
                    "Module " + info.name() + " has no key group " + keyGroup + ", only " + keyGroups() + ".");
        }
        Counted channel = new Counted(device.open(keyGroup, state));
        inUse.incrementAndGet();
        return channel;
    }

    @Override
    public ModuleStatus selfTest() {
        device.selfTest();
        return device.status();
    }

    /** Gives its place back when it is closed, once. */
    private final class Counted implements ModuleChannel {

        private final ModuleChannel channel;
        private final AtomicBoolean closed = new AtomicBoolean();

        Counted(ModuleChannel channel) {
            this.channel = channel;
        }

        @Override
        public byte[] atr() {
            return channel.atr();
        }

        @Override
        public byte[] exchange(byte[] command) throws ModuleException {
            return channel.exchange(command);
        }

        @Override
        public CompletionStage<Void> pendingCommit() {
            return channel.pendingCommit();
        }

        @Override
        public ChannelState idleState() {
            return channel.idleState();
        }

        @Override
        public void close() {
            if (closed.compareAndSet(false, true)) {
                try {
                    channel.close();
                } finally {
                    inUse.decrementAndGet();
                }
            }
        }
    }
}
