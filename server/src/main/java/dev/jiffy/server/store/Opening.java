package dev.jiffy.server.store;

import dev.jiffy.engine.Handover;
import dev.jiffy.engine.ModelException;
import dev.jiffy.protocol.ProtocolException;
import dev.jiffy.server.cache.SecondLevel;
import dev.jiffy.server.cache.SharedAnswers;
import dev.jiffy.server.function.Functions;
import dev.jiffy.server.function.TensorFunction;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// Makes what serves of what lies in a repository: loads a version, compares it with its recorded
/// cases, starts its threads, and warms it up. Knows nothing of what is served already, but for the
/// models that an ensemble holds.
final class Opening {
  private static final double MIB = 1 << 20;

  private final Models models;
  private final Consumer<String> progress;
  private final Functions functions;
  private final @Nullable SharedAnswers shared;

  /// @param models those that ensembles may hold
  /// @param progress takes a line about every version
  /// @param functions the functions that ensembles may use
  /// @param shared the answers that servers share, null for none
  Opening(
      Models models,
      Consumer<String> progress,
      Functions functions,
      @Nullable SharedAnswers shared) {
    this.models = models;
    this.progress = progress;
    this.functions = functions;
    this.shared = shared;
  }

  /// Where a model is loaded and run before it is served.
  interface Place {
    <T> T call(Supplier<T> task);
  }

  /// {@return the versions that are served; those that labels name are among them}
  ///
  /// @throws ModelException if there are none, or not those
  static SortedSet<Long> chosen(Source source, ModelSettings settings) {
    if (settings.ensemble() != null) {
      if (!source.versions().isEmpty() || !settings.labels().isEmpty()) {
        throw new ModelException(
            "%s: an ensemble has neither files nor labels".formatted(source.settings()));
      }
      return new TreeSet<>(Set.of(LoadedModel.FIRST));
    }
    SortedSet<Long> chosen;
    try {
      chosen = settings.versions().choose(source.versions().keySet());
    } catch (IllegalArgumentException e) {
      throw new ModelException("%s: %s".formatted(source.settings(), e.getMessage()), e);
    }
    settings
        .labels()
        .forEach((label, version) -> {
          if (!chosen.contains(version)) {
            throw new ModelException(
                "%s: labels: %s: expected one of the versions %s, which are served, got %d"
                    .formatted(source.settings(), label, chosen, version));
          }
        });
    if (chosen.isEmpty()) {
      throw new ModelException(
          "%s: expected a file model.onnx or folders of versions beside it, got none"
              .formatted(source.settings()));
    }
    return chosen;
  }

  /// {@return a version of a model that is ready to be served}
  ///
  /// @param source where it lies
  /// @param version the version
  /// @param settings how it is served
  /// @param place where it is loaded and run
  /// @throws ModelException if it cannot be loaded, or does not give what was recorded
  Served open(Source source, long version, ModelSettings settings, Place place) {
    String what = "%s %d".formatted(source.name(), version);
    long start = System.nanoTime();
    long before = Background.residentBytes();
    LoadedModel model = load(source, version, settings, place);
    Served served;
    int cases;
    try {
      Path folder = source.cases(version);
      cases =
          folder == null
              ? 0
              : place.call(
                  () -> RecordedCases.check(model.computation(), folder, settings.caseTolerance()));
      SecondLevel second = place.call(() -> secondLevel(source, version, settings, model));
      served = Served.start(model, settings.policy(), settings.cache(), second);
    } catch (RuntimeException | Error e) {
      model.close();
      throw e;
    }
    try {
      place.call(() -> {
        served.warmUp(settings.warmUpTime());
        return served;
      });
    } catch (RuntimeException | Error e) {
      served.close();
      throw e;
    }
    if (!model.isEnsemble()) {
      model.model().handover().map(Handover::text).ifPresent(progress);
    }
    progress.accept(
        String.format(
            Locale.ROOT,
            "%s is loaded: %.2f s, %d recorded cases hold, %.1f MiB of packed weights%s",
            what,
            (System.nanoTime() - start) / 1e9,
            cases,
            model.packedBytes() / MIB,
            process(before)));
    return served;
  }

  private @Nullable SecondLevel secondLevel(
      Source source, long version, ModelSettings settings, LoadedModel model) {
    SharedAnswers all = shared;
    if (all == null || settings.cache() == null) {
      return null;
    }
    byte[] fingerprint = Fingerprint.of(source, version, settings, model).orElse(null);
    if (fingerprint == null) {
      progress.accept(
          "%s %d keeps its answers to itself: %s"
              .formatted(
                  source.name(),
                  version,
                  model.isEnsemble()
                      ? "it is an ensemble"
                      : "it has no folder of its own for all of its files, or they have changed"));
      return null;
    }
    return new SecondLevel(all, fingerprint, System::nanoTime);
  }

  private LoadedModel load(Source source, long version, ModelSettings settings, Place place) {
    EnsembleSettings ensemble = settings.ensemble();
    if (ensemble != null) {
      progress.accept("loading the ensemble %s".formatted(source.name()));
      return LoadedModel.of(source.name(), Ensemble.of(ensemble, who -> held(source, who)));
    }
    Path file = source.versions().get(version);
    if (file == null) {
      throw new IllegalStateException("no file for version " + version);
    }
    progress.accept("loading %s %d from %s".formatted(source.name(), version, file));
    return place.call(() -> LoadedModel.load(source.name(), version, file, settings.load()));
  }

  private Ensemble.Held held(Source source, EnsembleSettings.Who who) {
    return switch (who) {
      case EnsembleSettings.Model model -> {
        Served served = held(source, model);
        yield new Ensemble.Held(served.model().computation(), served::release);
      }
      case EnsembleSettings.Function(
              String name,
              Map<String, List<String>> settings,
              Duration timeout) -> {
        try {
          TensorFunction function = functions.find(name, settings);
          yield new Ensemble.Held(new FunctionStep(name, function, timeout), () -> {});
        } catch (ModelException e) {
          throw new ModelException("%s: steps: %s".formatted(source.settings(), e.getMessage()), e);
        }
      }
    };
  }

  private Served held(Source source, EnsembleSettings.Model step) {
    Served served;
    try {
      served = models.hold(step.name(), step.version());
    } catch (ProtocolException e) {
      throw new ModelException(
          "%s: steps: expected a model that is served, got '%s': %s"
              .formatted(source.settings(), step.name(), e.getMessage()),
          e);
    }
    if (served.model().isEnsemble()) {
      served.release();
      throw new ModelException(
          "%s: steps: expected a model with a file, got the ensemble '%s'"
              .formatted(source.settings(), step.name()));
    }
    return served;
  }

  /// {@return what the process holds now and held before, as the end of a line}
  static String process(long before) {
    return before == 0
        ? ""
        : String.format(
            Locale.ROOT,
            "; the process holds %.1f MiB, %.1f before",
            Background.residentBytes() / MIB,
            before / MIB);
  }
}
