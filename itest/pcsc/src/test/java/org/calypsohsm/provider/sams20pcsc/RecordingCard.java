package org.calypsohsm.provider.sams20pcsc;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

import org.calypsohsm.module.SamForm;
import org.calypsohsm.virtualreader.SimulatedCard;

/** A card that opens logical channels, and keeps what comes to it. */
final class RecordingCard implements SimulatedCard {

    final List<byte[]> commands = new CopyOnWriteArrayList<>();
    private int opened;

    @Override
    public byte[] atr() {
        return SamForm.HSM_C1.atr(0x53200001, 1);
    }

    @Override
    public void reset() {
        opened = 0;
    }

    @Override
    public byte[] transmit(byte[] command) {
        commands.add(command);
        return command[1] == 0x70 ? new byte[] {(byte) ++opened, (byte) 0x90, 0} : new byte[] {(byte) 0x90, 0};
    }
}
