package dev.jiffy.cli;

import dev.jiffy.bench.load.Arrivals;
import dev.jiffy.bench.load.Requests;
import dev.jiffy.bench.load.Scenario;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/// The options that say when requests arrive.
final class ArrivalsMixin extends Mixed {
  private static final List<String> ALL =
      List.of(
          "--concurrency",
          "--rate",
          "--arrivals",
          "--burstiness",
          "--steps",
          "--step-seconds",
          "--replay");

  /// How the arrivals of a rate lie.
  enum Kind {
    /// Independent of each other.
    POISSON,
    /// At equal distances.
    CONSTANT,
    /// In bursts, or more even than by chance.
    GAMMA
  }

  @Option(
      names = "--concurrency",
      paramLabel = "N",
      converter = LoadValues.Count.class,
      description = "A closed loop: N requests at a time, the next when one has ended.")
  private int concurrency;

  @Option(
      names = "--rate",
      paramLabel = "R",
      converter = OptionValues.Rate.class,
      description = "Requests per second on a schedule that no answer slows down.")
  private double rate;

  @Option(
      names = "--arrivals",
      paramLabel = "A",
      description = "How they lie: poisson, by default, constant or gamma.")
  private Kind kind = Kind.POISSON;

  @Option(
      names = "--burstiness",
      paramLabel = "K",
      converter = OptionValues.Rate.class,
      description =
          "The shape of gamma arrivals: below 1 in bursts, 1 as poisson, above more even; 0.5"
              + " by default.")
  private double shape = 0.5;

  @Option(
      names = "--steps",
      paramLabel = "F",
      split = ",",
      converter = OptionValues.Rate.class,
      description = "Multiples of the rate one after the other in one run, as 0.8,1.5,0.8.")
  private final List<Double> steps = new ArrayList<>();

  @Option(
      names = "--step-seconds",
      paramLabel = "S",
      converter = OptionValues.Rate.class,
      description = "How long a step is; 10 by default.")
  private double stepSeconds = 10;

  @Option(
      names = "--replay",
      paramLabel = "FILE",
      description = "When requests arrived once: a line each, in microseconds since the first.")
  private @Nullable Path replay;

  /// What to do and when.
  record Choice(Scenario scenario, Arrivals arrivals) {}

  /// {@return how many requests a closed loop has under way, 0 where nobody said}
  int concurrency() {
    return concurrency;
  }

  /// {@return one request after the other}
  static Arrivals one() {
    return new Arrivals.Closed(1, 1);
  }

  /// {@return what the options ask for}
  ///
  /// @param asked the scenario, or null where it follows from the others
  /// @param findsPeak whether the rate is searched
  /// @param requests the number of requests
  /// @param seed decides schedules
  /// @throws ParameterException if that leaves no rate, or an option without effect
  Choice choice(@Nullable Scenario asked, boolean findsPeak, int requests, long seed) {
    Scenario scenario = asked != null ? asked : implied(findsPeak);
    checkNoneIsIgnored("scenario " + scenario.label(), heeded(scenario));
    return new Choice(
        scenario,
        switch (scenario) {
          case SINGLE_STREAM -> one();
          case MULTI_STREAM -> new Arrivals.Closed(1, Scenario.PER_QUERY);
          case CLOSED -> new Arrivals.Closed(Math.max(1, concurrency), 1);
          case OFFLINE -> new Arrivals.AllAtOnce(requests);
          case SERVER -> new Arrivals.Poisson(given(findsPeak), seed);
          case OPEN -> open(findsPeak, seed);
        });
  }

  private Scenario implied(boolean findsPeak) {
    if (replay != null || !steps.isEmpty() || kind != Kind.POISSON) {
      return Scenario.OPEN;
    }
    return rate > 0 || findsPeak
        ? Scenario.SERVER
        : concurrency > 0 ? Scenario.CLOSED : Scenario.SINGLE_STREAM;
  }

  private List<String> heeded(Scenario scenario) {
    return switch (scenario) {
      case SINGLE_STREAM, MULTI_STREAM, OFFLINE -> List.of();
      case CLOSED -> List.of("--concurrency");
      case SERVER -> kind == Kind.POISSON ? List.of("--rate", "--arrivals") : List.of("--rate");
      case OPEN -> {
        if (replay != null) {
          yield List.of("--replay");
        }
        List<String> heeded = new ArrayList<>(List.of("--rate", "--arrivals", "--steps"));
        if (kind == Kind.GAMMA) {
          heeded.add("--burstiness");
        }
        if (!steps.isEmpty()) {
          heeded.add("--step-seconds");
        }
        yield heeded;
      }
    };
  }

  /// Checks that nobody is misled by an option that would change nothing.
  ///
  /// @param what what was asked for
  /// @param heeded the options of this mixin that it goes by
  /// @throws ParameterException if another one is given
  void checkNoneIsIgnored(String what, List<String> heeded) {
    String why =
        heeded.isEmpty()
            ? "has arrivals of its own"
            : "goes by " + String.join(", ", heeded) + " here";
    Ignored.refuse(
        command(),
        what + " " + why,
        ALL.stream().filter(option -> !heeded.contains(option)).toArray(String[]::new));
  }

  private double given(boolean findsPeak) {
    if (rate == 0 && !findsPeak) {
      throw usage("At which rate? Give --rate, or --find-peak with --slo.");
    }
    return rate == 0 ? 1 : rate;
  }

  private Arrivals open(boolean findsPeak, long seed) {
    if (replay != null) {
      return new Arrivals.Replay(trace(replay));
    }
    Arrivals.Rated rated =
        switch (kind) {
          case POISSON -> new Arrivals.Poisson(given(findsPeak), seed);
          case CONSTANT -> new Arrivals.Constant(given(findsPeak));
          case GAMMA -> new Arrivals.Gamma(given(findsPeak), shape, seed);
        };
    return steps.isEmpty() ? rated : new Arrivals.Steps(rated, steps, stepSeconds);
  }

  private static List<Long> trace(Path file) {
    List<Long> nanos = new ArrayList<>();
    for (String line : Requests.read(file)) {
      try {
        nanos.add(Math.round(Double.parseDouble(line.strip()) * 1e3));
      } catch (NumberFormatException e) {
        throw new IllegalArgumentException(
            "%s, line %d: '%s' is no number of microseconds"
                .formatted(file, nanos.size() + 1, line),
            e);
      }
    }
    long first = nanos.getFirst();
    return nanos.stream().map(at -> at - first).toList();
  }
}
