package org.calypsohsm.provider.sams20pcsc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

import javax.smartcardio.Card;
import javax.smartcardio.CardChannel;
import javax.smartcardio.CardTerminal;

import org.calypsohsm.pcsc.Pcsc;
import org.calypsohsm.virtualreader.VirtualCard;
import org.calypsohsm.virtualreader.daemon.PcscDaemon;
import org.junit.jupiter.api.Test;

/** What the JDK makes of class bytes on logical channels, which docs/adr/0021 builds on. */
class JdkChannelIT {

    @Test
    void classZeroGetsTheNumberOfTheChannelAndProprietaryClassesStayAsTheyAre() throws Exception {
        RecordingCard recording = new RecordingCard();
        VirtualCard virtual = new VirtualCard(recording, VirtualCard.FIRST_SLOT);
        PcscDaemon daemon = Cards.startDaemon();
        try {
            virtual.insert();
            CardTerminal reader = Pcsc.terminals().getTerminal(Cards.FIRST_READER);
            await().atMost(Cards.PATIENCE).until(reader::isCardPresent);
            Card card = reader.connect("*");
            assertThat(card.getProtocol()).isEqualTo("T=0");
            List<CardChannel> channels = new ArrayList<>(List.of(card.getBasicChannel()));
            while (channels.size() < 20) {
                channels.add(card.openLogicalChannel());
            }
            recording.commands.clear();
            for (int channel : new int[] {0, 1, 3, 4, 19}) {
                for (int cla : new int[] {0x00, 0x80, 0x94}) {
                    byte[] command = {(byte) cla, (byte) 0x84, 0, 0, 8};
                    channels.get(channel).transmit(ByteBuffer.wrap(command), ByteBuffer.allocate(258));
                    byte[] arrived = recording.commands.remove(0);
                    assertThat(arrived[0] & 0xFF).as("class %02X on channel %d", cla, channel)
                            .isEqualTo(cla == 0 ? ClassByte.onChannel(0, channel) : cla);
                    // What we have put into the class byte is left alone too.
                    command[0] = (byte) ClassByte.onChannel(cla, channel);
                    channels.get(channel).transmit(ByteBuffer.wrap(command), ByteBuffer.allocate(258));
                    assertThat(recording.commands.remove(0)).isEqualTo(command);
                }
            }
            // T=0: Le goes behind data, and the card's answer is fetched if it says 61xx.
            channels.get(4).transmit(ByteBuffer.wrap(new byte[] {(byte) 0xC0, 0x2A, 0, 0, 2, 1, 2, 0}), ByteBuffer.allocate(258));
            assertThat(recording.commands.remove(0)).isEqualTo(new byte[] {(byte) 0xC0, 0x2A, 0, 0, 2, 1, 2});
            card.disconnect(true);
        } finally {
            virtual.remove();
            daemon.close();
        }
    }
}
