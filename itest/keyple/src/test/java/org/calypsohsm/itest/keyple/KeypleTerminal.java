package org.calypsohsm.itest.keyple;

import java.util.HexFormat;

import org.calypsohsm.card.Card;
import org.calypsohsm.card.CardCommands;
import org.calypsohsm.card.CardProduct;
import org.calypsohsm.channel.Channel;
import org.calypsohsm.itest.keyple.adapter.ChannelReader;
import org.calypsohsm.itest.keyple.adapter.ReaderPlugin;
import org.calypsohsm.itest.keyple.adapter.SimulatedCardReader;
import org.eclipse.keyple.card.calypso.CalypsoExtensionService;
import org.eclipse.keyple.card.calypso.crypto.legacysam.LegacySamExtensionService;
import org.eclipse.keyple.card.calypso.crypto.legacysam.LegacySamUtil;
import org.eclipse.keyple.core.service.Plugin;
import org.eclipse.keyple.core.service.SmartCardService;
import org.eclipse.keyple.core.service.SmartCardServiceProvider;
import org.eclipse.keypop.calypso.card.CalypsoCardApiFactory;
import org.eclipse.keypop.calypso.card.WriteAccessLevel;
import org.eclipse.keypop.calypso.card.card.CalypsoCard;
import org.eclipse.keypop.calypso.card.transaction.SecureExtendedModeTransactionManager;
import org.eclipse.keypop.calypso.card.transaction.SecureRegularModeTransactionManager;
import org.eclipse.keypop.calypso.card.transaction.SymmetricCryptoSecuritySetting;
import org.eclipse.keypop.calypso.crypto.legacysam.LegacySamApiFactory;
import org.eclipse.keypop.calypso.crypto.legacysam.sam.LegacySam;
import org.eclipse.keypop.calypso.crypto.legacysam.sam.LegacySamSelectionExtension;
import org.eclipse.keypop.reader.CardReader;
import org.eclipse.keypop.reader.ReaderApiFactory;
import org.eclipse.keypop.reader.selection.CardSelectionManager;
import org.eclipse.keypop.reader.selection.CardSelector;
import org.eclipse.keypop.reader.selection.spi.CardSelectionExtension;
import org.eclipse.keypop.reader.selection.spi.SmartCard;

/** A terminal as a vending server writes it: Keyple with a channel in its SAM reader and a card in its card reader. */
final class KeypleTerminal implements AutoCloseable {

    private static final SmartCardService KEYPLE = SmartCardServiceProvider.getService();
    private static final ReaderApiFactory READERS = KEYPLE.getReaderApiFactory();
    private static final CalypsoCardApiFactory CARDS = CalypsoExtensionService.getInstance().getCalypsoCardApiFactory();
    private static final LegacySamApiFactory SAMS = LegacySamExtensionService.getInstance().getLegacySamApiFactory();
    private static final byte[] TICKETING = HexFormat.of().parseHex("315449432E494341");
    private static final WriteAccessLevel[] LEVELS =
            {WriteAccessLevel.PERSONALIZATION, WriteAccessLevel.LOAD, WriteAccessLevel.DEBIT};

    private final String name;
    private final CardProduct product;
    private final CardReader samReader;
    private final CardReader cardReader;
    private LegacySam sam;

    KeypleTerminal(String name, Channel channel, Card card) {
        this(name, channel, card, new SimulatedCardReader("card of " + name, card, true));
    }

    KeypleTerminal(String name, Channel channel, Card card, SimulatedCardReader reader) {
        this.name = name;
        this.product = card.product();
        ChannelReader channelReader = new ChannelReader("SAM of " + name, channel);
        Plugin plugin = KEYPLE.registerPlugin(new ReaderPlugin(name, channelReader, reader));
        samReader = plugin.getReader(channelReader.getName());
        cardReader = plugin.getReader(reader.getName());
    }

    /**
     * Selects the SAM with Keyple's own filter, if Keyple has a working one for the type.
     *
     * @param type type that the SAM must be found to have
     */
    KeypleTerminal selectSam(LegacySam.ProductType type) {
        CardSelector<?> selector = READERS.createBasicCardSelector();
        LegacySamSelectionExtension extension = SAMS.createLegacySamSelectionExtension();
        // Keyple's filter for S1D is one digit short, and its selection step speaks class 80 whatever the ATR says.
        if (type != LegacySam.ProductType.SAM_S1DX) {
            selector.filterByPowerOnData(LegacySamUtil.buildPowerOnDataFilter(type, null));
            extension.prepareReadWorkKeyParameters(kif(CardCommands.LOAD), (byte) product.kvc());
        }
        sam = (LegacySam) select(samReader, selector, extension);
        return this;
    }

    LegacySam sam() {
        return sam;
    }

    /** Selects the ticketing application by its name. */
    CalypsoCard selectCard() {
        return (CalypsoCard) select(cardReader, READERS.createIsoCardSelector().filterByDfName(TICKETING),
                CARDS.createCalypsoCardSelectionExtension());
    }

    /** Selects the ticketing application even if it is invalidated, which Keyple else takes for no card at all. */
    CalypsoCard selectInvalidatedCard() {
        return (CalypsoCard) select(cardReader, READERS.createIsoCardSelector().filterByDfName(TICKETING),
                CARDS.createCalypsoCardSelectionExtension().acceptInvalidatedCard());
    }

    /** Takes a revision 1 card as its answer to reset shows it. */
    CalypsoCard selectRevision1Card() {
        return (CalypsoCard) select(cardReader, READERS.createBasicCardSelector().filterByPowerOnData("3B8F8001805A.{12}.{8}829000.."),
                CARDS.createCalypsoCardSelectionExtension());
    }

    private static SmartCard select(CardReader reader, CardSelector<?> selector, CardSelectionExtension extension) {
        CardSelectionManager manager = READERS.createCardSelectionManager();
        manager.prepareSelection(selector, extension);
        SmartCard selected = manager.processCardSelectionScenario(reader).getActiveSmartCard();
        if (selected == null) {
            throw new AssertionError("Keyple selected nothing in the reader '" + reader.getName() + "'.");
        }
        return selected;
    }

    /** The settings that a deployer makes for the product: Keyple asks for them where a card doesn't tell its keys. */
    SymmetricCryptoSecuritySetting settings() {
        return settings(product.kvc());
    }

    SymmetricCryptoSecuritySetting settings(int defaultKvc) {
        SymmetricCryptoSecuritySetting settings =
                CARDS.createSymmetricCryptoSecuritySetting(SAMS.createSymmetricCryptoCardTransactionManagerFactory(samReader, sam))
                        .enableRatificationMechanism();
        for (int i = 0; i < LEVELS.length; i++) {
            settings.assignDefaultKif(LEVELS[i], kif(i + 1)).assignDefaultKvc(LEVELS[i], (byte) defaultKvc);
        }
        return settings;
    }

    private byte kif(int keyIndex) {
        return (byte) CardCommands.of(product).kif(keyIndex);
    }

    SecureRegularModeTransactionManager regular(CalypsoCard card, SymmetricCryptoSecuritySetting settings) {
        return CARDS.createSecureRegularModeTransactionManager(cardReader, card, settings);
    }

    SecureExtendedModeTransactionManager extended(CalypsoCard card) {
        return extended(card, settings());
    }

    SecureExtendedModeTransactionManager extended(CalypsoCard card, SymmetricCryptoSecuritySetting settings) {
        return CARDS.createSecureExtendedModeTransactionManager(cardReader, card, settings);
    }

    @Override
    public void close() {
        KEYPLE.unregisterPlugin(name);
    }
}
