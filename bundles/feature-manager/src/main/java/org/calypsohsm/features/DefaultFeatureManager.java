package org.calypsohsm.features;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

import org.calypsohsm.audit.AuditLog;
import org.calypsohsm.auditing.AuditClient;
import org.calypsohsm.channel.ChannelManager;
import org.calypsohsm.feature.FeatureChange;
import org.calypsohsm.feature.FeatureException;
import org.calypsohsm.feature.FeatureException.Reason;
import org.calypsohsm.feature.FeatureImpact;
import org.calypsohsm.feature.FeatureInfo;
import org.calypsohsm.feature.FeatureManager;
import org.calypsohsm.feature.FeatureOperation;
import org.calypsohsm.module.SecurityModule;
import org.calypsohsm.trust.BundleTrust;
import org.osgi.framework.BundleContext;
import org.osgi.service.cm.ConfigurationAdmin;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.component.annotations.ReferenceCardinality;
import org.osgi.service.component.annotations.ReferencePolicy;
import org.osgi.service.component.runtime.ServiceComponentRuntime;
import org.osgi.service.feature.FeatureService;
import org.osgi.service.metatype.annotations.AttributeDefinition;
import org.osgi.service.metatype.annotations.Designate;
import org.osgi.service.metatype.annotations.ObjectClassDefinition;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The feature manager over a repository, and a folder with what is installed. */
@Component(immediate = true, configurationPid = DefaultFeatureManager.PID)
@Designate(ocd = DefaultFeatureManager.Config.class)
public final class DefaultFeatureManager implements FeatureManager {

    /** Configuration of the feature manager. */
    @ObjectClassDefinition(name = "Feature manager")
    public @interface Config {

        /** @return folder with the files of what is installed; empty is feature in hsm.home */
        @AttributeDefinition(description = "Folder with the files of what is installed; empty is the folder feature in hsm.home")
        String directory() default "";

        /** @return folder with feature files, jars and their index; empty is repo in hsm.home */
        @AttributeDefinition(description = "Folder with feature files, jars and their index; empty is the folder repo in hsm.home")
        String repository() default "";

        /** @return whether nothing is installed while nobody checks signatures */
        @AttributeDefinition(description = "Whether nothing is installed while nobody checks signatures")
        boolean trustRequired() default true;

        /** @return whether nothing is changed while no audit log is present */
        @AttributeDefinition(description = "Whether nothing is changed while no audit log is present")
        boolean auditRequired() default false;

        /** @return how long a feature that comes may take until it is up, in milliseconds */
        @AttributeDefinition(description = "How long a feature that comes may take until it is up, in milliseconds")
        long startMillis() default 10_000;

        /** @return how long sessions may go on when a file goes or changes, in milliseconds */
        @AttributeDefinition(description = "How long sessions may go on when a file goes or changes, in milliseconds")
        long drainMillis() default 30_000;

        /** @return how often the folder is looked at, in milliseconds; 0 never */
        @AttributeDefinition(description = "How often the folder is looked at, in milliseconds; 0 never")
        long watchMillis() default 1000;
    }

    static final String PID = "org.calypsohsm.features";

    private static final Logger LOG = LoggerFactory.getLogger(DefaultFeatureManager.class);
    private static final String HOME = "hsm.home";
    /** The interface does not tell who a client is. */
    private static final String CLIENT = "client";
    private static final long STOP_SECONDS = 10;
    private static final long LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(5);

    private final FeatureReader reader;
    private final FeatureRepository repository;
    private final FeatureFolder folder;
    private final FeatureRuntime runtime;
    private final Trust trust;
    private final AuditClient audit;
    private final Means means;
    private final Duration drainTimeout;
    private final long watchMillis;
    private final CompletableFuture<List<String>> restored = new CompletableFuture<>();
    private final ScheduledThreadPoolExecutor worker;
    private final ScheduledThreadPoolExecutor watcher;
    /** By identifiers without version. Guarded by this object, as is what follows. */
    private final Map<String, Installed> installed = new LinkedHashMap<>();
    private Operation current;
    private volatile ChannelManager channels;

    /**
     * Makes the manager; {@link #begin()} starts it.
     *
     * @param context    context of the bundle
     * @param config     its configuration
     * @param service    reads feature files
     * @param components tells how far components are
     * @param admin      takes the configurations of features
     * @throws IllegalArgumentException if a number is out of range, or no folder is known; the message says which
     */
    @Activate
    public DefaultFeatureManager(BundleContext context, Config config, @Reference FeatureService service,
            @Reference ServiceComponentRuntime components, @Reference ConfigurationAdmin admin) {
        this(config, folder(context, config.directory(), "feature"), folder(context, config.repository(), "repo"), service,
                new FrameworkRuntime(context, components, admin));
    }

