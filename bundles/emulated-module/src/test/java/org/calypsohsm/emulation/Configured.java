package org.calypsohsm.emulation;

import java.lang.annotation.Annotation;
import java.lang.reflect.Proxy;
import java.util.Map;

/** Makes component configurations in tests, without a container. */
public final class Configured {

    private Configured() {
    }

    /**
     * Makes a configuration.
     *
     * @param <A>    type of the configuration
     * @param type   the annotation that declares it
     * @param values what is configured, by the name of the method; all else has its default
     * @return the configuration
     */
    public static <A extends Annotation> A with(Class<A> type, Map<String, ?> values) {
        Object proxy = Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type}, (self, method, arguments) ->
                values.containsKey(method.getName()) ? values.get(method.getName()) : method.getDefaultValue());
        return type.cast(proxy);
    }
}
