package org.calypsohsm.itest.platform;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertFalse;
import static org.junit.Assert.assertThrows;
import static org.junit.Assert.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.StringReader;
import java.nio.charset.StandardCharsets;
import java.util.Dictionary;
import java.util.HexFormat;
import java.util.Hashtable;
import java.util.List;
import java.util.Locale;
import java.util.jar.Attributes;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;

import org.apache.felix.service.command.CommandProcessor;
import org.apache.felix.service.command.CommandSession;
import org.calypsohsm.channel.Channel;
import org.calypsohsm.channel.ChannelManager;
import org.calypsohsm.channel.ChannelRequest;
import org.calypsohsm.itest.kit.HsmOptions;
import org.calypsohsm.itest.kit.HsmTest;
import org.calypsohsm.key.KeyGroup;
import org.calypsohsm.key.KeyStore;
import org.calypsohsm.key.SamKey;
import org.calypsohsm.product.SecurityPlugin;
import org.junit.Before;
import org.junit.Test;
import org.osgi.framework.Bundle;
import org.osgi.framework.BundleContext;
import org.osgi.framework.Constants;
import org.osgi.framework.ServiceReference;
import org.osgi.framework.ServiceRegistration;

import jakarta.json.Json;
import jakarta.json.JsonArray;
import jakarta.json.JsonObject;
import jakarta.json.JsonReader;

/** The deployer's commands, typed into a Gogo session of the real container. */
public class ShellIT extends HsmTest {

    private static final List<String> READING = List.of("hsm:status", "hsm:modules", "hsm:products", "hsm:groups", "hsm:keys 0",
            "hsm:counters 0", "hsm:ceilings 0");

    private ChannelManager channels;
    private CommandProcessor processor;
    private String typed = "";

    /** What is shipped, with nothing of the kit between its bundles. */
    @Override
    protected HsmOptions options() {
        return HsmOptions.distribution().withoutFaults();
    }

    @Before
    public void awaitCommands() {
        channels = hsm().channels();
        processor = hsm().await(CommandProcessor.class);
        for (String command : List.of("status", "modules", "products", "groups")) {
            String filter = "(&(osgi.command.scope=hsm)(osgi.command.function=" + command + "))";
            hsm().await("command " + command, () -> !hsm().services(null, filter).isEmpty());
        }
    }

    /** Executes a command; the answer is what it prints and what it returns. */
    private String execute(String command) throws Exception {
        ByteArrayOutputStream console = new ByteArrayOutputStream();
        try (CommandSession session = processor.createSession(new ByteArrayInputStream(typed.getBytes(StandardCharsets.UTF_8)), console, console)) {
            Object result = session.execute(command);
            return console.toString(StandardCharsets.UTF_8) + (result == null ? "" : result);
        }
    }

    private JsonArray array(String command) throws Exception {
        try (JsonReader reader = Json.createReader(new StringReader(execute(command)))) {
            return reader.readArray();
        }
    }

    private JsonObject product(String name) throws Exception {
        return array("hsm:products --json").getValuesAs(JsonObject.class).stream()
                .filter(product -> product.getString("product").equals(name)).findFirst().orElseThrow();
    }

    private static void assertContains(String text, String... parts) {
        for (String part : parts) {
            assertTrue(part + " is in: " + text, text.contains(part));
        }
    }

    @Test
    public void statusIsOk() throws Exception {
        assertContains(execute("hsm:status"), "OK: 2 modules with 520 channels", "products CD21, CD97, Tango", "not certified");
        assertContains(execute("hsm:status --json"), "\"ok\":true", "\"problems\":[]");
    }

    @Test
    public void statusNamesAStoppedProduct() throws Exception {
        Bundle plugin = hsm().bundle("org.calypsohsm.product.cd21");
        plugin.stop();
        try {
            assertContains(execute("hsm:status"), "NOT OK", "Bundle org.calypsohsm.product.cd21 is stopped.",
                    "keys of ALG 30, which no product plugin serves");
        } finally {
            plugin.start();
        }
    }

    @Test
    public void modulesAreListed() throws Exception {
        assertContains(execute("hsm:modules"), "MODULE", "main", "PCI-S3", "B0000001", "OPERATIONAL", "/500", "spare", "SAM-S20");
        JsonArray modules = array("hsm:modules --json");
        assertEquals("main", modules.getJsonObject(0).getString("name"));
        assertEquals(20, modules.getJsonObject(1).getInt("channelsTotal"));
    }

    @Test
    public void pluginOfAHigherRankingShadowsAnother() throws Exception {
        assertEquals("[\"40\",\"50\"]", product("Tango").getJsonArray("serves").toString());
        ServiceReference<?> tango = hsm().services(SecurityPlugin.class.getName(), "(" + SecurityPlugin.PRODUCT + "=Tango)").get(0);
        // For the signed bundle: the one of the test has no signature, so nobody would see its plugin.
        BundleContext context = tango.getBundle().getBundleContext();
        Dictionary<String, Object> properties = new Hashtable<>();
        properties.put(SecurityPlugin.PRODUCT, "Field Tango");
        properties.put(SecurityPlugin.ALG, new int[] {0x40});
        properties.put(Constants.SERVICE_RANKING, 10);
        ServiceRegistration<?> better = context.registerService(SecurityPlugin.class, (SecurityPlugin) context.getService(tango), properties);
        try {
            assertEquals("[\"40\"]", product("Field Tango").getJsonArray("serves").toString());
            assertEquals("[\"50\"]", product("Tango").getJsonArray("serves").toString());
            assertEquals("[\"40\"]", product("Tango").getJsonArray("shadowed").toString());
        } finally {
            better.unregister();
        }
    }

