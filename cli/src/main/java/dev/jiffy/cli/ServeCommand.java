package dev.jiffy.cli;

import dev.jiffy.engine.OsThread;
import dev.jiffy.server.HttpOptions;
import dev.jiffy.server.Server;
import dev.jiffy.server.ServerOptions;
import dev.jiffy.server.UnixOptions;
import dev.jiffy.server.function.Functions;
import dev.jiffy.server.store.LoadedModel;
import dev.jiffy.server.store.ModelSettings;
import dev.jiffy.server.store.Models;
import dev.jiffy.server.store.Repository;
import dev.jiffy.server.store.Store;
import java.io.IOException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `jiffy serve`: models behind HTTP and gRPC until the process is told to end.
@Command(
    name = "serve",
    description = {
      "Serves models over HTTP and gRPC, on one port: the Open Inference Protocol, and OpenAI's"
          + " embeddings for models with a tokenizer beside them.",
      "In a folder lie NAME.onnx, NAME/model.onnx or NAME/VERSION/model.onnx; NAME/jiffy.yaml says"
          + " how a model is served. Ends at SIGTERM or SIGINT, once the requests under way are"
          + " answered.",
      "What is not on the command line is taken from variables such as JIFFY_MAX_BATCH for"
          + " --max-batch (JIFFY_MODELS for what to serve), then from the file that --config names,"
          + " with lines such as 'max_batch: 8' and 'models: /srv/models'. What may be said more than"
          + " once has a line for each value in its variable, and is a list in the file, as in"
          + " 'models: [/srv/models, /srv/one.onnx]'."
    },
    footer = {
      "",
      "Examples:",
      "  jiffy serve model.onnx",
      "      one model for this machine, at http://127.0.0.1:8000",
      "  jiffy serve --print-config model.onnx",
      "      how it would be served, and why",
      "  jiffy serve --host 0.0.0.0 --api-keys keys --tls-cert server.crt --tls-key server.key models",
      "      a folder of models for others, who need a key",
      "  jiffy serve --unix /run/jiffy.sock model.onnx",
      "      also for callers on this machine: curl --unix-socket /run/jiffy.sock http://localhost/v2",
      "  jiffy serve --timeout 0.05 --access-log - model.onnx",
      "      nobody waits longer than 50 ms, and every request is told",
      "  jiffy serve --metrics triton --otlp http://localhost:4318 --trace-sample 0.01 model.onnx",
      "      for dashboards made for Triton, and one request in a hundred traced",
      "",
      "Look at /docs, /metrics and /v2/health/ready of a running server;"
          + " docs/serving.md says what it does, docs/operations.md what it tells of itself."
    })
final class ServeCommand implements Callable<Integer> {
  /// A third of the time of a request's thread, where both want a processor.
  private static final int COMPILERS_NICENESS = 5;

