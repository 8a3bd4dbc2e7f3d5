package org.calypsohsm.gateway;

import java.io.IOException;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

import jakarta.servlet.AsyncContext;
import jakarta.servlet.Servlet;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import org.calypsohsm.audit.AuditLog;
import org.calypsohsm.auditing.AuditClient;
import org.calypsohsm.channel.ChannelManager;
import org.osgi.framework.BundleContext;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.ConfigurationPolicy;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;
import org.osgi.service.component.annotations.ReferenceCardinality;
import org.osgi.service.component.annotations.ReferencePolicy;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The REST requests: finds the operation in the OpenAPI document, checks what it says of roles, and has it carried out. */
@Component(service = Servlet.class, configurationPid = Gateway.PID, configurationPolicy = ConfigurationPolicy.REQUIRE,
        property = {"osgi.http.whiteboard.servlet.pattern=/api/v1/*", "osgi.http.whiteboard.servlet.asyncSupported:Boolean=true",
            HsmContext.SELECT})
public final class ApiServlet extends HttpServlet {

    private static final long serialVersionUID = 1L;
    private static final Logger LOG = LoggerFactory.getLogger(ApiServlet.class);

    private final transient ApiDocument document = new ApiDocument();
    private final transient Map<String, Handler> handlers;
    private final transient ChannelResource channelResource;
    private final transient AuditClient audit;

    /**
     * Makes the servlet.
     *
     * @param context  context of the bundle
     * @param config   configuration of the gateway
     * @param channels the channel manager
     */
    @Activate
    public ApiServlet(BundleContext context, Gateway.Config config, @Reference ChannelManager channels) {
        audit = new AuditClient("Gateway", Gateway.PID, config.auditRequired());
        handlers = new TreeMap<>();
        Services services = new Services(context);
        handlers.put("document", call -> CompletableFuture.completedFuture(new Reply(HttpServletResponse.SC_OK, "application/json",
                document.bytes())));
        new ModuleResource(channels, handlers);
        channelResource = new ChannelResource(channels, config.longestLeaseMillis(), handlers);
        new KeyResource(services, handlers);
        new FeatureResource(services, handlers);
        new AuditResource(services, handlers);
    }

    @Reference(cardinality = ReferenceCardinality.OPTIONAL, policy = ReferencePolicy.DYNAMIC)
    void bindAuditLog(AuditLog log) {
        audit.come(log);
    }

    void unbindAuditLog(AuditLog log) {
        audit.go(log);
    }

    @Reference(cardinality = ReferenceCardinality.MULTIPLE, policy = ReferencePolicy.DYNAMIC)
    void bindAccount(ClientAccount account) {
        // Requests come with theirs.
    }

    void unbindAccount(ClientAccount account) {
        channelResource.revoke(account);
    }

    /** Closes the channels that were opened by REST. */
    @Deactivate
    void stop() {
        channelResource.stop();
        audit.stop();
    }

    /** @return what the code carries out, by the identifiers of the document */
    Map<String, Handler> handlers() {
        return handlers;
    }

    static void checkKeyGroup(ClientAccount account, int group) throws Problem {
        if (!account.keyGroups().contains(group)) {
            throw new Problem(Problem.FORBIDDEN, "Client " + account.name() + " may not use key group " + group + ".");
        }
    }

    @Override
    protected void service(HttpServletRequest request, HttpServletResponse response) throws IOException {
        CompletionStage<Reply> reply;
        try {
            reply = begin(request, response);
        } catch (Problem problem) {
            problem.write(response);
            return;
        } catch (RuntimeException e) {
            failure(request, e).write(response);
            return;
        }
        CompletableFuture<Reply> answer = reply.toCompletableFuture();
        if (answer.isDone()) {
            answer.handle((done, fault) -> write(request, response, done, fault));
            return;
        }
        // No thread waits for a drain or an exchange.
        AsyncContext async = request.startAsync();
        async.setTimeout(0);
        answer.handle((done, fault) -> write(request, response, done, fault)).whenComplete((done, fault) -> async.complete());
    }

    private static Void write(HttpServletRequest request, HttpServletResponse response, Reply reply, Throwable fault) {
        try {
            if (fault == null) {
                reply.write(response);
            } else {
                Problem known = Errors.problem(fault);
                (known == null ? failure(request, fault) : known).write(response);
            }
        } catch (IOException e) {
            LOG.debug("An answer does not reach its client: {}", e.toString());
        }
        return null;
    }

    private static Problem failure(HttpServletRequest request, Throwable fault) {
        LOG.error("{} {} failed.", request.getMethod(), request.getPathInfo(), fault);
        return new Problem(Problem.INTERNAL, "The gateway failed, and its log says why.");
    }

    private CompletionStage<Reply> begin(HttpServletRequest request, HttpServletResponse response) throws IOException, Problem {
        ApiDocument.Match match = request.getPathInfo() == null ? null : document.match(request.getPathInfo());
        if (match == null) {
            throw new Problem(Problem.NOT_FOUND, "There is no such path; see /api/v1/openapi.json.");
        }
        ApiDocument.Operation operation = match.methods().get(request.getMethod());
        if (operation == null) {
            response.setHeader("Allow", String.join(", ", match.methods().keySet()));
            throw new Problem(Problem.METHOD_NOT_ALLOWED, "This path takes " + String.join(", ", match.methods().keySet()) + ".");
        }
        ClientAccount account = HsmContext.account(request);
        if (!operation.isFor(account)) {
            LOG.warn("Client {} lacks a role for {}.", account.name(), operation.id());
            audit.note("gateway.refused", operation.id(), "Client " + account.name() + " lacks the role for it.");
            throw new Problem(Problem.FORBIDDEN, "Client " + account.name() + " lacks the role for this; it takes one of "
                    + operation.roles().stream().sorted().toList() + ".");
        }
        Call call = new Call(request, account, match.parameters());
        if (operation.keyGroup() != null) {
            checkKeyGroup(account, (int) call.pathNumber(operation.keyGroup(), Integer.MAX_VALUE));
        }
        if (operation.recorded()) {
            record(operation, match.parameters(), account);
        }
        return handlers.get(operation.id()).handle(call);
    }

    private void record(ApiDocument.Operation operation, Map<String, String> parameters, ClientAccount account) throws Problem {
        try {
            audit.order("gateway." + operation.id(), parameters.isEmpty() ? operation.template() : parameters.toString(), account.name(),
                    "It was asked for over the gateway.");
        } catch (IllegalStateException e) {
            throw new Problem(Problem.UNAVAILABLE, e.getMessage());
        }
    }
}