    @Test
    public void keysAreListed() throws Exception {
        assertContains(execute("hsm:groups"), "WORK KEYS");
        assertEquals(24, array("hsm:groups --json").getJsonObject(0).getInt("workKeys"));
        assertContains(execute("hsm:keys 0"), "RECORD", "KIF", "KVC", "ALG", "C1      E1   FF   40");
        assertEquals(28, array("hsm:keys --json 0").size());
    }

    @Test
    public void noKeyByteIsShown() throws Exception {
        StringBuilder all = new StringBuilder();
        for (String command : READING) {
            all.append(execute(command)).append(execute(command + " --json"));
        }
        String shown = all.toString().toUpperCase(Locale.ROOT);
        KeyGroup group = hsm().await(KeyStore.class).keyGroup(0);
        int looked = 0;
        for (int record = 1; record <= KeyGroup.LAST_WORK_KEY_RECORD; record++) {
            SamKey key = group.workKeyAt(record);
            if (key != null) {
                // Any four bytes in a row would be too many.
                String value = HexFormat.of().withUpperCase().formatHex(key.value().revealKeyBytes());
                for (int i = 0; i + 8 <= value.length(); i += 2) {
                    assertFalse(key.toString(), shown.contains(value.substring(i, i + 8)));
                }
                looked++;
            }
        }
        assertEquals(24, looked);
    }

    @Test
    public void drainMovesChannelsAndUndrainTakesTheModuleBack() throws Exception {
        try (Channel channel = channels.open(ChannelRequest.forKeyGroup(0))) {
            String module = channel.module();
            typed = "no\n";
            assertContains(execute("hsm:drain " + module), module + " has 1 of ", "[y/N]", "Nothing was changed.");
            assertEquals(module, channel.module());
            typed = "y\n";
            assertContains(execute("hsm:drain --timeout 5 " + module), "[y/N]", "1 channel moved", "0 sessions lost");
            try {
                assertFalse(module.equals(channel.module()));
                assertContains(execute("hsm:status"), "Module " + module + " is DRAINING");
            } finally {
                assertContains(execute("hsm:undrain " + module), "is OPERATIONAL");
            }
            typed = "";
            assertContains(execute("hsm:drain --yes " + module), "0 channels moved");
            execute("hsm:undrain " + module);
        }
    }

    @Test
    public void whySaysWhatIsMissing() throws Exception {
        assertContains(execute("hsm:why main"), "Module main is OPERATIONAL");
        assertContains(execute("hsm:why cd97"), "Bundle org.calypsohsm.product.cd97 runs.", "Component ", " is active.");
        BundleContext context = hsm().context();
        Bundle broken = context.installBundle("broken", new ByteArrayInputStream(bundle("test.broken", "test.nowhere")));
        Bundle keys = hsm().bundle("org.calypsohsm.keystore");
        try {
            assertContains(execute("hsm:why broken"), "Bundle test.broken does not resolve.", "(osgi.wiring.package=test.nowhere)",
                    "which no bundle offers");
            keys.stop();
            assertContains(execute("hsm:why keystore"), "is stopped", "felix:start " + keys.getBundleId());
            assertContains(execute("hsm:why org.calypsohsm.provider.pcis3"), "waits for a service org.calypsohsm.");
        } finally {
            keys.start();
            broken.uninstall();
        }
        assertContains(assertThrows(Exception.class, () -> execute("hsm:why nobody")).getMessage(), "has the name nobody");
    }

    private static byte[] bundle(String name, String imported) throws IOException {
        Manifest manifest = new Manifest();
        manifest.getMainAttributes().put(Attributes.Name.MANIFEST_VERSION, "1.0");
        manifest.getMainAttributes().putValue(Constants.BUNDLE_MANIFESTVERSION, "2");
        manifest.getMainAttributes().putValue(Constants.BUNDLE_SYMBOLICNAME, name);
        manifest.getMainAttributes().putValue(Constants.IMPORT_PACKAGE, imported);
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        new JarOutputStream(bytes, manifest).close();
        return bytes.toByteArray();
    }

    @Test
    public void wrongUseIsAnError() {
        for (String command : READING) {
            Exception mistake = assertThrows(command, Exception.class, () -> execute(command + " --bogus"));
            assertContains(mistake.getMessage(), "has no option --bogus", "help hsm:");
        }
        assertContains(assertThrows(Exception.class, () -> execute("hsm:drain --force main")).getMessage(), "has no option --force");
        assertContains(assertThrows(Exception.class, () -> execute("hsm:undrain nobody")).getMessage(), "There is no module nobody");
        assertContains(assertThrows(Exception.class, () -> execute("hsm:keys 77")).getMessage(), "There is no key group 77");
    }

    @Test
    public void everyCommandHasHelp() throws Exception {
        for (String command : List.of("status", "modules", "products", "groups", "keys", "counters", "ceilings", "drain", "undrain", "why")) {
            assertContains(execute("help hsm:" + command), command + " - ", "scope: hsm");
        }
        assertContains(execute("help hsm:drain"), "--timeout", "--yes", "MODULE");
    }
}
