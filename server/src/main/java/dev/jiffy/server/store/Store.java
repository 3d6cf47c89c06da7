package dev.jiffy.server.store;

import dev.jiffy.engine.Model;
import dev.jiffy.engine.ModelException;
import dev.jiffy.protocol.ModelState;
import dev.jiffy.protocol.ProtocolException;
import dev.jiffy.server.cache.SharedAnswers;
import dev.jiffy.server.function.Functions;
import java.io.UncheckedIOException;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// Brings models from a repository to service, replaces them while they are asked, and takes them
/// out of service.
///
/// A version is loaded, compared with its recorded cases, and warmed up, on a thread that steps
/// back behind those that answer. Then it takes the place of the old ones, all at once; these
/// answer what they have taken and are freed. What cannot be loaded changes nothing. Changes are
/// made one after the other. Shared between threads.
public final class Store implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(Store.class.getName());

  /// How long closing waits for a model that is being loaded, and for what is retired and still
  /// computes.
  private static final Duration LAST = Duration.ofSeconds(5);

  private final Repository repository;
  private final ModelSettings defaults;
  private final Models models;
  private final Consumer<String> progress;
  private final Opening opening;
  private final ScheduledExecutorService executor =
      Executors.newSingleThreadScheduledExecutor(task -> {
        Thread thread = new Thread(task, "jiffy-store");
        thread.setDaemon(true);
        return thread;
      });

  /// Those that are retired and not yet freed.
  private final Set<Served> retired = ConcurrentHashMap.newKeySet();

  /// Held by whoever changes what is served, from the look at the repository on.
  private final ReentrantLock changing = new ReentrantLock();

  // What follows is known to whoever holds that lock.
  private final Map<String, Loaded> loaded = new HashMap<>();
  private Repository.Listing seen = new Repository.Listing();

  /// What was looked at last, whether it could be loaded or not, or that was taken out.
  private final Map<String, Source> settled = new HashMap<>();

  /// The ensembles whose last load failed, maybe for want of a step.
  private final Map<String, Source> failed = new LinkedHashMap<>();

  /// Whether no more changes are made; whoever makes several looks between them.
  private volatile boolean closed;

  /// Whether closing does not wait any longer for a model that is being loaded.
  private volatile boolean isLeftAlone;

  /// A model in service.
  private record Loaded(Source source, ModelSettings settings) {}

  /// A store that serves nothing yet, shares nothing, and has the functions that are always there.
  ///
  /// @param repository where models come from
  /// @param defaults how models are served that say nothing themselves
  /// @param models is told what is served
  /// @param progress takes a line about every change
  public Store(
      Repository repository, ModelSettings defaults, Models models, Consumer<String> progress) {
    this(repository, defaults, models, progress, Functions.builtIn(), null);
  }

  /// A store that serves nothing yet.
  ///
  /// @param repository where models come from
  /// @param defaults how models are served that say nothing themselves
  /// @param models is told what is served
  /// @param progress takes a line about every change
  /// @param functions the functions that ensembles may use
  /// @param shared the answers that servers share, null for none
  public Store(
      Repository repository,
      ModelSettings defaults,
      Models models,
      Consumer<String> progress,
      Functions functions,
      @Nullable SharedAnswers shared) {
    this.repository = repository;
    this.defaults = defaults;
    this.models = models;
    this.progress = progress;
    this.opening = new Opening(models, progress, functions, shared);
  }

  /// Serves all models of the repository, loaded on the calling thread.
  ///
  /// @throws ModelException if something there is no model, or cannot be loaded; what was loaded
  ///   before stays served
  /// @throws UncheckedIOException if the repository cannot be read
  public void start() {
    Model.startThreads();
    changing.lock();
    try {
      see(repository.listing());
      if (!seen.problems().isEmpty()) {
        throw new ModelException(String.join("\n", seen.problems().values()));
      }
      ordered(seen.sources().values()).forEach(source -> replace(source, Supplier::get, true));
    } finally {
      changing.unlock();
    }
  }

  private void see(Repository.Listing now) {
    now.unreadable()
        .forEach((name, problem) -> {
          if (!problem.equals(seen.unreadable().get(name))) {
            LOG.log(Level.WARNING, problem);
          }
        });
    seen = now;
  }

  /// Looks at the repository again and again: loads what is new or has changed, and takes out of
  /// service what has gone. What is still being written is left alone until two looks in a row see
  /// the same.
  ///
  /// @param every the time between two looks
  public void poll(Duration every) {
    var _ =
        executor.scheduleWithFixedDelay(
            this::look, every.toNanos(), every.toNanos(), TimeUnit.NANOSECONDS);
  }

  /// {@return done when a model was loaded anew, in all versions that its settings choose, and
  /// serves}
  ///
  /// It ends with a [ProtocolException] of status 404 if there is no such model, and 400 if it
  /// cannot be loaded; what was served before still is.
  ///
  /// @param name the model's name
  public CompletableFuture<Void> load(String name) {
    return change(() -> {
      Repository.Listing listing = repository.listing();
      String problem = listing.problems().getOrDefault(name, listing.unreadable().get(name));
      Source source = listing.sources().get(name);
      if (source == null) {
        throw problem == null
            ? new ProtocolException(404, "there is no such model in the repository")
            : new ProtocolException(400, problem);
      }
      try {
        replace(source, Store::inBackground, true);
      } catch (ModelException | IllegalArgumentException e) {
        throw new ProtocolException(400, String.valueOf(e.getMessage()), e);
      }
      renewEnsemblesOf(name);
    });
  }

  /// {@return done when a model takes no more requests}
  ///
  /// It ends with a [ProtocolException] of status 404 if there is no such model.
  ///
  /// An ensemble of which it is a step goes on with what it holds.
  ///
  /// @param name the model's name
  /// @param steps whether the steps of an ensemble are meant as well
  public CompletableFuture<Void> unload(String name, boolean steps) {
    return change(() -> {
      if (models.versions(name) == null && !repository.listing().sources().containsKey(name)) {
        throw new ProtocolException(404, "there is no such model");
      }
      Loaded last = loaded.get(name);
      EnsembleSettings ensemble = last == null ? null : last.settings().ensemble();
      remove(name, "unloaded");
      if (steps && ensemble != null) {
        ensemble.models().forEach(step -> remove(step, "unloaded"));
      }
    });
  }

  private CompletableFuture<Void> change(Runnable task) {
    CompletableFuture<Void> done = new CompletableFuture<>();
    try {
      executor.execute(() -> {
        try {
          changing.lock();
          try {
            if (closed) {
              throw going();
            }
            task.run();
          } finally {
            changing.unlock();
          }
          done.complete(null);
        } catch (Throwable e) { // the root of a task: whoever asked is told
          done.completeExceptionally(e);
        }
      });
    } catch (RejectedExecutionException e) {
      LOG.log(Level.DEBUG, "the store is closed", e);
      done.completeExceptionally(going());
    }
    return done;
  }

  private static ProtocolException going() {
    return new ProtocolException(503, "the server is going");
  }

  /// {@return models first, ensembles behind them}
  private static List<Source> ordered(Collection<Source> sources) {
    return sources.stream()
        .sorted(Comparator.comparing((Source source) -> source.versions().isEmpty()))
        .toList();
  }

  /// Lets ensembles take the new versions of a step, and those that failed try again.
  private void renewEnsemblesOf(String step) {
    Map<String, Source> ensembles = new LinkedHashMap<>();
    loaded.forEach((name, each) -> {
      EnsembleSettings ensemble = each.settings().ensemble();
      if (ensemble != null && ensemble.models().contains(step)) {
        ensembles.put(name, each.source());
      }
    });
    ensembles.putAll(failed);
    ensembles.values().forEach(source -> take(source, true));
  }

  private static <T> T inBackground(Supplier<T> task) {
    return Background.call("jiffy-load", task);
  }

  private void replace(Source source, Opening.Place place, boolean all) {
    String name = source.name();
    settled.put(name, source);
    List<Served> fresh = new ArrayList<>();
    Versions before = models.versions(name);
    List<Served> kept = new ArrayList<>();
    ModelSettings settings;
    try {
      settings = SettingsFile.read(source.settings(), defaults);
      SortedSet<Long> chosen = Opening.chosen(source, settings);
      if (before == null) {
        models.remark(name, new ModelState(name, "", ModelState.LOADING, ""));
      }
      for (long version : chosen) {
        Served same = all ? null : unchanged(source, settings, version, before);
        if (same != null) {
          kept.add(same);
        } else {
          fresh.add(opening.open(source, version, settings, place));
        }
      }
      if (isLeftAlone) {
        throw going();
      }
    } catch (RuntimeException | Error e) {
      fresh.forEach(Served::close);
      String reason = String.valueOf(e.getMessage());
      models.remark(name, new ModelState(name, "", ModelState.UNAVAILABLE, reason));
      if (source.versions().isEmpty()) {
        failed.put(name, source);
      }
      throw e;
    }
    List<Served> next = new ArrayList<>(kept);
    next.addAll(fresh);
    models.publish(name, Versions.of(next, settings.labels()));
    models.remark(name, null);
    loaded.put(name, new Loaded(source, settings));
    failed.remove(name);
    if (before != null) {
      before.served().values().stream().filter(old -> !kept.contains(old)).forEach(this::retire);
    }
  }

  private @Nullable Served unchanged(
      Source source, ModelSettings settings, long version, @Nullable Versions before) {
    Loaded last = loaded.get(source.name());
    if (before == null || last == null) {
      return null;
    }
    boolean isSame =
        last.source().stamps(version).equals(source.stamps(version))
            && last.settings().versions(settings.versions(), settings.labels()).equals(settings);
    return isSame ? before.served().get(version) : null;
  }

  private void retire(Served served) {
    retired.add(served);
    served.retire(() -> {
      try {
        executor.execute(() -> free(served));
      } catch (RejectedExecutionException e) {
        LOG.log(Level.DEBUG, "closing frees what is retired", e);
      }
    });
  }

  private void free(Served served) {
    if (!retired.remove(served)) {
      return; // the store was closed
    }
    long before = Background.residentBytes();
    served.close();
    LoadedModel model = served.model();
    progress.accept(
        "%s %s is freed%s".formatted(model.name(), model.version(), Opening.process(before)));
  }

  private void remove(String name, String reason) {
    models.remark(name, new ModelState(name, "", ModelState.UNAVAILABLE, reason));
    loaded.remove(name);
    failed.remove(name);
    Versions old = models.publish(name, null);
    if (old != null) {
      progress.accept("%s is taken out of service: %s".formatted(name, reason));
      old.served().values().forEach(this::retire);
    }
  }

  /// One look of [#poll].
  void look() {
    changing.lock();
    try {
      if (closed) {
        return;
      }
      Repository.Listing before = seen;
      Repository.Listing now = repository.listing();
      see(now);
      Map<String, Source> changed = new LinkedHashMap<>(now.sources());
      changed
          .values()
          .removeIf(source ->
              !source.equals(before.sources().get(source.name()))
                  || source.equals(settled.get(source.name())));
      for (Source source : ordered(changed.values())) {
        if (take(source, false)) {
          renewEnsemblesOf(source.name());
        }
      }
      now.problems()
          .forEach((name, problem) -> {
            if (!problem.equals(before.problems().get(name))) {
              LOG.log(Level.WARNING, problem);
              models.remark(name, new ModelState(name, "", ModelState.UNAVAILABLE, problem));
            }
          });
      for (String name : List.copyOf(settled.keySet())) {
        if (!now.has(name) && !before.has(name)) {
          remove(name, "no longer in the repository");
          models.remark(name, null);
          settled.remove(name);
        }
      }
    } catch (Throwable e) { // the root of a task: the next look may do better
      LOG.log(Level.WARNING, "the repository " + repository + " cannot be looked at", e);
    } finally {
      changing.unlock();
    }
  }

  /// {@return whether a model could be loaded; none is once the store is closed}
  private boolean take(Source source, boolean all) {
    if (closed) {
      return false;
    }
    try {
      replace(source, Store::inBackground, all);
      return true;
    } catch (ModelException | IllegalArgumentException e) {
      LOG.log(Level.WARNING, "model " + source.name() + " cannot be loaded: " + e.getMessage());
      return false;
    }
  }

  /// {@return how each model of the repository would be served, as a file with the reason for each
  /// value, by name; loads them, serves none, and closes the models}
  ///
  /// @throws ModelException if something there is no model, or cannot be loaded
  public Map<String, String> settings() {
    Repository.Listing listing = repository.listing();
    if (!listing.problems().isEmpty()) {
      throw new ModelException(String.join("\n", listing.problems().values()));
    }
    Map<String, String> texts = new LinkedHashMap<>();
    try {
      for (Source source : ordered(listing.sources().values())) {
        ModelSettings settings = SettingsFile.read(source.settings(), defaults);
        List<Served> opened = new ArrayList<>();
        for (long version : Opening.chosen(source, settings)) {
          opened.add(
              opening.open(source, version, settings.warmUpTime(Duration.ZERO), Supplier::get));
          models.publish(source.name(), Versions.of(opened, settings.labels()));
        }
        texts.put(source.name(), SettingsText.of(source, settings, opened.getLast()));
      }
    } finally {
      models.close();
    }
    return texts;
  }

  /// Makes no more changes and frees what was retired; what is served stays so. A model that is
  /// still loaded some seconds later is left alone, and freed once it is there. Idempotent.
  @Override
  public void close() {
    closed = true;
    boolean isLoaded = false;
    try {
      isLoaded = changing.tryLock(LAST.toNanos(), TimeUnit.NANOSECONDS);
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
    executor.shutdown(); // changes that wait are refused
    if (isLoaded) {
      changing.unlock();
    } else {
      isLeftAlone = true;
      LOG.log(Level.WARNING, "a model that is still being loaded is left alone");
    }
    long endNanos = System.nanoTime() + LAST.toNanos();
    for (Served served : List.copyOf(retired)) {
      if (retired.remove(served)) {
        served.close(Duration.ofNanos(Math.max(0, endNanos - System.nanoTime())));
      }
    }
  }
}
