package org.calypsohsm.product.tck;

import static org.calypsohsm.product.tck.Rule.require;

import java.util.Arrays;
import java.util.List;

import org.calypsohsm.product.SecurityPlugin;

/** What the bundle and its service say of themselves. */
final class BundleRules {

    private final Kit kit;

    private BundleRules(Kit kit) {
        this.kit = kit;
    }

    static List<Rule> of(Kit kit) {
        BundleRules rules = new BundleRules(kit);
        return List.of(
                new Rule("bundle-1", "SecurityPlugin.PRODUCT",
                        "The service property hsm.product is the name of the card product.",
                        () -> rules.text(SecurityPlugin.PRODUCT)),
                new Rule("bundle-2", "SecurityPlugin.ALG",
                        "The service property hsm.alg names the ALG codes served, as Integer[] or int[], each 00..FF and once.",
                        rules::algs),
                new Rule("bundle-3", "SecurityPlugin.NOTICE",
                        "The service property hsm.notice is one sentence on the algorithms, for a person.",
                        rules::notice),
                new Rule("bundle-4", "OEM guide, \"Build\"",
                        "The manifest provides the capability osgi.service of a SecurityPlugin, so that a resolver finds the bundle.",
                        rules::capability),
                new Rule("bundle-5", "OEM guide, \"Build\"",
                        "The bundle imports the API of the platform, and neither holds nor exports a copy of it.",
                        rules::noCopy));
    }

    private String text(String name) {
        Object value = kit.properties.get(name);
        require(value instanceof String text && !text.isBlank(), "%s is %s", name, value);
        return (String) value;
    }

    private void algs() {
        require(kit.algs.length > 0, "%s is %s", SecurityPlugin.ALG, kit.properties.get(SecurityPlugin.ALG));
        require(Arrays.stream(kit.algs).allMatch(alg -> alg >= 0 && alg <= 0xFF), "an ALG code is out of range");
        require(Arrays.stream(kit.algs).distinct().count() == kit.algs.length, "an ALG code is named twice");
    }

    private void notice() {
        String notice = text(SecurityPlugin.NOTICE);
        require(notice.endsWith(".") && notice.contains(" ") && !notice.contains("\n"), "%s is no sentence: \"%s\"",
                SecurityPlugin.NOTICE,
                notice);
    }

    private void capability() throws Exception {
        String provided = PluginContainer.manifestOf(kit.jar).getMainAttributes().getValue("Provide-Capability");
        require(provided != null && provided.contains("osgi.service") && provided.contains(SecurityPlugin.class.getName()),
                "Provide-Capability is %s; build the bundle with the bnd-maven-plugin", provided);
    }

    private void noCopy() throws Exception {
        for (String entry : PluginContainer.entriesOf(kit.jar)) {
            require(!entry.startsWith("org/calypsohsm/product/SecurityPlugin"),
                    "the jar holds %s; keep the API out of the bundle, by bnd.bnd", entry);
        }
    }
}
