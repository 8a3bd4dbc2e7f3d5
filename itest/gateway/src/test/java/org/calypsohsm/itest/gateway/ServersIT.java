package org.calypsohsm.itest.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.TimeUnit;

import org.awaitility.Awaitility;
import org.calypsohsm.card.Card;
import org.calypsohsm.card.CardCommands;
import org.calypsohsm.card.CardProduct;
import org.calypsohsm.card.Sale;
import org.calypsohsm.gateway.client.ConfiguredGatewayClient;
import org.calypsohsm.gateway.client.GatewayClient;
import org.calypsohsm.keyple.ChannelPluginFactory;
import org.calypsonet.terminal.reader.CardReader;
import org.eclipse.keyple.core.common.KeypleReaderExtension;
import org.eclipse.keyple.core.plugin.spi.reader.ReaderSpi;
import org.eclipse.keyple.core.service.KeyplePluginException;
import org.eclipse.keyple.core.service.PoolPlugin;
import org.eclipse.keyple.core.service.SmartCardServiceProvider;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import com.spirtech.csm.Csm;
import com.spirtech.csm.CsmChannel;
import com.spirtech.csm.CsmException;
import com.spirtech.csm.CsmInfoRecord;
import com.spirtech.csm.CsmKeyInfo;
import com.spirtech.csm.CsmSystem;

/** Servers for Lib-S3 and terminals with Keyple sell through the gateway, and do not know it. */
class ServersIT {

    private static GatewayProcess gateway;

    @BeforeAll
    static void start(@TempDir Path folder) throws Exception {
        gateway = new GatewayProcess(folder).start();
        gateway.configureClient(GatewayProcess.VENDING);
    }

    @AfterAll
    static void stop() throws Exception {
        List.of(ConfiguredGatewayClient.GATEWAY, ConfiguredGatewayClient.KEY_STORE, ConfiguredGatewayClient.PASSWORD_FILE,
                ConfiguredGatewayClient.AUTHORITY).forEach(System::clearProperty);
        gateway.close();
    }

    private static void awaitChannels(int number) {
        Awaitility.await("channels in use").atMost(Duration.ofSeconds(60)).until(
                () -> gateway.send("AUDITOR", "GET", "/channels", null).body().split("\"idleMillis\"", -1).length - 1 == number);
    }

    private static <E extends Exception> void sell(Sale.Sam<E> sam, CardProduct product, int number) throws Exception {
        Sale sale = new Sale(Card.builder(product).keyGroup(0).serialNumber(number).build(), CardCommands.of(product), number);
        boolean complete = false;
        while (!complete) {
            complete = sale.exchange(sam);
        }
    }

    private static void drain(String module) throws Exception {
        try (GatewayClient operator = gateway.client("OPERATOR", 1)) {
            operator.drain(module, Duration.ofSeconds(20)).toCompletableFuture().get(60, TimeUnit.SECONDS);
        }
    }

    private static void undrain(String module) throws Exception {
        try (GatewayClient operator = gateway.client("OPERATOR", 1)) {
            operator.undrain(module);
        }
    }

    @Test
    void aServerForLibS3SellsAndIsMovedFromModuleToModule() throws Exception {
        CsmSystem system = CsmSystem.getInstance();
        system.Initialize();
        try {
            assertThat(system.getCsmList()).extracting(Csm::toString).containsExactly("main", "spare");
            Csm csm = system.getCsmList().get(0);
            assertThat(csm.getKeyList()).extracting(CsmKeyInfo::getKeyGroup).containsExactly(0, 1);
            assertThatThrownBy(() -> csm.channelOpen(7)).isInstanceOfSatisfying(CsmException.class,
                    fault -> assertThat(fault.getCode()).isEqualTo(CsmException.kHsmErrKeyGroup));
            List<CsmChannel> channels = new ArrayList<>();
            for (CardProduct product : CardProduct.values()) {
                CsmChannel channel = csm.channelOpen(0);
                channels.add(channel);
                sell(channel::apduExchange, product, 1);
            }
            awaitChannels(channels.size());
            drain("main");
            try {
                sell(channels.get(0)::apduExchange, CardProduct.CD97, 2);
                CsmChannel elsewhere = csm.channelOpen(0);
                channels.add(elsewhere);
                CsmInfoRecord infos = elsewhere.getCsm().getInfos();
                assertThat(infos.getSerialNumber()).isEqualTo(0xB0000002);
            } finally {
                undrain("main");
            }
        } finally {
            system.Free();
        }
        awaitChannels(0);
    }

    @Test
    void aTerminalWithKeypleSellsAndIsMovedFromModuleToModule() throws Exception {
        try (ConfiguredGatewayClient channels = new ConfiguredGatewayClient()) {
            PoolPlugin plugin = (PoolPlugin) SmartCardServiceProvider.getService().registerPlugin(
                    new ChannelPluginFactory(channels));
            try {
                assertThat(plugin.getReaderGroupReferences()).containsExactly("0", "1");
                assertThatThrownBy(() -> plugin.allocateReader("7")).isInstanceOf(KeyplePluginException.class);
                CardReader reader = plugin.allocateReader("0");
                ReaderSpi sam = (ReaderSpi) plugin.getReaderExtension(KeypleReaderExtension.class, reader.getName());
                byte[] atr = HexFormat.of().parseHex(sam.getPowerOnData());
                assertThat(atr).hasSize(19);
                String module = atr[15] == 1 ? "main" : "spare";
                sell(sam::transmitApdu, CardProduct.TANGO, 1);
                drain(module);
                try {
                    sell(sam::transmitApdu, CardProduct.TANGO, 2);
                    assertThat(HexFormat.of().parseHex(sam.getPowerOnData())).isEqualTo(atr);
                } finally {
                    undrain(module);
                }
                plugin.releaseReader(reader);
                awaitChannels(0);
                plugin.allocateReader("1");
                awaitChannels(1);
            } finally {
                SmartCardServiceProvider.getService().unregisterPlugin(plugin.getName());
            }
            awaitChannels(0);
        }
    }
}
