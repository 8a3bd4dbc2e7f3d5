package org.calypsohsm.metrics;

import java.io.ByteArrayOutputStream;
import java.io.IOException;

import org.calypsohsm.monitoring.Caller;
import org.calypsohsm.monitoring.Caller.Role;
import org.calypsohsm.monitoring.GuardedServlet;
import org.calypsohsm.monitoring.Services;
import org.osgi.framework.BundleContext;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.servlet.whiteboard.annotations.RequireHttpWhiteboard;

import io.prometheus.metrics.config.EscapingScheme;
import io.prometheus.metrics.expositionformats.ExpositionFormatWriter;
import io.prometheus.metrics.expositionformats.OpenMetricsTextFormatWriter;
import io.prometheus.metrics.expositionformats.PrometheusTextFormatWriter;
import io.prometheus.metrics.instrumentation.jvm.JvmMetrics;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import jakarta.servlet.Servlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;

/** Answers Prometheus at {@code /metrics}, for clients with the role METRICS or ADMINISTRATOR. */
@RequireHttpWhiteboard
@Component(service = Servlet.class, property = {GuardedServlet.IN_CONTEXT, GuardedServlet.PATTERN + "/metrics"})
public final class MetricsServlet extends GuardedServlet {

    private static final long serialVersionUID = 1L;

    private final transient PrometheusRegistry registry = new PrometheusRegistry();
    private final transient ExpositionFormatWriter openMetrics = OpenMetricsTextFormatWriter.create();
    private final transient ExpositionFormatWriter text = PrometheusTextFormatWriter.create();

    /**
     * Starts it.
     *
     * @param context context of the bundle
     */
    @Activate
    public MetricsServlet(BundleContext context) {
        registry.register(new PlatformMetrics(new Services(context)));
        JvmMetrics.builder().register(registry);
    }

    @Override
    protected boolean permits(Caller caller, HttpServletRequest request) {
        return caller.is(Role.METRICS, Role.ADMINISTRATOR);
    }

    @Override
    protected void doGet(HttpServletRequest request, HttpServletResponse response) throws IOException {
        ExpositionFormatWriter writer = openMetrics.accepts(request.getHeader("Accept")) ? openMetrics : text;
        // Whole before it is sent: a collection that fails is an error, not half an answer.
        ByteArrayOutputStream answer = new ByteArrayOutputStream();
        writer.write(answer, registry.scrape(), EscapingScheme.UNDERSCORE_ESCAPING);
        response.setContentType(writer.getContentType());
        response.setContentLength(answer.size());
        answer.writeTo(response.getOutputStream());
    }
}
