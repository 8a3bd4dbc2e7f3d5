package org.calypsohsm.itest.card;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

import org.calypsohsm.channel.Channel;
import org.calypsohsm.channel.ChannelRequest;
import org.calypsohsm.manager.Managed;
import org.calypsohsm.provider.pcis3device.Driven;

/** The process whose heap is looked at: it opens sessions with the keys of a card, says so, and stays until its input ends. */
final class Container {

    private static final int SESSIONS = 20;
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private Container() {
    }

    /**
     * Runs it.
     *
     * @param arguments socket and serial number of the card
     */
    public static void main(String[] arguments) throws Exception {
        Managed managed = new Managed();
        managed.bind(Driven.start("main", Path.of(arguments[0]), arguments[1]));
        List<Channel> channels = new ArrayList<>();
        for (int i = 0; i < SESSIONS; i++) {
            Channel channel = managed.channels().open(ChannelRequest.forKeyGroup(0).withDeadline(PATIENCE));
            Sessions.begin(channel);
            channels.add(channel);
        }
        System.out.println("Ready");
        System.in.read();
        // Here, so that they are alive until now.
        channels.forEach(Channel::close);
    }
}