    DefaultFeatureManager(Config config, Path directory, Path repositoryFolder, FeatureService service, FeatureRuntime runtime) {
        reader = new FeatureReader(service);
        repository = new FeatureRepository(repositoryFolder, reader);
        folder = new FeatureFolder(directory);
        this.runtime = runtime;
        trust = new Trust(config.trustRequired());
        audit = new AuditClient("Feature manager", PID, config.auditRequired());
        drainTimeout = Duration.ofMillis(atLeast(0, "drainMillis", config.drainMillis()));
        watchMillis = atLeast(0, "watchMillis", config.watchMillis());
        means = new Means(runtime, repository, folder, () -> channels, trust, audit,
                Duration.ofMillis(atLeast(0, "startMillis", config.startMillis())));
        worker = thread("hsm-feature");
        watcher = thread("hsm-feature-watch");
    }

    /** Brings back what was installed, on another thread: here everybody is bound who is there, as the one who checks signatures. */
    @Activate
    void begin() {
        worker.execute(this::restore);
        if (watchMillis > 0) {
            restored.thenRun(() -> watcher.scheduleWithFixedDelay(this::watch, watchMillis, watchMillis, TimeUnit.MILLISECONDS));
        }
    }

    private static Path folder(BundleContext context, String configured, String standard) {
        if (!configured.isEmpty()) {
            return Path.of(configured).toAbsolutePath();
        }
        String home = context.getProperty(HOME);
        if (home == null) {
            throw new IllegalArgumentException("Feature manager: it does not know its folders; set directory and repository in " + PID
                    + ", or the property " + HOME + ".");
        }
        return Path.of(home, standard).toAbsolutePath();
    }

    private static long atLeast(long least, String name, long value) {
        if (value < least) {
            throw new IllegalArgumentException("Feature manager: " + name + " is at least " + least + ", not " + value + "; correct "
                    + PID + ".");
        }
        return value;
    }

    private static ScheduledThreadPoolExecutor thread(String name) {
        return new ScheduledThreadPoolExecutor(1, task -> {
            Thread thread = new Thread(task, name);
            thread.setDaemon(true);
            return thread;
        });
    }

