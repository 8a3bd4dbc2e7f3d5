package org.calypsohsm.launcher;

import java.lang.reflect.InvocationTargetException;

import org.osgi.framework.Bundle;

/** Reflection on objects of the container, whose classes the launcher cannot link to. */
final class Reflect {

    private Reflect() {
    }

    /** Calls a method of a service through its interface, since the class that implements it is not public. */
    static Object call(Object service, Bundle bundle, String type, String method, Object... arguments) {
        try {
            for (var candidate : bundle.loadClass(type).getMethods()) {
                if (candidate.getName().equals(method) && candidate.getParameterCount() == arguments.length) {
                    return candidate.invoke(service, arguments);
                }
            }
            throw new IllegalStateException(type + " has no method " + method);
        } catch (ClassNotFoundException | IllegalAccessException e) {
            throw new IllegalStateException(e);
        } catch (InvocationTargetException e) {
            throw new IllegalStateException(e.getCause());
        }
    }

    /** Calls a method without arguments of an object whose class is public. */
    static Object call(Object object, String method) {
        try {
            return object.getClass().getMethod(method).invoke(object);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Reads a field of a DTO. */
    static Object field(Object dto, String name) {
        try {
            return dto.getClass().getField(name).get(dto);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(e);
        }
    }
}
