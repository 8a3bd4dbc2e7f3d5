package org.calypsohsm.health;

import java.io.IOException;
import java.util.Comparator;
import java.util.List;
import java.util.Map;

import org.apache.felix.hc.api.Result;
import org.apache.felix.hc.api.ResultLog;
import org.apache.felix.hc.api.execution.HealthCheckExecutionOptions;
import org.apache.felix.hc.api.execution.HealthCheckExecutionResult;
import org.apache.felix.hc.api.execution.HealthCheckExecutor;
import org.apache.felix.hc.api.execution.HealthCheckSelector;
import org.calypsohsm.monitoring.Caller;
import org.calypsohsm.monitoring.GuardedServlet;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.servlet.whiteboard.annotations.RequireHttpWhiteboard;

import jakarta.json.JsonArrayBuilder;
import jakarta.json.spi.JsonProvider;
import jakarta.servlet.Servlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;

/** Answers at {@code /health/live} and {@code /health/ready}, for every client that the gateway knows: 200 if all is well, or 503. */
@RequireHttpWhiteboard
@Component(service = Servlet.class, property = {GuardedServlet.IN_CONTEXT, GuardedServlet.PATTERN + "/health/*"})
public final class HealthServlet extends GuardedServlet {

    private static final long serialVersionUID = 1L;
    /** How long a check may take. */
    private static final int TIMEOUT_MILLIS = 1000;
    private static final Map<String, String> TAGS = Map.of("/live", "live", "/ready", "ready");

    private final transient HealthCheckExecutor executor;
    private final transient JsonProvider json = JsonProvider.provider();

    /**
     * Starts it.
     *
     * @param executor executes the checks, each on a thread of its own and no longer than it may take
     */
    @Activate
    public HealthServlet(@Reference HealthCheckExecutor executor) {
        this.executor = executor;
    }

    @Override
    protected boolean permits(Caller caller, HttpServletRequest request) {
        return true;
    }

    @Override
    protected void doGet(HttpServletRequest request, HttpServletResponse response) throws IOException {
        String path = request.getPathInfo();
        String tag = path == null ? null : TAGS.get(path);
        if (tag == null) {
            refuse(response, HttpServletResponse.SC_NOT_FOUND, "There are /health/live and /health/ready.");
            return;
        }
        List<HealthCheckExecutionResult> results = executor.execute(HealthCheckSelector.tags(tag),
                new HealthCheckExecutionOptions().setOverrideGlobalTimeout(TIMEOUT_MILLIS)).stream()
                .sorted(Comparator.comparing(result -> result.getHealthCheckMetadata().getName())).toList();
        // That nobody finds a fault counts only if somebody looked.
        boolean well = !results.isEmpty() && results.stream().allMatch(result -> isWell(result.getHealthCheckResult()));
        JsonArrayBuilder checks = json.createArrayBuilder();
        results.forEach(result -> checks.add(json.createObjectBuilder().add("name", result.getHealthCheckMetadata().getName())
                .add("status", result.getHealthCheckResult().getStatus().name())
                .add("sentence", sentence(result))));
        response.setStatus(well ? HttpServletResponse.SC_OK : HttpServletResponse.SC_SERVICE_UNAVAILABLE);
        send(response, "application/json", json.createObjectBuilder().add("status", well ? "OK" : "NOT OK").add("checks", checks)
                .build().toString());
    }

    private static boolean isWell(Result result) {
        return result.getStatus() == Result.Status.OK || result.getStatus() == Result.Status.WARN;
    }

    private static String sentence(HealthCheckExecutionResult result) {
        if (result.hasTimedOut()) {
            return "The check did not come back within " + TIMEOUT_MILLIS + " ms.";
        }
        String sentence = "The check gave no reason.";
        for (ResultLog.Entry entry : result.getHealthCheckResult()) {
            if (!entry.isDebug()) {
                sentence = entry.getMessage();
            }
        }
        return sentence;
    }
}
