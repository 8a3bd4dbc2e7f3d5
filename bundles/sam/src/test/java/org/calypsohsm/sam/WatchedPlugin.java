package org.calypsohsm.sam;

import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;

import org.calypsohsm.product.DiversifiedKey;
import org.calypsohsm.product.SecurityPlugin;
import org.calypsohsm.product.SessionDigest;

/** Puts a watcher before each call of a plugin, of the keys that it diversifies, and of their sessions. */
final class WatchedPlugin {

    private WatchedPlugin() {
    }

    /** @param watcher is told the name of the method that is about to be called; what it throws, the plugin throws */
    static SecurityPlugin of(SecurityPlugin plugin, Consumer<String> watcher) {
        return watch(SecurityPlugin.class, plugin, watcher, UnaryOperator.identity());
    }

    /** @param change makes what each call gives in place of its result, keys and sessions apart */
    static SecurityPlugin changing(SecurityPlugin plugin, UnaryOperator<Object> change) {
        return watch(SecurityPlugin.class, plugin, method -> { }, change);
    }

    private static <T> T watch(Class<T> type, T target, Consumer<String> watcher, UnaryOperator<Object> change) {
        return type.cast(Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type}, new Watch(target, watcher, change)));
    }

    private record Watch(Object target, Consumer<String> watcher, UnaryOperator<Object> change) implements InvocationHandler {

        @Override
        public Object invoke(Object proxy, Method method, Object[] arguments) throws Throwable {
            if (method.getDeclaringClass() != Object.class) {
                watcher.accept(method.getName());
            }
            unwrap(arguments);
            Object result;
            try {
                result = method.invoke(target, arguments);
            } catch (InvocationTargetException e) {
                throw e.getCause();
            }
            if (result instanceof DiversifiedKey key) {
                return watch(DiversifiedKey.class, key, watcher, change);
            }
            return result instanceof SessionDigest digest ? watch(SessionDigest.class, digest, watcher, change) : change.apply(result);
        }

        /** A plugin knows its own keys only, so it is given back the one that it handed out. */
        private static void unwrap(Object[] arguments) {
            for (int i = 0; arguments != null && i < arguments.length; i++) {
                if (arguments[i] instanceof Proxy && Proxy.getInvocationHandler(arguments[i]) instanceof Watch watch) {
                    arguments[i] = watch.target;
                }
            }
        }
    }
}
