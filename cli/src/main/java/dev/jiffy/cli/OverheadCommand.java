package dev.jiffy.cli;

import com.fasterxml.jackson.annotation.JsonUnwrapped;
import dev.jiffy.bench.Case;
import dev.jiffy.bench.serving.Batches;
import dev.jiffy.bench.serving.NullModel;
import dev.jiffy.bench.serving.Overhead;
import dev.jiffy.bench.serving.SmallNetwork;
import dev.jiffy.engine.Model;
import dev.jiffy.engine.Session;
import dev.jiffy.protocol.InferRequest;
import dev.jiffy.protocol.InferTensor;
import dev.jiffy.server.HttpOptions;
import dev.jiffy.server.Server;
import dev.jiffy.server.ServerOptions;
import dev.jiffy.server.schedule.Counts;
import dev.jiffy.server.schedule.Policy;
import dev.jiffy.server.schedule.Scheduler;
import dev.jiffy.server.schedule.Ticket;
import dev.jiffy.server.store.LoadedModel;
import dev.jiffy.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `jiffy overhead`: what serving adds.
@Command(
    name = "overhead",
    description = {
      "Measures what serving adds. Without MODEL: a model that does next to nothing, on 32 floats as"
          + " bytes, beside a bare Vert.x server that sends back what it gets, with one connection"
          + " and with 32 requests under way.",
      "With MODEL: requests over one connection beside runs in this process, and beside a bare"
          + " Vert.x server that runs the model for whatever it is asked.",
      "With --in-process: requests of MODEL, or of a network of 4,128 weights, that the embedded"
          + " scheduler computes alone, and together where they wait anyway, 64 under way.",
      "Both take turns; the client does as little as a client can."
    })
final class OverheadCommand implements Callable<Integer> {
  /// How long the server answers before a model is measured, in rounds.
  private static final int WARM_UP_ROUNDS = 16;

  private static final int IN_FLIGHT = 64;

  @Parameters(paramLabel = "MODEL", arity = "0..1", description = "An ONNX file.")
  private @Nullable Path model;

  @Option(
      names = "--protocol",
      paramLabel = "P",
      description = "How the server is asked: http, the default, or grpc.")
  private Overhead.Protocol protocol = Overhead.Protocol.HTTP;

  @Option(
      names = "--seconds",
      paramLabel = "S",
      converter = OptionValues.Seconds.class,
      description = "The time of a round; 0.3 by default.")
  private Duration round = Duration.ofMillis(300);

  @Option(
      names = "--in-process",
      description = "What batches gain inside a Java program, without a server.")
  private boolean isInProcess;

  @Mixin private final InputMixin inputs = new InputMixin();
  @Mixin private final LoadMixin load = new LoadMixin();
  @Mixin private final Output output = new Output();

  @Override
  public Integer call() throws IOException, InterruptedException {
    if (model == null && inputs.areGiven()) {
      throw inputs.usage("--case, --shape and --dim go with a model.");
    }
    if (isInProcess) {
      output.print(new BatchesAnswer(batches()));
      return ExitCodes.OK;
    }
    Path file = Files.createTempFile("null", ".onnx");
    try {
      NullModel.write(file);
      if (model != null) {
        output.print(new ModelAnswer(beside(model, file)));
        return ExitCodes.OK;
      }
      try (Server server = start(nullModel(file))) {
        output.print(
            new EchoAnswer(
                Overhead.echo(
                    server.port(),
                    NullModel.NAME,
                    NullModel.request(),
                    protocol,
                    round.toNanos())));
      }
    } finally {
      Files.delete(file);
    }
    return ExitCodes.OK;
  }

  private LoadedModel nullModel(Path file) {
    return LoadedModel.load(NullModel.NAME, file, load.options());
  }

  private static Server start(LoadedModel... models) {
    return Server.start(
        ServerOptions.defaults().http(HttpOptions.defaults().port(0)), List.of(models));
  }

