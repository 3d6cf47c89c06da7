package dev.jiffy.bench;

import dev.jiffy.bench.record.Spread;
import dev.jiffy.tensor.Tensor;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/// What came out of runs of Jiffy and ONNX Runtime that took turns with several inputs.
///
/// @param model the model
/// @param rows how many rows a run has
/// @param threads the most threads of a run
/// @param ratioP50 Jiffy's median over ONNX Runtime's
/// @param ratioLow the smallest such ratio in a pair of rounds
/// @param ratioHigh the largest such ratio in a pair of rounds
/// @param jiffy how long Jiffy's runs took
/// @param other how long ONNX Runtime's runs took
/// @param allocatedBytesPerRun what a run of Jiffy allocated on the Java heap
/// @param maxAbsError the largest difference between answers
/// @param matches whether all answers agree
public record Turns(
    String model,
    int rows,
    int threads,
    double ratioP50,
    double ratioLow,
    double ratioHigh,
    Spread jiffy,
    Spread other,
    long allocatedBytesPerRun,
    double maxAbsError,
    boolean matches) {
  static Turns of(
      String model,
      int rows,
      int threads,
      JiffyEngine jiffy,
      OnnxRuntimeEngine other,
      List<Map<String, Tensor>> inputs,
      Duration time,
      double tolerance,
      Consumer<String> progress) {
    List<Runnable> own = new ArrayList<>();
    double error = 0;
    boolean matches = true;
    for (Map<String, Tensor> turn : inputs) {
      own.add(() -> {
        jiffy.prepare(turn);
        jiffy.run();
      });
      jiffy.prepare(turn);
      jiffy.run();
      other.prepare(turn);
      other.run();
      Comparison comparison = Comparison.of(other.outputs(), jiffy.outputs(), tolerance);
      error = Math.max(error, comparison.maxAbsError());
      matches &= comparison.matches();
      comparison.mismatches().forEach(progress);
    }
    Duel duel = Duel.of(new TakingTurns(own), other.takingTurns(inputs), time.toNanos(), progress);
    return new Turns(
        model,
        rows,
        threads,
        duel.ratio(),
        duel.ratioLow(),
        duel.ratioHigh(),
        duel.first().latency(),
        duel.second().latency(),
        duel.first().allocatedBytesPerRun(),
        error,
        matches);
  }
}
