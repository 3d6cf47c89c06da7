package dev.jiffy.server;

import dev.jiffy.engine.LoadOptions;
import dev.jiffy.server.store.ModelSettings;
import dev.jiffy.server.store.Repository;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/// What servers in tests have in common: a free port on this machine, models that run on one thread
/// and are warm after a moment.
final class TestServers {
  private TestServers() {}

  /// {@return options with a free port and 100 ms to warm up}
  static ServerOptions options() {
    return ServerOptions.defaults()
        .http(HttpOptions.defaults().port(0))
        .warmUpTime(Duration.ofMillis(100));
  }

  /// {@return the models in a folder}
  static StoreOptions storage(Path folder) {
    return StoreOptions.of(new Repository(List.of(folder))).defaults(settings());
  }

  /// {@return how they are served: one thread, 20 ms to warm up}
  static ModelSettings settings() {
    return ModelSettings.defaults()
        .load(LoadOptions.defaults().threads(1))
        .warmUpTime(Duration.ofMillis(20));
  }
}
