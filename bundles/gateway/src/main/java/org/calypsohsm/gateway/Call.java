package org.calypsohsm.gateway;

import java.io.IOException;
import java.io.StringReader;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Set;

import jakarta.json.Json;
import jakarta.json.JsonException;
import jakarta.json.JsonNumber;
import jakarta.json.JsonObject;
import jakarta.json.JsonReader;
import jakarta.json.JsonString;
import jakarta.json.JsonValue;
import jakarta.servlet.http.HttpServletRequest;

/** A request whose client may make it. What is wrong with it is told by a {@link Problem}. */
final class Call {

    /** Commands are shorter by far. */
    private static final int LONGEST_BODY = 1 << 16;
    private static final String BINARY = "application/octet-stream";

    private final HttpServletRequest request;
    private final ClientAccount account;
    private final Map<String, String> parameters;
    private JsonObject json;

    Call(HttpServletRequest request, ClientAccount account, Map<String, String> parameters) {
        this.request = request;
        this.account = account;
        this.parameters = parameters;
    }

    ClientAccount account() {
        return account;
    }

    /** @return a parameter of the path */
    String path(String name) {
        return parameters.get(name);
    }

    /** @return a number in the path */
    long pathNumber(String name, long highest) throws Problem {
        return number(name, parameters.get(name), 0, highest);
    }

    /** @return a parameter of the query; null if it is left out */
    String query(String name) {
        return request.getParameter(name);
    }

    long queryNumber(String name, long lowest, long highest, long missing) throws Problem {
        String text = query(name);
        return text == null ? missing : number(name, text, lowest, highest);
    }

    private static long number(String name, String text, long lowest, long highest) throws Problem {
        try {
            return inRange(name, Long.parseLong(text), lowest, highest);
        } catch (NumberFormatException e) {
            throw new Problem(Problem.BAD_REQUEST, name + " is a number, not '" + text + "'.");
        }
    }

    private static long inRange(String name, long value, long lowest, long highest) throws Problem {
        if (value < lowest || value > highest) {
            throw new Problem(Problem.BAD_REQUEST, name + " is " + lowest + " to " + highest + ", not " + value + ".");
        }
        return value;
    }

    /** @return true if the body is bytes, not JSON */
    boolean isBinary() {
        return request.getContentType() != null && request.getContentType().startsWith(BINARY);
    }

    byte[] bytes() throws IOException, Problem {
        byte[] body = request.getInputStream().readNBytes(LONGEST_BODY + 1);
        if (body.length > LONGEST_BODY) {
            throw new Problem(Problem.CONTENT_TOO_LARGE, "A request has at most " + LONGEST_BODY + " bytes.");
        }
        return body;
    }

    /** Reads the body as JSON. */
    void read(String... members) throws IOException, Problem {
        String text = new String(bytes(), StandardCharsets.UTF_8);
        try (JsonReader reader = Json.createReader(new StringReader(text.isBlank() ? "{}" : text))) {
            json = reader.readObject();
        } catch (JsonException | IllegalStateException e) {
            throw new Problem(Problem.BAD_REQUEST, "The body is no JSON object.");
        }
        Set<String> known = Set.of(members);
        for (String name : json.keySet()) {
            if (!known.contains(name)) {
                throw new Problem(Problem.BAD_REQUEST, "The body has no member " + name + ", only " + known + ".");
            }
        }
    }

    /** @return a member of the body that must be there */
    long number(String name, long lowest, long highest) throws Problem {
        if (json.get(name) instanceof JsonNumber number && number.isIntegral()) {
            return inRange(name, number.bigIntegerValue().bitLength() < Long.SIZE ? number.longValue() : Long.MAX_VALUE, lowest, highest);
        }
        throw new Problem(Problem.BAD_REQUEST, "The body has a whole number " + name + ".");
    }

    long number(String name, long lowest, long highest, long missing) throws Problem {
        return json.containsKey(name) ? number(name, lowest, highest) : missing;
    }

    /** @return a text in the body; null if it is left out */
    String text(String name) throws Problem {
        JsonValue value = json.get(name);
        if (value == null || value == JsonValue.NULL) {
            return null;
        }
        if (value instanceof JsonString text) {
            return text.getString();
        }
        throw new Problem(Problem.BAD_REQUEST, name + " is a text.");
    }
}
