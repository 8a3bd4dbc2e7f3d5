package org.calypsohsm.sams20card;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.HexFormat;

import org.calypsohsm.virtualreader.VirtualCard;

/** The words by which the process of a card is told to misbehave; the answer to each is {@code done}. */
final class SamS20CardWords {

    private static final String DONE = "done";

    private final SamS20Card card;
    private final VirtualCard inserted;

    SamS20CardWords(SamS20Card card, VirtualCard inserted) {
        this.card = card;
        this.inserted = inserted;
    }

    /** @return the answer; null for a line that is none of these words */
    String say(String line) {
        String[] words = line.split(" ");
        try {
            return done(words) ? DONE : null;
        } catch (IllegalArgumentException | ArrayIndexOutOfBoundsException e) {
            return "wrong";
        }
    }

    private boolean done(String[] words) {
        switch (words[0]) {
            case "lock" -> card.lock(true);
            case "unlock" -> card.lock(false);
            case "fail" -> card.fail(true);
            case "mend" -> card.fail(false);
            case "mute" -> card.mute(true);
            case "speak" -> card.mute(false);
            case "delay" -> card.delay(Integer.parseInt(words[1]));
            case "answer" -> card.answer(HexFormat.of().parseHex(words[1]), Integer.parseInt(words[2]));
            case "pull" -> card.pullAtNextCommand(this::remove);
            case "lifetime" -> card.lifetime(Long.parseLong(words[1]));
            case "renew" -> card.renew();
            case "atr" -> card.atr(HexFormat.of().parseHex(words[1]));
            default -> {
                return false;
            }
        }
        return true;
    }

    private void remove() {
        try {
            inserted.remove();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
