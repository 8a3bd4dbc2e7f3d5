package org.calypsohsm.launcher;

import java.io.IOException;
import java.io.InputStream;
import java.net.URL;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.jar.Manifest;

import org.calypsohsm.channel.Channel;
import org.calypsohsm.channel.ChannelException;
import org.calypsohsm.channel.ChannelManager;
import org.calypsohsm.channel.ChannelReport;
import org.calypsohsm.channel.ChannelRequest;
import org.calypsohsm.channel.DrainReport;
import org.calypsohsm.channel.ModuleReport;
import org.osgi.framework.BundleContext;
import org.osgi.framework.Constants;
import org.osgi.framework.ServiceReference;

/**
 * The channel manager of a container with a whole distribution, in the process of a server that knows nothing of OSGi. The
 * packages of the API come from the class path, so that both sides have the same classes. Closing it stops the container.
 */
public final class EmbeddedHsm implements ChannelManager, AutoCloseable {

    /** System property: the Configurator file to begin with; without it, {@code conf/hsm.json} of the distribution. */
    private static final String CONFIGURATION = "hsm.conf";
    private static final String LOGBACK = "logback.configurationFile";
    private static final String API_JAR = "org.calypsohsm.api-";
    private static final Duration TIMEOUT = Duration.ofSeconds(30);

    private final Container container;

    /**
     * Starts the distribution that the system property {@code hsm.home} names, or that the launcher's jar lies in, and waits
     * until channels can be opened.
     *
     * @throws IllegalStateException if it does not come up; the message says why
     */
    public EmbeddedHsm() {
        try {
            Distribution distribution = Distribution.locate();
            String file = System.getProperty(CONFIGURATION);
            container = startApart(distribution, file == null ? distribution.configuration("hsm.json") : Path.of(file));
        } catch (LauncherException e) {
            throw new IllegalStateException(e.getMessage(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("The thread was interrupted while the container started.", e);
        }
    }

    /** On a daemon, whose threads are daemons too: a server that never closes this must end all the same. */
    private static Container startApart(Distribution distribution, Path configuration) throws LauncherException, InterruptedException {
        FutureTask<Container> starting = new FutureTask<>(() -> start(distribution, configuration));
        Thread thread = new Thread(starting, "hsm-embedded-start");
        thread.setDaemon(true);
        thread.start();
        try {
            return starting.get();
        } catch (ExecutionException e) {
            if (e.getCause() instanceof LauncherException fault) {
                throw fault;
            }
            throw new LauncherException("The container does not start: " + e.getCause() + ".", e.getCause());
        } catch (InterruptedException e) {
            // It closes what it began.
            thread.interrupt();
            throw e;
        }
    }

    private static Container start(Distribution distribution, Path configuration) throws LauncherException, InterruptedException {
        // Read by Logback in the container as it starts; the process around it may have its own.
        String logback = System.getProperty(LOGBACK);
        if (logback == null) {
            System.setProperty(LOGBACK, distribution.configuration("logback.xml").toUri().toString());
        }
        Container container = null;
        boolean ready = false;
        try {
            container = Container.start(distribution, configuration,
                    Map.of(Constants.FRAMEWORK_SYSTEMPACKAGES_EXTRA, apiPackages()),
                    jar -> !jar.getFileName().toString().startsWith(API_JAR));
            new Platform(container, ContainerCommand.pids(configuration)).awaitReady(1, TIMEOUT)
                    .forEach(missing -> System.err.println("hsm: " + missing));
            ready = true;
            return container;
        } finally {
            if (!ready && container != null) {
                container.close();
            }
            if (logback == null) {
                System.clearProperty(LOGBACK);
            }
        }
    }

    /** @return the packages of the API with their versions, as its own manifest tells them */
    private static String apiPackages() throws LauncherException {
        String type = "/" + ChannelManager.class.getName().replace('.', '/') + ".class";
        URL place = ChannelManager.class.getResource(type);
        String manifest = place.toString().replace(type, "/META-INF/MANIFEST.MF");
        try (InputStream in = new URL(manifest).openStream()) {
            return new Manifest(in).getMainAttributes().getValue(Constants.EXPORT_PACKAGE);
        } catch (IOException e) {
            throw new LauncherException("The API on the class path has no manifest: " + e.getMessage() + ".", e);
        }
    }

    /** @return the service; it is looked for each time, since its component may be made anew */
    private ChannelManager manager() {
        BundleContext context = container.context();
        ServiceReference<ChannelManager> reference = context == null ? null : context.getServiceReference(ChannelManager.class);
        ChannelManager manager = reference == null ? null : context.getService(reference);
        if (manager == null) {
            throw new IllegalStateException("The container has no channel manager; it was stopped, or its bundle was.");
        }
        return manager;
    }

    @Override
    public Channel open(ChannelRequest request) throws ChannelException, InterruptedException {
        return manager().open(request);
    }

    @Override
    public CompletionStage<Channel> openAsync(ChannelRequest request) {
        return manager().openAsync(request);
    }

    @Override
    public List<ModuleReport> modules() {
        return manager().modules();
    }

    @Override
    public CompletionStage<DrainReport> drain(String module, Duration deadline) {
        return manager().drain(module, deadline);
    }

    @Override
    public void undrain(String module) {
        manager().undrain(module);
    }

    @Override
    public List<ChannelReport> channels() {
        return manager().channels();
    }

    @Override
    public ModuleReport selfTest(String module) {
        return manager().selfTest(module);
    }

    /** Stops the container; channels that are still open are closed. */
    @Override
    public void close() {
        container.close();
    }
}
