package org.calypsohsm.demo;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Dictionary;
import java.util.Hashtable;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;

import org.calypsohsm.channel.ChannelManager;
import org.calypsohsm.channel.DrainReport;
import org.calypsohsm.channel.ModuleReport;
import org.osgi.service.cm.Configuration;
import org.osgi.service.cm.ConfigurationAdmin;

/** Makes and removes the modules of the demo, as a deployer does: by configuration. */
class DemoModules {

    private static final Duration PATIENCE = Duration.ofSeconds(10);
    private static final Duration DRAIN = Duration.ofSeconds(30);
    private static final long LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(2);
    private static final String PCI_S3 = "PCI-S3";
    private static final String SAM_S20 = "SAM-S20";
    private static final int FIRST_SERIAL = 0x53330001;
    private static final int LARGEST_MODEL = 5000;

    private final ConfigurationAdmin configurations;
    private final ChannelManager channels;
    private final List<Made> made = new ArrayList<>();

    /** A module that the demo made. */
    record Made(String kind, int model, String name, Configuration configuration) {
    }

    DemoModules(ConfigurationAdmin configurations, ChannelManager channels) {
        this.configurations = configurations;
        this.channels = channels;
    }

    /**
     * Makes a module and waits until it serves.
     *
     * @param description kind and model, as in {@code "PCI-S3:5000"} or {@code "SAM-S20"}
     * @throws DemoException if the description is wrong, or the module does not come up
     */
    Made make(String description) throws DemoException, InterruptedException {
        String[] parts = description.trim().toUpperCase(Locale.ROOT).split(":", 2);
        int model = parts.length < 2 ? LARGEST_MODEL : number(description, parts[1]);
        if (!parts[0].equals(PCI_S3) && !parts[0].equals(SAM_S20)) {
            throw new DemoException("There is no module '" + description + "'; say PCI-S3:100, PCI-S3:500, PCI-S3:1000, "
                    + "PCI-S3:5000 or SAM-S20.");
        }
        return make(parts[0], model);
    }

    private static int number(String description, String text) throws DemoException {
        try {
            return Integer.parseInt(text);
        } catch (NumberFormatException e) {
            throw new DemoException("The model in '" + description + "' is no number of channels.");
        }
    }

    private Made make(String kind, int model) throws DemoException, InterruptedException {
        boolean pci = kind.equals(PCI_S3);
        int number = made.size() + 1;
        String name = kind.toLowerCase(Locale.ROOT) + "-" + number;
        Dictionary<String, Object> properties = new Hashtable<>();
        properties.put("serialNumber", String.format("%08X", FIRST_SERIAL + number));
        if (pci) {
            properties.put("model", model);
        }
        return make(pci ? "org.calypsohsm.provider.pcis3" : "org.calypsohsm.provider.sams20", kind, model, name, properties);
    }

    /** Makes a module by a configuration, and waits until it serves. */
    final Made make(String pid, String kind, int model, String name, Dictionary<String, Object> properties)
            throws DemoException, InterruptedException {
        properties.put("hsm.module.name", name);
        properties.put("keyGroups", new int[] {Season.KEY_GROUP});
        try {
            Configuration configuration = configurations.createFactoryConfiguration(pid, "?");
            configuration.update(properties);
            Made module = new Made(kind, model, name, configuration);
            made.add(module);
            awaitOperational(name);
            return module;
        } catch (IOException e) {
            throw new DemoException("The configuration of module " + name + " cannot be written: " + e.getMessage() + ".");
        }
    }

    private void awaitOperational(String name) throws DemoException, InterruptedException {
        long end = System.nanoTime() + PATIENCE.toNanos();
        String seen = "it never appeared; the log says why.";
        while (System.nanoTime() - end < 0) {
            for (ModuleReport report : channels.modules()) {
                if (report.name().equals(name)) {
                    if (report.state().equals("OPERATIONAL")) {
                        return;
                    }
                    seen = "it is " + report.state() + ": " + report.sentence();
                }
            }
            if (Thread.interrupted()) {
                throw new InterruptedException();
            }
            LockSupport.parkNanos(LOOK_NANOS);
        }
        throw new DemoException("Module " + name + " did not come up within " + PATIENCE.toSeconds() + " s: " + seen);
    }

    /**
     * Replaces the first module by another of its kind, with all channels in use.
     *
     * @return what became of the channels
     */
    Swap swapFirst() throws DemoException, InterruptedException {
        Made old = made.get(0);
        Made successor = successor(old);
        try {
            DrainReport report = channels.drain(old.name(), DRAIN).toCompletableFuture()
                    .get(2 * DRAIN.toSeconds(), TimeUnit.SECONDS);
            old.configuration().delete();
            return new Swap(old.name(), successor.name(), report);
        } catch (ExecutionException | TimeoutException e) {
            throw new DemoException("Module " + old.name() + " could not be drained: " + e + ".");
        } catch (IOException e) {
            throw new DemoException("The configuration of module " + old.name() + " cannot be deleted: " + e.getMessage() + ".");
        }
    }

    /** @return the module that takes the place of the first one */
    Made successor(Made old) throws DemoException, InterruptedException {
        return make(old.kind(), old.model());
    }

    final List<Made> made() {
        return made;
    }

    /** A live swap, and what became of the channels. */
    record Swap(String from, String to, DrainReport report) {
    }

    /** @return how many channels the modules made have together */
    long capacity() {
        return channels.modules().stream().filter(report -> made.stream().anyMatch(module -> module.name().equals(report.name())))
                .mapToLong(ModuleReport::channelsTotal).sum();
    }
}
