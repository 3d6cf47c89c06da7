package dev.jiffy.server.store;

import dev.jiffy.protocol.ModelState;
import dev.jiffy.protocol.ModelStatistics;
import dev.jiffy.protocol.ProtocolException;
import dev.jiffy.server.schedule.Policy;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The models that are served, by name. Shared between threads.
public final class Models implements AutoCloseable {
  private final Map<String, Served> byName = new LinkedHashMap<>();

  /// Starts models.
  ///
  /// @param models the models, of different names; closed with this
  /// @param policy how their requests are scheduled
  /// @throws IllegalArgumentException if two models have the same name
  public Models(List<LoadedModel> models, Policy policy) {
    Map<String, LoadedModel> names = new LinkedHashMap<>();
    for (LoadedModel model : models) {
      if (names.put(model.name(), model) != null) {
        throw new IllegalArgumentException("two models are called '" + model.name() + "'");
      }
    }
    names.forEach((name, model) -> byName.put(name, Served.start(model, policy)));
  }

  /// {@return the model of a name, null if there is none}
  ///
  /// @param name the name by which clients ask for it
  public @Nullable Served find(String name) {
    return byName.get(name);
  }

  /// {@return the model of a name and version}
  ///
  /// @param name the name by which clients ask for it
  /// @param version the version, empty for the one that is served
  /// @throws ProtocolException of status 404 if there is none
  public Served served(String name, String version) {
    Served served = find(name);
    if (served == null) {
      throw new ProtocolException(404, "there is no model '%s'".formatted(shortened(name)));
    }
    if (!version.isEmpty() && !version.equals(served.model().version())) {
      throw new ProtocolException(
          404, "model '%s' has no version '%s'".formatted(name, shortened(version)));
    }
    return served;
  }

  private static String shortened(String text) {
    return text.length() <= 64 ? text : text.substring(0, 64) + "…";
  }

  /// {@return what each model has done so far}
  public List<ModelStatistics> statistics() {
    return all().stream().map(Served::statistics).toList();
  }

  /// {@return the models that there are}
  ///
  /// @param readyOnly whether only those that take requests are asked for
  public List<ModelState> index(boolean readyOnly) {
    return all().stream()
        .map(served -> served.model())
        .map(model -> new ModelState(model.name(), model.version(), ModelState.READY, ""))
        .toList();
  }

  /// {@return all models}
  public List<Served> all() {
    return List.copyOf(byName.values());
  }

  /// Runs each model until it is warm, one after the other.
  ///
  /// @param most the most time for each, save for the last run; zero for none
  public void warmUp(Duration most) {
    byName.values().forEach(served -> served.warmUp(most));
  }

  /// Answers what was taken and stops the owner threads; the models stay open.
  public void stop() {
    byName.values().forEach(served -> served.scheduler().close());
  }

  /// Answers what was taken, stops the owner threads and frees the models. Idempotent.
  @Override
  public void close() {
    byName.values().forEach(Served::close);
  }
}
