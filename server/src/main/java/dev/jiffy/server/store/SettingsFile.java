package dev.jiffy.server.store;

import dev.jiffy.engine.Device;
import dev.jiffy.engine.EngineChoice;
import dev.jiffy.engine.KernelPath;
import dev.jiffy.engine.LoadOptions;
import dev.jiffy.engine.ModelException;
import dev.jiffy.engine.Precision;
import dev.jiffy.server.cache.CacheOptions;
import dev.jiffy.server.schedule.Policy;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Reads how a model is served from `jiffy.yaml`. What the file leaves out is as the server has it.
final class SettingsFile {
  static final String THREADS = "threads";
  static final String PRECISION = "precision";
  static final String KERNELS = "kernels";
  static final String ENGINE = "engine";
  static final String DEVICE = "device";
  static final String INSTANCES = "instances";
  static final String MAX_BATCH = "max_batch";
  static final String LATENCY_TARGET = "latency_target";
  static final String QUEUE = "queue";
  static final String TIMEOUT = "timeout";
  static final String PADDING = "padding";
  static final String WARM_UP = "warm_up";
  static final String VERSIONS = "versions";
  static final String LABELS = "labels";
  static final String CASE_TOLERANCE = "case_tolerance";
  static final String CACHE = "cache";
  static final String BYTES = "bytes";
  static final String TTL = "ttl";
  static final String STEPS = "steps";
  static final String MODEL = "model";
  static final String VERSION = "version";
  static final String FUNCTION = "function";
  static final String WITH = "with";
  static final String INPUTS = "inputs";
  static final String OUTPUTS = "outputs";

  /// What stands for no time.
  static final String NONE = "none";

  /// What stands for every version.
  static final String ALL = "all";

  /// The key of the number of greatest versions.
  static final String LATEST = "latest";

  private static final Set<String> KEYS =
      Set.of(
          THREADS,
          PRECISION,
          KERNELS,
          ENGINE,
          DEVICE,
          INSTANCES,
          MAX_BATCH,
          LATENCY_TARGET,
          QUEUE,
          TIMEOUT,
          PADDING,
          WARM_UP,
          VERSIONS,
          LABELS,
          CASE_TOLERANCE,
          CACHE,
          STEPS,
          OUTPUTS);
  private static final int MOST = 65_536;
  private static final double MOST_SECONDS = 3600;
  private static final double MOST_TTL_SECONDS = 86_400 * 365;
  private static final double NANOS = 1e9;

  private SettingsFile() {}

  /// {@return how a model is served}
  ///
  /// @param file the file, null if there is none
  /// @param defaults how models are served that say nothing
  /// @throws ModelException if something in the file is wrong
  static ModelSettings read(@Nullable Path file, ModelSettings defaults) {
    return file == null ? defaults : of(YamlMap.read(file), defaults);
  }

  /// {@return how a model is served}
  ///
  /// @param yaml what its file says
  /// @param defaults how models are served that say nothing
  /// @throws ModelException if something in the file is wrong
  static ModelSettings of(YamlMap yaml, ModelSettings defaults) {
    yaml.allow(KEYS);
    return new ModelSettings(
        load(yaml, defaults.load()),
        policy(yaml, defaults.policy()),
        seconds(yaml, WARM_UP, 0, defaults.warmUpTime()),
        versions(yaml, defaults.versions()),
        labels(yaml, defaults.labels()),
        yaml.decimal(CASE_TOLERANCE, 0, Double.MAX_VALUE, defaults.caseTolerance()),
        cache(yaml, defaults),
        defaults.cacheTtl(),
        ensemble(yaml));
  }

  private static LoadOptions load(YamlMap yaml, LoadOptions defaults) {
    return defaults
        .threads((int) yaml.whole(THREADS, 0, 1024, defaults.threads()))
        .precision(choice(yaml, PRECISION, Precision.values(), defaults.precision()))
        .kernels(choice(yaml, KERNELS, KernelPath.values(), defaults.kernels()))
        .engine(choice(yaml, ENGINE, EngineChoice.values(), defaults.engine()))
        .device(device(yaml, defaults.device()));
  }

  private static Device device(YamlMap yaml, Device otherwise) {
    try {
      return yaml.keys().contains(DEVICE) ? Device.of(yaml.text(DEVICE, "")) : otherwise;
    } catch (IllegalArgumentException e) {
      throw yaml.wrong(DEVICE, String.valueOf(e.getMessage()));
    }
  }

  private static Policy policy(YamlMap yaml, Policy defaults) {
    return new Policy(
        (int) yaml.whole(INSTANCES, 1, MOST, defaults.instances()),
        (int) yaml.whole(QUEUE, 1, MOST, defaults.queueCapacity()),
        (int) yaml.whole(MAX_BATCH, 1, MOST, defaults.maxBatch()),
        seconds(yaml, LATENCY_TARGET, 1e-3, defaults.latencyTarget()),
        timeout(yaml, defaults.timeout()),
        !yaml.flag(PADDING, !defaults.exact()));
  }

  private static @Nullable EnsembleSettings ensemble(YamlMap yaml) {
    if (!yaml.keys().contains(STEPS)) {
      if (yaml.keys().contains(OUTPUTS)) {
        throw yaml.wrong(OUTPUTS, "is for an ensemble, which has " + STEPS);
      }
      return null;
    }
    List<EnsembleSettings.Step> steps = new ArrayList<>();
    for (YamlMap step : yaml.maps(STEPS)) {
      EnsembleSettings.Who who = step.keys().contains(FUNCTION) ? function(step) : model(step);
      steps.add(new EnsembleSettings.Step(who, words(step, INPUTS), words(step, OUTPUTS)));
    }
    if (steps.isEmpty()) {
      throw yaml.wrong(STEPS, "expected at least one step, got none");
    }
    return new EnsembleSettings(
        steps, yaml.keys().contains(OUTPUTS) ? yaml.texts(OUTPUTS) : List.of());
  }

