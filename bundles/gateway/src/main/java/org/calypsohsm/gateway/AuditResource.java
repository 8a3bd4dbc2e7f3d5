package org.calypsohsm.gateway;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

import jakarta.json.Json;
import jakarta.json.JsonArrayBuilder;
import jakarta.json.JsonObjectBuilder;
import org.calypsohsm.audit.AuditEntry;
import org.calypsohsm.audit.AuditEvent;
import org.calypsohsm.audit.AuditReport;
import org.calypsohsm.audit.AuditTrail;

/** The audit log. */
final class AuditResource {

    private static final int MOST = 10_000;
    private static final int USUAL = 100;

    private final Services services;

    AuditResource(Services services, Map<String, Handler> handlers) {
        this.services = services;
        handlers.put("audit", this::tail);
        handlers.put("verifyAudit", this::verify);
    }

    private static CompletionStage<Reply> done(JsonObjectBuilder json) {
        return CompletableFuture.completedFuture(Reply.of(json));
    }

    private <R> R read(Services.Use<AuditTrail, R> use) throws Problem {
        try {
            return services.use(AuditTrail.class, use);
        } catch (IllegalStateException e) {
            throw new Problem(Problem.UNAVAILABLE, e.getMessage());
        }
    }

    private CompletionStage<Reply> tail(Call call) throws Problem {
        int count = (int) call.queryNumber("count", 1, MOST, USUAL);
        List<AuditEntry> entries = read(trail -> trail.tail(count));
        JsonArrayBuilder all = Json.createArrayBuilder();
        for (AuditEntry entry : entries) {
            AuditEvent event = entry.event();
            all.add(Json.createObjectBuilder().add("sequence", entry.sequence()).add("time", event.time().toString())
                    .add("act", event.act()).add("subject", event.subject()).add("actor", event.actor())
                    .add("outcome", event.outcome()));
        }
        return done(Json.createObjectBuilder().add("entries", all));
    }

    private CompletionStage<Reply> verify(Call call) throws IOException, Problem {
        call.read();
        AuditReport report = read(AuditTrail::verify);
        return done(Json.createObjectBuilder().add("finding", report.finding().name()).add("badEntry", report.badEntry())
                .add("entries", report.entries()).add("signed", report.signed()).add("sentence", report.sentence()));
    }
}
