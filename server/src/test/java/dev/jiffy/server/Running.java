package dev.jiffy.server;

import static java.util.Objects.requireNonNull;

import dev.jiffy.server.store.LoadedModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/// A server that runs as long as the tests of a class do, and a client of it.
final class Running implements BeforeAllCallback, AfterAllCallback {
  private final ServerOptions options;
  private final List<Maker> models;
  private @Nullable Path folder;
  private @Nullable Server server;
  private @Nullable Client client;

  /// Makes a model whose file lies in a folder.
  interface Maker {
    LoadedModel in(Path folder) throws IOException;
  }

  Running(ServerOptions options, Maker... models) {
    this.options = options;
    this.models = List.of(models);
  }

  /// {@return a server of the model `arith`}
  static Running arithmetic() {
    return new Running(TestServers.options(), TestModels::arithmetic);
  }

  @Override
  public void beforeAll(ExtensionContext context) throws IOException {
    Path made = Files.createTempDirectory("running");
    folder = made;
    List<LoadedModel> loaded = new ArrayList<>();
    for (Maker maker : models) {
      loaded.add(maker.in(made));
    }
    Server started = Server.start(options, loaded);
    server = started;
    client = new Client(started.port());
  }

  @Override
  public void afterAll(ExtensionContext context) throws IOException {
    client().close();
    server().close();
    try (Stream<Path> files = Files.walk(requireNonNull(folder))) {
      for (Path each : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(each);
      }
    }
  }

  /// Waits until all requests to a model are counted: a batch is once everyone in it has an answer.
  static void awaitQuiet(Server server, String model) throws Exception {
    Await.until(
        () -> server.counts(model).waiting() + server.counts(model).running() == 0,
        () -> server.counts(model).toString());
  }

  Server server() {
    return requireNonNull(server);
  }

  Client client() {
    return requireNonNull(client);
  }
}
