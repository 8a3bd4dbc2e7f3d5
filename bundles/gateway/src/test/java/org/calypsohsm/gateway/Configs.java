package org.calypsohsm.gateway;

import java.lang.reflect.Proxy;
import java.util.Map;

/** Makes component configurations outside of a container. */
final class Configs {

    private Configs() {
    }

    /** Gives the values named, and the defaults for all others. */
    static <T> T of(Class<T> type, Map<String, Object> values) {
        return type.cast(Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type}, (proxy, method, arguments) -> {
            Object fallback = method.getDefaultValue();
            return values.getOrDefault(method.getName(), fallback);
        }));
    }

    /** Something that does nothing: for what is not reached. */
    static <T> T nothing(Class<T> type) {
        return type.cast(Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type}, (proxy, method, arguments) -> {
            throw new AssertionError(method + " is not to be called");
        }));
    }
}
