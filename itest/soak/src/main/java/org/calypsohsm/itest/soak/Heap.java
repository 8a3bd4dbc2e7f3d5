package org.calypsohsm.itest.soak;

import java.lang.management.ManagementFactory;

import javax.management.JMException;
import javax.management.ObjectName;

/** Looks at the objects in the heap that are still in use. */
final class Heap {

    private Heap() {
    }

    /**
     * Counts objects, after a collection of garbage.
     *
     * @param type name of their class
     * @return how many there are, over all class loaders
     */
    static long count(String type) {
        try {
            Object histogram = ManagementFactory.getPlatformMBeanServer().invoke(
                    new ObjectName("com.sun.management:type=DiagnosticCommand"), "gcClassHistogram",
                    new Object[] {new String[0]}, new String[] {String[].class.getName()});
            // A line is: number, objects, bytes, class, and its module for those of the JDK.
            return String.valueOf(histogram).lines().map(line -> line.trim().split("\\s+"))
                    .filter(columns -> columns.length >= 4 && columns[3].equals(type)).mapToLong(columns -> Long.parseLong(columns[1])).sum();
        } catch (JMException e) {
            throw new IllegalStateException("The objects in the heap cannot be counted: " + e.getMessage(), e);
        }
    }
}
