package org.calypsohsm.itest.console;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.util.List;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.openqa.selenium.Keys;
import org.openqa.selenium.support.ui.Select;

/** The console as a deployer uses it, in Chromium. */
@DisabledOnOs(value = OS.WINDOWS, disabledReason = "drives the Chromium of Debian")
class ConsoleIT {

    private static ConsolePlatform platform;
    private static Browser browser;

    @BeforeAll
    static void start() throws IOException, InterruptedException {
        platform = new ConsolePlatform();
        browser = new Browser();
    }

    @AfterAll
    static void stop() {
        if (browser != null) {
            browser.close();
        }
        if (platform != null) {
            platform.close();
        }
    }

    @BeforeEach
    void openThePage() {
        browser.size(Browser.WIDE);
        browser.scheme("light");
        browser.role("ADMINISTRATOR");
        browser.open(platform.url("/console/"));
    }

    @AfterEach
    void aCleanEnd() throws Exception {
        platform.does("stop");
        // The page asks while it is offline on purpose, and the browser says so.
        assertThat(browser.complaints()).filteredOn(complaint -> !complaint.contains("ERR_INTERNET_DISCONNECTED")).isEmpty();
    }

    @Test
    void oneGlanceTellsThatAllIsWell() throws Exception {
        browser.awaitThat(() -> browser.level().equals("WELL"));
        assertThat(browser.text("headline")).isEqualTo("All is well.");
        assertThat(browser.text("in-use")).endsWith(" of 520");
        assertThat(browser.card("modules", "main")).contains("OPERATIONAL", "PCI-S3", "B0000001", "emulation in software", "of 500");
        assertThat(browser.card("modules", "spare")).contains("Lifetime used up", "of 16,000,000 operations");
        assertThat(browser.text("products")).contains("CD97", "CD21", "Tango", "does not authenticate");
        assertThat(browser.text("events")).contains("audit.start");
        assertThat(browser.text("who")).isEqualTo("administrator: ADMINISTRATOR");
        assertThat(browser.text("emulated")).contains("not certified devices");
        assertThat(browser.script("return document.title")).isEqualTo("✓ Calypso HSM");
    }

    @Test
    void figuresMoveWhileClientsWork() throws Exception {
        platform.does("count?group=0&ceiling=16000000");
        platform.does("clients?count=10&pauseMillis=1");

        browser.awaitThat(() -> !browser.text("rate").equals("0") && !browser.text("rate").equals("–"));
        browser.awaitThat(() -> browser.text("in-use").startsWith("10"));
        browser.awaitThat(() -> browser.text("most").endsWith("s"));
        String exchanges = browser.card("modules", "main");
        browser.awaitThat(() -> !browser.card("modules", "main").equals(exchanges));
        browser.awaitThat(() -> browser.text("stores").contains("of 16,000,000, 0 %"));
        String counters = browser.card("stores", "Key group 0");
        browser.awaitThat(() -> !browser.card("stores", "Key group 0").equals(counters));
        assertThat((Long) browser.script("return document.querySelectorAll('.chart canvas').length")).isEqualTo(3);
        assertThat(isDrawn("chart-rate")).isTrue();
    }

    /** @return true if there is anything but one colour on the canvas of a chart */
    private static boolean isDrawn(String chart) {
        return (Boolean) browser.script("const canvas = document.querySelector('#' + arguments[0] + ' canvas');"
                + "const data = new Uint32Array(canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data.buffer);"
                + "return data.some((pixel) => pixel !== data[0])", chart);
    }

    @Test
    void aModuleThatIsDrainedIsSeenAtOnceAndWhatToDo() throws Exception {
        browser.awaitThat(() -> browser.level().equals("WELL"));
        platform.does("drain?module=spare");

        browser.awaitThat(() -> browser.card("modules", "spare").contains("DRAINING"));
        browser.awaitThat(() -> browser.level().equals("NOTICE"));
        assertThat(browser.text("headline")).startsWith("DRAINING: Module spare is drained");
        assertThat(browser.text("action")).contains("hsm:undrain spare");
        browser.awaitThat(() -> browser.text("events").contains("module.drain"));

        platform.does("undrain?module=spare");
        browser.awaitThat(() -> browser.level().equals("WELL"));
    }

    @Test
    void theWorstOfSeveralProblemsComesFirst() throws Exception {
        platform.does("drain?module=spare");
        platform.does("drain?module=main");
        browser.awaitThat(() -> browser.level().equals("FAULT") && browser.text("problems").contains("main") && browser.text("problems").contains("spare"));
        assertThat(browser.text("headline")).isEqualTo("No security module is in service.");
        assertThat(browser.text("more-summary")).isEqualTo("2 more to look at");
        assertThat(browser.isShown("problems")).isFalse();
        browser.id("more-summary").click();
        assertThat(browser.isShown("problems")).isTrue();
        assertThat(browser.accessibilityFaults()).isEmpty();
        browser.shoot("fault");

        platform.does("undrain?module=main");
        platform.does("undrain?module=spare");
        browser.awaitThat(() -> browser.level().equals("WELL"));
    }

    @Test
    void aPlatformThatDoesNotAnswerIsAFault() {
        browser.awaitThat(() -> browser.level().equals("WELL"));
        browser.offline(true);
        browser.awaitThat(() -> browser.level().equals("FAULT"));
        assertThat(browser.text("headline")).startsWith("The platform has not answered since ");
        browser.offline(false);
        browser.awaitThat(() -> browser.level().equals("WELL"));
    }

