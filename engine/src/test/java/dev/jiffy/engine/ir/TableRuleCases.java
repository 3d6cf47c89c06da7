package dev.jiffy.engine.ir;

import static dev.jiffy.engine.ir.RuleCase.bad;
import static dev.jiffy.engine.ir.RuleCase.good;

import dev.jiffy.engine.function.ClassChoice;
import dev.jiffy.engine.function.Ensemble;
import dev.jiffy.engine.function.OneComparison;
import dev.jiffy.engine.function.ScoreTransform;
import dev.jiffy.engine.function.SupportVectorKernel;
import dev.jiffy.engine.function.SupportVectorVotes;
import dev.jiffy.engine.function.TreeAggregate;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Tensor;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Cases of operators on tables.
final class TableRuleCases {
  private static final Tensor LABELS = Tensor.of(new long[] {3, 5}, 2);
  private static final Op TREES = trees(null);
  private static final Op CLASSES =
      new TableOp.TreeEnsemble(
          ensemble(new Ensemble.Decision(false, false)),
          Tensor.ofStrings(List.of("a", "b"), 2),
          DType.F32);
  private static final Op KERNELS =
      new TableOp.VectorKernels(new SupportVectorKernel(SupportVectorKernel.Shape.RBF, 0.5f, 0, 0));
  private static final Op VOTES =
      new TableOp.Votes(
          new SupportVectorVotes(
              List.of(2, 1),
              Collections.nCopies(3, 1f),
              List.of(0f),
              List.of(),
              List.of(),
              ScoreTransform.NONE),
          LABELS);
  private static final Op CLASSIFY =
      new TableOp.Classify(ClassChoice.GREATEST, ScoreTransform.NONE, LABELS);
  private static final Op SCORES = new TableOp.Scores(ScoreTransform.SOFTMAX);
  private static final Op MAP =
      new TableOp.MapValues(new Lookup(LABELS, Tensor.of(new float[] {1, 2}, 2), null));
  private static final Op ZIP = new TableOp.ZipMap(LABELS);

  static final List<RuleCase> CASES =
      List.of(
          good(TREES, "f32[n×3]", "f32[n×2]"),
          good(TREES, "f64[5]", "f32[1×2]"),
          good(TREES, "f32[…]", "f32[rows×2]"),
          bad(TREES, "f32[n×2]", "input 0: expected at least 3 features, got f32[n×2]"),
          bad(TREES, "f32[n×m×3]", "input 0: expected rank 1 or 2, got f32[n×m×3]"),
          bad(TREES, "i64[n×3]", "input 0: expected f32 or f64, got i64[n×3]"),
          good(CLASSES, "f32[n×3]", "string[n]; f32[n×2]"),
          good(KERNELS, "f32[n×4]; f32[4×7]", "f32[n×7]"),
          bad(ZIP, "f32[]", "input 0: expected rank 1 or 2, got f32[]"),
          bad(KERNELS, "f32[n×5]; f32[4×7]", "input 0: expected 4 features, got f32[n×5]"),
          good(VOTES, "f32[n×3]", "i64[n]; f32[n×2]"),
          bad(VOTES, "f32[n×2]", "input 0: expected at least 3 features, got f32[n×2]"),
          good(CLASSIFY, "f32[n×2]", "i64[n]; f32[n×2]"),
          good(CLASSIFY, "f32[n×1]", "i64[n]; f32[n×2]"),
          bad(CLASSIFY, "f32[n]", "input 0: expected rank 2, got f32[n]"),
          good(SCORES, "f32[n×2]", "f32[n×2]"),
          bad(SCORES, "f64[n×2]", "input 0: expected f32, got f64[n×2]"),
          good(MAP, "i64[n×2]", "f32[n×2]"),
          bad(MAP, "f32[n]", "input 0: expected i64, got f32[n]"),
          good(ZIP, "f32[n×2]", "f32[n×2]"),
          bad(ZIP, "f32[n×3]", "input 0: expected 2 columns, got f32[n×3]"));

  private TableRuleCases() {}

  private static Op trees(Ensemble.@Nullable Decision decision) {
    return new TableOp.TreeEnsemble(ensemble(decision), null, DType.F32);
  }

  private static Ensemble ensemble(Ensemble.@Nullable Decision decision) {
    return new Ensemble(
        OneComparison.forest(2, 2, 0.5),
        TreeAggregate.SUM,
        ScoreTransform.NONE,
        List.of(),
        decision,
        false);
  }
}
