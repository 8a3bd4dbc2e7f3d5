package org.calypsohsm.shell;

import java.lang.reflect.Array;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

import org.osgi.framework.ServiceReference;

/**
 * A product plugin, as its service describes itself. A client knows nothing of the package of products but these names.
 *
 * @param name    name of the card product
 * @param serves  the ALG codes that it serves
 * @param shadows the ALG codes that it claims, and a plugin of a higher ranking serves
 * @param bundle  its bundle, with version
 * @param ranking its service ranking
 * @param notice  what a person should know of its algorithms
 */
record Product(String name, Set<Integer> serves, Set<Integer> shadows, String bundle, int ranking, String notice) {

    private static final String TYPE = "org.calypsohsm.product.SecurityPlugin";
    private static final String NAME = "hsm.product";
    private static final String ALG = "hsm.alg";
    private static final String NOTICE = "hsm.notice";
    private static final String RANKING = "service.ranking";
    private static final int HIGHEST_ALG = 0xFF;

    /** @return the plugins present, highest ranking first */
    static List<Product> all(Services services) {
        List<Product> products = new ArrayList<>();
        Set<Integer> taken = new HashSet<>();
        for (ServiceReference<?> plugin : services.references(TYPE)) {
            Set<Integer> serves = algs(plugin.getProperty(ALG));
            Set<Integer> shadows = new TreeSet<>(serves);
            shadows.retainAll(taken);
            serves.removeAll(taken);
            taken.addAll(serves);
            var bundle = plugin.getBundle();
            products.add(new Product(text(plugin.getProperty(NAME)), serves, shadows,
                    bundle == null ? null : bundle.getSymbolicName() + " " + bundle.getVersion(),
                    plugin.getProperty(RANKING) instanceof Integer ranking ? ranking : 0, text(plugin.getProperty(NOTICE))));
        }
        return products;
    }

    /** The property is a number or an array of numbers; what no key can name is left out. */
    private static Set<Integer> algs(Object property) {
        Set<Integer> algs = new TreeSet<>();
        if (property != null && property.getClass().isArray()) {
            for (int i = 0; i < Array.getLength(property); i++) {
                add(algs, Array.get(property, i));
            }
        } else {
            add(algs, property);
        }
        return algs;
    }

    private static void add(Set<Integer> algs, Object alg) {
        if (alg instanceof Number number && number.longValue() >= 0 && number.longValue() <= HIGHEST_ALG) {
            algs.add(number.intValue());
        }
    }

    private static String text(Object property) {
        return property == null ? null : property.toString();
    }
}
