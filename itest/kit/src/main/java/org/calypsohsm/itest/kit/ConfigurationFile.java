package org.calypsohsm.itest.kit;

import java.io.IOException;
import java.io.Reader;
import java.io.StringReader;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Hashtable;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

import org.apache.felix.cm.json.io.ConfigurationResource;
import org.apache.felix.cm.json.io.Configurations;
import org.calypsohsm.module.SecurityModule;

/** The configurations of a container: read from a file, changed, written to a file of the test. */
final class ConfigurationFile {

    private final ConfigurationResource resource;

    private ConfigurationFile(ConfigurationResource resource) {
        this.resource = resource;
    }

    static ConfigurationFile read(Path file) {
        try {
            return parse(Files.readString(file), "the file " + file);
        } catch (IOException e) {
            throw new UncheckedIOException("The configuration " + file + " cannot be read: " + e.getMessage(), e);
        }
    }

    static ConfigurationFile parse(String json, String origin) {
        try (Reader reader = new StringReader(json)) {
            return new ConfigurationFile(Configurations.buildReader().withIdentifier(origin).build(reader)
                    .readConfigurationResource());
        } catch (IOException e) {
            throw new IllegalArgumentException("The configuration of " + origin + " is not what the Configurator takes: "
                    + e.getMessage(), e);
        }
    }

    Map<String, Hashtable<String, Object>> configurations() {
        return resource.getConfigurations();
    }

    void merge(String pid, Map<String, ?> properties) {
        Hashtable<String, Object> merged = configurations().computeIfAbsent(pid, added -> new Hashtable<>());
        properties.forEach(merged::put);
    }

    /** @return the names of the modules that are configured */
    Set<String> modules() {
        Set<String> names = new TreeSet<>();
        for (Hashtable<String, Object> properties : configurations().values()) {
            if (properties.get(SecurityModule.NAME) instanceof String name) {
                names.add(name);
            }
        }
        return names;
    }

    void write(Path file) {
        try (Writer writer = Files.newBufferedWriter(file)) {
            Configurations.buildWriter().build(writer).writeConfigurationResource(resource);
        } catch (IOException e) {
            throw new UncheckedIOException("The configuration " + file + " cannot be written: " + e.getMessage(), e);
        }
    }
}
