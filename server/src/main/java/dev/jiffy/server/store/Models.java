package dev.jiffy.server.store;

import dev.jiffy.protocol.ModelMetadata;
import dev.jiffy.protocol.ModelState;
import dev.jiffy.protocol.ProtocolException;
import dev.jiffy.server.schedule.Policy;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// The models that are served, by name and version. Shared between threads; whoever looks sees all
/// versions of a model change at once.
public final class Models implements AutoCloseable {
  private volatile Map<String, Versions> byName = Map.of();
  private volatile Map<String, ModelState> remarks = Map.of();

  /// No models yet.
  public Models() {}

  /// Starts models that come from no repository.
  ///
  /// @param all the models, of different names; closed with this
  /// @param policy how their requests are scheduled
  /// @throws IllegalArgumentException if two models have the same name; none is started then
  public void start(List<LoadedModel> all, Policy policy) {
    Set<String> names = new HashSet<>();
    for (LoadedModel model : all) {
      if (!names.add(model.name())) {
        throw new IllegalArgumentException("two models are called '" + model.name() + "'");
      }
    }
    for (LoadedModel model : all) {
      publish(
          model.name(), Versions.of(List.of(Served.start(model, policy, null, null)), Map.of()));
    }
  }

  /// Lets a model take requests, or other versions of it.
  ///
  /// @param name the model's name
  /// @param versions its versions, null to serve none any more
  /// @return the versions that were served so far, null if there were none
  synchronized @Nullable Versions publish(String name, @Nullable Versions versions) {
    Map<String, Versions> next = new LinkedHashMap<>(byName);
    Versions old = versions == null ? next.remove(name) : next.put(name, versions);
    byName = Collections.unmodifiableMap(next);
    return old;
  }

  /// Says something of a model that is to be in the index.
  ///
  /// @param name the model's name
  /// @param remark the state of a model that is not served, or why its last change failed; null for
  ///   nothing
  synchronized void remark(String name, @Nullable ModelState remark) {
    Map<String, ModelState> next = new LinkedHashMap<>(remarks);
    if (remark == null) {
      next.remove(name);
    } else {
      next.put(name, remark);
    }
    remarks = Collections.unmodifiableMap(next);
  }

  /// {@return the versions of a model, null if none is served}
  @Nullable Versions versions(String name) {
    return byName.get(name);
  }

  /// {@return whether a model is served}
  ///
  /// @param name the name by which clients ask for it
  /// @param version the version or a label, empty for any
  public boolean isServed(String name, String version) {
    Versions versions = byName.get(name);
    return versions != null && versions.find(version) != null;
  }

  /// {@return the model of a name and version}
  ///
  /// @param name the name by which clients ask for it
  /// @param version the version or a label, empty for the greatest that is served
  /// @throws ProtocolException of status 404 if there is none, 503 if it is there but not served
  public Served served(String name, String version) {
    Versions versions = byName.get(name);
    if (versions == null) {
      throw remarks.containsKey(name)
          ? new ProtocolException(503, "model '%s' is not ready".formatted(name))
          : new ProtocolException(
              404, "there is no model '%s'".formatted(ProtocolException.shortened(name)));
    }
    Served served = versions.find(version);
    if (served == null) {
      throw new ProtocolException(
          404,
          "model '%s' has no version '%s'".formatted(name, ProtocolException.shortened(version)));
    }
    return served;
  }

  /// {@return the model of a name and version, which the caller [releases][Served#release()]}
  ///
  /// @param name the name by which clients ask for it
  /// @param version the version or a label, empty for the greatest that is served
  /// @throws ProtocolException of status 404 if there is none, 503 if it is there but not served
  public Served hold(String name, String version) {
    while (true) {
      Served served = served(name, version);
      if (served.hold()) {
        return served;
      }
    }
  }

  /// {@return what clients are told of a model, with all of its versions}
  ///
  /// @param served one of the versions
  public ModelMetadata metadata(Served served) {
    ModelMetadata own = served.model().metadata();
    Versions versions = byName.get(own.name());
    return versions == null
        ? own
        : new ModelMetadata(
            own.name(), versions.names(), own.platform(), own.inputs(), own.outputs());
  }

  /// {@return the model of a name and version, or all versions of it that are served where none is
  /// named; all models where no name is}
  ///
  /// @param name the name by which clients ask for it, empty for all
  /// @param version the version or a label, empty for all that are served
  /// @throws ProtocolException of status 404 if there is none, 503 if it is there but not served
  public List<Served> all(String name, String version) {
    if (name.isEmpty()) {
      return all();
    }
    Served greatest = served(name, version);
    Versions versions = version.isEmpty() ? byName.get(name) : null;
    return versions == null ? List.of(greatest) : List.copyOf(versions.served().values());
  }

  /// {@return the models that there are}
  ///
  /// @param readyOnly whether only those that take requests are asked for
  /// @param isPrivate whether whoever asks may know why a model is not served
  public List<ModelState> index(boolean readyOnly, boolean isPrivate) {
    Map<String, ModelState> remarked = remarks;
    Map<String, Versions> served = byName;
    List<ModelState> states = new ArrayList<>();
    served.forEach((name, versions) -> {
      ModelState remark = remarked.get(name);
      String reason = remark == null || !isPrivate ? "" : remark.reason();
      versions
          .names()
          .forEach(version -> states.add(new ModelState(name, version, ModelState.READY, reason)));
    });
    if (!readyOnly) {
      remarked.forEach((name, remark) -> {
        if (!served.containsKey(name)) {
          String reason = isPrivate ? remark.reason() : "";
          states.add(new ModelState(name, remark.version(), remark.state(), reason));
        }
      });
    }
    return states;
  }

  /// Runs each model until it is warm, one after the other.
  ///
  /// @param most the most time for each, save for the last run; zero for none
  public void warmUp(Duration most) {
    all().forEach(served -> served.warmUp(most));
  }

  /// {@return the names of the models that are served}
  public List<String> names() {
    return List.copyOf(byName.keySet());
  }

  /// {@return all models, in all versions}
  public List<Served> all() {
    return byName.values().stream()
        .flatMap(versions -> versions.served().values().stream())
        .toList();
  }

  /// Answers what was taken and stops the owner threads; the models stay open.
  ///
  /// @param most how long that may take; what is computed then is not waited for any longer
  public void stop(Duration most) {
    long endNanos = System.nanoTime() + most.toNanos();
    all()
        .forEach(served ->
            served.scheduler().close(Duration.ofNanos(Math.max(0, endNanos - System.nanoTime()))));
  }

  /// Answers what was taken, stops the owner threads and frees the models, save for those that
  /// still compute something that comes to no end. Idempotent.
  @Override
  public void close() {
    all().stream().filter(served -> served.model().isEnsemble()).forEach(Served::close);
    all().stream().filter(served -> !served.model().isEnsemble()).forEach(Served::close);
  }
}
