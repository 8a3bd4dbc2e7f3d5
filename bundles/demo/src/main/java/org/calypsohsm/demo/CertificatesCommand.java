package org.calypsohsm.demo;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.ToIntFunction;

import jakarta.json.Json;
import jakarta.json.JsonObjectBuilder;
import jakarta.json.JsonWriter;
import jakarta.json.JsonWriterFactory;
import jakarta.json.stream.JsonGenerator;
import org.calypsohsm.certificates.Authority;
import org.calypsohsm.certificates.Credentials;
import org.osgi.service.component.annotations.Component;

/** The command {@code certificates}: makes certificates for a gateway in a folder. Option: {@code folder} (Path). */
@Component(property = "hsm.command=certificates")
public final class CertificatesCommand implements ToIntFunction<Map<String, Object>> {

    private static final int EXIT_FAILED = 1;
    private static final int PORT = 8443;
    private static final List<String> ROLES = List.of("ADMINISTRATOR", "OPERATOR", "SUPERVISOR", "AUDITOR", "METRICS", "CLIENT");

    @Override
    public int applyAsInt(Map<String, Object> options) {
        Path folder = (Path) options.get("folder");
        try {
            Files.createDirectories(folder);
            Authority authority = new Authority("Calypso HSM development authority");
            Path trusted = authority.write(folder.resolve("authority.pem"));
            Credentials server = authority.server(folder, "server");
            JsonObjectBuilder configurations = Json.createObjectBuilder().add("org.calypsohsm.gateway", Json.createObjectBuilder()
                    .add("port", PORT).add("keyStore", server.keyStore().toString())
                    .add("keyStorePasswordFile", server.passwordFile().toString()).add("clientAuthority", trusted.toString()));
            for (String role : ROLES) {
                String name = role.toLowerCase(Locale.ROOT);
                configurations.add("org.calypsohsm.gateway.client~" + name, Json.createObjectBuilder()
                        .add("certificate", authority.client(folder, name).sha256()).add("roles", Json.createArrayBuilder().add(role))
                        .add("keyGroups", Json.createArrayBuilder().add(Season.KEY_GROUP)));
            }
            JsonWriterFactory writers = Json.createWriterFactory(Map.of(JsonGenerator.PRETTY_PRINTING, true));
            Path file = folder.resolve("gateway.json");
            try (JsonWriter writer = writers.createWriter(Files.newBufferedWriter(file))) {
                writer.write(configurations.build());
            }
            System.out.println("Made an authority, a server and " + ROLES.size() + " clients in " + folder + ".");
            System.out.println("Each key store NAME.p12 has its password in NAME.password; the configuration for them is in " + file + ".");
            return 0;
        } catch (IOException | GeneralSecurityException e) {
            System.err.println("hsm certificates: they cannot be made in " + folder + ": " + e.getMessage() + ".");
            return EXIT_FAILED;
        }
    }
}
