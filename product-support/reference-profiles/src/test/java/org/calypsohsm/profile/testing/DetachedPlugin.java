package org.calypsohsm.profile.testing;

import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;

import org.calypsohsm.product.SecurityPlugin;

/**
 * A plugin whose classes can't be loaded any more, as after its bundle was uninstalled and refreshed: only the classes that
 * were loaded while it was activated are there.
 */
public final class DetachedPlugin {

    private DetachedPlugin() {
    }

    /**
     * Activates a plugin and then takes its classes away.
     *
     * @param plugin component class with a public constructor without parameters
     * @return the plugin
     */
    public static SecurityPlugin of(Class<? extends SecurityPlugin> plugin) {
        URL[] places = {place(plugin), place(plugin.getSuperclass())};
        try (Loader loader = new Loader(places, plugin)) {
            return (SecurityPlugin) loader.loadClass(plugin.getName()).getConstructor().newInstance();
        } catch (ReflectiveOperationException | IOException e) {
            throw new AssertionError("The plugin " + plugin.getName() + " was not activated.", e);
        }
    }

    private static URL place(Class<?> type) {
        return type.getProtectionDomain().getCodeSource().getLocation();
    }

    private static final class Loader extends URLClassLoader {

        private final String pluginPackage;
        private final String libraryPackage;

        Loader(URL[] places, Class<?> plugin) {
            super(places, plugin.getClassLoader());
            pluginPackage = plugin.getPackageName();
            libraryPackage = plugin.getSuperclass().getPackageName();
        }

        @Override
        protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
            String inPackage = name.substring(0, name.lastIndexOf('.'));
            if (!inPackage.equals(pluginPackage) && !inPackage.equals(libraryPackage)) {
                return super.loadClass(name, resolve);
            }
            synchronized (getClassLoadingLock(name)) {
                Class<?> known = findLoadedClass(name);
                return known != null ? known : findClass(name);
            }
        }
    }
}
