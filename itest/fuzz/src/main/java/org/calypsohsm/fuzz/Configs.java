package org.calypsohsm.fuzz;

import java.lang.reflect.Proxy;
import java.util.Map;

/** Makes component configurations outside of a container. */
final class Configs {

    private Configs() {
    }

    /** Gives the values named, and the defaults for all others. */
    static <T> T of(Class<T> type, Map<String, Object> values) {
        return type.cast(Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type},
                (proxy, method, arguments) -> values.getOrDefault(method.getName(), method.getDefaultValue())));
    }
}
