package org.calypsohsm.console;

import java.io.IOException;
import java.io.StringReader;
import java.nio.charset.StandardCharsets;
import java.time.Duration;

import org.calypsohsm.feature.FeatureChange;
import org.calypsohsm.feature.FeatureException;
import org.calypsohsm.monitoring.Caller;
import org.calypsohsm.monitoring.Caller.Role;
import org.calypsohsm.monitoring.GuardedServlet;
import org.calypsohsm.monitoring.Services;
import org.osgi.framework.BundleContext;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.servlet.whiteboard.annotations.RequireHttpWhiteboard;

import jakarta.json.JsonException;
import jakarta.json.JsonNumber;
import jakarta.json.JsonObject;
import jakarta.json.JsonObjectBuilder;
import jakarta.json.JsonReader;
import jakarta.json.spi.JsonProvider;
import jakarta.servlet.Servlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;

/**
 * The console at {@code /console/}: a page, and what it asks for. Whoever administers in any way may look; the audit log is for
 * ADMINISTRATOR and AUDITOR, and exchanging features for ADMINISTRATOR.
 */
@RequireHttpWhiteboard
@Component(service = Servlet.class, property = {GuardedServlet.IN_CONTEXT, GuardedServlet.PATTERN + "/console/*"})
public final class ConsoleServlet extends GuardedServlet {

    private static final long serialVersionUID = 1L;
    /** A header that no form and no other site can send: a page elsewhere can order nothing in the name of who looks at it. */
    private static final String OWN_HEADER = "X-HSM-Console";
    private static final String CONTENT_SECURITY = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
            + "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
    private static final String JSON = "application/json";
    private static final String API = "/api/";
    private static final String IMPACT = "/api/impact";
    private static final String SWAP = "/api/swap";
    private static final String CANCEL = "/api/swap/cancel";
    private static final String FROM = "from";
    private static final String TO = "to";
    private static final int LONGEST_ORDER = 4096;
    private static final int LONGEST_DRAIN_SECONDS = 3600;

    private final transient Services services;
    private final transient History history;
    private final transient Swaps swaps;
    private final transient AuditTail audit;
    private final transient Answers answers = new Answers();
    private final transient JsonProvider json = JsonProvider.provider();

    /**
     * Starts it.
     *
     * @param context context of the bundle
     * @param history what was seen in the last minutes
     * @param swaps   exchanges features
     */
    @Activate
    public ConsoleServlet(BundleContext context, @Reference History history, @Reference Swaps swaps) {
        services = new Services(context);
        audit = new AuditTail(services);
        this.history = history;
        this.swaps = swaps;
    }

    @Override
    protected boolean permits(Caller caller, HttpServletRequest request) {
        String path = request.getPathInfo();
        boolean swapping = path != null && (path.equals(IMPACT) || path.startsWith(SWAP)) || !request.getMethod().equals("GET");
        return swapping ? maySwap(caller) : caller.is(Role.ADMINISTRATOR, Role.OPERATOR, Role.SUPERVISOR, Role.AUDITOR);
    }

    private static boolean maySwap(Caller caller) {
        return caller.is(Role.ADMINISTRATOR);
    }

    private static boolean mayAudit(Caller caller) {
        return caller.is(Role.ADMINISTRATOR, Role.AUDITOR);
    }

    @Override
    protected void doGet(HttpServletRequest request, HttpServletResponse response) throws IOException {
        String path = request.getPathInfo();
        if (path == null) {
            response.setHeader("Location", "/console/");
            refuse(response, HttpServletResponse.SC_MOVED_PERMANENTLY, "The console is at /console/.");
        } else if (path.equals("/api/state")) {
            send(response, JSON, state(caller(request), since(request)).build().toString());
        } else if (path.equals(IMPACT)) {
            impact(request, response);
        } else if (path.startsWith(API)) {
            refuse(response, HttpServletResponse.SC_NOT_FOUND, "There is no " + path + ".");
        } else {
            file(path.equals("/") ? "/index.html" : path, response);
        }
    }

    private static void file(String path, HttpServletResponse response) throws IOException {
        String type = Page.type(path);
        if (type == null) {
            refuse(response, HttpServletResponse.SC_NOT_FOUND, "The console has no such file.");
            return;
        }
        response.setHeader("Content-Security-Policy", CONTENT_SECURITY);
        response.setHeader("Referrer-Policy", "no-referrer");
        send(response, type, new String(Page.content(path), StandardCharsets.UTF_8));
    }

    private static long since(HttpServletRequest request) {
        try {
            String since = request.getParameter("since");
            return since == null ? 0 : Long.parseLong(since);
        } catch (NumberFormatException e) {
            return 0;
        }
    }

