package org.calypsohsm.launcher;

import java.util.Set;
import java.util.TreeSet;

/**
 * Reads the PIDs out of a Configurator file: the keys of the outermost object. The launcher must know what to wait for,
 * and has no JSON parser of its own; whether the file is valid is for the Configurator to say.
 */
final class ConfigurationPids {

    private final String json;
    private int at;

    private ConfigurationPids(String json) {
        this.json = json;
    }

    static Set<String> read(String json) {
        return new ConfigurationPids(json).scan();
    }

    private Set<String> scan() {
        Set<String> pids = new TreeSet<>();
        int depth = 0;
        while (at < json.length()) {
            char c = json.charAt(at);
            switch (c) {
                case '{', '[' -> depth++;
                case '}', ']' -> depth--;
                default -> { }
            }
            if (c == '"') {
                String text = string();
                skipBlanks();
                boolean key = at < json.length() && json.charAt(at) == ':';
                // Keys that begin with a colon are the Configurator's own.
                if (key && depth == 1 && !text.startsWith(":")) {
                    pids.add(text);
                }
            } else if (!comment()) {
                at++;
            }
        }
        return pids;
    }

    private String string() {
        StringBuilder text = new StringBuilder();
        for (at++; at < json.length() && json.charAt(at) != '"'; at++) {
            if (json.charAt(at) == '\\' && at + 1 < json.length()) {
                at++;
            }
            text.append(json.charAt(at));
        }
        at++;
        return text.toString();
    }

    private void skipBlanks() {
        while (at < json.length() && (Character.isWhitespace(json.charAt(at)) || comment())) {
            if (at < json.length() && Character.isWhitespace(json.charAt(at))) {
                at++;
            }
        }
    }

    /** @return true if there was a comment, and it was skipped; the Configurator allows both kinds */
    private boolean comment() {
        String end = json.startsWith("/*", at) ? "*/" : json.startsWith("//", at) ? "\n" : null;
        if (end == null) {
            return false;
        }
        int found = json.indexOf(end, at + 2);
        at = found < 0 ? json.length() : found + end.length();
        return true;
    }
}
