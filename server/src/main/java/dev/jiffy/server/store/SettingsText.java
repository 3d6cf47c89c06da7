package dev.jiffy.server.store;

import static dev.jiffy.server.store.SettingsFile.word;

import dev.jiffy.engine.Handover;
import dev.jiffy.engine.LoadOptions;
import dev.jiffy.engine.TensorSpec;
import dev.jiffy.server.cache.CacheOptions;
import dev.jiffy.server.schedule.Policy;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;

/// Writes how a model is served as a file that can be edited and read again: each value with the
/// reason for it.
final class SettingsText {
  private static final int COLUMN = 28;

  private final StringBuilder text = new StringBuilder();

  private SettingsText() {}

  /// {@return the text of a `jiffy.yaml`}
  ///
  /// @param source what lies in the repository
  /// @param settings how it is served
  /// @param served the version that was loaded
  static String of(Source source, ModelSettings settings, Served served) {
    SettingsText file = new SettingsText();
    LoadedModel model = served.model();
    file.comment(
        "%s: how it is served. What is left out or deleted is derived anew."
            .formatted(model.name()));
    file.comment("takes " + tensors(model.inputs()));
    file.comment("gives " + tensors(model.outputs()));
    EnsembleSettings ensemble = settings.ensemble();
    if (ensemble == null) {
      file.load(model, settings.load());
    } else {
      file.steps(ensemble);
    }
    file.policy(served, settings.policy());
    file.rest(source, settings, Long.parseLong(model.version()));
    return file.text.toString();
  }

  private static String tensors(List<TensorSpec> specs) {
    return specs.stream()
        .map(spec ->
            "%s %s%s"
                .formatted(spec.name(), spec.dtype(), spec.shape() == null ? "" : spec.shape()))
        .collect(Collectors.joining(", "));
  }

  private void comment(String line) {
    text.append("# ").append(line).append('\n');
  }

  private void line(String key, Object value, String reason) {
    String entry = key + ": " + value;
    text.append(entry);
    text.repeat(' ', Math.max(1, COLUMN - entry.length()));
    text.append("# ").append(reason).append('\n');
  }

  private void load(LoadedModel model, LoadOptions asked) {
    LoadOptions decided = model.model().options();
    line(
        SettingsFile.THREADS,
        asked.threads(),
        asked.threads() == 0
            ? "0: one for each processor that this process may use, %d here"
                .formatted(decided.threads())
            : "as asked; 0 takes one for each processor");
    line(
        SettingsFile.PRECISION,
        word(asked.precision()),
        "f32 loses nothing; bf16 and int8 are faster, see ./jiffy compare for what they lose");
    line(
        SettingsFile.KERNELS,
        word(asked.kernels()),
        "the fastest here: " + word(decided.kernels()));
    line(
        SettingsFile.ENGINE,
        word(asked.engine()),
        model.model().handover().map(Handover::text).orElse("Jiffy computes every node"));
    line(
        SettingsFile.DEVICE,
        asked.device(),
        "packed weights take %d bytes".formatted(model.model().packedBytes()));
  }

  private void policy(Served served, Policy policy) {
    line(
        SettingsFile.INSTANCES,
        policy.instances(),
        "batches at a time; more than one pays where a run keeps few threads busy");
    line(
        SettingsFile.MAX_BATCH,
        served.scheduler().isBatching() ? policy.maxBatch() : 1,
        served.scheduler().batching()
            + (served.scheduler().isBatching() ? "; how many rows pay is learned" : ""));
    line(
        SettingsFile.LATENCY_TARGET,
        seconds(policy.latencyTarget()),
        "seconds; batches are so small that two of them take no longer");
    line(
        SettingsFile.QUEUE,
        policy.queueCapacity(),
        "the most requests that wait; others are refused");
    Duration timeout = policy.timeout();
    line(
        SettingsFile.TIMEOUT,
        timeout == null ? SettingsFile.NONE : seconds(timeout),
        "seconds, for requests that bring no deadline");
    line(
        SettingsFile.PADDING,
        !policy.exact(),
        policy.exact()
            ? "answers have the bits of single runs"
            : "texts of different lengths are joined; answers are the same up to rounding");
  }

