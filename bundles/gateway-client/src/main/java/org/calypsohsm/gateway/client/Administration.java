package org.calypsohsm.gateway.client;

import java.io.StringReader;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;

import jakarta.json.Json;
import jakarta.json.JsonException;
import jakarta.json.JsonNumber;
import jakarta.json.JsonObject;
import jakarta.json.JsonReader;
import jakarta.json.JsonValue;
import org.calypsohsm.channel.ChannelReport;
import org.calypsohsm.channel.DrainReport;
import org.calypsohsm.channel.ExchangeTimes;
import org.calypsohsm.channel.ModuleReport;

/** The part of the channel manager that is no exchange: REST requests. */
final class Administration {

    private static final int BAD_REQUEST = 400;
    private static final int NOT_FOUND = 404;
    private static final String JSON = "application/json";

    private final URI api;
    private final HttpClient http;
    private final Duration timeout;

    Administration(URI gateway, HttpClient http, Duration timeout) {
        api = gateway.resolve("/api/v1/");
        this.http = http;
        this.timeout = timeout;
    }

    List<ModuleReport> modules() {
        return await(send(get("modules"))).getJsonArray("modules").stream().map(value -> module(value.asJsonObject())).toList();
    }

    List<ChannelReport> channels() {
        return await(send(get("channels"))).getJsonArray("channels").stream().map(JsonValue::asJsonObject)
                .map(one -> new ChannelReport(number(one, "id"), one.getInt("keyGroup"), one.getString("module", null),
                        Duration.ofMillis(number(one, "idleMillis")), Duration.ofMillis(number(one, "sessionMillis")))).toList();
    }

    CompletableFuture<DrainReport> drain(String module, Duration deadline) {
        String body = Json.createObjectBuilder().add("deadlineMillis", deadline.toMillis()).build().toString();
        // The answer comes when the drain is over.
        return send(post(module, "drain", body).timeout(timeout.plus(deadline))).thenApply(one -> new DrainReport(
                one.getString("module"), one.getInt("moved"), one.getInt("closed"), one.getInt("lost"), one.getInt("waiting"),
                Duration.ofMillis(number(one, "tookMillis"))));
    }

    void undrain(String module) {
        await(send(post(module, "undrain", "{}")));
    }

    ModuleReport selfTest(String module) {
        return module(await(send(post(module, "self-test", "{}"))));
    }

    private HttpRequest.Builder get(String path) {
        return HttpRequest.newBuilder(api.resolve(path)).timeout(timeout).header("Accept", JSON).GET();
    }

    private HttpRequest.Builder post(String module, String act, String body) {
        String name = URLEncoder.encode(module, StandardCharsets.UTF_8).replace("+", "%20");
        return HttpRequest.newBuilder(api.resolve("modules/" + name + "/" + act)).timeout(timeout).header("Accept", JSON)
                .header("Content-Type", JSON).POST(BodyPublishers.ofString(body));
    }

    private CompletableFuture<JsonObject> send(HttpRequest.Builder request) {
        return http.sendAsync(request.build(), BodyHandlers.ofString()).handle((response, fault) -> {
            if (fault != null) {
                throw new IllegalStateException("The gateway " + api + " cannot be reached: " + fault.getMessage() + ".", fault);
            }
            return body(response);
        });
    }

    private static JsonObject body(HttpResponse<String> response) {
        JsonObject body = JsonValue.EMPTY_JSON_OBJECT;
        if (!response.body().isEmpty()) {
            try (JsonReader reader = Json.createReader(new StringReader(response.body()))) {
                body = reader.readObject();
            } catch (JsonException e) {
                throw new IllegalStateException("The gateway answered " + response.statusCode() + " without JSON.", e);
            }
        }
        if (response.statusCode() >= BAD_REQUEST) {
            String detail = body.getString("detail", "The gateway answered " + response.statusCode() + ".");
            throw response.statusCode() == BAD_REQUEST || response.statusCode() == NOT_FOUND
                    ? new IllegalArgumentException(detail) : new IllegalStateException(detail);
        }
        return body;
    }

    private static <T> T await(CompletableFuture<T> answer) {
        try {
            return answer.join();
        } catch (CompletionException e) {
            if (e.getCause() instanceof RuntimeException fault) {
                throw fault;
            }
            throw e;
        }
    }

    private static ModuleReport module(JsonObject one) {
        Set<Integer> groups = new HashSet<>();
        one.getJsonArray("keyGroups").getValuesAs(JsonNumber.class).forEach(group -> groups.add(group.intValue()));
        return new ModuleReport(one.getString("name"), one.getString("kind"), one.getString("serialNumber"),
                one.getBoolean("emulated"), one.getString("state"), one.getString("sentence"), one.getInt("channelsTotal"),
                one.getInt("channelsInUse"), groups, number(one, "exchanges"), number(one, "movedIn"), number(one, "movedOut"),
                number(one, "lost"), one.getInt("version"), number(one, "operationsUsed"), number(one, "operationsTotal"),
                ExchangeTimes.NONE);
    }

    private static long number(JsonObject of, String name) {
        return of.getJsonNumber(name).longValue();
    }
}
