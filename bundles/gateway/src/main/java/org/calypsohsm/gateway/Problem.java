package org.calypsohsm.gateway;

import java.io.IOException;
import java.nio.charset.StandardCharsets;

import jakarta.json.Json;
import jakarta.servlet.http.HttpServletResponse;

/** A request that is not carried out: its status, and why in one sentence (RFC 9457). */
final class Problem extends Exception {

    static final int BAD_REQUEST = 400;
    static final int UNAUTHORIZED = 401;
    static final int FORBIDDEN = 403;
    static final int NOT_FOUND = 404;
    static final int METHOD_NOT_ALLOWED = 405;
    static final int CONFLICT = 409;
    static final int GONE = 410;
    static final int CONTENT_TOO_LARGE = 413;
    static final int UNPROCESSABLE = 422;
    static final int TOO_MANY_REQUESTS = 429;
    static final int INTERNAL = 500;
    static final int UNAVAILABLE = 503;

    private static final long serialVersionUID = 1L;

    private final int status;

    Problem(int status, String detail) {
        super(detail);
        this.status = status;
    }

    int status() {
        return status;
    }

    private String title() {
        return switch (status) {
            case BAD_REQUEST -> "The request is wrong";
            case UNAUTHORIZED -> "A client certificate is needed";
            case FORBIDDEN -> "The client may not do this";
            case NOT_FOUND -> "There is no such thing";
            case METHOD_NOT_ALLOWED -> "This cannot be done to it";
            case CONFLICT -> "It is in another state";
            case GONE -> "The channel has ended";
            case CONTENT_TOO_LARGE -> "The request is too long";
            case UNPROCESSABLE -> "It was refused";
            case TOO_MANY_REQUESTS -> "The client asks too often";
            case UNAVAILABLE -> "It cannot be done now";
            default -> "The gateway failed";
        };
    }

    void write(HttpServletResponse response) throws IOException {
        byte[] body = Json.createObjectBuilder().add("type", "about:blank").add("title", title()).add("status", status)
                .add("detail", getMessage()).build().toString().getBytes(StandardCharsets.UTF_8);
        response.setStatus(status);
        response.setContentType("application/problem+json");
        if (status == TOO_MANY_REQUESTS) {
            response.setHeader("Retry-After", "1");
        }
        response.setContentLength(body.length);
        response.getOutputStream().write(body);
    }
}
