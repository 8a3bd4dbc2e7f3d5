package org.calypsohsm.health;

import java.util.List;
import java.util.Locale;

import org.apache.felix.hc.api.Result;

/** Results in one sentence. */
final class Findings {

    private Findings() {
    }

    static Result ok(String sentence) {
        return new Result(Result.Status.OK, sentence);
    }

    static Result bad(String sentence) {
        return new Result(Result.Status.CRITICAL, sentence);
    }

    /** @return all is well if there is no problem, and otherwise the problems as one sentence */
    static Result of(List<String> problems, String otherwise) {
        return problems.isEmpty() ? ok(otherwise) : bad(joined(problems));
    }

    private static String joined(List<String> problems) {
        StringBuilder text = new StringBuilder();
        for (String problem : problems) {
            String part = problem.endsWith(".") ? problem.substring(0, problem.length() - 1) : problem;
            text.append(text.isEmpty() ? "" : "; ").append(text.isEmpty() ? part : lower(part));
        }
        return text.append('.').toString();
    }

    private static String lower(String part) {
        return part.substring(0, 1).toLowerCase(Locale.ROOT) + part.substring(1);
    }
}
