package org.calypsohsm.diagnosis;

import java.lang.reflect.InvocationTargetException;

import org.osgi.framework.Bundle;

/** Reflection on objects of a container, whose classes the caller cannot link to. */
public final class Reflect {

    private Reflect() {
    }

    /**
     * Calls a method of a service through its interface, since the class that implements it is not public.
     *
     * @param service   the service
     * @param bundle    a bundle that knows the interface
     * @param type      name of the interface
     * @param method    name of the method; the first of the name with so many parameters is called
     * @param arguments its arguments
     * @return what it returns
     * @throws IllegalStateException if there is no such method, or it throws something
     */
    public static Object call(Object service, Bundle bundle, String type, String method, Object... arguments) {
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

    /**
     * Calls a method without arguments of an object whose class is public.
     *
     * @param object the object
     * @param method name of the method
     * @return what it returns
     * @throws IllegalStateException if there is no such method, or it throws something
     */
    public static Object call(Object object, String method) {
        try {
            return object.getClass().getMethod(method).invoke(object);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(e);
        }
    }

    /**
     * Reads a field of a DTO.
     *
     * @param dto  the DTO
     * @param name name of the field
     * @return its value
     * @throws IllegalStateException if there is no such field
     */
    public static Object field(Object dto, String name) {
        try {
            return dto.getClass().getField(name).get(dto);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(e);
        }
    }
}
