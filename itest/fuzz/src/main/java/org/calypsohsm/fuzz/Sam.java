package org.calypsohsm.fuzz;

import java.util.Arrays;
import java.util.List;
import java.util.HexFormat;
import java.util.concurrent.TimeUnit;

import org.calypsohsm.channel.Channel;
import org.calypsohsm.key.KeyGroup;
import org.calypsohsm.module.SamForm;

/** A channel that is fuzzed, with what is known of the SAM behind it, and its last commands. */
final class Sam {

    private static final int REMEMBERED = 40;
    private static final int LOCK_KIF = 0xEF;
    private static final int LOCK_PARAMETERS_AT = 7;
    private static final int LOCK_VALUE_AT = 13;
    private static final int LOCK_ENABLED = 0x80;
    private static final int HANGS_SECONDS = 30;

    final SamForm form;
    final KeyGroup group;
    private final Platform platform;
    private final Totals totals;
    private final byte[][] last = new byte[2 * REMEMBERED][];
    private int commands;
    private Channel channel;
    private boolean locked;
    private String subject;
    /** Of the session in progress. */
    private int updates;
    private int authentications;

    Sam(Platform platform, int group, Totals totals) {
        this.platform = platform;
        this.totals = totals;
        this.group = platform.group(group);
        form = Platform.FORMS.get(group);
        reset();
    }

    /** Closes the channel and opens another: the SAM is then as after a reset. */
    void reset() {
        if (channel != null) {
            channel.close();
        }
        channel = platform.open(group.number());
        subject = HexFormat.of().withUpperCase().formatHex(serialNumber());
        byte[] file = group.lockFile();
        locked = (file[0] & 0xFF) == LOCK_KIF && (file[LOCK_PARAMETERS_AT] & LOCK_ENABLED) != 0;
    }

    boolean isLocked() {
        return locked;
    }

    byte[] lockValue() {
        return Arrays.copyOfRange(group.lockFile(), LOCK_VALUE_AT, KeyGroup.LOCK_FILE_LENGTH);
    }

    byte[] serialNumber() {
        return Arrays.copyOfRange(channel.atr(), 12, 16);
    }

    /** @return class of the commands that a terminal sends to this form of SAM */
    int cla() {
        return form == SamForm.S1D ? 0x94 : 0x80;
    }

    byte[] command(int ins, int p1, int p2, byte[] data) {
        byte[] command = new byte[5 + data.length];
        command[0] = (byte) cla();
        command[1] = (byte) ins;
        command[2] = (byte) p1;
        command[3] = (byte) p2;
        command[4] = (byte) data.length;
        System.arraycopy(data, 0, command, 5, data.length);
        return command;
    }

    byte[] command(int ins, int p1, int p2, int le) {
        return new byte[] {(byte) cla(), (byte) ins, (byte) p1, (byte) p2, (byte) le};
    }

    /** How a command gets to the channel. */
    enum Way {
        SYNC, ASYNC, BATCH
    }

    /**
     * Sends a command, and checks the answer.
     *
     * @return the answer, which has passed
     */
    byte[] exchange(byte[] command, Way way) {
        int at = commands++ % REMEMBERED * 2;
        last[at] = command.clone();
        last[at + 1] = null;
        byte[] answer;
        try {
            answer = switch (way) {
                case SYNC -> channel.exchange(command);
                case ASYNC -> channel.exchangeAsync(command).toCompletableFuture().get(HANGS_SECONDS, TimeUnit.SECONDS);
                case BATCH -> channel.exchangeAll(List.of(command)).responses().get(0);
            };
        } catch (Exception e) {
            throw new Find("The channel threw.", e);
        }
        last[at + 1] = answer;
        int status = Expectation.check(form, locked, command, answer);
        if (!Arrays.equals(command, last[at])) {
            throw new Find("The command was changed.");
        }
        Find warning = Warnings.about(subject);
        if (warning != null) {
            throw new Find("The SAM swallowed an exception.", warning);
        }
        if (status == 0x9000) {
            follow(command[1] & 0xFF);
        }
        return answer;
    }

    private void follow(int ins) {
        switch (ins) {
            case 0x20 -> locked = false;
            case 0x8A -> {
                updates = 0;
                authentications = 0;
            }
            case 0x8C -> updates++;
            case 0x88 -> authentications++;
            case 0x82 -> {
                totals.deepest("digest updates in an authentic session", updates);
                totals.deepest("authentications in the middle of a session", authentications);
            }
            default -> { }
        }
    }

    /** @return the last commands and answers in hex, the newest at the end */
    String history() {
        StringBuilder text = new StringBuilder(String.format("%s, key group %d, %s%n", form, group.number(), locked ? "locked" : "not locked"));
        HexFormat hex = HexFormat.of().withUpperCase();
        for (int i = Math.max(0, commands - REMEMBERED); i < commands; i++) {
            int at = i % REMEMBERED * 2;
            text.append(String.format("  %s -> %s%n", hex.formatHex(last[at]), last[at + 1] == null ? "nothing" : hex.formatHex(last[at + 1])));
        }
        return text.toString();
    }

    void close() {
        channel.close();
    }
}
