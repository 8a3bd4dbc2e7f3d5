package org.calypsohsm.shell;

import org.apache.felix.service.command.Descriptor;
import org.apache.felix.service.command.Parameter;
import org.apache.felix.service.command.annotations.GogoCommand;
import org.osgi.framework.BundleContext;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;

/** The command for card products. */
@Component(service = ProductCommands.class)
@GogoCommand(scope = "hsm", function = "products")
public final class ProductCommands {

    private final Table<Product> products = new Table<Product>("There is no product plugin.")
            .column("PRODUCT", "product", Product::name)
            .column("SERVES ALG", "serves", product -> Hex.of(product.serves()))
            .column("SHADOWED ALG", "shadowed", product -> Hex.of(product.shadows()))
            .column("RANKING", "ranking", Product::ranking)
            .column("BUNDLE", "bundle", Product::bundle)
            .column("NOTICE", "notice", Product::notice);
    private final Services services;

    /**
     * Makes the command.
     *
     * @param context context of the bundle
     */
    @Activate
    public ProductCommands(BundleContext context) {
        services = new Services(context);
    }

    /**
     * Lists the product plugins.
     *
     * @param json      as JSON
     * @param arguments none
     * @return the text to show
     * @throws CommandException if it is used in a wrong way
     */
    @Descriptor("lists the product plugins, and which ALG codes each serves; a code is shadowed if a plugin of a higher ranking serves it")
    public String products(
            @Descriptor("as JSON") @Parameter(names = "--json", presentValue = "true", absentValue = "false") boolean json,
            @Descriptor("none") String... arguments) throws CommandException {
        Arguments.none("products", arguments);
        return products.show(json, Product.all(services));
    }
}
