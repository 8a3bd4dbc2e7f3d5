package org.calypsohsm.features;

import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;

import org.calypsohsm.channel.ChannelManager;
import org.calypsohsm.channel.ChannelReport;
import org.calypsohsm.channel.DrainReport;
import org.calypsohsm.channel.ModuleReport;
import org.calypsohsm.feature.FeatureException;
import org.calypsohsm.feature.FeatureException.Reason;

/** A framework and a channel manager that do what they are told to. A feature runs the modules that it has configurations for. */
final class FakePlatform implements FeatureRuntime {

    final List<String> done = new ArrayList<>();
    final Map<String, String> states = new TreeMap<>();
    final Map<String, CompletableFuture<DrainReport>> drains = new TreeMap<>();
    final Set<String> faults = new TreeSet<>();
    /** By name of a feature the one whose bundles it needs. */
    final Map<String, String> needs = new TreeMap<>();
    final List<FeatureFile> installed = new ArrayList<>();
    private final Map<String, Set<Integer>> algs = Map.of("cd21", Set.of(0x30), "cd21-better", Set.of(0x30), "tango", Set.of(0x40));

    final ChannelManager channels = (ChannelManager) Proxy.newProxyInstance(FakePlatform.class.getClassLoader(),
            new Class<?>[] {ChannelManager.class}, (self, method, arguments) -> switch (method.getName()) {
                case "modules" -> modules();
                case "channels" -> modules().isEmpty() ? List.of() : List.of(new ChannelReport(1, 0, "main", Duration.ofMillis(20), Duration.ofMillis(70)));
                case "drain" -> {
                    done.add("drain " + arguments[0] + " " + ((Duration) arguments[1]).toMillis());
                    yield drains.getOrDefault(arguments[0], CompletableFuture.completedFuture(
                            new DrainReport((String) arguments[0], 3, 0, 0, 0, Duration.ZERO)));
                }
                case "undrain" -> done.add("undrain " + arguments[0]) ? null : null;
                case "selfTest" -> {
                    done.add("test " + arguments[0]);
                    String state = faults.contains("test " + arguments[0]) ? "FAILED" : "OPERATIONAL";
                    yield report((String) arguments[0], state);
                }
                default -> throw new UnsupportedOperationException(method.getName());
            });

    private synchronized List<ModuleReport> modules() {
        return installed.stream().flatMap(feature -> running(feature).stream())
                .map(name -> report(name, states.getOrDefault(name, "OPERATIONAL"))).toList();
    }

    private static ModuleReport report(String name, String state) {
        return new ModuleReport(name, "FAKE", "00000000", true, state, "It is told to be.", 20, 3,
                name.equals("main") ? Set.of(0, 1) : Set.of(0), 0, 0, 0, 0);
    }

    @Override
    public synchronized void install(FeatureFile feature, List<Jar> jars, FeatureFile replaced) throws FeatureException {
        String needed = needs.get(feature.name());
        if (needed != null && installed.stream().noneMatch(one -> one.name().equals(needed))) {
            throw new FeatureException(Reason.NOT_READY, "Feature " + feature + " does not start: it needs " + needed + ".");
        }
        if (faults.contains("install " + feature.name())) {
            throw new FeatureException(Reason.NOT_READY, "Feature " + feature + " does not start: told so.");
        }
        done.add("install " + feature.name() + " " + feature.version());
        installed.add(feature);
    }

    @Override
    public synchronized void remove(FeatureFile feature) {
        done.add("remove " + feature.name() + " " + feature.version());
        installed.remove(feature);
    }

    @Override
    public void removeOthers() {
        // There is no other manager.
    }

    @Override
    public Look look(FeatureFile feature) {
        return faults.contains("look " + feature.name()) ? new Look("it waits for ever", false) : Look.UP;
    }

    @Override
    public Set<String> running(FeatureFile feature) {
        Set<String> names = new TreeSet<>();
        feature.configurations().values().forEach(one -> names.add(String.valueOf(one.get("hsm.module.name"))));
        return names;
    }

    @Override
    public Set<String> going(FeatureFile feature) {
        return running(feature);
    }

    @Override
    public synchronized int services(String module) {
        return (int) installed.stream().filter(feature -> running(feature).contains(module)).count();
    }

    @Override
    public Set<Integer> served(FeatureFile feature) {
        return algs.getOrDefault(feature.name(), Set.of());
    }

    @Override
    public Set<Integer> algs(FeatureFile feature) {
        return served(feature);
    }

    @Override
    public synchronized Set<Integer> algsWithout(FeatureFile feature) {
        Set<Integer> rest = new TreeSet<>();
        installed.stream().filter(one -> one != feature).forEach(one -> rest.addAll(served(one)));
        return rest;
    }

    @Override
    public void testPlugins(FeatureFile feature) throws FeatureException {
        if (faults.contains("plugin " + feature.name())) {
            throw new FeatureException(Reason.SELF_TEST, "Feature " + feature + ": its plugin failed.");
        }
    }
}
