package org.calypsohsm.monitoring;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Set;

import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;

/**
 * A servlet in the context of the gateway that answers whom it permits and nobody else. This is the one place where that is
 * checked: without the attributes that the gateway sets nobody is permitted.
 */
public abstract class GuardedServlet extends HttpServlet {

    private static final long serialVersionUID = 1L;

    /** Name of the context of the HTTP Whiteboard that authenticates clients; the gateway registers it. */
    public static final String CONTEXT = "hsm";
    /** Service property that puts a servlet into that context. */
    public static final String IN_CONTEXT = "osgi.http.whiteboard.context.select=(osgi.http.whiteboard.context.name=" + CONTEXT + ")";
    /** Beginning of the service property that tells the path of a servlet. */
    public static final String PATTERN = "osgi.http.whiteboard.servlet.pattern=";

    private static final String CALLER = Caller.class.getName();
    private static final Set<String> METHODS = Set.of("GET", "HEAD", "POST");

    /** For subclasses. */
    protected GuardedServlet() {
    }

    /**
     * Decides about a request.
     *
     * @param caller  who sent it
     * @param request the request
     * @return true if it may be answered
     */
    protected abstract boolean permits(Caller caller, HttpServletRequest request);

    @Override
    protected final void service(HttpServletRequest request, HttpServletResponse response) throws ServletException, IOException {
        response.setHeader("X-Content-Type-Options", "nosniff");
        response.setHeader("Cache-Control", "no-store");
        response.setHeader("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'");
        if (!METHODS.contains(request.getMethod())) {
            refuse(response, HttpServletResponse.SC_METHOD_NOT_ALLOWED, "Only GET and POST are understood here.");
            return;
        }
        Caller caller = Caller.of(request);
        if (caller == null) {
            refuse(response, HttpServletResponse.SC_FORBIDDEN, "No client certificate was recognised; come through the gateway.");
        } else if (!permits(caller, request)) {
            refuse(response, HttpServletResponse.SC_FORBIDDEN, "The client " + caller.name() + " has no role for this; its roles are "
                    + caller.roles() + ".");
        } else {
            request.setAttribute(CALLER, caller);
            super.service(request, response);
        }
    }

    /**
     * Tells who sent a request.
     *
     * @param request a request that was permitted
     * @return who sent it
     */
    protected static Caller caller(HttpServletRequest request) {
        return (Caller) request.getAttribute(CALLER);
    }

    /**
     * Answers with a status and a sentence.
     *
     * @param response where to
     * @param status   HTTP status
     * @param sentence what is wrong and what to do
     * @throws IOException if the client is gone
     */
    protected static void refuse(HttpServletResponse response, int status, String sentence) throws IOException {
        response.setStatus(status);
        send(response, "text/plain", sentence + "\n");
    }

    /**
     * Sends a text.
     *
     * @param response where to
     * @param type     its media type, without the encoding, which is UTF-8
     * @param text     the text
     * @throws IOException if the client is gone
     */
    protected static void send(HttpServletResponse response, String type, String text) throws IOException {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        response.setContentType(type + ";charset=utf-8");
        response.setContentLength(bytes.length);
        response.getOutputStream().write(bytes);
    }
}
