package org.calypsohsm.sam;

import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.function.Consumer;

import org.calypsohsm.product.DiversifiedKey;
import org.calypsohsm.product.SecurityPlugin;
import org.calypsohsm.product.SessionDigest;

/** Puts a watcher before each call of a plugin, of the keys that it diversifies, and of their sessions. */
final class WatchedPlugin {

    private WatchedPlugin() {
    }

    /** @param watcher is told the name of the method that is about to be called; what it throws, the plugin throws */
    static SecurityPlugin of(SecurityPlugin plugin, Consumer<String> watcher) {
        return watch(SecurityPlugin.class, plugin, watcher);
    }

    private static <T> T watch(Class<T> type, T target, Consumer<String> watcher) {
        InvocationHandler handler = (proxy, method, arguments) -> {
            if (method.getDeclaringClass() != Object.class) {
                watcher.accept(method.getName());
            }
            Object result = invoke(target, method, arguments);
            if (result instanceof DiversifiedKey key) {
                return watch(DiversifiedKey.class, key, watcher);
            }
            return result instanceof SessionDigest digest ? watch(SessionDigest.class, digest, watcher) : result;
        };
        return type.cast(Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type}, handler));
    }

    private static Object invoke(Object target, Method method, Object[] arguments) throws Throwable {
        try {
            return method.invoke(target, arguments);
        } catch (InvocationTargetException e) {
            throw e.getCause();
        }
    }
}
