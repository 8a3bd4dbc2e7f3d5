package org.calypsohsm.sams20card;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.ToIntFunction;

import org.calypsohsm.key.KeyStore;
import org.calypsohsm.module.SamEmulation;
import org.calypsohsm.module.SamForm;
import org.calypsohsm.virtualreader.CardProgram;
import org.calypsohsm.virtualreader.VirtualCard;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;

/**
 * The command {@code sam-s20-card}: inserts simulated cards into the virtual reader, and stays until it is told to end.
 * Options: {@code port}, {@code cards}, {@code serial} (Integer: of the first card; each further card has the next port and
 * serial number), {@code lifetime} (Long), {@code form} (String), {@code control} (Boolean: takes words for the only card from
 * the input, and ends with it).
 */
@Component(property = "hsm.command=sam-s20-card")
public final class SamS20CardCommand implements ToIntFunction<Map<String, Object>> {

    private static final int EXIT_FAILED = 1;
    private static final int VERSION = 1;

    private final KeyStore keyStore;
    private final SamEmulation emulation;

    /**
     * Makes the command.
     *
     * @param keyStore  key groups of the cards
     * @param emulation makes the SAM of the cards
     */
    @Activate
    public SamS20CardCommand(@Reference KeyStore keyStore, @Reference SamEmulation emulation) {
        this.keyStore = keyStore;
        this.emulation = emulation;
    }

    @Override
    public int applyAsInt(Map<String, Object> options) {
        int port = (Integer) options.get("port");
        int count = (Integer) options.get("cards");
        int serial = (Integer) options.get("serial");
        List<VirtualCard> inserted = new ArrayList<>();
        try {
            for (int i = 0; i < count; i++) {
                SamS20Card card = new SamS20Card(keyStore, emulation, SamForm.valueOf((String) options.get("form")), serial + i,
                        VERSION, (Long) options.get("lifetime"));
                VirtualCard virtual = new VirtualCard(card, port + i);
                if (Boolean.TRUE.equals(options.get("control"))) {
                    CardProgram.run(virtual, System.in, System.out, new SamS20CardWords(card, virtual)::say);
                    return 0;
                }
                virtual.insert();
                inserted.add(virtual);
                System.out.printf("A simulated SAM-S20 with serial number %08X is in the virtual reader, port %d.%n", serial + i,
                        port + i);
            }
            // Until the process is told to end.
            Thread.currentThread().join();
            return 0;
        } catch (IOException e) {
            System.err.println("hsm sam-s20-card: there is no virtual reader at port " + (port + inserted.size()) + " (" + e.getMessage()
                    + "); install pcscd and vsmartcard-vpcd, and start pcscd as root: pcscd --foreground.");
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        return EXIT_FAILED;
    }
}