  private static EnsembleSettings.Who model(YamlMap step) {
    step.allow(Set.of(MODEL, VERSION, INPUTS, OUTPUTS));
    String model = step.text(MODEL, "");
    if (!LoadedModel.isName(model)) {
      throw step.wrong(MODEL, "%s, got '%s'".formatted(LoadedModel.NAME_RULE, model));
    }
    return new EnsembleSettings.Model(model, step.text(VERSION, ""));
  }

  private static EnsembleSettings.Who function(YamlMap step) {
    step.allow(Set.of(FUNCTION, WITH, TIMEOUT, INPUTS, OUTPUTS));
    Map<String, List<String>> settings = new HashMap<>();
    YamlMap with = step.map(WITH);
    if (with != null) {
      for (String key : with.keys()) {
        settings.put(key, with.isList(key) ? with.texts(key) : List.of(with.text(key, "")));
      }
    }
    return new EnsembleSettings.Function(
        step.text(FUNCTION, ""),
        settings,
        seconds(step, TIMEOUT, 1e-3, EnsembleSettings.Function.TIMEOUT));
  }

  private static Map<String, String> words(YamlMap yaml, String key) {
    YamlMap map = yaml.map(key);
    Map<String, String> words = new HashMap<>();
    if (map != null) {
      map.keys().forEach(name -> words.put(name, map.text(name, "")));
    }
    return words;
  }

  private static @Nullable CacheOptions cache(YamlMap yaml, ModelSettings otherwise) {
    if (!yaml.keys().contains(CACHE)) {
      return otherwise.cache();
    }
    if (!yaml.isMap(CACHE)) {
      if (!yaml.text(CACHE, "").equals(NONE)) {
        throw yaml.wrong(CACHE, "expected 'none' or {bytes: NUMBER, ttl: SECONDS}");
      }
      return null;
    }
    YamlMap cache = yaml.map(CACHE);
    if (cache == null) {
      return null;
    }
    cache.allow(Set.of(BYTES, TTL));
    CacheOptions defaults =
        Objects.requireNonNullElseGet(
            otherwise.cache(),
            () -> new CacheOptions(CacheOptions.defaults().bytes(), otherwise.cacheTtl()));
    return new CacheOptions(
        cache.whole(BYTES, 1, Long.MAX_VALUE, defaults.bytes()),
        seconds(cache, TTL, 1e-3, MOST_TTL_SECONDS, defaults.ttl()));
  }

  private static @Nullable Duration timeout(YamlMap yaml, @Nullable Duration otherwise) {
    if (!yaml.keys().contains(TIMEOUT)) {
      return otherwise;
    }
    return yaml.text(TIMEOUT, "").equals(NONE) ? null : seconds(yaml, TIMEOUT, 1e-3, Duration.ZERO);
  }

  private static Duration seconds(YamlMap yaml, String key, double least, Duration otherwise) {
    return seconds(yaml, key, least, MOST_SECONDS, otherwise);
  }

  private static Duration seconds(
      YamlMap yaml, String key, double least, double most, Duration otherwise) {
    double seconds = yaml.decimal(key, least, most, otherwise.toNanos() / NANOS);
    return Duration.ofNanos(Math.round(seconds * NANOS));
  }

  private static <E extends Enum<E>> E choice(YamlMap yaml, String key, E[] values, E otherwise) {
    String text = yaml.text(key, word(otherwise));
    for (E value : values) {
      if (word(value).equals(text)) {
        return value;
      }
    }
    throw yaml.wrong(
        key,
        "expected one of %s, got '%s'"
            .formatted(Arrays.stream(values).map(SettingsFile::word).toList(), text));
  }

  /// {@return how a choice is written}
  static String word(Enum<?> value) {
    return value.name().toLowerCase(Locale.ROOT);
  }

  private static VersionPolicy versions(YamlMap yaml, VersionPolicy otherwise) {
    if (!yaml.keys().contains(VERSIONS)) {
      return otherwise;
    }
    if (yaml.isList(VERSIONS)) {
      List<Long> versions = yaml.wholes(VERSIONS, 1);
      if (versions.isEmpty()) {
        throw yaml.wrong(VERSIONS, "expected at least one version, got none");
      }
      return new VersionPolicy.Only(versions);
    }
    if (yaml.isMap(VERSIONS)) {
      YamlMap latest = yaml.map(VERSIONS);
      if (latest != null) {
        latest.allow(Set.of(LATEST));
        return new VersionPolicy.Latest((int) latest.whole(LATEST, 1, MOST, 1));
      }
    }
    if (!yaml.text(VERSIONS, "").equals(ALL)) {
      throw yaml.wrong(
          VERSIONS,
          "expected 'all', a list of versions, or 'latest: NUMBER', got '%s'"
              .formatted(yaml.text(VERSIONS, "")));
    }
    return new VersionPolicy.All();
  }

  private static Map<String, Long> labels(YamlMap yaml, Map<String, Long> otherwise) {
    YamlMap labels = yaml.map(LABELS);
    if (labels == null) {
      return otherwise;
    }
    Map<String, Long> versions = new HashMap<>();
    for (String label : labels.keys()) {
      if (!LoadedModel.isName(label) || Character.isDigit(label.charAt(0))) {
        throw labels.wrong(label, "a label begins with a letter; " + LoadedModel.NAME_RULE);
      }
      versions.put(label, labels.whole(label, 1, Long.MAX_VALUE, 1));
    }
    return versions;
  }
}