  private static String who(EnsembleSettings.Who who) {
    return switch (who) {
      case EnsembleSettings.Model(String name, String version) ->
          "model: " + name + (version.isEmpty() ? "" : ", version: " + version);
      case EnsembleSettings.Function(
              String name,
              Map<String, List<String>> settings,
              Duration timeout) ->
          "function: %s, with: %s, timeout: %s".formatted(name, lists(settings), seconds(timeout));
    };
  }

  /// {@return lists of words by key, in quotes, as a word may be anything}
  private static String lists(Map<String, List<String>> lists) {
    return new TreeMap<>(lists)
        .entrySet().stream()
            .map((Map.Entry<String, List<String>> entry) ->
                quoted(entry.getKey())
                    + ": "
                    + entry.getValue().stream()
                        .map(SettingsText::quoted)
                        .collect(Collectors.joining(", ", "[", "]")))
            .collect(Collectors.joining(", ", "{", "}"));
  }

  private static String quoted(String word) {
    return "'" + word.replace("'", "''") + "'";
  }

  private void steps(EnsembleSettings ensemble) {
    text.append(SettingsFile.STEPS).append(": # what one gives, the next ones take\n");
    for (EnsembleSettings.Step step : ensemble.steps()) {
      String entry =
          "  - {%s, inputs: %s, outputs: %s}"
              .formatted(who(step.who()), words(step.inputs()), words(step.outputs()));
      text.append(entry).append(" # its names: the values' names\n");
    }
    line(
        SettingsFile.OUTPUTS,
        ensemble.outputs(),
        "what clients are given; none stands for all that no step takes");
  }

  private static String words(Map<String, String> words) {
    return new TreeMap<>(words)
        .entrySet().stream()
            .map((Map.Entry<String, String> word) -> word.getKey() + ": " + word.getValue())
            .collect(Collectors.joining(", ", "{", "}"));
  }

  private void rest(Source source, ModelSettings settings, long loaded) {
    line(
        SettingsFile.WARM_UP,
        seconds(settings.warmUpTime()),
        "seconds at most, on made-up inputs before the first request");
    if (settings.ensemble() == null) {
      versions(source, settings, loaded);
    }
    Path cases = source.cases(loaded);
    line(
        SettingsFile.CASE_TOLERANCE,
        settings.caseTolerance(),
        cases == null
            ? "no folder 'cases' with recorded cases to check before serving"
            : "each version must give what was recorded in " + cases.getFileName());
    CacheOptions cache = settings.cache();
    line(
        SettingsFile.CACHE,
        cache == null
            ? SettingsFile.NONE
            : "{%s: %s, %s: %s}"
                .formatted(
                    SettingsFile.BYTES, cache.bytes(), SettingsFile.TTL, seconds(cache.ttl())),
        "answers to keep while that pays: none, or {bytes: NUMBER, ttl: SECONDS}");
  }

  private void versions(Source source, ModelSettings settings, long loaded) {
    Set<Long> there = source.versions().keySet();
    line(
        SettingsFile.VERSIONS,
        switch (settings.versions()) {
          case VersionPolicy.All _ -> SettingsFile.ALL;
          case VersionPolicy.Latest(int count) -> "{%s: %s}".formatted(SettingsFile.LATEST, count);
          case VersionPolicy.Only(List<Long> only) -> only.toString();
        },
        "there are %s; 'all', {latest: NUMBER} or a list".formatted(there));
    String labels =
        new TreeMap<>(settings.labels())
            .entrySet().stream()
                .map((Map.Entry<String, Long> label) -> label.getKey() + ": " + label.getValue())
                .collect(Collectors.joining(", ", "{", "}"));
    line(SettingsFile.LABELS, labels, "names for versions, such as {stable: %d}".formatted(loaded));
  }

  private static String seconds(Duration time) {
    double seconds = time.toNanos() / 1e9;
    return seconds == Math.rint(seconds) ? Long.toString((long) seconds) : Double.toString(seconds);
  }
}
