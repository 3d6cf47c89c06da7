package dev.jiffy.engine.ir;

import dev.jiffy.engine.function.ClassChoice;
import dev.jiffy.engine.function.Ensemble;
import dev.jiffy.engine.function.ScoreTransform;
import dev.jiffy.engine.function.SupportVectorKernel;
import dev.jiffy.engine.function.SupportVectorVotes;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/// Operators on tables, of which each row stands for itself: those of ONNX's domain `ai.onnx.ml`
/// that are no composition of others.
///
/// A table `x` is `[rows, features]`, or `[features]` for one row. Where there are labels, a vector
/// of i64 or strings, an operator has two results: the label of the class chosen for each row, and
/// the scores.
public sealed interface TableOp extends Op.Special {
  /// Decision trees: `(x)`, f32 or f64.
  ///
  /// @param ensemble the trees and how they are combined
  /// @param labels the label of each class, or null where scores are the only result
  /// @param dtype the type of the scores, f32 or f64
  record TreeEnsemble(Ensemble ensemble, @Nullable Tensor labels, DType dtype) implements TableOp {
    /// Checks that classes have labels.
    public TreeEnsemble {
      if ((ensemble.decision() == null) != (labels == null)) {
        throw new IllegalArgumentException("classes need labels, and labels classes");
      }
    }
  }

  /// How each row compares with each of some vectors: `(x, vectors)`, f32; the vectors are columns.
  ///
  /// @param kernel the comparison
  record VectorKernels(SupportVectorKernel kernel) implements TableOp {}

  /// The class for which most pairs of classes vote, and scores: `(kernels)`, how each row compares
  /// with each support vector, f32.
  ///
  /// @param votes how votes are cast
  /// @param labels the label of each class
  record Votes(SupportVectorVotes votes, Tensor labels) implements TableOp {}

  /// The class that scores are for, and the scores transformed: `(scores)`, f32 `[rows, classes]`.
  ///
  /// Of one score come two where there are two labels: `1 - score` and `score`, or with
  /// [ScoreTransform#LOGISTIC] what it makes of `-score` and `score`.
  ///
  /// @param choice how the class is chosen
  /// @param transform what is done to the scores
  /// @param labels the label of each class
  record Classify(ClassChoice choice, ScoreTransform transform, Tensor labels) implements TableOp {}

  /// Scores transformed: `(scores)`, f32 `[rows, targets]`.
  ///
  /// @param transform what is done to them
  record Scores(ScoreTransform transform) implements TableOp {}

  /// Each element looked up in a dictionary: `(x)`.
  ///
  /// @param lookup the dictionary
  record MapValues(Lookup lookup) implements TableOp {}

  /// The input unchanged, with a label for each of its columns: `(x)`.
  ///
  /// Stands for ONNX's `ZipMap`, which makes a map of each row; whoever wants maps makes them of
  /// this.
  ///
  /// @param labels a label for each column
  record ZipMap(Tensor labels) implements TableOp {}
}
