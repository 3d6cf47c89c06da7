package dev.jiffy.cli;

import dev.jiffy.bench.serving.NullModel;
import dev.jiffy.bench.serving.Overhead;
import dev.jiffy.engine.LoadOptions;
import dev.jiffy.engine.Model;
import dev.jiffy.engine.OsThread;
import dev.jiffy.server.HttpOptions;
import dev.jiffy.server.Server;
import dev.jiffy.server.ServerOptions;
import dev.jiffy.server.store.LoadedModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;

/// A server of this process that only this process asks, so that the code that serves is compiled
/// when the first requests of others come: models of milliseconds are asked too seldom to have it
/// compiled soon, and until then each request takes a millisecond more.
///
/// What is asked does next to nothing, over HTTP and gRPC by turns; small requests, which the event
/// loop computes itself, and larger ones, which the model's own thread computes. All of its threads
/// step back where others want to run: loading models, and the first requests of others.
final class Practice {
  private static final long ROUND_NANOS = 50_000_000;

  /// Rows whose bytes are too many for the event loop.
  private static final int MANY_ROWS = 192;

  private static final int NICENESS = 10;

  private Practice() {}

  /// Begins to practise, in a thread that keeps no process from ending.
  ///
  /// @param most for how long
  /// @param failed is told why it could not
  static Thread start(Duration most, Consumer<Exception> failed) {
    return Thread.ofPlatform()
        .name("jiffy-practice")
        .daemon(true)
        .start(() -> practise(most, failed));
  }

  private static void practise(Duration most, Consumer<Exception> failed) {
    long end = System.nanoTime() + most.toNanos();
    Model.startThreads(); // threads that this one starts step back as well
    OsThread.stepBack(NICENESS);
    try {
      ServerOptions options =
          ServerOptions.defaults()
              .http(HttpOptions.defaults().port(0).eventLoops(1))
              .warmUpTime(Duration.ZERO);
      try (Server server = Server.start(options, List.of(model()))) {
        while (System.nanoTime() < end) {
          round(server.port(), Overhead.Protocol.HTTP, 1);
          round(server.port(), Overhead.Protocol.HTTP, MANY_ROWS);
          round(server.port(), Overhead.Protocol.GRPC, 1);
        }
      }
    } catch (IOException | RuntimeException e) {
      failed.accept(e);
    }
  }

  /// {@return the model, whose file is gone already: the process may end at any moment}
  private static LoadedModel model() throws IOException {
    Path file = Files.createTempFile("practice", ".onnx");
    try {
      NullModel.write(file);
      return LoadedModel.load(NullModel.NAME, file, LoadOptions.defaults());
    } finally {
      Files.delete(file);
    }
  }

  private static void round(int port, Overhead.Protocol protocol, int rows) throws IOException {
    Overhead.warmUp(port, NullModel.NAME, NullModel.request(rows), protocol, ROUND_NANOS);
  }
}
