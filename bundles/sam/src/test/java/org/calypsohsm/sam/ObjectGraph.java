package org.calypsohsm.sam;

import java.lang.reflect.Array;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Collections;
import java.util.Deque;
import java.util.IdentityHashMap;
import java.util.Map;
import java.util.Set;

/** All objects that can be reached from one, so that tests can look into them and add up their sizes. */
final class ObjectGraph {

    private static final int HEADER = 16;
    private static final int REFERENCE = 4;
    private static final int ALIGNMENT = 8;

    final Set<Object> objects = Collections.newSetFromMap(new IdentityHashMap<>());
    private final Deque<Object> next = new ArrayDeque<>();

    private ObjectGraph() {
    }

    /** @param shared what is not part of the graph, with all that only it reaches */
    static ObjectGraph of(Object root, Object... shared) {
        ObjectGraph graph = new ObjectGraph();
        Collections.addAll(graph.objects, shared);
        graph.visit(root);
        while (!graph.next.isEmpty()) {
            graph.lookInto(graph.next.pop());
        }
        for (Object each : shared) {
            graph.objects.remove(each);
        }
        return graph;
    }

    private void visit(Object object) {
        if (object != null && objects.add(object)) {
            next.push(object);
        }
    }

    private void lookInto(Object object) {
        Class<?> type = object.getClass();
        if (object instanceof Object[] array) {
            for (Object element : array) {
                visit(element);
            }
        } else if (object instanceof Collection<?> collection) {
            collection.forEach(this::visit);
        } else if (object instanceof Map<?, ?> map) {
            map.keySet().forEach(this::visit);
            map.values().forEach(this::visit);
        } else if (!type.isArray() && !(object instanceof Enum<?>) && !(object instanceof Class<?>)
                && !type.getName().startsWith("java.")) {
            fields(object, type);
        }
    }

    private void fields(Object object, Class<?> type) {
        for (Class<?> each = type; each != Object.class; each = each.getSuperclass()) {
            for (Field field : each.getDeclaredFields()) {
                if (!Modifier.isStatic(field.getModifiers()) && !field.getType().isPrimitive()) {
                    visit(read(field, object));
                }
            }
        }
    }

    private static Object read(Field field, Object object) {
        try {
            field.setAccessible(true);
            return field.get(object);
        } catch (ReflectiveOperationException e) {
            throw new AssertionError(e);
        }
    }

    /**
     * Estimates the memory of all objects with compressed references.
     *
     * @throws AssertionError if there is an object of the Java library whose size it cannot tell, such as a stream
     */
    long size() {
        return objects.stream().mapToLong(ObjectGraph::size).sum();
    }

    private static long size(Object object) {
        Class<?> type = object.getClass();
        if (object instanceof Enum<?> || object instanceof Class<?>) {
            return 0;
        }
        long bytes = HEADER;
        if (type.isArray()) {
            bytes += (long) Array.getLength(object) * width(type.getComponentType());
        } else if (type.getName().startsWith("java.")) {
            throw new AssertionError("What does a " + type + " hold?");
        } else {
            for (Class<?> each = type; each != Object.class; each = each.getSuperclass()) {
                for (Field field : each.getDeclaredFields()) {
                    bytes += Modifier.isStatic(field.getModifiers()) ? 0 : width(field.getType());
                }
            }
        }
        return (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    }

    private static int width(Class<?> type) {
        if (type == long.class || type == double.class) {
            return Long.BYTES;
        }
        if (type == byte.class || type == boolean.class) {
            return Byte.BYTES;
        }
        return type == short.class || type == char.class ? Short.BYTES : REFERENCE;
    }
}
