package dev.jiffy.engine.pass;

import dev.jiffy.engine.function.BinaryFunction;
import dev.jiffy.engine.function.ReduceFunction;
import dev.jiffy.engine.ir.Dim;
import dev.jiffy.engine.ir.Node;
import dev.jiffy.engine.ir.Op;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Simplifies what is done with unit vectors.
final class UnitVectors {
  private UnitVectors() {}

  /// As [Rule#apply].
  static boolean apply(Draft draft, Node node) {
    return node.op() instanceof Op.Cast ? cast(draft, node) : dot(draft, node);
  }

  /// Unit vectors that are converted are made of converted values.
  private static boolean cast(Draft draft, Node node) {
    Node oneHot = draft.producer(node.input(0), Op.OneHot.class);
    if (oneHot == null || !draft.readOnce(oneHot.output())) {
      return false;
    }
    Tensor values = draft.constant(oneHot.input(2));
    if (values == null) {
      return false;
    }
    List<Tensor> converted = draft.evaluate(node.op(), List.of(values), 1);
    String name = draft.constant(oneHot.input(2), converted.getFirst());
    return draft.replace(node, oneHot.op(), oneHot.input(0), oneHot.input(1), name);
  }

  /// The sum of products with unit vectors is a choice; so writes PyTorch before opset 11 what
  /// picks elements by index.
  private static boolean dot(Draft draft, Node node) {
    long[] axes = draft.integers(node.input(1));
    Node products = draft.producer(node.input(0), Op.Binary.class);
    if (!(node.op() instanceof Op.Reduce(ReduceFunction function, boolean keepDims, boolean _))
        || function != ReduceFunction.SUM
        || keepDims
        || !Arrays.equals(axes, new long[] {1})
        || products == null
        || !(products.op() instanceof Op.Binary binary)
        || binary.function() != BinaryFunction.MUL
        || !draft.readOnce(products.output())) {
      return false;
    }
    return dot(draft, node, products.input(0), products.input(1))
        || dot(draft, node, products.input(1), products.input(0));
  }

  private static boolean dot(Draft draft, Node node, String x, String vectors) {
    Node oneHot = draft.producer(vectors, Op.OneHot.class);
    if (oneHot == null || !(oneHot.op() instanceof Op.OneHot(long axis)) || axis != 1) {
      return false;
    }
    Long depth = depth(draft, x, oneHot.input(0));
    long[] wanted = draft.integers(oneHot.input(1));
    Tensor values = draft.constant(oneHot.input(2));
    return depth != null
        && wanted != null
        && wanted[0] == depth
        && values != null
        && values.dtype() == DType.F32
        && Arrays.equals(values.toFloats(), new float[] {0, 1})
        && draft.replace(node, new Op.OneHotDot(depth), x, oneHot.input(0));
  }

  /// The elements of each row, if there is a row for each row of indices.
  private static @Nullable Long depth(Draft draft, String x, String indices) {
    List<Dim> rows = draft.fact(x).shape();
    List<Dim> wanted = draft.fact(indices).shape();
    DType type = draft.fact(indices).dtype();
    if (rows == null || wanted == null || rows.size() != 3 || wanted.size() != 2) {
      return null;
    }
    boolean isFit =
        rows.getFirst().equals(wanted.getFirst())
            && rows.get(2).equals(Dim.of(1))
            && (type == DType.I64 || type == DType.I32);
    return isFit && rows.get(1) instanceof Dim.Known known ? (Long) known.value() : null;
  }
}
