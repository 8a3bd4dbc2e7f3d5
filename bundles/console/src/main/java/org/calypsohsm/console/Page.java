package org.calypsohsm.console;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Map;

/** The files of the page. What is not named here is not served. */
final class Page {

    private static final String SCRIPT = "text/javascript";
    private static final String STYLE = "text/css";
    private static final Map<String, String> TYPES = Map.of(
            "/index.html", "text/html",
            "/console.css", STYLE,
            "/main.js", SCRIPT,
            "/dom.js", SCRIPT,
            "/charts.js", SCRIPT,
            "/swap.js", SCRIPT,
            "/icon.svg", "image/svg+xml",
            "/uplot/uPlot.esm.js", SCRIPT,
            "/uplot/uPlot.min.css", STYLE,
            "/uplot/LICENSE", "text/plain");

    private Page() {
    }

    /** @return the media type of a file; null if there is none of this name */
    static String type(String path) {
        return TYPES.get(path);
    }

    /** @return a file that has a type */
    static byte[] content(String path) {
        try (InputStream in = Page.class.getResourceAsStream("page" + path)) {
            if (in == null) {
                throw new IllegalStateException("The console's bundle has no file " + path + "; build it again.");
            }
            return in.readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
