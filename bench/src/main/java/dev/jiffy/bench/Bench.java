package dev.jiffy.bench;

import com.sun.management.ThreadMXBean;
import dev.jiffy.bench.record.Environment;
import dev.jiffy.bench.record.Recording;
import dev.jiffy.engine.LoadOptions;
import dev.jiffy.tensor.Shape;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;

/// Measures how fast a model runs in this process.
///
/// The order is that of a program's life: load, a first run, warm-up, then runs one after the
/// other, every one of which is recorded. The first load and run of a process also load Java
/// classes, which is meant: it is what a caller waits for.
public final class Bench {
  private Bench() {}

  /// What was measured.
  ///
  /// @param model the model's file
  /// @param name the case's name
  /// @param shapes the extents of the inputs
  /// @param threads the most threads that a run used
  /// @param precision the precision that the model runs in
  /// @param kernels the family of kernels that it runs on
  /// @param figures what was measured
  /// @param warmUp how the warm-up went
  /// @param environment the machine
  /// @param recording every warm run
  public record Result(
      String model,
      String name,
      Map<String, Shape> shapes,
      int threads,
      String precision,
      String kernels,
      Figures figures,
      WarmedUp warmUp,
      Environment environment,
      Recording recording) {}

  /// {@return the measurements of a model on the first case of a source}
  ///
  /// @param model the model's file
  /// @param source where the inputs come from
  /// @param options how to load the model
  /// @param time how long to measure, after warm-up
  /// @param progress is told in short lines how the work goes
  public static Result run(
      Path model,
      InputSource source,
      LoadOptions options,
      Duration time,
      Consumer<String> progress) {
    progress.accept("loading " + model.getFileName());
    long start = System.nanoTime();
    try (JiffyEngine engine = new JiffyEngine(model, options)) {
      long load = System.nanoTime() - start;
      engine.model().handover().ifPresent(handover -> progress.accept(handover.text()));
      Case first = source.cases(engine.model().inputs(), engine.model().outputs()).getFirst();
      engine.prepare(first.tensors());
      long firstRun = Rounds.once(engine::run);
      progress.accept("warming up on " + first.name() + " " + first.shapes());
      WarmUp warmUp = WarmUp.start(Long.MAX_VALUE);
      Rounds.warmUp(engine::run, warmUp);
      progress.accept(
          String.format(
              Locale.ROOT,
              "measuring for %.1f s, after %d runs in %.1f s%s",
              time.toMillis() / 1e3,
              warmUp.runs(),
              warmUp.totalNanos() / 1e9,
              warmUp.isSettled() ? "" : ", not settled"));
      Rounds rounds = new Rounds(engine::run, warmUp.runs());
      rounds.leadIn(time.toNanos() / 10);
      int count = Duel.rounds(time.toNanos());
      for (int i = 0; i < count; i++) {
        rounds.round(time.toNanos() / count);
      }
      Warm warm = rounds.warm();
      return new Result(
          model.toString(),
          first.name(),
          first.shapes(),
          engine.threads(),
          engine.precision(),
          engine.kernels(),
          warm.figures(engine.version(), load / 1e6, firstRun / 1e6),
          new WarmedUp(warmUp.runs(), warmUp.totalNanos() / 1e9, warmUp.isSettled()),
          Environment.here(),
          warm.recording());
    }
  }

  /// {@return the threads that options stand for in this process}
  static int threads(LoadOptions options) {
    return options.threads() == 0 ? Runtime.getRuntime().availableProcessors() : options.threads();
  }

  /// {@return the bytes that all threads allocate on the Java heap while something runs}
  static long allocated(Runnable work) {
    if (!(ManagementFactory.getThreadMXBean() instanceof ThreadMXBean threads)) {
      throw new IllegalStateException("this JVM does not count allocated bytes");
    }
    long asking = threads.getTotalThreadAllocatedBytes();
    long before = threads.getTotalThreadAllocatedBytes();
    asking = before - asking;
    work.run();
    return Math.max(0, threads.getTotalThreadAllocatedBytes() - before - asking);
  }
}
