package org.calypsohsm.itest.launcher;

import java.util.ArrayList;
import java.util.List;

import org.calypsohsm.card.Card;
import org.calypsohsm.card.CardCommands;
import org.calypsohsm.card.CardProduct;
import org.calypsohsm.card.Sale;

import com.spirtech.csm.Csm;
import com.spirtech.csm.CsmChannel;
import com.spirtech.csm.CsmSystem;

/** A server that knows only the library for PCI-S3 and SAM-S20, and sells in a plain process: see EmbeddedIT. */
public final class EmbeddingServer {

    private EmbeddingServer() {
    }

    /**
     * Initializes the library, sells, and frees it, twice.
     *
     * @param arguments {@code forgets} to initialize it once, and to end without freeing it
     * @throws Exception if anything fails
     */
    public static void main(String[] arguments) throws Exception {
        CsmSystem system = CsmSystem.getInstance();
        if (arguments.length > 0) {
            system.Initialize();
            System.out.println(system.getCsmList().get(0).channelOpen(0).getCsm());
            return;
        }
        for (int round = 0; round < 2; round++) {
            system.Initialize();
            List<CsmChannel> channels = new ArrayList<>();
            for (Csm csm : system.getCsmList()) {
                System.out.printf("%s: %08X, version %d, %d channels%n", csm, csm.getInfos().getSerialNumber(),
                        csm.getInfos().getCsmVersion(), csm.getInfos().getChannelsTotal());
            }
            Csm first = system.getCsmList().get(0);
            int number = 0;
            for (CardProduct product : CardProduct.values()) {
                CsmChannel channel = first.channelOpen(0);
                channels.add(channel);
                Card card = Card.builder(product).keyGroup(0).serialNumber(number).build();
                Sale sale = new Sale(card, CardCommands.of(product), number++);
                boolean complete = false;
                while (!complete) {
                    complete = sale.exchange(channel::apduExchange);
                }
                System.out.println("sold " + product + " on " + channel.getCsm());
            }
            system.Free();
            System.out.println("freed " + channels.size());
        }
    }
}
