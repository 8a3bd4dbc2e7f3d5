package org.calypsohsm.itest.platform;

import java.util.List;
import java.util.Set;

import org.calypsonet.terminal.card.ApduResponseApi;
import org.calypsonet.terminal.card.CardSelectionResponseApi;
import org.calypsonet.terminal.card.ChannelControl;
import org.calypsonet.terminal.card.ProxyReaderApi;
import org.calypsonet.terminal.card.spi.ApduRequestSpi;
import org.calypsonet.terminal.card.spi.CardRequestSpi;
import org.calypsonet.terminal.card.spi.CardSelectionRequestSpi;
import org.calypsonet.terminal.card.spi.CardSelectionSpi;
import org.calypsonet.terminal.card.spi.CardSelectorSpi;
import org.calypsonet.terminal.card.spi.SmartCardSpi;
import org.calypsonet.terminal.reader.CardReader;
import org.calypsonet.terminal.reader.selection.CardSelectionManager;
import org.calypsonet.terminal.reader.selection.spi.CardSelection;
import org.calypsonet.terminal.reader.selection.spi.SmartCard;
import org.eclipse.keyple.core.service.resource.spi.CardResourceProfileExtension;

/** A small card extension: selects a SAM by its power-on data and asks it for a challenge, as Keyple's one for Calypso does. */
final class KeypleSam implements CardSelection, CardSelectionSpi, CardResourceProfileExtension {

    static final String HSM_C1 = "3B3F9600805A0080C1.{6}.{8}829000";
    static final byte[] GET_CHALLENGE = {(byte) 0x80, (byte) 0x84, 0, 0, 4};

    /** A selected SAM. */
    record Sam(String powerOnData, byte[] challenge) implements SmartCard, SmartCardSpi {

        @Override
        public String getPowerOnData() {
            return powerOnData;
        }

        @Override
        public byte[] getSelectApplicationResponse() {
            return null;
        }
    }

    private record Request(List<ApduRequestSpi> apdus) implements CardRequestSpi {

        @Override
        public List<ApduRequestSpi> getApduRequests() {
            return apdus;
        }

        @Override
        public boolean stopOnUnsuccessfulStatusWord() {
            return true;
        }
    }

    private record Apdu(byte[] bytes) implements ApduRequestSpi {

        @Override
        public byte[] getApdu() {
            return bytes;
        }

        @Override
        public Set<Integer> getSuccessfulStatusWords() {
            return Set.of(0x9000);
        }

        @Override
        public String getInfo() {
            return "test";
        }
    }

    private final String powerOnData;

    KeypleSam(String powerOnData) {
        this.powerOnData = powerOnData;
    }

    private static CardRequestSpi request(byte[] command) {
        return new Request(List.of(new Apdu(command.clone())));
    }

    /** Exchanges one APDU over Keyple's reader. */
    static byte[] exchange(CardReader reader, byte[] command) throws Exception {
        ApduResponseApi response = ((ProxyReaderApi) reader).transmitCardRequest(request(command), ChannelControl.KEEP_OPEN)
                .getApduResponses().get(0);
        return response.getApdu();
    }

    @Override
    public CardSelectionRequestSpi getCardSelectionRequest() {
        return new CardSelectionRequestSpi() {

            @Override
            public CardSelectorSpi getCardSelector() {
                return selector();
            }

            @Override
            public CardRequestSpi getCardRequest() {
                return request(GET_CHALLENGE);
            }
        };
    }

    private CardSelectorSpi selector() {
        return new CardSelectorSpi() {

            @Override
            public String getCardProtocol() {
                return null;
            }

            @Override
            public String getPowerOnDataRegex() {
                return powerOnData;
            }

            @Override
            public byte[] getAid() {
                return null;
            }

            @Override
            public FileOccurrence getFileOccurrence() {
                return FileOccurrence.FIRST;
            }

            @Override
            public FileControlInformation getFileControlInformation() {
                return FileControlInformation.FCI;
            }

            @Override
            public Set<Integer> getSuccessfulSelectionStatusWords() {
                return Set.of(0x9000);
            }
        };
    }

    @Override
    public SmartCardSpi parse(CardSelectionResponseApi response) {
        return new Sam(response.getPowerOnData(), response.getCardResponse().getApduResponses().get(0).getDataOut());
    }

    @Override
    public SmartCard matches(CardReader reader, CardSelectionManager selections) {
        selections.prepareSelection(this);
        return selections.processCardSelectionScenario(reader).getActiveSmartCard();
    }
}
