package org.calypsohsm.itest.keyple.adapter;

import org.eclipse.keyple.core.common.KeypleReaderExtension;
import org.eclipse.keyple.core.plugin.spi.reader.ReaderSpi;

/** A reader that never loses its card by itself: what the readers of this plugin have in common. */
abstract class InsertedCardReader implements KeypleReaderExtension, ReaderSpi {

    private final String name;
    private boolean open;

    InsertedCardReader(String name) {
        this.name = name;
    }

    @Override
    public final String getName() {
        return name;
    }

    @Override
    public final void openPhysicalChannel() {
        open = true;
    }

    @Override
    public void closePhysicalChannel() {
        open = false;
    }

    @Override
    public final boolean isPhysicalChannelOpen() {
        return open;
    }

    @Override
    public void onUnregister() {
        open = false;
    }
}
