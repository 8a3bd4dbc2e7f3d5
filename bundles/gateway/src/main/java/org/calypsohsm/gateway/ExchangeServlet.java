package org.calypsohsm.gateway;

import java.io.IOException;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

import jakarta.servlet.Servlet;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import org.calypsohsm.channel.ChannelManager;
import org.eclipse.jetty.ee10.websocket.server.JettyWebSocketServlet;
import org.eclipse.jetty.ee10.websocket.server.JettyWebSocketServletFactory;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.ConfigurationPolicy;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.component.annotations.ReferenceCardinality;
import org.osgi.service.component.annotations.ReferencePolicy;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Takes WebSockets for exchanges, and looks whether their clients are still there. */
@Component(service = Servlet.class, configurationPid = Gateway.PID, configurationPolicy = ConfigurationPolicy.REQUIRE,
        property = {"osgi.http.whiteboard.servlet.pattern=" + ExchangeServlet.PATH,
            "osgi.http.whiteboard.servlet.asyncSupported:Boolean=true", HsmContext.SELECT})
public final class ExchangeServlet extends JettyWebSocketServlet {

    static final String PATH = "/api/v1/exchange";
    /** The longest message that is taken, in bytes: many frames. */
    static final int LONGEST_MESSAGE = 1 << 16;

    private static final long serialVersionUID = 1L;
    private static final Logger LOG = LoggerFactory.getLogger(ExchangeServlet.class);

    private final transient ChannelManager channels;
    private final transient Gateway.Config config;
    private final transient Set<ExchangeConnection> connections = ConcurrentHashMap.newKeySet();
    private final transient ScheduledExecutorService watch = Executors.newSingleThreadScheduledExecutor(task -> {
        Thread thread = new Thread(task, "hsm-gateway-watch");
        thread.setDaemon(true);
        return thread;
    });

    /**
     * Makes the servlet.
     *
     * @param config   configuration of the gateway
     * @param channels where channels are opened
     */
    @Activate
    public ExchangeServlet(Gateway.Config config, @Reference ChannelManager channels) {
        this.channels = channels;
        this.config = config;
        long silentNanos = TimeUnit.MILLISECONDS.toNanos(config.silenceMillis());
        watch.scheduleWithFixedDelay(() -> connections.forEach(connection -> look(connection, silentNanos)), config.pingMillis(),
                config.pingMillis(), TimeUnit.MILLISECONDS);
    }

    private static void look(ExchangeConnection connection, long silentNanos) {
        try {
            connection.watch(silentNanos);
        } catch (RuntimeException e) {
            // It closes at this moment; the others are still looked at.
            LOG.debug("A connection cannot be looked at: {}", e.toString());
        }
    }

    @Reference(cardinality = ReferenceCardinality.MULTIPLE, policy = ReferencePolicy.DYNAMIC)
    void bindAccount(ClientAccount account) {
        // Connections find theirs when they are made.
    }

    /** What a client may do counts at once, also for connections that are there. */
    void unbindAccount(ClientAccount account) {
        connections.stream().filter(connection -> connection.isOf(account)).forEach(ExchangeConnection::revoke);
    }

    /** Ends all connections. */
    @Deactivate
    void stop() {
        watch.shutdownNow();
        connections.forEach(ExchangeConnection::stop);
    }

    @Override
    protected void configure(JettyWebSocketServletFactory factory) {
        // The watch ends connections, and pings keep those of silent clients.
        factory.setIdleTimeout(Duration.ZERO);
        factory.setMaxBinaryMessageSize(LONGEST_MESSAGE);
        factory.setMaxFrameSize(LONGEST_MESSAGE);
        factory.setCreator((request, response) -> new ExchangeConnection(HsmContext.account(request.getHttpServletRequest()), channels,
                config, connections));
    }

    @Override
    protected void service(HttpServletRequest request, HttpServletResponse response) throws ServletException, IOException {
        ClientAccount account = HsmContext.account(request);
        if (account.is(Role.CLIENT)) {
            super.service(request, response);
        } else {
            new Problem(Problem.FORBIDDEN, "Client " + account.name() + " lacks the role CLIENT.").write(response);
        }
    }
}
