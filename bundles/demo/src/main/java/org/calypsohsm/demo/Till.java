package org.calypsohsm.demo;

import org.calypsohsm.card.Card;
import org.calypsohsm.card.CardCommands;
import org.calypsohsm.card.CardProduct;
import org.calypsohsm.card.Sale;
import org.calypsohsm.channel.Channel;
import org.calypsohsm.channel.ChannelException;

/** One open channel with the sales made over it, one after the other: each to another customer's card. */
final class Till {

    private final Channel channel;
    private final Season season;
    private int remaining;
    private CardProduct product;
    private Sale sale;

    Till(Channel channel, Season season, int sales) {
        this.channel = channel;
        this.season = season;
        this.remaining = sales;
    }

    boolean isDone() {
        return remaining == 0;
    }

    /** Does one exchange of the sale in progress. */
    void exchange(Figures figures) {
        if (sale == null) {
            begin();
        }
        String module = channel.module();
        boolean complete;
        try {
            complete = sale.exchange(channel::exchange);
        } catch (Sale.FailedException | ChannelException | RuntimeException e) {
            season.failed(channel.id(), module, product, e);
            figures.row(product, module).failed++;
            end();
            return;
        }
        Figures.Row row = figures.row(product, module);
        row.exchanges.recordValue(sale.samNanos());
        if (complete) {
            row.sessions++;
            end();
        }
    }

    private void begin() {
        int number = season.nextCustomer();
        product = season.product(number);
        Card card = season.card(product, number);
        sale = new Sale(card, CardCommands.of(product), number);
    }

    private void end() {
        sale = null;
        remaining--;
        season.ended();
    }

    void close() {
        channel.close();
    }
}
