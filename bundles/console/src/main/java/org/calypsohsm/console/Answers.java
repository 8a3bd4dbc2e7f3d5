package org.calypsohsm.console;

import java.util.List;
import java.util.TreeSet;

import org.calypsohsm.audit.AuditEntry;
import org.calypsohsm.audit.AuditEvent;
import org.calypsohsm.channel.ModuleReport;
import org.calypsohsm.feature.FeatureImpact;
import org.calypsohsm.feature.FeatureInfo;
import org.calypsohsm.monitoring.Caller;
import org.calypsohsm.monitoring.EventCounter;
import org.calypsohsm.monitoring.Services.OfStore;

import jakarta.json.JsonArrayBuilder;
import jakarta.json.JsonObjectBuilder;
import jakarta.json.spi.JsonProvider;

/** Puts what the page shows into JSON. What is not written here is not shown: no key value and no APDU comes this way. */
final class Answers {

    private static final double TENTHS = 10;
    private static final double THOUSANDTHS = 1000;

    private final JsonProvider json = JsonProvider.provider();

    JsonObjectBuilder object() {
        return json.createObjectBuilder();
    }

    JsonObjectBuilder caller(Caller caller, boolean swaps, boolean audits) {
        JsonArrayBuilder roles = json.createArrayBuilder();
        caller.roles().stream().sorted().forEach(role -> roles.add(role.name()));
        return object().add("name", caller.name()).add("roles", roles).add("swaps", swaps).add("audits", audits);
    }

    JsonObjectBuilder verdict(Verdict verdict) {
        JsonArrayBuilder problems = json.createArrayBuilder();
        verdict.problems().forEach(problem -> problems.add(object().add("level", problem.level().name())
                .add("sentence", problem.sentence()).add("action", problem.action())));
        return object().add("level", verdict.level().name()).add("headline", verdict.headline()).add("problems", problems);
    }

    JsonArrayBuilder modules(Look look, History history) {
        JsonArrayBuilder modules = json.createArrayBuilder();
        for (ModuleReport module : look.modules()) {
            JsonArrayBuilder groups = json.createArrayBuilder();
            new TreeSet<>(module.keyGroups()).forEach(groups::add);
            JsonObjectBuilder one = object().add("name", module.name()).add("kind", module.kind()).add("serial", module.serialNumber())
                    .add("emulated", module.emulated()).add("state", module.state()).add("sentence", module.sentence())
                    .add("total", module.channelsTotal()).add("inUse", module.channelsInUse()).add("keyGroups", groups)
                    .add("exchanges", module.exchanges()).add("rate", rounded(history.rate(module.name()), TENTHS))
                    .add("movedIn", module.movedIn()).add("movedOut", module.movedOut()).add("lost", module.lost());
            if (module.operationsTotal() > 0) {
                one.add("used", module.operationsUsed()).add("lifetime", module.operationsTotal());
            }
            modules.add(one);
        }
        return modules;
    }

    JsonArrayBuilder stores(Look look, History history, long now) {
        JsonArrayBuilder stores = json.createArrayBuilder();
        look.stores().forEach(store -> {
            JsonArrayBuilder groups = json.createArrayBuilder();
            look.groups().stream().filter(group -> group.name().equals(store.name())).map(OfStore::value)
                    .forEach(group -> groups.add(object().add("number", group.number()).add("inUse", group.inUse())
                            .add("quota", group.quota()).add("counters", counters(look, history, now, store.name(), group.number()))));
            stores.add(object().add("name", store.name()).add("state", store.value().state().name())
                    .add("sentence", store.value().sentence()).add("groups", groups));
        });
        return stores;
    }

    private JsonArrayBuilder counters(Look look, History history, long now, String store, int group) {
        JsonArrayBuilder counters = json.createArrayBuilder();
        look.counters().stream().filter(of -> of.name().equals(store) && of.value().group() == group).forEach(of -> {
            EventCounter counter = of.value();
            JsonArrayBuilder keys = json.createArrayBuilder();
            counter.keys().forEach(keys::add);
            JsonObjectBuilder one = object().add("number", counter.number()).add("value", counter.value())
                    .add("ceiling", counter.ceiling()).add("percent", counter.percent()).add("keys", keys);
            double daysLeft = history.daysLeft(now, of, CounterUse.LEAST);
            double perDay = history.perDay(now, of);
            if (daysLeft >= 0 && Double.isFinite(daysLeft)) {
                one.add("daysLeft", rounded(daysLeft, TENTHS));
            }
            if (perDay >= 0) {
                one.add("perDay", Math.round(perDay));
            }
            counters.add(one);
        });
        return counters;
    }

    JsonArrayBuilder products(Look look) {
        JsonArrayBuilder products = json.createArrayBuilder();
        look.products().forEach(product -> {
            JsonArrayBuilder algs = json.createArrayBuilder();
            product.algs().forEach(alg -> algs.add(String.format("%02X", alg)));
            products.add(object().add("name", product.name()).add("algs", algs).add("bundle", product.bundle())
                    .add("notice", product.notice()));
        });
        return products;
    }

    JsonArrayBuilder features(List<FeatureInfo> features) {
        JsonArrayBuilder array = json.createArrayBuilder();
        features.forEach(feature -> array.add(object().add("id", feature.id()).add("name", feature.name())
                .add("version", feature.version()).add("kind", feature.kind().name()).add("installed", feature.installed())
                .add("available", feature.available())));
        return array;
    }

    JsonObjectBuilder progress(Swaps.Progress progress) {
        return object().add("change", progress.change()).add("by", progress.by()).add("running", progress.running())
                .add("well", progress.well()).add("sentence", progress.sentence()).add("channelsLeft", progress.channelsLeft());
    }

    JsonObjectBuilder impact(FeatureImpact impact) {
        JsonArrayBuilder modules = json.createArrayBuilder();
        impact.modules().forEach(module -> modules.add(object().add("name", module.name()).add("channels", module.channels())
                .add("sessions", module.sessions()).add("longestSessionMillis", module.longestSession().toMillis())));
        JsonArrayBuilder warnings = json.createArrayBuilder();
        impact.warnings().forEach(warnings::add);
        return object().add("from", impact.from()).add("to", impact.to()).add("modules", modules).add("warnings", warnings);
    }

    JsonArrayBuilder points(List<History.Point> points) {
        JsonArrayBuilder array = json.createArrayBuilder();
        points.forEach(point -> array.add(json.createArrayBuilder().add(point.number()).add(point.millis()).add(point.inUse())
                .add(point.waiting()).add(rounded(point.perSecond(), TENTHS)).add(rounded(point.median(), THOUSANDTHS))
                .add(rounded(point.most(), THOUSANDTHS))));
        return array;
    }

    JsonArrayBuilder audit(List<AuditEntry> entries) {
        JsonArrayBuilder array = json.createArrayBuilder();
        for (AuditEntry entry : entries) {
            AuditEvent event = entry.event();
            array.add(object().add("number", entry.sequence()).add("time", event.time().toString()).add("act", event.act())
                    .add("subject", event.subject()).add("actor", event.actor()).add("outcome", event.outcome()));
        }
        return array;
    }

    private static double rounded(double value, double parts) {
        return Math.round(value * parts) / parts;
    }
}