    private JsonObjectBuilder state(Caller caller, long since) {
        long now = System.nanoTime();
        Look look = Look.at(services);
        Verdict verdict = Verdict.of(look, history.lost(), counter -> history.daysLeft(now, counter, CounterUse.ENOUGH));
        JsonObjectBuilder state = answers.object().add("millis", System.currentTimeMillis())
                .add("caller", answers.caller(caller, maySwap(caller), mayAudit(caller)))
                .add("verdict", answers.verdict(verdict))
                .add("channels", answers.object().add("inUse", look.channelsInUse()).add("total", look.channelsTotal())
                        .add("waiting", look.waiting()))
                .add("modules", answers.modules(look, history))
                .add("stores", answers.stores(look, history, now))
                .add("products", answers.products(look))
                .add("last", history.last())
                .add("points", answers.points(history.after(since)))
                .add("audited", look.audited());
        if (maySwap(caller)) {
            state.add("features", answers.features(swaps.features()));
        }
        Swaps.Progress progress = swaps.progress();
        if (progress != null) {
            state.add("swap", answers.progress(progress));
        }
        if (mayAudit(caller)) {
            state.add("audit", answers.audit(audit.events()));
        }
        return state;
    }

    private void impact(HttpServletRequest request, HttpServletResponse response) throws IOException {
        String from = request.getParameter(FROM);
        String to = request.getParameter(TO);
        if (from == null || from.isBlank() || to == null || to.isBlank()) {
            refuse(response, HttpServletResponse.SC_BAD_REQUEST, "Say from which feature to which one.");
            return;
        }
        try {
            send(response, JSON, answers.impact(swaps.impact(FeatureChange.swap(from, to))).build().toString());
        } catch (FeatureException e) {
            refuse(response, status(e), e.getMessage());
        }
    }

    @Override
    protected void doPost(HttpServletRequest request, HttpServletResponse response) throws IOException {
        String type = request.getHeader("Content-Type");
        if (request.getHeader(OWN_HEADER) == null || type == null || !type.startsWith(JSON)) {
            refuse(response, HttpServletResponse.SC_FORBIDDEN, "Orders are JSON with the header " + OWN_HEADER + ", as the console sends them.");
        } else if (CANCEL.equals(request.getPathInfo())) {
            send(response, JSON, answers.object().add("cancelled", swaps.cancel()).build().toString());
        } else if (SWAP.equals(request.getPathInfo())) {
            swap(request, response);
        } else {
            refuse(response, HttpServletResponse.SC_NOT_FOUND, "Nothing can be ordered there.");
        }
    }

    private void swap(HttpServletRequest request, HttpServletResponse response) throws IOException {
        byte[] body = request.getInputStream().readNBytes(LONGEST_ORDER);
        FeatureChange change;
        try (JsonReader reader = json.createReader(new StringReader(new String(body, StandardCharsets.UTF_8)))) {
            change = change(reader.readObject());
        } catch (JsonException | IllegalArgumentException | ArithmeticException | NullPointerException | ClassCastException e) {
            refuse(response, HttpServletResponse.SC_BAD_REQUEST,
                    "An order to swap is {\"from\":NAME,\"to\":NAME,\"drainSeconds\":0 to " + LONGEST_DRAIN_SECONDS + "}.");
            return;
        }
        try {
            swaps.begin(change, caller(request).name());
            response.setStatus(HttpServletResponse.SC_ACCEPTED);
            send(response, JSON, answers.progress(swaps.progress()).build().toString());
        } catch (FeatureException e) {
            refuse(response, status(e), e.getMessage());
        }
    }

    private static FeatureChange change(JsonObject order) {
        JsonNumber seconds = order.getJsonNumber("drainSeconds");
        int drain = seconds == null ? (int) FeatureChange.DEFAULT_DRAIN_TIMEOUT.toSeconds() : seconds.intValueExact();
        if (drain < 0 || drain > LONGEST_DRAIN_SECONDS) {
            throw new IllegalArgumentException("drainSeconds");
        }
        return FeatureChange.swap(order.getString(FROM), order.getString(TO)).withDrainTimeout(Duration.ofSeconds(drain));
    }

    private static int status(FeatureException refusal) {
        return switch (refusal.reason()) {
            case UNKNOWN_FEATURE -> HttpServletResponse.SC_NOT_FOUND;
            case NOT_RECORDED, NOT_READY -> HttpServletResponse.SC_SERVICE_UNAVAILABLE;
            default -> HttpServletResponse.SC_CONFLICT;
        };
    }
}
