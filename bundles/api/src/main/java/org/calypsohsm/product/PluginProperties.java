package org.calypsohsm.product;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

import org.osgi.service.component.annotations.ComponentPropertyType;

/**
 * The service properties of a security plugin, under the names that {@link SecurityPlugin} defines. It stands beside
 * {@code @Component} on the class of the plugin.
 *
 * @since 1.1
 */
@ComponentPropertyType
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.RUNTIME)
public @interface PluginProperties {

    /** What stands before each name. */
    String PREFIX_ = "hsm.";

    /** @return {@link SecurityPlugin#PRODUCT}: name of the card product */
    String product();

    /** @return {@link SecurityPlugin#ALG}: the ALG codes served, each 0..FF */
    int[] alg();

    /** @return {@link SecurityPlugin#NOTICE}: what a person should know of the algorithms, in one sentence */
    String notice();
}
