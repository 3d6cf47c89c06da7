package dev.jiffy.engine.lower;

import dev.jiffy.engine.ModelException;
import dev.jiffy.engine.function.Ensemble;
import dev.jiffy.engine.function.ScoreTransform;
import dev.jiffy.engine.ir.TableOp;
import dev.jiffy.engine.kernel.scalar.Elements;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/// Operators on tables, row by row by their definitions.
final class ScalarTableOps {
  private ScalarTableOps() {}

  static void run(TableOp op, Operands o) {
    switch (op) {
      case TableOp.TreeEnsemble t -> trees(t, o);
      case TableOp.VectorKernels k -> kernels(k, o);
      case TableOp.Votes v -> votes(v, o);
      case TableOp.Classify c -> classify(c, o);
      case TableOp.Scores s -> scores(s, o);
      case TableOp.MapValues m -> m.lookup().apply(o.in(0), o.out());
      case TableOp.ZipMap _ -> Elements.copy(o.in(0), o.out());
    }
  }

  private static int features(Tensor x) {
    return Math.toIntExact(x.shape().dim(x.shape().rank() - 1));
  }

  private static long rows(Tensor x) {
    return x.shape().rank() == 1 ? 1 : x.shape().dim(0);
  }

  private static void read(Tensor x, long row, double[] into) {
    for (int i = 0; i < into.length; i++) {
      into[i] = x.getDouble(row * into.length + i);
    }
  }

  private static void write(double[] from, int count, @Nullable Tensor y, long row) {
    for (int i = 0; i < count && y != null; i++) {
      y.setDouble(row * count + i, from[i]);
    }
  }

  /// Stores the label of a class. Where there is a label for one class only, ONNX Runtime's numbers
  /// of the other stand: 0 and 1.
  static void label(Tensor labels, int chosen, @Nullable Tensor y, long row) {
    if (y == null) {
      return;
    }
    boolean isKnown = labels.shape().elements() > 1;
    if (labels.dtype() == DType.STRING) {
      y.setString(row, isKnown ? labels.getString(chosen) : Integer.toString(chosen));
    } else {
      y.setLong(row, isKnown ? labels.getLong(chosen) : chosen);
    }
  }

  private static void trees(TableOp.TreeEnsemble op, Operands o) {
    Tensor x = o.in(0);
    Ensemble ensemble = op.ensemble();
    if (features(x) < ensemble.forest().features()) {
      throw new ModelException(
          "input 0: expected at least %d features, got shape %s"
              .formatted(ensemble.forest().features(), x.shape()));
    }
    Tensor labels = op.labels();
    double[] row = new double[features(x)];
    double[] scores = new double[ensemble.forest().targets()];
    for (long i = 0; i < rows(x); i++) {
      read(x, i, row);
      int chosen = ensemble.scores(row, scores);
      write(scores, scores.length, o.optionalOut(labels == null ? 0 : 1), i);
      if (labels != null) {
        label(labels, chosen, o.optionalOut(0), i);
      }
    }
  }

  private static void kernels(TableOp.VectorKernels op, Operands o) {
    Tensor x = o.in(0);
    float[] vectors = o.in(1).toFloats();
    double[] row = new double[features(x)];
    double[] kernels = new double[Math.toIntExact(o.in(1).shape().dim(1))];
    for (long i = 0; i < rows(x); i++) {
      read(x, i, row);
      op.kernel().apply(row, vectors, kernels);
      write(kernels, kernels.length, o.out(), i);
    }
  }

  private static void votes(TableOp.Votes op, Operands o) {
    Tensor x = o.in(0);
    double[] kernels = new double[features(x)];
    double[] scores = new double[op.votes().scores()];
    for (long i = 0; i < rows(x); i++) {
      read(x, i, kernels);
      int chosen = op.votes().decide(kernels, scores);
      label(op.labels(), chosen, o.optionalOut(0), i);
      write(scores, scores.length, o.optionalOut(1), i);
    }
  }

  private static void classify(TableOp.Classify op, Operands o) {
    Tensor x = o.in(0);
    int n = features(x);
    boolean spreads = n == 1 && op.labels().shape().elements() == 2;
    double[] scores = new double[n];
    for (long i = 0; i < rows(x); i++) {
      read(x, i, scores);
      label(op.labels(), op.choice().of(scores, n), o.optionalOut(0), i);
      if (spreads) {
        write(spread(op.transform(), scores[0]), 2, o.optionalOut(1), i);
      } else {
        op.transform().apply(scores, n);
        write(scores, n, o.optionalOut(1), i);
      }
    }
  }

  private static double[] spread(ScoreTransform transform, double score) {
    return transform == ScoreTransform.LOGISTIC
        ? new double[] {
          ScoreTransform.logistic((float) -score), ScoreTransform.logistic((float) score)
        }
        : new double[] {(float) (1 - score), score};
  }

  private static void scores(TableOp.Scores op, Operands o) {
    Tensor x = o.in(0);
    double[] scores = new double[features(x)];
    for (long i = 0; i < rows(x); i++) {
      read(x, i, scores);
      op.transform().apply(scores, scores.length);
      write(scores, scores.length, o.out(), i);
    }
  }
}
