package org.calypsohsm.gateway;

import java.io.IOException;
import java.lang.reflect.Array;
import java.time.Duration;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;

import jakarta.json.Json;
import jakarta.json.JsonArrayBuilder;
import jakarta.json.JsonObjectBuilder;
import org.calypsohsm.feature.FeatureChange;
import org.calypsohsm.feature.FeatureException;
import org.calypsohsm.feature.FeatureImpact;
import org.calypsohsm.feature.FeatureInfo;
import org.calypsohsm.feature.FeatureManager;
import org.calypsohsm.feature.FeatureOperation;
import org.osgi.framework.Constants;
import org.osgi.framework.ServiceReference;

/** Features, and the product plugins that some of them bring. */
final class FeatureResource {

    private static final String FROM = "from";
    private static final String TO = "to";
    private static final String ACT = "act";
    private static final String DRAIN = "drainMillis";
    private static final String MODULES = "modules";
    private static final long LONGEST_DRAIN_MILLIS = 3_600_000;
    /** A client knows nothing of the package of products but these names. */
    private static final String PLUGIN = "org.calypsohsm.product.SecurityPlugin";
    private static final String PRODUCT = "hsm.product";
    private static final String ALG = "hsm.alg";
    private static final String NOTICE = "hsm.notice";

    private final Services services;
    private final AtomicReference<FeatureOperation> last = new AtomicReference<>();

    FeatureResource(Services services, Map<String, Handler> handlers) {
        this.services = services;
        handlers.put("products", this::products);
        handlers.put("features", this::features);
        handlers.put("impact", this::impact);
        handlers.put("change", this::change);
        handlers.put("progress", this::progress);
        handlers.put("cancel", this::cancel);
    }

    private static CompletionStage<Reply> done(JsonObjectBuilder json) {
        return CompletableFuture.completedFuture(Reply.of(json));
    }

    private CompletionStage<Reply> products(Call call) {
        JsonArrayBuilder all = Json.createArrayBuilder();
        services.references(PLUGIN).stream().filter(one -> one.getBundle() != null)
                .sorted(Comparator.comparing(one -> String.valueOf(one.getProperty(PRODUCT))))
                .forEach(one -> all.add(product(one)));
        return done(Json.createObjectBuilder().add("products", all));
    }

    private static JsonObjectBuilder product(ServiceReference<?> plugin) {
        Object ranking = plugin.getProperty(Constants.SERVICE_RANKING);
        JsonObjectBuilder one = Json.createObjectBuilder().add("product", String.valueOf(plugin.getProperty(PRODUCT)))
                .add("algs", Json.createArrayBuilder(numbers(plugin.getProperty(ALG))))
                .add("ranking", ranking instanceof Integer number ? number : 0)
                .add("bundle", plugin.getBundle().getSymbolicName() + " " + plugin.getBundle().getVersion());
        Object notice = plugin.getProperty(NOTICE);
        return notice == null ? one.addNull("notice") : one.add("notice", notice.toString());
    }

    private static List<?> numbers(Object property) {
        if (property == null || property instanceof Collection<?>) {
            return property == null ? List.of() : List.copyOf((Collection<?>) property);
        }
        return property.getClass().isArray()
                ? IntStream.range(0, Array.getLength(property)).mapToObj(index -> Array.get(property, index)).toList() : List.of(property);
    }

    private CompletionStage<Reply> features(Call call) throws Problem {
        JsonArrayBuilder all = Json.createArrayBuilder();
        services.use(FeatureManager.class, FeatureManager::features).forEach(info -> all.add(json(info)));
        return done(Json.createObjectBuilder().add("features", all));
    }

    private static JsonObjectBuilder json(FeatureInfo info) {
        return Json.createObjectBuilder().add("id", info.id()).add("name", info.name()).add("version", info.version())
                .add("kind", info.kind().name()).add("installed", info.installed()).add("available", info.available())
                .add("trust", info.trust()).add(MODULES, Json.createArrayBuilder(info.modules()))
                .add("algs", Json.createArrayBuilder(info.algs()));
    }

    private static FeatureChange read(Call call) throws IOException, Problem {
        call.read(ACT, FROM, TO, DRAIN);
        Duration drain = Duration.ofMillis(call.number(DRAIN, 0, LONGEST_DRAIN_MILLIS, FeatureChange.DEFAULT_DRAIN_TIMEOUT.toMillis()));
        try {
            return new FeatureChange(FeatureChange.Act.valueOf(String.valueOf(call.text(ACT))), call.text(FROM), call.text(TO), drain);
        } catch (IllegalArgumentException e) {
            throw new Problem(Problem.BAD_REQUEST, "act is INSTALL with to, SWAP with from and to, or UNINSTALL or UPDATE with from.");
        }
    }

    private CompletionStage<Reply> impact(Call call) throws IOException, Problem {
        FeatureChange change = read(call);
        FeatureImpact impact = services.use(FeatureManager.class, manager -> {
            try {
                return manager.impact(change);
            } catch (FeatureException e) {
                throw Errors.problem(e);
            }
        });
        JsonArrayBuilder modules = Json.createArrayBuilder();
        impact.modules().forEach(module -> modules.add(Json.createObjectBuilder().add("name", module.name())
                .add("channels", module.channels()).add("sessions", module.sessions())
                .add("longestSessionMillis", module.longestSession().toMillis())));
        JsonObjectBuilder json = Json.createObjectBuilder();
        json = impact.from() == null ? json.addNull(FROM) : json.add(FROM, impact.from());
        json = impact.to() == null ? json.addNull(TO) : json.add(TO, impact.to());
        return done(json.add(MODULES, modules).add("warnings", Json.createArrayBuilder(impact.warnings())));
    }

    private CompletionStage<Reply> change(Call call) throws IOException, Problem {
        FeatureChange change = read(call);
        FeatureOperation operation = services.use(FeatureManager.class, manager -> {
            try {
                return manager.begin(change);
            } catch (FeatureException e) {
                throw Errors.problem(e);
            }
        });
        last.set(operation);
        return operation.outcome().thenApply(outcome -> Reply.of(Json.createObjectBuilder().add("sentence", outcome.sentence())
                .add("moved", outcome.moved()).add("lost", outcome.lost()).add("tookMillis", outcome.took().toMillis())));
    }

    private FeatureOperation running() throws Problem {
        FeatureOperation operation = last.get();
        if (operation == null || operation.outcome().toCompletableFuture().isDone()) {
            throw new Problem(Problem.NOT_FOUND, "No change is in progress that this gateway began.");
        }
        return operation;
    }

    private CompletionStage<Reply> progress(Call call) throws Problem {
        FeatureOperation operation = running();
        return done(Json.createObjectBuilder().add("change", operation.change().toString()).add("step", operation.step())
                .add("channelsLeft", operation.channelsLeft()));
    }

    private CompletionStage<Reply> cancel(Call call) throws Problem {
        return done(Json.createObjectBuilder().add("cancelled", running().cancel()));
    }
}
