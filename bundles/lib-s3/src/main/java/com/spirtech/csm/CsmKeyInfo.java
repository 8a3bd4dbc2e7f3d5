package com.spirtech.csm;

import java.io.PrintStream;

/** A key group of a security module. */
public final class CsmKeyInfo {

    private static final String LINE = "%s%-9s%n";

    private final int keyGroup;

    CsmKeyInfo(int keyGroup) {
        this.keyGroup = keyGroup;
    }

    /** @return the number to open a channel with, 0 or more */
    public int getKeyGroup() {
        return keyGroup;
    }

    /**
     * Prints the heading of the lines that {@link #dump} prints.
     *
     * @param indent what the line begins with
     * @param out    where to
     */
    public static void dumpHeader(String indent, PrintStream out) {
        out.printf(LINE, indent, "Key group");
    }

    /**
     * Prints one line.
     *
     * @param indent what the line begins with
     * @param out    where to
     */
    public void dump(String indent, PrintStream out) {
        out.printf(LINE, indent, keyGroup);
    }
}
