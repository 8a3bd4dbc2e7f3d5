package org.calypsohsm.gateway;

import java.io.IOException;
import java.nio.file.Path;
import java.security.KeyStore;
import java.util.EnumSet;
import java.util.Map;

import jakarta.servlet.DispatcherType;
import jakarta.servlet.Filter;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import org.calypsohsm.channel.ChannelManager;
import org.eclipse.jetty.ee10.servlet.FilterHolder;
import org.eclipse.jetty.ee10.servlet.ServletContextHandler;
import org.eclipse.jetty.ee10.servlet.ServletHolder;
import org.eclipse.jetty.ee10.websocket.server.config.JettyWebSocketServletContainerInitializer;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.SecureRequestCustomizer;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.server.SslConnectionFactory;
import org.eclipse.jetty.util.ssl.SslContextFactory;
import org.eclipse.jetty.util.thread.QueuedThreadPool;

/**
 * Does what the container does for a gateway: the same servlet, authentication and TLS on the same Jetty. In this package to reach
 * the classes.
 */
public final class GatewayWiring implements AutoCloseable {

    private static final int THREADS = 200;
    private static final int WAITING_CONNECTIONS = 1024;

    private final Server server = new Server(new QueuedThreadPool(THREADS));
    private final ServerConnector connector;
    private final ExchangeServlet servlet;

    /**
     * Starts a gateway with one client, on a free port of this machine.
     *
     * @param channels the channels
     * @param config   configuration of the gateway
     * @param client   configuration of the client
     * @param keyStore file with the keys of the server
     * @param password its password
     * @param trusted  the authority
     * @throws IOException if Jetty does not start
     */
    public GatewayWiring(ChannelManager channels, Gateway.Config config, ClientAccount.Config client, Path keyStore, String password,
            KeyStore trusted) throws IOException {
        SslContextFactory.Server tls = new SslContextFactory.Server();
        tls.setKeyStorePath(keyStore.toString());
        tls.setKeyStorePassword(password);
        tls.setTrustStore(trusted);
        tls.setNeedClientAuth(true);
        tls.setIncludeProtocols("TLSv1.3");
        HttpConfiguration http = new HttpConfiguration();
        http.addCustomizer(new SecureRequestCustomizer());
        connector = new ServerConnector(server, new SslConnectionFactory(tls, "http/1.1"), new HttpConnectionFactory(http));
        connector.setHost("127.0.0.1");
        connector.setAcceptQueueSize(WAITING_CONNECTIONS);
        server.addConnector(connector);

        HsmContext security = new HsmContext();
        security.bindAccount(new ClientAccount(client, Map.of()));
        servlet = new ExchangeServlet(config, channels);
        ServletContextHandler context = new ServletContextHandler("/");
        Filter filter = (request, response, chain) -> {
            if (security.handleSecurity((HttpServletRequest) request, (HttpServletResponse) response)) {
                chain.doFilter(request, response);
            }
        };
        FilterHolder holder = new FilterHolder(filter);
        holder.setAsyncSupported(true);
        context.addFilter(holder, "/*", EnumSet.of(DispatcherType.REQUEST));
        context.addServlet(new ServletHolder(servlet), ExchangeServlet.PATH);
        JettyWebSocketServletContainerInitializer.configure(context, null);
        server.setHandler(context);
        try {
            server.start();
        } catch (Exception e) {
            throw new IOException("Jetty does not start: " + e.getMessage(), e);
        }
    }

    /** @return the port that it listens on */
    public int port() {
        return connector.getLocalPort();
    }

    @Override
    public void close() {
        servlet.stop();
        try {
            server.stop();
        } catch (Exception e) {
            throw new IllegalStateException("Jetty does not stop: " + e.getMessage(), e);
        }
    }
}
