package org.calypsohsm.gateway;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.EnumSet;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

import jakarta.json.Json;
import jakarta.json.JsonObject;
import jakarta.json.JsonReader;
import jakarta.json.JsonString;
import org.eclipse.jetty.http.pathmap.MatchedResource;
import org.eclipse.jetty.http.pathmap.PathMappings;
import org.eclipse.jetty.http.pathmap.PathSpec;
import org.eclipse.jetty.http.pathmap.UriTemplatePathSpec;

/** The OpenAPI document: it is what requests are routed and authorized by, so it cannot be at variance with the code. */
final class ApiDocument {

    private static final String FILE = "openapi.json";

    /**
     * An operation.
     *
     * @param id       what the code knows it by
     * @param template its path with parameters in braces
     * @param roles    a client needs one of them
     * @param keyGroup name of the path parameter with a key group; null if there is none
     * @param recorded true if it is in the audit log before it begins
     */
    record Operation(String id, String template, Set<Role> roles, String keyGroup, boolean recorded) {

        boolean isFor(ClientAccount account) {
            return roles.stream().anyMatch(account::is);
        }
    }

    /**
     * What a request asks for.
     *
     * @param methods    the operations of its path, by methods in upper case
     * @param parameters the parameters in its path
     */
    record Match(Map<String, Operation> methods, Map<String, String> parameters) {
    }

    private final byte[] bytes;
    private final PathMappings<Map<String, Operation>> paths = new PathMappings<>();

    ApiDocument() {
        try (InputStream in = ApiDocument.class.getResourceAsStream(FILE)) {
            bytes = in.readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        try (JsonReader reader = Json.createReader(ApiDocument.class.getResourceAsStream(FILE))) {
            reader.readObject().getJsonObject("paths").forEach((template, methods) -> add(template, methods.asJsonObject()));
        }
    }

    private void add(String template, JsonObject methods) {
        Map<String, Operation> operations = new TreeMap<>();
        methods.forEach((method, value) -> {
            JsonObject one = value.asJsonObject();
            // Another servlet takes the WebSocket.
            if (!one.getBoolean("x-websocket", false)) {
                String place = one.getString("x-key-group", null);
                Set<Role> roles = EnumSet.noneOf(Role.class);
                one.getJsonArray("x-roles").getValuesAs(JsonString.class).forEach(role -> roles.add(Role.valueOf(role.getString())));
                operations.put(method.toUpperCase(Locale.ROOT), new Operation(one.getString("operationId"), template, Set.copyOf(roles),
                        template.contains("{" + place + "}") ? place : null, one.getBoolean("x-recorded", false)));
            }
        });
        if (!operations.isEmpty()) {
            paths.put(new UriTemplatePathSpec(template), operations);
        }
    }

    /** @return the document, not copied */
    byte[] bytes() {
        return bytes;
    }

    /** @return the operations of all paths, by their identifiers */
    Map<String, Operation> operations() {
        Map<String, Operation> operations = new TreeMap<>();
        paths.values().forEach(methods -> methods.values().forEach(one -> operations.put(one.id(), one)));
        return operations;
    }

    /** @return what a path asks for; null if there is no such path */
    Match match(String path) {
        MatchedResource<Map<String, Operation>> matched = paths.getMatched(path);
        if (matched == null) {
            return null;
        }
        PathSpec spec = matched.getPathSpec();
        Map<String, String> parameters = spec instanceof UriTemplatePathSpec template ? template.getPathParams(path) : Map.of();
        return new Match(matched.getResource(), parameters == null ? Map.of() : parameters);
    }
}