  @Parameters(
      paramLabel = "[MODEL|DIR...]",
      hideParamSyntax = true,
      arity = "0..*",
      split = Configuration.BETWEEN,
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

  @Option(
      names = "--unix",
      paramLabel = "PATH",
      description = {
        "Listen on a Unix domain socket as well, for callers on this machine: the same protocols, not"
            + " encrypted.",
        "A socket that is there is replaced if nobody listens on it."
      })
  private @Nullable Path socket;

  @Option(
      names = "--unix-mode",
      paramLabel = "MODE",
      converter = OptionValues.Mode.class,
      description =
          "The permissions of that socket's file, octal; 600, this user only, by default.")
  private Set<PosixFilePermission> socketMode = UnixOptions.of(Path.of("")).mode();

  @Option(
      names = "--shared-memory",
      description =
          "Let callers on this machine register POSIX shared memory and name it in requests instead"
              + " of sending tensors: the protocol's extension 'system_shared_memory'. They can then"
              + " read and write whatever lies in /dev/shm that the server may. What is asked under"
              + " another name than localhost or a loopback address, or by another site's page, is"
              + " refused.")
  private boolean isSharing;

  @Option(
      names = "--config",
      paramLabel = "FILE",
      description = "A YAML file with values of options; JIFFY_CONFIG names one as well.")
  private @Nullable Path config;

  @Option(
      names = "--print-config",
      description =
          "Do not serve, but print for each model how it would be served, with the reason for each"
              + " value: a jiffy.yaml for the folder of its model, to be edited.")
  private boolean printsConfig;

  @Option(
      names = "--drain-timeout",
      paramLabel = "SECONDS",
      converter = OptionValues.Seconds.class,
      description = "How long an ending server waits for the answers under way; 30 by default.")
  private Duration drainTimeout = ServerOptions.defaults().drainTimeout();

  @Option(
      names = "--practice",
      paramLabel = "SECONDS",
      converter = OptionValues.SomeSeconds.class,
      description =
          "How long the server asks itself, while models load and thereafter, so that its code is"
              + " compiled before others ask; 2 by default, 0 for not at all.")
  private Duration practice = Duration.ofSeconds(2);

  @Mixin private final StoreMixin store = new StoreMixin();
  @Mixin private final ScheduleMixin schedule = new ScheduleMixin();
  @Mixin private final CacheMixin cache = new CacheMixin();
  @Mixin private final SafetyMixin safety = new SafetyMixin();
  @Mixin private final WatchMixin watch = new WatchMixin();
  @Mixin private final LoadMixin load = new LoadMixin();
  @Mixin private final Output output = new Output();

  @Override
  public Integer call() throws IOException {
    CommandSpec command = output.command();
    if (command.defaultValueProvider() instanceof Configuration configuration) {
      configuration.check(command);
    }
    OptionNeeds.check(command);
    if (paths.isEmpty()) {
      throw output.usage("Missing what to serve: ONNX files, or folders of models.");
    }
    if (config != null) {
      output.progress("options from " + config);
    }
    Repository repository = new Repository(paths);
    ModelSettings defaults =
        ModelSettings.defaults()
            .load(load.options())
            .policy(schedule.policy())
            .cache(cache.options())
            .cacheTtl(cache.ttl());
    if (printsConfig) {
      output.print(Settings.of(repository, defaults, store.functions(), output::progress));
      return ExitCodes.OK;
    }
    if (practice.isPositive()) {
      Practice.start(
          practice, e -> output.progress("jiffy: no practice, the first answers are slow: " + e));
    }
    Server server =
        Server.start(
            ServerOptions.defaults()
                .http(safety.http(host, port))
                .drainTimeout(drainTimeout)
                .watch(watch.options(System.out, System.err))
                .safety(safety.options())
                .sharing(isSharing)
                .unix(socket == null ? null : new UnixOptions(socket, socketMode))
                .admin(store.admin()),
            store.store(repository, defaults, output::progress).redis(cache.redis()));
    String warning = safety.warning(host);
    if (!warning.isEmpty()) {
      output.progress(warning);
    }
    Supervisor supervisor = Supervisor.ofThisProcess(output::progress);
    closeAtExit(server, supervisor, output);
    // what loading left behind would be copied while the first requests wait, twice
    System.gc();
    Answer answer = Answer.of(server);
    supervisor.ready("serving at " + answer.where());
    output.print(answer);
    OsThread.compilersStepBack(COMPILERS_NICENESS);
    waitForSignal();
    return ExitCodes.OK;
  }

  /// How models would be served.
  ///
  /// @param models the text of a `jiffy.yaml` for each, by name
  record Settings(Map<String, String> models) implements Output.Answer {
    static Settings of(
        Repository repository,
        ModelSettings defaults,
        Functions functions,
        Consumer<String> progress) {
      try (Store store = new Store(repository, defaults, new Models(), progress, functions, null)) {
        return new Settings(store.settings());
      }
    }

    @Override
    public String text() {
      return String.join("---\n", models.values()).stripTrailing();
    }
  }

  /// Makes a signal to end close the server first, and end the process as done.
  ///
  /// @param server the server
  /// @param supervisor is told first
  /// @param output where it is said
  static void closeAtExit(Server server, Supervisor supervisor, Output output) {
    Runtime.getRuntime()
        .addShutdownHook(
            Thread.ofPlatform()
                .name("drain")
                .unstarted(() -> {
                  supervisor.stopping();
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
    return (server.isEncrypted() ? "https://" : "http://") + name + ":" + server.port();
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
  /// @param unix the server's socket, null for none
  /// @param models the models' names and versions
  /// @param curl a line for the shell to try
  record Answer(String url, @Nullable String unix, List<String> models, String curl)
      implements Output.Answer {
    static Answer of(Server server) {
      String url = urlOf(server);
      List<LoadedModel> models = server.models();
      String curl =
          models.stream()
              .filter(model -> model.text() != null)
              .findFirst()
              .map(model -> embeddingsCurl(url, model.name()))
              .orElseGet(() ->
                  "curl -s "
                      + url
                      + "/v2"
                      + (models.isEmpty() ? "" : "/models/" + models.getFirst().name()));
      return new Answer(
          url,
          server.unix() == null ? null : "unix:" + server.unix(),
          models.stream().map(model -> model.name() + " " + model.version()).toList(),
          curl);
    }

    private String where() {
      return unix == null ? url : url + " and " + unix;
    }

    @Override
    public String text() {
      return models.stream()
          .collect(Collectors.joining("\n  ", "serving at " + where() + "\n  ", "\ntry  " + curl));
    }
  }
}
