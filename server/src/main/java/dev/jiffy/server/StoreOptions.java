package dev.jiffy.server;

import dev.jiffy.server.cache.RedisOptions;
import dev.jiffy.server.function.Functions;
import dev.jiffy.server.store.ModelSettings;
import dev.jiffy.server.store.Repository;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// Where models come from, and who may change what is served.
///
/// @param repository where models come from
/// @param defaults how models are served that say nothing themselves
/// @param poll the time between two looks at the repository, null to look only when asked to
/// @param isOpen whether whoever reaches the server may load and unload models
/// @param progress takes a line about every change of what is served, on any thread
/// @param functions the functions in Java that ensembles may use
/// @param redis where servers share answers of models that keep them, null for nowhere
public record StoreOptions(
    Repository repository,
    ModelSettings defaults,
    @Nullable Duration poll,
    boolean isOpen,
    Consumer<String> progress,
    Functions functions,
    @Nullable RedisOptions redis) {
  /// Checks the time.
  public StoreOptions {
    if (poll != null && poll.toNanos() < 1) {
      throw new IllegalArgumentException("the time between two looks must be positive");
    }
  }

  /// {@return a repository that is looked at when asked to, by the admin port only}
  ///
  /// @param repository where models come from
  public static StoreOptions of(Repository repository) {
    return new StoreOptions(
        repository, ModelSettings.defaults(), null, false, line -> {}, Functions.builtIn(), null);
  }

  /// {@return no repository}
  static StoreOptions none() {
    return of(new Repository(List.of()));
  }

  /// {@return these options with another way to serve}
  ///
  /// @param settings how models are served that say nothing themselves
  public StoreOptions defaults(ModelSettings settings) {
    return new StoreOptions(repository, settings, poll, isOpen, progress, functions, redis);
  }

  /// {@return these options with looks at the repository}
  ///
  /// @param every the time between two looks, null to look only when asked to
  public StoreOptions poll(@Nullable Duration every) {
    return new StoreOptions(repository, defaults, every, isOpen, progress, functions, redis);
  }

  /// {@return these options, open for changes or not}
  ///
  /// @param forAll whether whoever reaches the server may load and unload models
  public StoreOptions open(boolean forAll) {
    return new StoreOptions(repository, defaults, poll, forAll, progress, functions, redis);
  }

  /// {@return these options with another listener}
  ///
  /// @param taker takes a line about every change of what is served, on any thread
  public StoreOptions progress(Consumer<String> taker) {
    return new StoreOptions(repository, defaults, poll, isOpen, taker, functions, redis);
  }

  /// {@return these options with another place for shared answers}
  ///
  /// @param server where servers share answers of models that keep them, null for nowhere
  public StoreOptions redis(@Nullable RedisOptions server) {
    return new StoreOptions(repository, defaults, poll, isOpen, progress, functions, server);
  }

  /// {@return these options with other functions}
  ///
  /// @param all the functions in Java that ensembles may use
  public StoreOptions functions(Functions all) {
    return new StoreOptions(repository, defaults, poll, isOpen, progress, all, redis);
  }
}
