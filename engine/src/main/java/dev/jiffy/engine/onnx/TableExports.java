package dev.jiffy.engine.onnx;

import dev.jiffy.engine.function.ClassChoice;
import dev.jiffy.engine.ir.Dim;
import dev.jiffy.engine.ir.Lookup;
import dev.jiffy.engine.ir.TableOp;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Tensor;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/// Operators on tables as ONNX has them.
final class TableExports {
  private TableExports() {}

  /// Writes an operator.
  static void export(ExportScope node, TableOp op) {
    switch (op) {
      case TableOp.TreeEnsemble o -> TreeExports.export(node, o);
      case TableOp.Classify o -> classify(node, o);
      case TableOp.Scores o ->
          node.table("LinearRegressor", identity(node, 0, o.transform().name()), node.input(0));
      case TableOp.MapValues o -> map(node, o.lookup());
      case TableOp.ZipMap _ -> node.same("Identity"); // its maps are no tensor
      case TableOp.VectorKernels _, TableOp.Votes _ ->
          throw node.cannot("support vectors in several operators");
    }
  }

  /// A linear model whose matrix changes nothing.
  private static AttributeSet identity(ExportScope node, int labels, String transform) {
    List<Dim> shape = node.fact(node.input(0)).shape();
    if (shape == null || !(shape.getLast() instanceof Dim.Known(long n))) {
      throw node.cannot("an unknown number of classes");
    }
    List<Float> matrix = new ArrayList<>();
    for (int i = 0; i < n * n; i++) {
      matrix.add(i / n == i % n ? 1f : 0f);
    }
    AttributeSet attributes =
        new AttributeSet().reals("coefficients", matrix).text("post_transform", transform);
    return labels == 0
        ? attributes.integer("targets", n)
        : attributes.reals("intercepts", Collections.nCopies((int) n, 0f));
  }

  private static void classify(ExportScope node, TableOp.Classify op) {
    if (op.choice() != ClassChoice.GREATEST && op.choice() != ClassChoice.SIGN) {
      throw node.cannot("a class chosen by " + op.choice());
    }
    AttributeSet attributes =
        identity(node, (int) op.labels().shape().elements(), op.transform().name());
    labels(attributes, op.labels(), "classlabels_ints");
    node.table("LinearClassifier", attributes, node.input(0));
  }

  /// Adds the labels of classes.
  ///
  /// @param attributes takes them
  /// @param labels the labels
  /// @param integers the name of the attribute for integers
  static void labels(AttributeSet attributes, Tensor labels, String integers) {
    if (labels.dtype() == DType.STRING) {
      attributes.texts("classlabels_strings", labels.strings());
    } else {
      List<Long> numbers = new ArrayList<>();
      for (long label : labels.toLongs()) {
        numbers.add(label);
      }
      attributes.integers(integers, numbers);
    }
  }

  private static void map(ExportScope node, Lookup lookup) {
    Tensor otherwise = lookup.otherwise();
    if (otherwise == null) {
      throw node.cannot("a dictionary without a default");
    }
    AttributeSet attributes =
        new AttributeSet()
            .tensor("keys_tensor", lookup.keys())
            .tensor("values_tensor", lookup.values())
            .tensor("default_tensor", otherwise);
    node.table("LabelEncoder", attributes, node.input(0));
  }
}
