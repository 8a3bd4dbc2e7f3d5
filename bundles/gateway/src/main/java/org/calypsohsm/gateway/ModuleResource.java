package org.calypsohsm.gateway;

import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;

import jakarta.json.Json;
import jakarta.json.JsonArrayBuilder;
import jakarta.json.JsonObjectBuilder;
import org.calypsohsm.channel.ChannelManager;
import org.calypsohsm.channel.ModuleReport;

/** Security modules. */
final class ModuleResource {

    private static final String MODULE = "module";
    private static final long DRAIN_MILLIS = 30_000;
    private static final long LONGEST_DRAIN_MILLIS = 3_600_000;

    private final ChannelManager channels;

    ModuleResource(ChannelManager channels, Map<String, Handler> handlers) {
        this.channels = channels;
        handlers.put("modules", this::list);
        handlers.put("drain", this::drain);
        handlers.put("undrain", this::undrain);
        handlers.put("selfTest", this::selfTest);
    }

    private CompletionStage<Reply> list(Call call) {
        JsonArrayBuilder modules = Json.createArrayBuilder();
        channels.modules().forEach(report -> modules.add(json(report)));
        return done(Json.createObjectBuilder().add("modules", modules));
    }

    private static CompletionStage<Reply> done(JsonObjectBuilder json) {
        return CompletableFuture.completedFuture(Reply.of(json));
    }

    private static JsonObjectBuilder json(ModuleReport report) {
        return Json.createObjectBuilder().add("name", report.name()).add("kind", report.kind())
                .add("serialNumber", report.serialNumber()).add("emulated", report.emulated()).add("state", report.state())
                .add("sentence", report.sentence()).add("channelsTotal", report.channelsTotal())
                .add("channelsInUse", report.channelsInUse())
                .add("keyGroups", Json.createArrayBuilder(report.keyGroups().stream().sorted().toList()))
                .add("exchanges", report.exchanges()).add("movedIn", report.movedIn()).add("movedOut", report.movedOut())
                .add("lost", report.lost()).add("version", report.version()).add("operationsUsed", report.operationsUsed())
                .add("operationsTotal", report.operationsTotal());
    }

    private CompletionStage<Reply> drain(Call call) throws IOException, Problem {
        call.read("deadlineMillis");
        Duration deadline = Duration.ofMillis(call.number("deadlineMillis", 0, LONGEST_DRAIN_MILLIS, DRAIN_MILLIS));
        return known(() -> channels.drain(call.path(MODULE), deadline)).thenApply(report -> Reply.of(Json.createObjectBuilder()
                .add(MODULE, report.module()).add("moved", report.moved()).add("closed", report.closed()).add("lost", report.lost())
                .add("waiting", report.waiting()).add("tookMillis", report.took().toMillis())));
    }

    private CompletionStage<Reply> undrain(Call call) throws IOException, Problem {
        call.read();
        return known(() -> {
            channels.undrain(call.path(MODULE));
            return CompletableFuture.completedFuture(Reply.nothing());
        });
    }

    private CompletionStage<Reply> selfTest(Call call) throws IOException, Problem {
        call.read();
        return known(() -> done(json(channels.selfTest(call.path(MODULE)))));
    }

    private static <T> T known(Supplier<T> act) throws Problem {
        try {
            return act.get();
        } catch (IllegalArgumentException e) {
            throw new Problem(Problem.NOT_FOUND, e.getMessage());
        } catch (IllegalStateException e) {
            // It could not be recorded.
            throw new Problem(Problem.UNAVAILABLE, e.getMessage());
        }
    }
}
