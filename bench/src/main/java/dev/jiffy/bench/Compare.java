package dev.jiffy.bench;

import dev.jiffy.bench.record.Environment;
import dev.jiffy.bench.record.Interval;
import dev.jiffy.bench.record.Percentiles;
import dev.jiffy.engine.LoadOptions;
import dev.jiffy.engine.Precision;
import dev.jiffy.tensor.Shape;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Supplier;

/// Measures Jiffy and ONNX Runtime on the same model in the same process, so that the machine's
/// moods reach both.
///
/// Loads alternate, and so do the runs: see [Duel].
public final class Compare {
  /// The least loads in each engine.
  private static final int LOADS = 5;

  /// The least cosine, or part of equal integers, at which answers in a narrower precision count as
  /// the same.
  private static final double NARROW_COSINE = 0.99;

  private Compare() {}

  /// The other engine and its figures.
  ///
  /// @param name the engine's name
  /// @param figures what was measured
  public record Rival(String name, Figures figures) {}

  /// Both engines on one case.
  ///
  /// @param model the model's file
  /// @param name the case's name
  /// @param shapes the extents of the inputs
  /// @param threads the threads of either
  /// @param precision the precision that Jiffy runs in
  /// @param kernels the family of kernels that Jiffy runs on
  /// @param figures Jiffy's figures
  /// @param against the other engine
  /// @param ratioP50 Jiffy's median over the other's: below 1, Jiffy is faster
  /// @param ratioLow the smallest such ratio in a pair of rounds
  /// @param ratioHigh the largest such ratio in a pair of rounds
  /// @param ratioInterval the geometric mean of the rounds' ratios, and its confidence interval
  /// @param ratioLoad Jiffy's time to load over the other's
  /// @param rounds the number of rounds of either
  /// @param maxAbsError the largest absolute difference between the answers
  /// @param maxRelError the largest relative difference between the answers
  /// @param minCosine the least cosine between an answer and its counterpart as vectors; of
  ///   integers, truth values and strings the part that is equal
  /// @param matches whether the answers agree within the tolerance; where Jiffy runs in a narrower
  ///   precision, it is enough that none of these is below 0.99
  /// @param mismatches what differs, output by output
  /// @param environment the machine
  public record Result(
      String model,
      String name,
      Map<String, Shape> shapes,
      int threads,
      String precision,
      String kernels,
      Figures figures,
      Rival against,
      double ratioP50,
      double ratioLow,
      double ratioHigh,
      Interval ratioInterval,
      double ratioLoad,
      int rounds,
      double maxAbsError,
      double maxRelError,
      double minCosine,
      boolean matches,
      List<String> mismatches,
      Environment environment) {}

  /// {@return the comparison on every case of some sources}
  ///
  /// @param model the model's file
  /// @param sources where the inputs come from
  /// @param options how Jiffy loads the model; ONNX Runtime gets the same number of threads
  /// @param loads how long to load in turns; of more than five loads the later half counts
  /// @param time how long to measure either engine on each case
  /// @param tolerance how far answers may be apart
  /// @param progress is told in short lines how the work goes
  public static List<Result> run(
      Path model,
      List<InputSource> sources,
      LoadOptions options,
      Duration loads,
      Duration time,
      double tolerance,
      Consumer<String> progress) {
    int threads = Bench.threads(options);
    progress.accept("loading " + model.getFileName() + " in both engines in turn");
    Supplier<JiffyEngine> openJiffy = () -> new JiffyEngine(model, options);
    Supplier<OnnxRuntimeEngine> openOther = () -> new OnnxRuntimeEngine(model, threads);
    List<Long> jiffyLoads = new ArrayList<>();
    List<Long> otherLoads = new ArrayList<>();
    long begin = System.nanoTime();
    while (jiffyLoads.size() < LOADS - 1 || System.nanoTime() - begin < loads.toNanos()) {
      open(openJiffy, jiffyLoads).close();
      open(openOther, otherLoads).close();
    }
    List<Result> results = new ArrayList<>();
    try (JiffyEngine jiffy = open(openJiffy, jiffyLoads);
        OnnxRuntimeEngine other = open(openOther, otherLoads)) {
      jiffy.model().handover().ifPresent(handover -> progress.accept(handover.text()));
      for (InputSource source : sources) {
        for (Case each : source.cases(jiffy.model().inputs(), jiffy.model().outputs())) {
          progress.accept("case " + each.name() + " " + each.shapes());
          jiffy.prepare(each.tensors());
          other.prepare(each.tensors());
          double jiffyFirst = Rounds.once(jiffy::run) / 1e6;
          double otherFirst = other.firstMs();
          other.run();
          Comparison answers = Comparison.of(other.outputs(), jiffy.outputs(), tolerance);
          Duel duel = Duel.of(jiffy::run, other::run, time.toNanos(), progress);
          Figures figures = duel.first().figures(jiffy.version(), median(jiffyLoads), jiffyFirst);
          Figures others = duel.second().figures(other.version(), median(otherLoads), otherFirst);
          results.add(
              new Result(
                  model.toString(),
                  each.name(),
                  each.shapes(),
                  threads,
                  jiffy.precision(),
                  jiffy.kernels(),
                  figures,
                  new Rival("onnxruntime", others),
                  duel.ratio(),
                  duel.ratioLow(),
                  duel.ratioHigh(),
                  duel.ratioInterval(),
                  ratio(figures.loadMs(), others.loadMs()),
                  duel.rounds(),
                  answers.maxAbsError(),
                  answers.maxRelError(),
                  answers.minCosine(),
                  answers.matches()
                      || (options.precision() != Precision.F32
                          && answers.minCosine() >= NARROW_COSINE),
                  answers.mismatches(),
                  Environment.here()));
        }
      }
    }
    return results;
  }

  /// {@return the ratio of two times, to four digits after the point}
  static double ratio(double first, double second) {
    return Math.round(first / Math.max(1e-9, second) * 1e4) / 1e4;
  }

  private static <E> E open(Supplier<E> engine, List<Long> nanos) {
    long start = System.nanoTime();
    E opened = engine.get();
    nanos.add(System.nanoTime() - start);
    return opened;
  }

  private static double median(List<Long> nanos) {
    long[] counted =
        nanos.stream()
            .skip(nanos.size() > LOADS ? nanos.size() / 2 : 0)
            .mapToLong(Long::longValue)
            .toArray();
    return Percentiles.of(counted).at(0.5) / 1e6;
  }
}
