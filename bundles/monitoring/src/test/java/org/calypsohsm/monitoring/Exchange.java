package org.calypsohsm.monitoring;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

import jakarta.servlet.ReadListener;
import jakarta.servlet.Servlet;
import jakarta.servlet.ServletException;
import jakarta.servlet.ServletInputStream;
import jakarta.servlet.ServletOutputStream;
import jakarta.servlet.WriteListener;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;

/** One request to a servlet, and what it answered, without a server. */
public final class Exchange {

    private final Map<String, Object> attributes = new HashMap<>();
    private final Map<String, String> requestHeaders = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
    private final Map<String, String> parameters = new HashMap<>();
    private final ByteArrayOutputStream body = new ByteArrayOutputStream();
    /** Headers of the response. */
    public final Map<String, String> headers = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
    /** Status of the response. */
    public int status = HttpServletResponse.SC_OK;
    private final String method;
    private final String path;
    private String sent = "";

    private Exchange(String method, String path) {
        this.method = method;
        this.path = path;
    }

    public static Exchange get(String path) {
        return new Exchange("GET", path);
    }

    public static Exchange of(String method, String path) {
        return new Exchange(method, path);
    }

    /** As the gateway does for a client with roles. */
    public Exchange by(String client, Caller.Role... roles) {
        attributes.put("org.calypsohsm.gateway.client", client);
        attributes.put("org.calypsohsm.gateway.roles", Arrays.stream(roles).map(Enum::name).collect(Collectors.toSet()));
        return this;
    }

    public Exchange attribute(String name, Object value) {
        attributes.put(name, value);
        return this;
    }

    public Exchange header(String name, String value) {
        requestHeaders.put(name, value);
        return this;
    }

    public Exchange parameter(String name, String value) {
        parameters.put(name, value);
        return this;
    }

    public Exchange body(String text) {
        sent = text;
        return this;
    }

    /** Sends it. */
    public Exchange to(Servlet servlet) throws ServletException, IOException {
        servlet.service(request(), response());
        return this;
    }

    public String text() {
        return body.toString(StandardCharsets.UTF_8);
    }

    private HttpServletRequest request() {
        ByteArrayInputStream bytes = new ByteArrayInputStream(sent.getBytes(StandardCharsets.UTF_8));
        return TestPlatform.fake(HttpServletRequest.class, Map.of(
                "getMethod", arguments -> method,
                "getPathInfo", arguments -> path,
                "getProtocol", arguments -> "HTTP/1.1",
                "getHeader", arguments -> requestHeaders.get((String) arguments[0]),
                "getParameter", arguments -> parameters.get((String) arguments[0]),
                "getAttribute", arguments -> attributes.get((String) arguments[0]),
                "getContentLengthLong", arguments -> (long) bytes.available(),
                "getInputStream", arguments -> new ServletInputStream() {
                    @Override
                    public int read() {
                        return bytes.read();
                    }

                    @Override
                    public boolean isFinished() {
                        return bytes.available() == 0;
                    }

                    @Override
                    public boolean isReady() {
                        return true;
                    }

                    @Override
                    public void setReadListener(ReadListener listener) {
                        throw new UnsupportedOperationException();
                    }
                },
                "setAttribute", arguments -> attributes.put((String) arguments[0], arguments[1])));
    }

    private HttpServletResponse response() {
        ServletOutputStream out = new ServletOutputStream() {
            @Override
            public void write(int value) {
                body.write(value);
            }

            @Override
            public boolean isReady() {
                return true;
            }

            @Override
            public void setWriteListener(WriteListener listener) {
                throw new UnsupportedOperationException();
            }
        };
        return TestPlatform.fake(HttpServletResponse.class, Map.of(
                "setHeader", arguments -> headers.put((String) arguments[0], (String) arguments[1]),
                "setStatus", arguments -> status = (Integer) arguments[0],
                "setContentType", arguments -> headers.put("Content-Type", (String) arguments[0]),
                "setContentLength", arguments -> headers.put("Content-Length", String.valueOf(arguments[0])),
                "getOutputStream", arguments -> out));
    }

}