    private static void choose(String from, String to) {
        select("from", from);
        select("to", to);
    }

    private static void select(String select, String feature) {
        browser.awaitThat(() -> new Select(browser.id(select)).getOptions().stream().anyMatch(option -> option.getText().startsWith(feature + " ")));
        Select choice = new Select(browser.id(select));
        choice.selectByValue(choice.getOptions().stream().filter(option -> option.getText().startsWith(feature + " ")).findFirst()
                .orElseThrow().getDomProperty("value"));
    }

    @Test
    void aSwapIsPreviewedWatchedTakenBackAndDone() throws Exception {
        platform.does("clients?count=10&pauseMillis=20");
        // It ends only when the test says so, so there is time to take the swap back.
        platform.does("hold?module=spare");
        browser.awaitThat(() -> browser.card("modules", "spare").contains(" of 20") && !browser.card("modules", "spare").contains("\n0 of 20"));
        choose("sam-s20", "pci-s3");
        browser.id("preview").click();
        browser.awaitThat(() -> browser.isShown("impact"));
        assertThat(browser.text("impact-list")).contains("Module spare is drained: ", " of them in a session; the longest session");
        assertThat(browser.script("return document.activeElement.id")).isEqualTo("impact-title");
        browser.shoot("swap-preview");

        browser.id("go").click();
        browser.awaitThat(() -> browser.isShown("cancel"));
        browser.shoot("swap-progress");
        browser.id("cancel").click();
        browser.awaitThat(() -> browser.text("progress-title").startsWith("Not done: swap of "));
        browser.awaitThat(() -> browser.card("modules", "spare").contains("OPERATIONAL"));

        platform.does("stop");
        choose("sam-s20", "pci-s3");
        browser.id("preview").click();
        browser.awaitThat(() -> browser.isShown("impact"));
        browser.id("go").click();
        browser.awaitThat(() -> browser.text("progress-title").startsWith("Done: swap of "));
        assertThat(browser.text("progress-title")).endsWith("ordered by administrator");
        assertThat(browser.text("step")).contains("has taken the place of");
        browser.awaitThat(() -> browser.card("modules", "spare").isEmpty());
        browser.awaitThat(() -> browser.text("events").contains("console.swap"));
        browser.shoot("swap-done");
        Files.copy(platform.home().resolve("repo/sam-s20.json"), platform.home().resolve("feature/sam-s20.json"));
        browser.awaitThat(() -> browser.card("modules", "spare").contains("OPERATIONAL"));
    }

    @Test
    void theKeyboardIsEnough() {
        browser.awaitThat(() -> new Select(browser.id("from")).getOptions().size() > 1);
        browser.script("document.getElementById('from').focus()");
        browser.driver().switchTo().activeElement().sendKeys("sam", Keys.TAB);
        browser.awaitThat(() -> new Select(browser.id("to")).getOptions().size() > 1);
        browser.driver().switchTo().activeElement().sendKeys("pci", Keys.TAB);
        browser.driver().switchTo().activeElement().sendKeys(Keys.TAB);
        assertThat(browser.driver().switchTo().activeElement().getDomAttribute("id")).isEqualTo("preview");
        browser.driver().switchTo().activeElement().sendKeys(Keys.ENTER);
        browser.awaitThat(() -> browser.isShown("impact"));
        browser.driver().switchTo().activeElement().sendKeys(Keys.TAB);
        assertThat(browser.driver().switchTo().activeElement().getDomAttribute("id")).isEqualTo("go");
        browser.driver().switchTo().activeElement().sendKeys(Keys.TAB);
        browser.driver().switchTo().activeElement().sendKeys(Keys.SPACE);
        browser.awaitThat(() -> !browser.isShown("impact"));
    }

    @Test
    void whoMayNotSwapIsNotOfferedIt() {
        browser.role("OPERATOR");
        browser.open(platform.url("/console/"));
        browser.awaitThat(() -> browser.text("who").endsWith("OPERATOR"));
        assertThat(browser.isShown("swap")).isFalse();
        assertThat(browser.isShown("audit")).isFalse();

        browser.role("AUDITOR");
        browser.open(platform.url("/console/"));
        browser.awaitThat(() -> browser.text("who").endsWith("AUDITOR"));
        assertThat(browser.isShown("swap")).isFalse();
        assertThat(browser.isShown("audit")).isTrue();
    }

    @Test
    void everybodyCanUseItInLightAndDarkNarrowAndWide() throws Exception {
        platform.does("count?group=0&ceiling=900000");
        platform.does("clients?count=18&pauseMillis=5");
        browser.awaitThat(() -> browser.text("in-use").startsWith("18"));
        browser.awaitThat(() -> browser.text("most").endsWith("s"));
        platform.does("drain?module=spare");
        browser.awaitThat(() -> browser.level().equals("NOTICE"));
        for (int width : List.of(Browser.WIDE, Browser.NARROW, 360, 1600)) {
            browser.size(width);
            for (String scheme : List.of("light", "dark")) {
                browser.scheme(scheme);
                browser.open(platform.url("/console/"));
                browser.awaitThat(() -> browser.level().equals("NOTICE") && new Select(browser.id("from")).getOptions().size() > 1);
                browser.shoot(scheme + "-" + width);
                assertThat(browser.accessibilityFaults()).as(scheme + " " + width).isEmpty();
                assertThat(browser.script("return document.documentElement.scrollWidth - document.documentElement.clientWidth"))
                        .as("what hangs over to the right at " + width).isEqualTo(0L);
            }
        }
        platform.does("undrain?module=spare");
    }
}