    /** Gives up what is in progress. What is installed stays: the framework stops it, or the next manager takes it over. */
    @Deactivate
    void stop() {
        watcher.shutdown();
        synchronized (this) {
            if (current != null) {
                current.cancel();
            }
        }
        worker.shutdown();
        try {
            if (!worker.awaitTermination(STOP_SECONDS, TimeUnit.SECONDS)) {
                LOG.error("Feature manager: {} does not come to an end.", current);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        audit.stop();
    }

    @Reference(cardinality = ReferenceCardinality.OPTIONAL, policy = ReferencePolicy.DYNAMIC)
    void bindAuditLog(AuditLog log) {
        audit.come(log);
    }

    void unbindAuditLog(AuditLog log) {
        audit.go(log);
    }

    @Reference(cardinality = ReferenceCardinality.OPTIONAL, policy = ReferencePolicy.DYNAMIC)
    void bindTrust(BundleTrust service) {
        trust.use(service);
    }

    void unbindTrust(BundleTrust service) {
        if (trust.service() == service) {
            trust.use(null);
        }
    }

    @Reference(cardinality = ReferenceCardinality.OPTIONAL, policy = ReferencePolicy.DYNAMIC)
    void bindChannels(ChannelManager manager) {
        channels = manager;
    }

    void unbindChannels(ChannelManager manager) {
        if (channels == manager) {
            channels = null;
        }
    }

    // ---- at the start

    private void restore() {
        List<String> problems = new ArrayList<>();
        try {
            List<Installed> coming = new ArrayList<>();
            List<Path> left = folder.files();
            left.forEach(folder::acknowledge);
            // One may need the bundles of another, so those that failed are tried again as long as others came.
            int before;
            do {
                before = left.size();
                problems.clear();
                left = left.stream().filter(file -> !restore(file, problems, coming)).toList();
            } while (!left.isEmpty() && left.size() < before);
            runtime.removeOthers();
            awaitUp(coming, problems);
        } catch (IOException | RuntimeException e) {
            problems.add("The folder " + folder + " cannot be read: " + e + ".");
        }
        problems.forEach(problem -> LOG.error("{}", problem));
        restored.complete(List.copyOf(problems));
    }

    /** @return true if it came */
    private boolean restore(Path file, List<String> problems, List<Installed> coming) {
        try {
            FeatureFile feature = reader.read(file);
            Installed other = installed(feature.key());
            if (other != null) {
                throw new FeatureException(Reason.BAD_FEATURE, "Feature " + feature + " of " + file + " is not started, since "
                        + other.file() + " has it too: remove one of them.");
            }
            List<Jar> jars = repository.jarsAtStart(feature);
            trust.check(feature, jars);
            runtime.install(feature, jars, null);
            Installed one = new Installed(feature, file);
            synchronized (this) {
                installed.put(feature.key(), one);
            }
            coming.add(one);
            return true;
        } catch (FeatureException e) {
            problems.add(e.getMessage());
        } catch (RuntimeException e) {
            problems.add("The feature of " + file + " is not started: " + e + ".");
        }
        return false;
    }

    /** Modules need not serve: without a startup card they are LOCKED. */
    private void awaitUp(List<Installed> coming, List<String> problems) {
        long end = System.nanoTime() + means.startTimeout().toNanos();
        for (Installed one : coming) {
            FeatureRuntime.Look look = runtime.look(one.feature());
            while (!look.isUp() && !look.failed() && System.nanoTime() - end < 0 && !worker.isShutdown()) {
                LockSupport.parkNanos(LOOK_NANOS);
                look = runtime.look(one.feature());
            }
            if (!look.isUp()) {
                problems.add("Feature " + one.feature() + " is not up: " + look.missing() + ".");
            }
        }
    }

    @Override
    public CompletionStage<List<String>> restored() {
        return restored.copy();
    }

    // ---- what there is

    private synchronized Installed installed(String key) {
        return installed.get(key);
    }

    private synchronized List<Installed> installed() {
        return List.copyOf(installed.values());
    }

    @Override
    public List<FeatureInfo> features() {
        List<FeatureFile> available = repository.features();
        List<FeatureInfo> infos = new ArrayList<>();
        Set<String> seen = new TreeSet<>();
        for (Installed one : installed()) {
            seen.add(one.feature().id());
            boolean also = available.stream().anyMatch(feature -> feature.id().equals(one.feature().id()));
            infos.add(info(one.feature(), true, also));
        }
        available.stream().filter(feature -> seen.add(feature.id())).forEach(feature -> infos.add(info(feature, false, true)));
        infos.sort(Comparator.comparing(FeatureInfo::name).thenComparing(FeatureInfo::id));
        return infos;
    }

    private FeatureInfo info(FeatureFile feature, boolean isInstalled, boolean available) {
        String sentence;
        try {
            sentence = trust.sentence(repository.jars(feature));
        } catch (FeatureException e) {
            sentence = e.getMessage();
        }
        return new FeatureInfo(feature.id(), feature.name(), feature.version(), feature.kind(), isInstalled, available,
                feature.parts().stream().map(FeatureFile.Part::id).toList(),
                feature.configurations().keySet().stream().sorted().toList(), sentence, isInstalled ? List.copyOf(runtime.running(feature)) : List.of(),
                isInstalled ? List.copyOf(runtime.served(feature)) : List.of());
    }

    // ---- what is meant

    @Override
    public FeatureImpact impact(FeatureChange change) throws FeatureException {
        return impact(plan(change));
    }

    private FeatureImpact impact(Plan plan) {
        FeatureFile from = plan.goes();
        if (from == null) {
            return new FeatureImpact(null, plan.to().id(), List.of(), List.of());
        }
        Set<String> going = runtime.going(from);
        Set<String> same = new TreeSet<>(going);
        if (plan.to() == null) {
            same.clear();
        } else if (plan.stays()) {
            same.retainAll(runtime.running(plan.to()));
        } else {
            Set<String> coming = configured(plan.to());
            if (plan.to().key().equals(from.key())) {
                // The new version also runs the modules that a configuration file names.
                coming.addAll(going);
                configured(from).stream().filter(name -> !configured(plan.to()).contains(name)).forEach(coming::remove);
            }
            same.retainAll(coming);
        }
        ChannelManager manager = channels;
        return Impacts.of(new Impacts.Situation(from, plan.to(), going, runtime.algs(from), runtime.algsWithout(from),
                plan.to() != null && !plan.stays(), same), manager == null ? List.of() : manager.modules(),
                manager == null ? List.of() : manager.channels());
    }

    private static Set<String> configured(FeatureFile feature) {
        Set<String> modules = new TreeSet<>();
        feature.configurations().values().forEach(one -> modules.add(String.valueOf(one.get(SecurityModule.NAME))));
        return modules;
    }

    private Plan plan(FeatureChange change) throws FeatureException {
        Installed from = change.from() == null ? null : findInstalled(change.from());
        return switch (change.act()) {
            case INSTALL -> plan(change, null, findAvailable(change.to()));
            case UNINSTALL -> new Plan(change, from, null, false, null, false);
            case UPDATE -> plan(change, from, newest(from.feature()));
            case SWAP -> {
                List<Installed> already = installed().stream().filter(one -> one.feature().isNamed(change.to())).toList();
                if (already.contains(from)) {
                    throw new FeatureException(Reason.NOTHING_TO_DO, "Feature " + from.feature()
                            + " cannot take its own place; for its newest version: hsm:update " + from.feature().name());
                }
                yield already.size() == 1 ? new Plan(change, from, already.get(0).feature(), true, null, false)
                        : plan(change, from, findAvailable(change.to()));
            }
        };
    }

    private Plan plan(FeatureChange change, Installed from, FeatureFile to) throws FeatureException {
        Installed already = installed(to.key());
        if (already != null && already != from) {
            throw new FeatureException(Reason.NOTHING_TO_DO, "Feature " + already.feature() + " is installed already"
                    + (already.feature().version().equals(to.version()) ? "."
                            : "; for " + to.version() + ": hsm:update " + to.name()));
        }
        return new Plan(change, from, to, false, from != null && already == from && !from.feature().isJar() ? from.file()
                : place(to), false);
    }

    /** The file of a feature that did not come back at the start is written anew. */
    private Path place(FeatureFile to) throws FeatureException {
        try {
            for (Path file : folder.files()) {
                if (!file.toString().endsWith(FeatureReader.JAR) && isOf(file, to)) {
                    return file;
                }
            }
            return folder.place(to);
        } catch (IOException e) {
            throw new FeatureException(Reason.BAD_FEATURE, "The folder " + folder + " cannot be read: " + e + ".", e);
        }
    }

    private boolean isOf(Path file, FeatureFile feature) {
        try {
            return reader.read(file).key().equals(feature.key());
        } catch (FeatureException e) {
            return false;
        }
    }

    private Installed findInstalled(String name) throws FeatureException {
        List<Installed> found = installed().stream().filter(one -> one.feature().isNamed(name)).toList();
        if (found.size() == 1) {
            return found.get(0);
        }
        throw new FeatureException(Reason.UNKNOWN_FEATURE, found.isEmpty()
                ? "No feature " + name + " is installed; there are: " + names(installed().stream().map(Installed::feature).toList())
                        + "."
                : "Several features are named " + name + ": " + ids(found.stream().map(Installed::feature).toList()) + "; say which.");
    }

    private FeatureFile findAvailable(String name) throws FeatureException {
        List<FeatureFile> all = repository.features();
        List<FeatureFile> found = all.stream().filter(feature -> feature.isNamed(name)).sorted(FeatureRepository.NEWEST).toList();
        if (found.stream().map(FeatureFile::key).distinct().count() == 1) {
            return found.get(0);
        }
        throw new FeatureException(Reason.UNKNOWN_FEATURE, found.isEmpty()
                ? "No feature " + name + " is in the repository; there are: " + names(all) + "."
                : "Several features are named " + name + ": " + ids(found) + "; say which.");
    }

    private FeatureFile newest(FeatureFile present) throws FeatureException {
        List<FeatureFile> versions = repository.features().stream().filter(feature -> feature.key().equals(present.key()))
                .sorted(FeatureRepository.NEWEST).toList();
        if (versions.isEmpty()) {
            throw new FeatureException(Reason.UNKNOWN_FEATURE, "Feature " + present.key() + " is not in the repository.");
        }
        FeatureFile newest = versions.get(0);
        int order = FeatureRepository.NEWEST.compare(newest, present);
        // The same version with another content, as from a build of its own, counts as newer.
        if (order > 0 || order == 0 && digest(newest).equals(digest(present))) {
            throw new FeatureException(Reason.NOTHING_TO_DO, "Feature " + present + " is the newest; the repository has "
                    + newest.version() + ".");
        }
        return newest;
    }

    private static String digest(FeatureFile feature) {
        return Digests.sha256(feature.content());
    }

    private static String names(List<FeatureFile> features) {
        return features.isEmpty() ? "none" : String.join(", ", new TreeSet<>(features.stream().map(FeatureFile::name).toList()));
    }

    private static String ids(List<FeatureFile> features) {
        return String.join(", ", features.stream().map(FeatureFile::id).toList());
    }

    // ---- what is done

    @Override
    public FeatureOperation begin(FeatureChange change) throws FeatureException {
        return begin(plan(change), CLIENT);
    }

    private synchronized Operation begin(Plan plan, String actor) throws FeatureException {
        if (!restored.isDone() || current != null) {
            throw new FeatureException(Reason.BUSY, "The " + plan.change() + " is refused, since "
                    + (current == null ? "the features from before the start are still coming up" : "the " + current.change()
                            + " is in progress") + "; try again when it is over.");
        }
        Installed present = plan.to() == null ? null : installed.get(plan.to().key());
        if (plan.from() != null && installed.get(plan.goes().key()) != plan.from()
                || !plan.stays() && present != null && present != plan.from()) {
            throw new FeatureException(Reason.BUSY, "The " + plan.change() + " is refused, since what is installed has just changed;"
                    + " try again.");
        }
        try {
            audit.order(plan.act(), plan.subject(), actor, "It begins; sessions may go on for "
                    + plan.change().drainTimeout().toMillis() + " ms.");
        } catch (IllegalStateException e) {
            throw new FeatureException(Reason.NOT_RECORDED, e.getMessage(), e);
        }
        Operation operation = new Operation(means, plan, done -> over(plan, done));
        current = operation;
        try {
            worker.execute(operation);
        } catch (RejectedExecutionException e) {
            current = null;
            throw new FeatureException(Reason.BUSY, "The " + plan.change() + " is refused, since the feature manager stops.", e);
        }
        return operation;
    }

    /** Before anybody hears that it is over: then the next one may begin. */
    private synchronized void over(Plan plan, boolean done) {
        if (done) {
            if (plan.from() != null) {
                installed.remove(plan.goes().key(), plan.from());
            }
            if (plan.to() != null && !plan.stays()) {
                installed.put(plan.to().key(), new Installed(plan.to(), plan.file()));
            }
        }
        current = null;
    }

    // ---- the watched folder

    private void watch() {
        try {
            for (FeatureFolder.Change change : folder.changed()) {
                Path file = change.file();
                synchronized (this) {
                    if (current != null) {
                        // Found again at the next look.
                        return;
                    }
                }
                Installed present = installed().stream().filter(one -> one.file().equals(file)).findFirst().orElse(null);
                try {
                    follow(file, present);
                    folder.acknowledge(change);
                } catch (FeatureException e) {
                    refuse(file, present, e);
                }
            }
        } catch (IOException | RuntimeException | Error e) {
            LOG.error("Feature manager: watching {} failed: {}", folder, e.toString(), e);
        }
    }

    private void follow(Path file, Installed present) throws FeatureException {
        if (!Files.exists(file)) {
            if (present != null) {
                FeatureChange change = FeatureChange.uninstall(present.feature().id()).withDrainTimeout(drainTimeout);
                await(new Plan(change, present, null, false, null, true));
            }
            return;
        }
        FeatureFile feature = reader.read(file);
        if (present == null) {
            Installed other = installed(feature.key());
            if (other != null) {
                throw new FeatureException(Reason.NOTHING_TO_DO, "Feature " + other.feature() + " is installed already, from "
                        + other.file() + "; change that file instead.");
            }
            await(new Plan(FeatureChange.install(feature.id()), null, feature, false, file, true));
        } else if (!digest(feature).equals(digest(present.feature()))) {
            FeatureChange change = feature.key().equals(present.feature().key()) ? FeatureChange.update(present.feature().id())
                    : FeatureChange.swap(present.feature().id(), feature.id());
            await(new Plan(change.withDrainTimeout(drainTimeout), present, feature, false, file, true));
        }
    }

    private void await(Plan plan) throws FeatureException {
        try {
            begin(plan, "folder " + folder).outcome().toCompletableFuture().join();
        } catch (CompletionException e) {
            if (e.getCause() instanceof FeatureException fault) {
                throw fault;
            }
            throw e;
        }
    }

    /** Makes the folder say again what is installed. */
    private void refuse(Path file, Installed present, FeatureException why) throws IOException {
        // Found again at the next look, or at the next start.
        if (why.reason() == Reason.BUSY || why.reason() == Reason.CANCELLED && worker.isShutdown()) {
            return;
        }
        LOG.error("{} The file {} is {}.", why.getMessage(), file, Files.exists(file) ? "renamed to .refused" : "written again");
        audit.note("feature.refused", file.getFileName().toString(), why.getMessage());
        if (Files.exists(file)) {
            folder.refuse(file);
        }
        if (present != null) {
            folder.write(file, present.feature().content());
        }
    }
}
