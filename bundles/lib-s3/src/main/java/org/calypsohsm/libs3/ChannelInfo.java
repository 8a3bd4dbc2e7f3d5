package org.calypsohsm.libs3;

import java.io.PrintStream;

/**
 * What to print of a channel.
 *
 * @param id       its number
 * @param keyGroup number of its key group
 * @param module   name of the module that serves it now
 */
public record ChannelInfo(long id, int keyGroup, String module) {

    /**
     * Prints one line.
     *
     * @param indent what the line begins with
     * @param out    where to
     */
    public void dump(String indent, PrintStream out) {
        out.printf("%sChannel %d, key group %d, module %s%n", indent, id, keyGroup, module);
    }
}
