package dev.jiffy.cli;

import com.fasterxml.jackson.annotation.JsonUnwrapped;
import dev.jiffy.bench.load.Arrivals;
import dev.jiffy.bench.load.Extent;
import dev.jiffy.bench.load.Load;
import dev.jiffy.bench.load.Order;
import dev.jiffy.bench.load.Plan;
import dev.jiffy.bench.load.Scenario;
import dev.jiffy.bench.load.Subject;
import dev.jiffy.bench.load.Validation;
import dev.jiffy.bench.record.Slo;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `jiffy load`: how something behaves under load.
@Command(
    name = "load",
    description = {
      "Puts load on a server or a model and measures what its users would see. Times count from when"
          + " a request was to be made, so that a system that stands still cannot hide it.",
      "TARGET is the address of a server (http://host:port, unix:/path of a socket; --model names"
          + " the model where there are several), an ONNX file,"
          + " which then runs in this process, or 'null', which answers at once.",
      "",
      "  jiffy load http://localhost:8000 --model m --rate 200 --slo p99=25ms",
      "  jiffy load http://localhost:8000 --model m --slo p99=25ms --find-peak --sweep 0.5,0.8,1,1.3 --out report",
      "  jiffy load http://localhost:8000 --model m --api openai --texts lines.txt --concurrency 4",
      "  jiffy load http://localhost:8000 --model m --api grpc --concurrency 16",
      "  jiffy load m.onnx --case DIR --scenario single-stream",
      "  jiffy load http://localhost:8000 --model m --case DIR --accuracy",
      "  jiffy load --validate",
      "",
      "Scenarios: single-stream (one request after the other; p90), multi-stream (queries of eight;"
          + " p99), server (Poisson arrivals at --rate), offline (all at once), closed (--concurrency"
          + " at a time), open (any other schedule). Without --scenario it follows from --rate and"
          + " --concurrency. docs/measuring.md defines every figure."
    },
    exitCodeListHeading = "Exit codes:%n",
    exitCodeList = {
      "0:measured, and the SLO holds, if there is one",
      "1:it could not be measured, the SLO does not hold, or answers are wrong",
      "2:asked wrongly: an unknown command or option, or a value that cannot be read",
      "3:measured, but the result cannot be trusted: too few requests, or a generator that lagged"
    })
final class LoadCommand implements Callable<Integer> {
  /// The exit code of a result that cannot be trusted.
  static final int INVALID = 3;

  private static final int MANY = 128;

  @Parameters(paramLabel = "TARGET", arity = "0..1", description = "What to put load on.")
  private @Nullable String target;

  @Option(
      names = "--scenario",
      paramLabel = "S",
      converter = LoadValues.Scenarios.class,
      description = "What to find out; see above.")
  private @Nullable Scenario scenario;

  @Option(
      names = "--slo",
      paramLabel = "SLO",
      converter = LoadValues.Slos.class,
      description = "What must hold, as p99=25ms or p99.9=1s.")
  private @Nullable Slo slo;

  @Option(
      names = "--find-peak",
      description = {
        "Search the highest rate at which the SLO holds, confirm it with a full run, and measure there."
      })
  private boolean findsPeak;

  @Option(
      names = "--sweep",
      paramLabel = "F",
      split = ",",
      converter = OptionValues.Rate.class,
      description = {
        "Measure at several rates: multiples of --rate, or of the peak, as 0.5,0.8,1,1.3. The report"
            + " then has the curve of latency over throughput."
      })
  private final List<Double> factors = List.of();

  @Option(
      names = "--seconds",
      paramLabel = "S",
      converter = OptionValues.Seconds.class,
      description = "The least time of a run; 10 by default.")
  private Duration time = Duration.ofSeconds(10);

  @Option(
      names = "--requests",
      paramLabel = "N",
      converter = LoadValues.Count.class,
      description = "The least number of requests of a run; 100 by default.")
  private int requests = 100;

  @Option(
      names = "--probe-seconds",
      paramLabel = "S",
      converter = OptionValues.Seconds.class,
      description = "The time of a run of --find-peak; 4 by default.")
  private Duration probe = Duration.ofSeconds(4);

  @Option(
      names = "--repeat",
      paramLabel = "N",
      converter = LoadValues.Repeats.class,
      description = "Make every run N times, and give confidence intervals; 1 by default.")
  private int repeats = 1;

  @Option(
      names = "--warm-up",
      paramLabel = "S",
      converter = OptionValues.SomeSeconds.class,
      description = {
        "The most time to warm up, by the rule of bench, before anything is measured; 20 by default, 0"
            + " for none."
      })
  private Duration warmUp = Duration.ofSeconds(20);

  @Option(
      names = "--timeout",
      paramLabel = "S",
      converter = OptionValues.Seconds.class,
      description = "How long a request may take; it counts as at least as long; 10 by default.")
  private Duration timeout = Duration.ofSeconds(10);

  @Option(
      names = "--deadline",
      paramLabel = "S",
      converter = OptionValues.Seconds.class,
      description = {
        "How long an answer is worth waiting for, from when its request was to be made. The server is"
            + " told what is left of it; a request that has to wait longer for its turn is not sent."
      })
  private @Nullable Duration deadline;

  @Option(
      names = "--seed",
      paramLabel = "N",
      description = "Decides schedules and inputs; 1 by default.")
  private long seed = 1;

  @Option(
      names = "--connections",
      paramLabel = "N",
      converter = LoadValues.Count.class,
      description = {
        "The most requests under way: connections, or sessions in this process; 128, or 1 in this"
            + " process, by default, but as many as --concurrency. Others wait, and their time runs."
      })
  private int connections;