  private Overhead.AgainstModel beside(Path file, Path nullFile) throws IOException {
    String name = LoadedModel.nameOf(file);
    LoadedModel loaded = LoadedModel.load(name, file, load.options());
    try (Server server = start(loaded, nullModel(nullFile));
        Session session = loaded.model().newSession()) {
      Case first =
          inputs.source().cases(loaded.model().inputs(), loaded.model().outputs()).getFirst();
      Map<String, Tensor> tensors = first.tensors();
      List<InferTensor> sent = new ArrayList<>();
      tensors.forEach((input, tensor) -> sent.add(new InferTensor(input, tensor, true)));
      long nanos = round.toNanos();
      Overhead.warmUp(
          server.port(), NullModel.NAME, NullModel.request(), protocol, WARM_UP_ROUNDS * nanos);
      return Overhead.model(
          server.port(),
          name,
          new InferRequest(sent),
          () -> session.runReusing(tensors),
          protocol,
          nanos);
    }
  }

  private Batches.Gain batches() throws IOException, InterruptedException {
    if (model != null) {
      try (Model loaded = Model.load(model, load.options())) {
        List<Case> cases = inputs.source().cases(loaded.inputs(), loaded.outputs());
        return batches(loaded, cases.stream().map(Case::tensors).toList());
      }
    }
    Path file = Files.createTempFile(SmallNetwork.NAME, ".onnx");
    try {
      SmallNetwork.write(file);
      try (Model network = Model.load(file, load.options())) {
        return batches(network, IntStream.range(0, IN_FLIGHT).mapToObj(SmallNetwork::row).toList());
      }
    } finally {
      Files.delete(file);
    }
  }

  /// Batches of many models have other bits than single requests, so that only a policy that gives
  /// the bits up joins them.
  private Batches.Gain batches(Model asked, List<Map<String, Tensor>> requests)
      throws InterruptedException {
    Policy policy = Policy.defaults().exact(false);
    try (Scheduler alone = Scheduler.start("alone", asked, null, policy.maxBatch(1));
        Scheduler together = Scheduler.start("together", asked, null, policy)) {
      Batches.Gain gain =
          Batches.gain(
              i -> alone.submit(requests.get(i % requests.size()), Ticket.NEVER),
              i -> together.submit(requests.get(i % requests.size()), Ticket.NEVER),
              IN_FLIGHT,
              round.toNanos());
      checkThatAllWereAnswered(alone.counts());
      checkThatAllWereAnswered(together.counts());
      return gain;
    }
  }

  private static void checkThatAllWereAnswered(Counts counts) {
    if (counts.refused() + counts.expired() + counts.failed() > 0) {
      throw new IllegalStateException("some requests were not answered: " + counts);
    }
  }

  /// What serving adds to nothing.
  record EchoAnswer(@JsonUnwrapped Overhead.AgainstEcho measured) implements Output.Answer {
    @Override
    public String text() {
      return """
      one connection, p50    echo %.1f µs, server %.1f µs: %.1f µs more
      32 requests under way  echo %.0f/s, server %.0f/s: %.2f of it\
      """
          .formatted(
              measured.echoMicros(),
              measured.serverMicros(),
              measured.moreMicros(),
              measured.echoRate(),
              measured.serverRate(),
              measured.rateRatio());
    }
  }

  /// What batches gain.
  record BatchesAnswer(@JsonUnwrapped Batches.Gain measured) implements Output.Answer {
    @Override
    public String text() {
      return String.format(
          Locale.ROOT,
          "%d requests under way  alone %.0f/s, together %.0f/s: %.2f times as many",
          measured.inFlight(),
          measured.aloneRate(),
          measured.togetherRate(),
          measured.ratio());
    }
  }

  /// What serving adds to a model.
  record ModelAnswer(@JsonUnwrapped Overhead.AgainstModel measured) implements Output.Answer {
    @Override
    public String text() {
      return String.format(
          Locale.ROOT,
          """
          one connection, p50    in process %.1f µs, server %.1f µs: %.1f µs more
                                 a bare server that runs the model %.1f µs: %.1f µs more\
          """,
          measured.inProcessMicros(),
          measured.serverMicros(),
          measured.moreMicros(),
          measured.bareMicros(),
          measured.bareMoreMicros());
    }
  }
}
