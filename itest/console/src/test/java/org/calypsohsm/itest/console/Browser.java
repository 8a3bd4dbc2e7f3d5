package org.calypsohsm.itest.console;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Base64;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.logging.Level;
import java.util.stream.Stream;

import org.openqa.selenium.By;
import org.openqa.selenium.WebElement;
import org.openqa.selenium.chrome.ChromeDriver;
import org.openqa.selenium.chrome.ChromeDriverService;
import org.openqa.selenium.chrome.ChromeOptions;
import org.openqa.selenium.logging.LogType;
import org.openqa.selenium.logging.LoggingPreferences;

/** Chromium, as Debian has it, with an empty profile of its own. */
final class Browser implements AutoCloseable {

    static final int WIDE = 1440;
    static final int NARROW = 400;

    private static final int HEIGHT = 900;
    private static final File CHROMIUM = new File(System.getProperty("itest.chromium", "/usr/bin/chromium"));
    private static final File DRIVER = new File(System.getProperty("itest.chromedriver", "/usr/bin/chromedriver"));
    private static final Path SHOTS = Path.of("target/screenshots");

    private final Path profile;
    private final ChromeDriver driver;

    Browser() throws IOException {
        assertThat(CHROMIUM).as("The tests need Chromium: apt-get install chromium chromium-driver").isFile();
        assertThat(DRIVER).as("The tests need the driver of Chromium: apt-get install chromium-driver").isFile();
        profile = Files.createTempDirectory(Path.of("target").toAbsolutePath(), "chromium-");
        LoggingPreferences logs = new LoggingPreferences();
        logs.enable(LogType.BROWSER, Level.ALL);
        ChromeOptions options = new ChromeOptions().setBinary(CHROMIUM).addArguments("--headless=new", "--no-sandbox", "--disable-gpu",
                "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync",
                "--disable-dev-shm-usage", "--user-data-dir=" + profile);
        options.setCapability(ChromeOptions.LOGGING_PREFS, logs);
        driver = new ChromeDriver(new ChromeDriverService.Builder().usingDriverExecutable(DRIVER).usingAnyFreePort().build(), options);
        size(WIDE);
    }

    ChromeDriver driver() {
        return driver;
    }

    void open(String url) {
        driver.get(url);
        awaitThat(() -> !text("level").equals("…"));
    }

    void size(int width) {
        driver.executeCdpCommand("Emulation.setDeviceMetricsOverride",
                Map.of("width", width, "height", HEIGHT, "deviceScaleFactor", 1, "mobile", false));
    }

    void scheme(String scheme) {
        driver.executeCdpCommand("Emulation.setEmulatedMedia",
                Map.of("features", List.of(Map.of("name", "prefers-color-scheme", "value", scheme))));
    }

    /** Sends the requests of the page as a client of another role. */
    void role(String role) {
        driver.executeCdpCommand("Network.enable", Map.of());
        driver.executeCdpCommand("Network.setExtraHTTPHeaders", Map.of("headers", Map.of(ClientCertificates.ROLE, role)));
    }

    void offline(boolean offline) {
        driver.executeCdpCommand("Network.enable", Map.of());
        driver.executeCdpCommand("Network.emulateNetworkConditions", Map.of("offline", offline, "latency", 0, "downloadThroughput", -1,
                "uploadThroughput", -1));
    }

    WebElement id(String id) {
        return driver.findElement(By.id(id));
    }

    String text(String id) {
        return String.valueOf(script("return document.getElementById(arguments[0]).textContent", id));
    }

    boolean isShown(String id) {
        return id(id).isDisplayed();
    }

    String level() {
        return String.valueOf(script("return document.getElementById('banner').dataset.level"));
    }

    /** @return the text of a card, found by its heading; empty if there is none */
    String card(String list, String heading) {
        return String.valueOf(script("return [...document.querySelectorAll('#' + arguments[0] + ' .card')]"
                + ".filter((card) => card.querySelector('h3 span').textContent === arguments[1]).map((card) => card.innerText).join('')",
                list, heading));
    }

    Object script(String script, Object... arguments) {
        return driver.executeScript(script, arguments);
    }

    void awaitThat(Callable<Boolean> condition) {
        await().atMost(ConsolePlatform.PATIENCE).pollInterval(Duration.ofMillis(100)).until(condition);
    }

    /** Takes a picture of the whole page, for persons to look at. */
    void shoot(String name) throws IOException {
        Object height = script("return document.documentElement.scrollHeight");
        Object width = script("return innerWidth");
        Map<String, Object> shot = driver.executeCdpCommand("Page.captureScreenshot", Map.of("format", "png", "captureBeyondViewport", true,
                "clip", Map.of("x", 0, "y", 0, "width", width, "height", height, "scale", 1)));
        Files.createDirectories(SHOTS);
        Files.write(SHOTS.resolve(name + ".png"), Base64.getDecoder().decode((String) shot.get("data")));
    }

    /** @return what axe-core finds, one line for each rule and element; empty if nothing */
    List<?> accessibilityFaults() {
        try (InputStream in = Browser.class.getResourceAsStream("/axe.min.js")) {
            driver.executeScript(new String(in.readAllBytes(), StandardCharsets.UTF_8));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return (List<?>) driver.executeAsyncScript("const done = arguments[0];"
                + "axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'best-practice'] }).then((found) => done("
                + "found.violations.flatMap((rule) => rule.nodes.map((node) => `${rule.impact} ${rule.id}: ${node.target} ${node.failureSummary}`))))");
    }

    /** @return what the page wrote to the console of the browser, and what the browser refused it */
    List<String> complaints() {
        return driver.manage().logs().get(LogType.BROWSER).getAll().stream().map(entry -> entry.getLevel() + " " + entry.getMessage()).toList();
    }

    @Override
    public void close() {
        driver.quit();
        try (Stream<Path> files = Files.walk(profile)) {
            // What a process of the browser still writes just now stays in target.
            files.sorted(Comparator.reverseOrder()).forEach(file -> file.toFile().delete());
        } catch (IOException | UncheckedIOException e) {
            System.err.println("The profile " + profile + " stays: " + e.getMessage());
        }
    }
}
