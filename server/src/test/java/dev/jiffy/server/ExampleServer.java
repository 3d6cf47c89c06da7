package dev.jiffy.server;

import dev.jiffy.engine.LoadOptions;
import dev.jiffy.server.store.ModelSettings;
import dev.jiffy.server.store.Repository;
import dev.jiffy.server.watch.AccessLog;
import dev.jiffy.server.watch.LogFormat;
import dev.jiffy.server.watch.ServerLog;
import dev.jiffy.server.watch.ServerLog.Verbosity;
import java.io.IOException;
import java.io.OutputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/// A server that lets everybody do everything, with the models `twice`, x FP32 [n, 2] to y = 2x,
/// and `texts`, those of [TestModels#texts].
public final class ExampleServer implements AutoCloseable {
  private final Server server;
  private final ServerLog log;
  private final HttpClient client =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

  private ExampleServer(Server server, ServerLog log) {
    this.server = server;
    this.log = log;
  }

  /// {@return a server that is ready}
  ///
  /// @param folder where models are written
  /// @throws IOException if they cannot be
  public static ExampleServer start(Path folder) throws IOException {
    ExampleModels.times(folder.resolve("twice.onnx"), 2);
    TestModels.texts(folder).close(); // its files are what is wanted
    OutputStream nowhere = OutputStream.nullOutputStream();
    AccessLog requests = AccessLog.silent(nowhere);
    ServerLog log = ServerLog.start(nowhere, Verbosity.WARNING, LogFormat.DEFAULT, requests, false);
    Server server =
        Server.start(
            ServerOptions.defaults()
                .http(HttpOptions.defaults().port(0))
                .sharing(true)
                .watch(WatchOptions.defaults().watchers(List.of(requests)).log(log)),
            StoreOptions.of(new Repository(List.of(folder)))
                .defaults(
                    ModelSettings.defaults()
                        .load(LoadOptions.defaults().threads(1))
                        .warmUpTime(Duration.ofMillis(20)))
                .open(true));
    return new ExampleServer(server, log);
  }

  /// {@return what the server answers}
  ///
  /// @param method the method of HTTP, in small letters
  /// @param path the path
  /// @param body the body, empty for none
  /// @throws IOException if it does not answer
  /// @throws InterruptedException if this thread is interrupted meanwhile
  public Answer ask(String method, String path, String body)
      throws IOException, InterruptedException {
    HttpResponse<String> response =
        client.send(
            HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + server.port() + path))
                .timeout(Duration.ofSeconds(60))
                .method(
                    method.toUpperCase(Locale.ROOT),
                    body.isEmpty() ? BodyPublishers.noBody() : BodyPublishers.ofString(body))
                .build(),
            BodyHandlers.ofString());
    return new Answer(response.statusCode(), response.body(), response.headers().map());
  }

  /// What came back.
  ///
  /// @param status the status
  /// @param body the body
  /// @param headers the headers, by their names in small letters
  public record Answer(int status, String body, Map<String, List<String>> headers) {
    /// {@return a header that must be there}
    ///
    /// @param name its name in small letters
    public String header(String name) {
      return headers.getOrDefault(name, List.of()).getFirst();
    }
  }

  @Override
  public void close() {
    client.close();
    server.close();
    log.close();
  }
}
