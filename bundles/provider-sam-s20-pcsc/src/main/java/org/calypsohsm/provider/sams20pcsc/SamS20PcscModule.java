package org.calypsohsm.provider.sams20pcsc;

import java.util.Arrays;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

import org.calypsohsm.module.ChannelState;
import org.calypsohsm.module.ModuleChannel;
import org.calypsohsm.module.ModuleException;
import org.calypsohsm.module.ModuleException.Reason;
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

/** A security module that is a SAM-S20 card in a PC/SC reader: 20 channels, which are the logical channels of the card. */
@Component(immediate = true, service = SecurityModule.class, configurationPid = "org.calypsohsm.provider.sams20pcsc",
        configurationPolicy = ConfigurationPolicy.REQUIRE, property = SecurityModule.KIND + "=" + SamS20PcscModule.KIND_NAME)
@Designate(ocd = SamS20PcscModule.Config.class, factory = true)
public final class SamS20PcscModule implements SecurityModule {

    static final String KIND_NAME = "SAM-S20";

    private static final Pattern SERIAL = Pattern.compile("[0-9A-Fa-f]{8}");
    private static final int HEXADECIMAL = 16;

    private final ModuleInfo info;
    private final CardLine line;
    /** Free channels; its own lock guards it. */
    private final TreeSet<Integer> free = new TreeSet<>();

    /** Configuration of one card. */
    @ObjectClassDefinition(name = "SAM-S20 in a PC/SC reader")
    public @interface Config {

        /** @return unique name of the module */
        @AttributeDefinition(description = "Unique name of the module")
        String hsm_module_name();

        /** @return serial number of the card, 8 hexadecimal digits */
        @AttributeDefinition(description = "Serial number of the card, 8 hexadecimal digits")
        String serialNumber();

        /** @return version of the card, 0 to 255 */
        @AttributeDefinition(description = "Version of the card as in its ATR, 0 to 255")
        int version() default 1;

        /** @return name of the reader, or a regular expression for whole names */
        @AttributeDefinition(description = "Name of the reader, or a regular expression for whole names")
        String reader() default ".*";

        /** @return key groups that it serves; none means all of the card */
        @AttributeDefinition(description = "Key groups that it serves; none means all of the card")
        int[] keyGroups() default {};

        /** @return whether other programs are kept off the card */
        @AttributeDefinition(description = "Whether other programs are kept off the card")
        boolean exclusive() default true;

        /** @return how long the card may take for an answer, in milliseconds */
        @AttributeDefinition(description = "How long the card may take for an answer, in milliseconds")
        long answerMillis() default 3000;
    }

    /**
     * Starts the module; it looks for its card from then on.
     *
     * @param config its configuration
     * @throws IllegalArgumentException if the configuration is wrong; the message says what to correct
     */
    @Activate
    public SamS20PcscModule(Config config) {
        String name = config.hsm_module_name();
        if (name == null || name.isBlank()) {
            throw new IllegalArgumentException("A SAM-S20 needs a name: set " + NAME + ".");
        }
        if (config.serialNumber() == null || !SERIAL.matcher(config.serialNumber()).matches()) {
            throw new IllegalArgumentException("Module " + name + ": say which card it is; a serial number has 8 hexadecimal digits, not '"
                    + config.serialNumber() + "'.");
        }
        if (config.answerMillis() < 1) {
            throw new IllegalArgumentException("Module " + name + ": answerMillis is at least 1, not " + config.answerMillis() + ".");
        }
        int serialNumber = Integer.parseUnsignedInt(config.serialNumber(), HEXADECIMAL);
        // The only cards that know these commands so far are simulated ones.
        info = new ModuleInfo(name, KIND_NAME, serialNumber, config.version(), Connection.CHANNELS, true);
        Set<Integer> groups = new TreeSet<>();
        Arrays.stream(config.keyGroups()).forEach(groups::add);
        for (int channel = 0; channel < Connection.CHANNELS; channel++) {
            free.add(channel);
        }
        line = new CardLine(new CardLine.Settings(name, readers(name, config.reader()), config.reader(), serialNumber, config.version(),
                Set.copyOf(groups), config.exclusive(), config.answerMillis()));
        line.start();
    }

    private static Predicate<String> readers(String module, String reader) {
        Predicate<String> exact = reader::equals;
        try {
            return exact.or(Pattern.compile(reader).asMatchPredicate());
        } catch (PatternSyntaxException e) {
            throw new IllegalArgumentException("Module " + module + ": the reader is a name that is a regular expression too, and "
                    + reader + " is none; quote it with \\Q and \\E.", e);
        }
    }

    /** Lets the card go. */
    @Deactivate
    void stop() {
        line.close();
    }

    @Override
    public ModuleInfo info() {
        return info;
    }

    @Override
    public ModuleStatus status() {
        return line.status();
    }

    @Override
    public Set<Integer> keyGroups() {
        return line.keyGroups();
    }

    @Override
    public int channelsInUse() {
        synchronized (free) {
            return Connection.CHANNELS - free.size();
        }
    }

    @Override
    public ModuleChannel open(int keyGroup) throws ModuleException {
        return resume(keyGroup, ChannelState.AFTER_RESET);
    }

    @Override
    public ModuleChannel resume(int keyGroup, ChannelState state) throws ModuleException {
        if (line.status().state() != ModuleState.OPERATIONAL) {
            throw line.notServing();
        }
        Set<Integer> groups = line.keyGroups();
        if (!groups.contains(keyGroup)) {
            throw new ModuleException(Reason.UNKNOWN_KEY_GROUP, "Module " + info.name() + " has no key group " + keyGroup + ", only "
                    + groups + ".");
        }
        int channel = take();
        CardModuleChannel begun = null;
        try {
            begun = CardModuleChannel.begin(line, info.name(), keyGroup, channel, state, this::giveBack);
            return begun;
        } finally {
            if (begun == null) {
                giveBack(channel);
            }
        }
    }

    private int take() throws ModuleException {
        synchronized (free) {
            Integer channel = free.pollFirst();
            if (channel == null) {
                throw new ModuleException(Reason.FULL, "All " + Connection.CHANNELS + " channels of module " + info.name()
                        + " are in use.");
            }
            return channel;
        }
    }

    private void giveBack(int channel) {
        synchronized (free) {
            free.add(channel);
        }
    }

    @Override
    public ModuleStatus selfTest() {
        int channel;
        try {
            channel = take();
        } catch (ModuleException e) {
            // All channels are in use, so the card computes all the time.
            return status();
        }
        try {
            return line.status().state() == ModuleState.OPERATIONAL ? line.test(channel) : status();
        } catch (ModuleException e) {
            return status();
        } finally {
            giveBack(channel);
        }
    }
}
