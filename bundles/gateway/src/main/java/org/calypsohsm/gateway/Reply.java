package org.calypsohsm.gateway;

import java.io.IOException;
import java.nio.charset.StandardCharsets;

import jakarta.json.JsonObject;
import jakarta.json.JsonObjectBuilder;
import jakarta.json.JsonValue;
import jakarta.servlet.http.HttpServletResponse;

/**
 * What is answered to a request that was carried out.
 *
 * @param status      HTTP status
 * @param contentType of the body
 * @param body        the body
 */
record Reply(int status, String contentType, byte[] body) {

    private static final int OK = 200;

    static Reply of(JsonObjectBuilder json) {
        return of(OK, json.build());
    }

    static Reply of(int status, JsonObject json) {
        return new Reply(status, "application/json", json.toString().getBytes(StandardCharsets.UTF_8));
    }

    static Reply nothing() {
        return of(OK, JsonValue.EMPTY_JSON_OBJECT);
    }

    static Reply binary(byte[] body) {
        return new Reply(OK, "application/octet-stream", body);
    }

    void write(HttpServletResponse response) throws IOException {
        response.setStatus(status);
        response.setContentType(contentType);
        response.setHeader("Cache-Control", "no-store");
        response.setContentLength(body.length);
        response.getOutputStream().write(body);
    }
}
