package dev.jiffy.server.store;

import dev.jiffy.engine.LoadOptions;
import dev.jiffy.server.cache.CacheOptions;
import dev.jiffy.server.schedule.Policy;
import java.time.Duration;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// How one model is loaded and served. Immutable.
///
/// @param load how it is loaded
/// @param policy how its requests are scheduled
/// @param warmUpTime the most time in which each version is run on made-up inputs before it takes
///   requests, save for the last run; zero for none
/// @param versions which versions are served
/// @param labels names for versions, such as `stable`, by which clients may ask for them
/// @param caseTolerance how far from the recorded outputs of its cases a version may be, relative
///   to the recorded values where these are greater than 1
/// @param cache how its answers are kept and given again, null to compute each anew
/// @param cacheTtl how long they are given again where a cache is asked for and does not say
/// @param ensemble the models that it consists of, null where it is one
public record ModelSettings(
    LoadOptions load,
    Policy policy,
    Duration warmUpTime,
    VersionPolicy versions,
    Map<String, Long> labels,
    double caseTolerance,
    @Nullable CacheOptions cache,
    Duration cacheTtl,
    @Nullable EnsembleSettings ensemble) {
  private static final double CASE_TOLERANCE = 1e-3;

  /// Checks the numbers and copies the map.
  public ModelSettings {
    if (warmUpTime.isNegative()) {
      throw new IllegalArgumentException("the time to warm up must not be negative");
    }
    if (!(caseTolerance >= 0)) {
      throw new IllegalArgumentException("a tolerance is at least 0, got " + caseTolerance);
    }
    labels = Map.copyOf(labels);
  }

  /// {@return the defaults of loading and of scheduling, 0.3 seconds to warm up, the latest
  /// version, no labels, cases within 0.001, no cache}
  public static ModelSettings defaults() {
    return new ModelSettings(
        LoadOptions.defaults(),
        Policy.defaults(),
        Duration.ofMillis(300),
        new VersionPolicy.Latest(1),
        Map.of(),
        CASE_TOLERANCE,
        null,
        CacheOptions.defaults().ttl(),
        null);
  }

  /// {@return these settings with another way to load}
  ///
  /// @param options how the model is loaded
  public ModelSettings load(LoadOptions options) {
    return new ModelSettings(
        options, policy, warmUpTime, versions, labels, caseTolerance, cache, cacheTtl, ensemble);
  }

  /// {@return these settings with another policy}
  ///
  /// @param choice how the model's requests are scheduled
  public ModelSettings policy(Policy choice) {
    return new ModelSettings(
        load, choice, warmUpTime, versions, labels, caseTolerance, cache, cacheTtl, ensemble);
  }

  /// {@return these settings with another time to warm up}
  ///
  /// @param time the most for each version, zero for none
  public ModelSettings warmUpTime(Duration time) {
    return new ModelSettings(
        load, policy, time, versions, labels, caseTolerance, cache, cacheTtl, ensemble);
  }

  /// {@return these settings with other versions}
  ///
  /// @param choice which versions are served
  /// @param names names for versions
  public ModelSettings versions(VersionPolicy choice, Map<String, Long> names) {
    return new ModelSettings(
        load, policy, warmUpTime, choice, names, caseTolerance, cache, cacheTtl, ensemble);
  }

  /// {@return these settings with another tolerance}
  ///
  /// @param most how far from recorded outputs a version may be
  public ModelSettings caseTolerance(double most) {
    return new ModelSettings(
        load, policy, warmUpTime, versions, labels, most, cache, cacheTtl, ensemble);
  }

  /// {@return these settings with another cache}
  ///
  /// @param options how answers are kept and given again, null to compute each anew
  public ModelSettings cache(@Nullable CacheOptions options) {
    return new ModelSettings(
        load, policy, warmUpTime, versions, labels, caseTolerance, options, cacheTtl, ensemble);
  }

  /// {@return these settings with another time for which answers are given again}
  ///
  /// @param time how long, where a cache is asked for and does not say
  public ModelSettings cacheTtl(Duration time) {
    return new ModelSettings(
        load, policy, warmUpTime, versions, labels, caseTolerance, cache, time, ensemble);
  }
}
