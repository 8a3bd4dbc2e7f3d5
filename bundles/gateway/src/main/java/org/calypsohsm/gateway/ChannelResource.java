package org.calypsohsm.gateway;

import java.io.IOException;
import java.time.Duration;
import java.util.Base64;
import java.util.HexFormat;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;

import jakarta.json.Json;
import jakarta.json.JsonArrayBuilder;
import jakarta.json.JsonObjectBuilder;
import org.calypsohsm.channel.Channel;
import org.calypsohsm.channel.ChannelManager;
import org.calypsohsm.channel.ChannelReport;
import org.calypsohsm.channel.ChannelRequest;

/** Channels that are used by REST. Each belongs to the client that opened it, and ends with its lease. */
final class ChannelResource {

    private static final String CHANNEL = "channel";
    private static final String KEY_GROUP = "keyGroup";
    private static final String MODULE = "module";
    private static final String APDU = "apdu";
    private static final int CREATED = 201;
    private static final long LONGEST_DEADLINE_MILLIS = 600_000;

    private record Held(Channel channel, ClientAccount account) {
    }

    private final ChannelManager channels;
    private final long longestLeaseMillis;
    private final Map<Long, Held> held = new ConcurrentHashMap<>();
    private volatile boolean stopped;

    ChannelResource(ChannelManager channels, long longestLeaseMillis, Map<String, Handler> handlers) {
        this.channels = channels;
        this.longestLeaseMillis = longestLeaseMillis;
        handlers.put("channels", this::list);
        handlers.put("open", this::open);
        handlers.put("exchange", this::exchange);
        handlers.put("close", this::close);
    }

    private CompletionStage<Reply> list(Call call) {
        JsonArrayBuilder all = Json.createArrayBuilder();
        for (ChannelReport report : channels.channels()) {
            JsonObjectBuilder one = Json.createObjectBuilder().add("id", report.id()).add(KEY_GROUP, report.keyGroup())
                    .add("idleMillis", report.idle().toMillis()).add("sessionMillis", report.session().toMillis());
            all.add(report.module() == null ? one.addNull(MODULE) : one.add(MODULE, report.module()));
        }
        return CompletableFuture.completedFuture(Reply.of(Json.createObjectBuilder().add("channels", all)));
    }

    private CompletionStage<Reply> open(Call call) throws IOException, Problem {
        call.read(KEY_GROUP, "deadlineMillis", "leaseMillis");
        int group = (int) call.number(KEY_GROUP, 0, Integer.MAX_VALUE);
        long deadline = call.number("deadlineMillis", 0, LONGEST_DEADLINE_MILLIS, ChannelRequest.DEFAULT_DEADLINE.toMillis());
        long lease = Math.min(longestLeaseMillis,
                call.number("leaseMillis", 1, Long.MAX_VALUE, ChannelRequest.DEFAULT_IDLE_TIMEOUT.toMillis()));
        ClientAccount account = call.account();
        ApiServlet.checkKeyGroup(account, group);
        purge();
        if (!account.takeChannel()) {
            throw new Problem(Problem.UNAVAILABLE, "No channel: " + account.channelLimit() + "; close one.");
        }
        return channels.openAsync(new ChannelRequest(group, Duration.ofMillis(deadline), Duration.ofMillis(lease)))
                .whenComplete((channel, fault) -> {
                    if (fault != null) {
                        account.giveChannel();
                    }
                }).thenApply(channel -> opened(channel, account));
    }

    private Reply opened(Channel channel, ClientAccount account) {
        Held one = new Held(channel, account);
        held.put(channel.id(), one);
        if (stopped) {
            release(one);
        }
        return Reply.of(CREATED, Json.createObjectBuilder().add("id", channel.id()).add(KEY_GROUP, channel.keyGroup())
                .add(MODULE, channel.module()).add("atr", HexFormat.of().formatHex(channel.atr())).build());
    }

    private Held held(Call call) throws Problem {
        long number = call.pathNumber(CHANNEL, Long.MAX_VALUE);
        Held one = held.get(number);
        // Another client is not told whether there is one.
        if (one == null || one.account != call.account()) {
            throw new Problem(Problem.NOT_FOUND, "Client " + call.account().name() + " has no channel " + number + "; open one.");
        }
        return one;
    }

    private CompletionStage<Reply> exchange(Call call) throws IOException, Problem {
        Held one = held(call);
        byte[] command;
        boolean binary = call.isBinary();
        if (binary) {
            command = call.bytes();
        } else {
            call.read(APDU);
            command = apdu(call.text(APDU));
        }
        if (!call.account().mayExchange(1)) {
            throw new Problem(Problem.TOO_MANY_REQUESTS, "Channel " + one.channel.id() + " on module " + one.channel.module() + ": "
                    + call.account().exchangeLimit() + "; the channel stays open, try again.");
        }
        return one.channel.exchangeAsync(command).whenComplete((response, fault) -> {
            if (fault != null && !one.channel.isOpen()) {
                release(one);
            }
        }).thenApply(response -> binary ? Reply.binary(response)
                : Reply.of(Json.createObjectBuilder().add(APDU, Base64.getEncoder().encodeToString(response))));
    }

    private static byte[] apdu(String text) throws Problem {
        try {
            if (text != null) {
                return Base64.getDecoder().decode(text);
            }
        } catch (IllegalArgumentException e) {
            // Said below, without the text: it may be an APDU after all.
        }
        throw new Problem(Problem.BAD_REQUEST, "apdu is the command in Base64; or send it as application/octet-stream.");
    }

    private CompletionStage<Reply> close(Call call) throws Problem {
        release(held(call));
        return CompletableFuture.completedFuture(Reply.nothing());
    }

    private void release(Held one) {
        if (held.remove(one.channel.id(), one)) {
            one.channel.close();
            one.account.giveChannel();
        }
    }

    /** Forgets those whose leases ran out. */
    private void purge() {
        held.values().stream().filter(one -> !one.channel.isOpen()).forEach(this::release);
    }

    /** Closes the channels of a client. */
    void revoke(ClientAccount account) {
        held.values().stream().filter(one -> one.account == account).forEach(this::release);
    }

    /** Closes all channels. */
    void stop() {
        stopped = true;
        held.values().forEach(this::release);
    }
}
