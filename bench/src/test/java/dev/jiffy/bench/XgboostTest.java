package dev.jiffy.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.jiffy.engine.EngineChoice;
import dev.jiffy.engine.KernelPath;
import dev.jiffy.engine.LoadOptions;
import dev.jiffy.engine.onnx.OnnxWriter;
import dev.jiffy.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import ml.dmlc.xgboost4j.java.Booster;
import ml.dmlc.xgboost4j.java.DMatrix;
import ml.dmlc.xgboost4j.java.XGBoostError;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Trees that XGBoost has trained give the scores that XGBoost gives.
///
/// With the property `xgboost.seconds`, both are timed for so long on single rows, and how long
/// they take stands in `target/xgboost.txt`.
class XgboostTest {
  private static final int ROWS = 3000;

  /// How many single rows take turns.
  private static final int TURNS = 64;

  private static final double TOLERANCE = 1e-6;
  private static final Path TIMES = Path.of("target", "xgboost.txt");

  @TempDir private Path folder = Path.of("");

  @ParameterizedTest
  @EnumSource
  void scoresAreThoseOfXgboost(BoostedTrees.Objective objective) throws XGBoostError, IOException {
    Path file = folder.resolve("trees.onnx");
    try (BoostedTrees trees = new BoostedTrees(objective)) {
      OnnxWriter.write(trees.graph(), 17, file);
      float[] rows = BoostedTrees.rows(ROWS, new Random(9));
      Arrays.fill(rows, 0, BoostedTrees.FEATURES, Float.NaN);
      float[] expected = trees.predict(rows);
      for (KernelPath path : new KernelPath[] {KernelPath.AUTO, KernelPath.SCALAR}) {
        LoadOptions options = LoadOptions.defaults().engine(EngineChoice.JIFFY).kernels(path);
        try (JiffyEngine jiffy = new JiffyEngine(file, options)) {
          jiffy.prepare(input(rows));
          jiffy.run();
          check(objective, expected, scores(jiffy));
        }
      }
      long seconds = Long.getLong("xgboost.seconds", 0);
      if (seconds > 0) {
        measure(objective, trees, file, seconds * 1_000_000_000);
      }
    }
  }

  private static Map<String, Tensor> input(float[] rows) {
    return Map.of("x", Tensor.of(rows, rows.length / BoostedTrees.FEATURES, BoostedTrees.FEATURES));
  }

  /// The scores of a regression, or the probabilities of the second class.
  private static float[] scores(JiffyEngine engine) {
    Tensor scores = engine.outputs().get("scores");
    if (scores == null) {
      throw new IllegalStateException("no scores");
    }
    int targets = (int) scores.shape().dim(1);
    float[] all = scores.toFloats();
    float[] last = new float[all.length / targets];
    for (int i = 0; i < last.length; i++) {
      last[i] = all[(i + 1) * targets - 1];
    }
    return last;
  }

  private static void check(BoostedTrees.Objective objective, float[] expected, float[] scores) {
    long different = IntStream.range(0, ROWS).mapToObj(row -> expected[row]).distinct().count();
    assertTrue(different > ROWS / 2);
    switch (objective) {
      case SQUARED_ERROR -> assertEquals(Arrays.toString(expected), Arrays.toString(scores));
      case LOGISTIC -> {
        assertEquals(expected.length, scores.length);
        for (int i = 0; i < scores.length; i++) {
          assertEquals(expected[i], scores[i], TOLERANCE, "row " + i);
        }
      }
    }
  }

  // ---- times

  /// A way to ask XGBoost for the score of one row.
  private enum Asked {
    IN_A_MATRIX("predict(new DMatrix(row))") {
      @Override
      float[][] predict(Booster booster, float[] row) throws XGBoostError {
        DMatrix table = new DMatrix(row, 1, row.length, Float.NaN);
        try {
          return booster.predict(table);
        } finally {
          table.dispose();
        }
      }
    },
    IN_PLACE("inplace_predict(row)") {
      @Override
      float[][] predict(Booster booster, float[] row) throws XGBoostError {
        return booster.inplace_predict(row, 1, row.length, Float.NaN);
      }
    };

    private final String text;

    Asked(String text) {
      this.text = text;
    }

    abstract float[][] predict(Booster booster, float[] row) throws XGBoostError;
  }

  private static void predict(Booster booster, Asked way, float[] row) {
    try {
      way.predict(booster, row);
    } catch (XGBoostError e) {
      throw new IllegalStateException(e);
    }
  }

  private static void measure(
      BoostedTrees.Objective objective, BoostedTrees trees, Path file, long nanos)
      throws IOException {
    Random random = new Random(4);
    List<float[]> rows = new ArrayList<>();
    for (int i = 0; i < TURNS; i++) {
      rows.add(BoostedTrees.rows(1, random));
    }
    Consumer<String> silent = _ -> {};
    StringBuilder text = new StringBuilder(Files.exists(TIMES) ? Files.readString(TIMES) : "");
    for (Asked way : Asked.values()) {
      try (JiffyEngine jiffy = new JiffyEngine(file, LoadOptions.defaults().threads(1))) {
        List<Runnable> own = new ArrayList<>();
        List<Runnable> others = new ArrayList<>();
        for (float[] row : rows) {
          Map<String, Tensor> input = input(row);
          own.add(() -> {
            jiffy.prepare(input);
            jiffy.run();
          });
          others.add(() -> predict(trees.booster, way, row));
        }
        Duel duel = Duel.of(new TakingTurns(own), new TakingTurns(others), nanos, silent);
        text.append(
            "%s, one row: Jiffy %.2f µs, xgboost4j %s %.2f µs, %.0f times as long (%.0f to %.0f)%n"
                .formatted(
                    objective,
                    1e3 * duel.first().latency().p50Ms(),
                    way.text,
                    1e3 * duel.second().latency().p50Ms(),
                    1 / duel.ratio(),
                    1 / duel.ratioHigh(),
                    1 / duel.ratioLow()));
      }
    }
    Files.writeString(TIMES, text);
  }
}
