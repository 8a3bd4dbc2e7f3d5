package org.calypsohsm.fuzz;

import java.lang.reflect.Proxy;
import java.util.Map;

/** Makes component configurations outside of a container. */
public final class Configs {

    private Configs() {
    }

    /**
     * Gives the values named, and the defaults for all others.
     *
     * @param type   the configuration type
     * @param values by name of the method
     * @return a configuration
     */
    public static <T> T of(Class<T> type, Map<String, Object> values) {
        return type.cast(Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type},
                (proxy, method, arguments) -> values.getOrDefault(method.getName(), method.getDefaultValue())));
    }
}
