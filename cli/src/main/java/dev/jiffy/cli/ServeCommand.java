package dev.jiffy.cli;

import dev.jiffy.server.HttpOptions;
import dev.jiffy.server.Server;
import dev.jiffy.server.ServerOptions;
import dev.jiffy.server.store.LoadedModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `jiffy serve`: models behind HTTP and gRPC until the process is told to end.
@Command(
    name = "serve",
    description = {
      "Serves models over HTTP and gRPC, on one port: the Open Inference Protocol, and OpenAI's"
          + " embeddings for models with a tokenizer beside them.",
      "A folder stands for the ONNX files in it and for the model.onnx in the folders in it. Ends"
          + " at SIGTERM or SIGINT, once the requests under way are answered."
    })
final class ServeCommand implements Callable<Integer> {
  @Parameters(
      paramLabel = "MODEL|DIR",
      arity = "1..*",
      description = "ONNX files, and folders with ONNX files.")
  private final List<Path> paths = new ArrayList<>();

  @Option(
      names = "--host",
      paramLabel = "HOST",
      description = "The address to listen on; 127.0.0.1, this machine only, by default.")
  private String host = HttpOptions.defaults().host();

  @Option(
      names = "--port",
      paramLabel = "PORT",
      converter = OptionValues.Port.class,
      description = "The port, 0 for any free one; 8000 by default.")
  private int port = HttpOptions.defaults().port();

  @Mixin private final ScheduleMixin schedule = new ScheduleMixin();
  @Mixin private final WatchMixin watch = new WatchMixin();
  @Mixin private final LoadMixin load = new LoadMixin();
  @Mixin private final Output output = new Output();

  @Override
  public Integer call() throws IOException {
    List<LoadedModel> models = new ArrayList<>();
    Server server;
    try {
      for (Path file : files(paths)) {
        output.progress("loading " + file);
        LoadedModel loaded = LoadedModel.load(LoadedModel.nameOf(file), file, load.options());
        models.add(loaded);
        loaded.model().handover().ifPresent(handover -> output.progress(handover.text()));
      }
      server =
          Server.start(
              ServerOptions.defaults()
                  .http(HttpOptions.defaults().host(host).port(port))
                  .policy(schedule.policy())
                  .watch(watch.options(System.out)),
              models);
    } catch (RuntimeException e) {
      models.forEach(LoadedModel::close);
      throw e;
    }
    closeAtExit(server, output);
    output.print(Answer.of(server));
    waitForSignal();
    return ExitCodes.OK;
  }

  /// {@return the ONNX files that paths stand for, in the paths' order and by name}
  static List<Path> files(List<Path> paths) throws IOException {
    List<Path> files = new ArrayList<>();
    for (Path path : paths) {
      if (Files.isRegularFile(path)) {
        files.add(path);
        continue;
      }
      if (!Files.isDirectory(path)) {
        throw new NoSuchFileException(path.toString());
      }
      try (Stream<Path> found =
          Files.find(
              path,
              2,
              (file, attributes) ->
                  attributes.isRegularFile()
                      && (file.endsWith("model.onnx")
                          || (path.equals(file.getParent())
                              && file.toString().endsWith(".onnx"))))) {
        List<Path> inside = found.sorted().toList();
        if (inside.isEmpty()) {
          throw new IllegalArgumentException(path + ": no ONNX file in this folder");
        }
        files.addAll(inside);
      }
    }
    return files;
  }

  /// Makes a signal to end close the server first, and end the process as done.
  static void closeAtExit(Server server, Output output) {
    Runtime.getRuntime()
        .addShutdownHook(
            Thread.ofPlatform()
                .name("drain")
                .unstarted(() -> {
                  output.progress("jiffy: answering the requests under way, then ending");
                  server.close();
                  Runtime.getRuntime().halt(ExitCodes.OK);
                }));
  }

  /// Waits; only a signal ends this, by ending the process.
  static void waitForSignal() {
    try {
      new CountDownLatch(1).await();
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }

  /// {@return the URL at which this machine reaches a server}
  static String urlOf(Server server) {
    String host = server.host();
    boolean any = host.equals("0.0.0.0") || host.equals("::");
    String name = any ? "localhost" : host.indexOf(':') >= 0 ? "[" + host + "]" : host;
    return "http://" + name + ":" + server.port();
  }

  /// {@return a line for the shell that asks a server for vectors}
  static String embeddingsCurl(String url, String model) {
    return """
    curl -s %s/v1/embeddings -H 'Content-Type: application/json' \
    -d '{"model": "%s", "input": ["How fast is it?"]}'\
    """
        .formatted(url, model);
  }

  /// Where models are served.
  ///
  /// @param url the server's URL
  /// @param models the models' names
  /// @param curl a line for the shell to try
  record Answer(String url, List<String> models, String curl) implements Output.Answer {
    static Answer of(Server server) {
      String url = urlOf(server);
      List<LoadedModel> models = server.models();
      String curl =
          models.stream()
              .filter(model -> model.text() != null)
              .findFirst()
              .map(model -> embeddingsCurl(url, model.name()))
              .orElseGet(() -> "curl -s " + url + "/v2/models/" + models.getFirst().name());
      return new Answer(url, models.stream().map(LoadedModel::name).toList(), curl);
    }

    @Override
    public String text() {
      return models.stream()
          .collect(Collectors.joining("\n  ", "serving at " + url + "\n  ", "\ntry  " + curl));
    }
  }
}