  @Option(
      names = "--accuracy",
      description = {
        "Ask every input once, one after the other, and hold the answers against the recorded ones."
      })
  private boolean isAccuracy;

  @Option(
      names = "--out",
      paramLabel = "DIR",
      description = {
        "Write the report there: index.html, result.json, and for every run a line per request"
            + " (requests.jsonl), a table (summary.csv), and histograms (latency.hgrm, latency.hlog)."
      })
  private @Nullable Path out;

  @Option(
      names = "--validate",
      description = {
        "Measure the generator itself against systems whose behaviour is known, and print the table."
      })
  private boolean validates;

  @Option(
      names = "--rows",
      paramLabel = "PART",
      split = ",",
      description = {
        "Which parts of --validate, of simulated, null, echo, delays, halt and peak; all by default."
      })
  private Set<Validation.Part> parts = EnumSet.allOf(Validation.Part.class);

  @Mixin private final ArrivalsMixin arrivals = new ArrivalsMixin();
  @Mixin private final RequestMixin inputs = new RequestMixin();
  @Mixin private final LoadMixin load = new LoadMixin();
  @Mixin private final Output output = new Output();

  @Override
  public Integer call() throws IOException {
    if (validates) {
      Ignored.refuseOthers(
          output.command(), "--validate brings loads of its own", "--validate", "--rows", "--json");
      ValidationTable table = ValidationTable.measured(parts, output::progress);
      output.print(table);
      return table.holds() ? ExitCodes.OK : ExitCodes.FAILURE;
    }
    if (target == null) {
      throw output.usage("What is to be measured? Give TARGET.");
    }
    checkNoneIsIgnored(target);
    try (Measured measured =
        inputs.subject(target, load.options(), slots(target), isAccuracy, seed)) {
      Load.Settings settings = settings(measured.subject());
      Progress progress = new Progress(output);
      Load.Result result =
          Load.run(measured.subject(), settings, output::progress, progress::issued);
      output.print(new Answer(result));
      if (out != null) {
        LoadFiles.write(out, result, output.commandLine());
        output.progress("written " + out.resolve(LoadFiles.PAGE));
      }
      return exitCode(result);
    }
  }

  private void checkNoneIsIgnored(String named) {
    Ignored.refuse(output.command(), "only --validate has parts", "--rows");
    if (RequestMixin.isServer(named) || named.equals("null")) {
      Ignored.refuseMixin(output.command(), "no model is loaded into this process", "load");
    }
    if (isAccuracy) {
      Ignored.refuse(
          output.command(),
          "--accuracy asks every input once",
          "--scenario",
          "--slo",
          "--find-peak",
          "--probe-seconds",
          "--sweep",
          "--seconds",
          "--requests",
          "--repeat",
          "--warm-up",
          "--deadline");
    } else if (!findsPeak) {
      Ignored.refuse(output.command(), "only --find-peak makes probes", "--probe-seconds");
    }
  }

  private int exitCode(Load.Result result) {
    if (isAccuracy) {
      return result.main().first().summary().errors().isEmpty() ? ExitCodes.OK : ExitCodes.FAILURE;
    }
    return switch (result.verdict().kind()) {
      case VALID -> ExitCodes.OK;
      case MISSED -> ExitCodes.FAILURE;
      case INVALID -> INVALID;
    };
  }

  private Load.Settings settings(Subject subject) {
    if (isAccuracy) {
      arrivals.checkNoneIsIgnored("--accuracy", List.of());
      Plan once =
          new Plan(
              ArrivalsMixin.one(),
              Extent.requests(subject.samples()),
              new Order(subject.samples(), true, seed),
              subject.slots(),
              timeout.toNanos());
      return new Load.Settings(
          Scenario.CLOSED, once, null, false, Extent.requests(1), List.of(), 1, 0);
    }
    ArrivalsMixin.Choice choice = arrivals.choice(scenario, findsPeak, requests, seed);
    switch (choice.arrivals()) {
      case Arrivals.AllAtOnce _ ->
          Ignored.refuse(output.command(), "all requests are made at once", "--seconds");
      case Arrivals.Steps _ ->
          Ignored.refuse(
              output.command(), "--steps last --step-seconds each", "--seconds", "--requests");
      case Arrivals.Replay _ ->
          Ignored.refuse(output.command(), "--replay says when to ask", "--seconds", "--requests");
      case Arrivals.Closed _, Arrivals.Rated _ -> {}
    }
    Plan plan =
        new Plan(
            choice.arrivals(),
            new Extent(time.toNanos(), requests),
            new Order(subject.samples(), false, seed),
            subject.slots(),
            timeout.toNanos(),
            deadline == null ? Plan.NO_DEADLINE : deadline.toNanos());
    try {
      return new Load.Settings(
          choice.scenario(),
          plan,
          slo,
          findsPeak,
          new Extent(probe.toNanos(), 1),
          factors,
          repeats,
          warmUp.toNanos());
    } catch (IllegalArgumentException e) {
      throw output.usage(e.getMessage() + ".");
    }
  }

  private int slots(String named) {
    int atATime = arrivals.concurrency();
    if (connections == 0) {
      return Math.max(atATime, RequestMixin.isServer(named) ? MANY : 1);
    }
    if (connections < atATime) {
      throw output.usage(
          "--concurrency %d needs at least as many --connections, got %d."
              .formatted(atATime, connections));
    }
    return connections;
  }

  /// The result.
  record Answer(@JsonUnwrapped Load.Result result) implements Output.Answer {
    @Override
    public String text() {
      return LoadText.of(result);
    }
  }
}
