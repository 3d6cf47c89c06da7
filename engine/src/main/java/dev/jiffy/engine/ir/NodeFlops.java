package dev.jiffy.engine.ir;

import dev.jiffy.engine.ModelException;
import dev.jiffy.engine.function.Forest;
import dev.jiffy.engine.function.RecurrentCell;
import dev.jiffy.tensor.Shape;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The operations that one node takes.
///
/// Not for several threads, and for one count.
final class NodeFlops {
  /// Operations per element of a softmax: maximum, difference, exponential, sum, quotient.
  private static final long SOFTMAX = 5;

  /// Operations per element of a quantization: minimum, maximum, quotient, rounding, sum, limits.
  private static final long QUANTIZATION = 7;

  /// Operations per element of a normalisation: mean, deviation, its square and sum, scaling by the
  /// deviation, scale, bias.
  private static final long NORMALIZATION = 7;

  /// Operations per random number.
  private static final long RANDOM = 10;

  private final Graph graph;
  private final Node node;

  /// Whether a shape that decides the count is not known.
  private boolean unknown;

  NodeFlops(Graph graph, Node node) {
    this.graph = graph;
    this.node = node;
  }

  /// The number of operations, or null where a shape that decides it is not known.
  @Nullable Long count() {
    long flops = count(node.op());
    return unknown ? null : (Long) flops;
  }

  private long count(Op op) {
    return switch (op) {
      case Op.If o -> conditional(o);
      case LoopOp o -> loop(o);
      case SequenceOp _ -> 0;
      case Op.Unary _, Op.Binary _, Op.Where _ -> made();
      case Op.Reduce _, Op.ArgReduce _, Op.CumSum _, Op.TopK _, Op.Hardmax _, Op.GlobalPool _ ->
          read();
      case Op.Softmax _ -> times(SOFTMAX, read());
      case Op.LayerNorm _, Op.InstanceNorm _ -> times(NORMALIZATION, read());
      case Op.LpNormalization _ -> times(3, read());
      case Op.BatchNorm _ -> times(2, read());
      case Op.Lrn o -> times(Math.addExact(Math.multiplyExact(2, o.size()), 3), read());
      case Op.MatMul o -> matMul(o);
      case Op.DynamicQuantize _ -> times(QUANTIZATION, read());
      case Op.QuantizedMatMul o -> quantizedMatMul(o);
      case Op.Gemm o -> gemm(o);
      case Op.Einsum o -> einsum(o);
      case AttentionOp.Attention o -> attention(o);
      case AttentionOp.CausalAttention o -> attention(o);
      case RecurrentOp.Recurrent o -> recurrent(o, true);
      case RecurrentOp.DynamicRecurrent o -> recurrent(o.layer(), false);
      case Op.Conv o -> conv(o);
      case Op.ConvTranspose o -> convTranspose(o);
      case Op.Pool o -> pool(o);
      case TextOp _ -> read();
      case TableOp o -> table(o);
      case QuantizedOp o -> quantized(o);
      case ImageOp o -> image(o);
      case SignalOp o -> signal(o);
      case SelectionOp _ -> read();
      case RandomOp _ -> times(RANDOM, made());
      case MatrixOp.Determinant _ -> determinant();

      case Op.Cast _, Op.Identity _, Op.ShapeOf _, Op.Size _, Op.Reshape _, Op.Flatten _ -> 0;
      case Op.Transpose _, Op.Expand _, Op.Concat _, Op.Split _, Op.Slice _, Op.Gather _ -> 0;
      case Op.GatherElements _, Op.GatherNd _, Op.Pad _, Op.Tile _, Op.Squeeze _ -> 0;
      case Op.Unsqueeze _, Op.ConstantOfShape _, Op.Range _, Op.OneHot _, Op.Trilu _ -> 0;
      case Op.EyeLike _, Op.NonZero _, Op.Compress _, Op.ReverseSequence _ -> 0;
      case AttentionOp.AppendRows _, Op.OneHotDot _, Op.DepthToSpace _, Op.SpaceToDepth _ -> 0;
      case Foreign _ -> unknown();
      case Op.ScatterElements o -> o.mode() == Op.ScatterMode.REPLACE ? 0 : elements(2);
      case Op.ScatterNd o -> o.mode() == Op.ScatterMode.REPLACE ? 0 : elements(2);
    };
  }

  private long unknown() {
    unknown = true;
    return 0;
  }

  /// How often it runs is not known.
  private long loop(LoopOp op) {
    switch (op) {
      case LoopOp.Loop loop -> {
        Long flops = Cost.of(loop.body()).flops();
        unknown |= flops == null || flops > 0;
      }
    }
    return 0;
  }

  /// The more expensive branch counts.
  private long conditional(Op.If op) {
    return Math.max(branch(op.then()), branch(op.otherwise()));
  }

  private long branch(Graph branch) {
    Map<String, Fact> inputs = new LinkedHashMap<>();
    for (int i = 0; i < branch.inputs().size(); i++) {
      inputs.put(branch.inputs().get(i), graph.fact(node.input(i + 1)));
    }
    try {
      Long flops = Cost.of(GraphInference.infer(branch, inputs)).flops();
      unknown |= flops == null;
      return flops == null ? 0 : flops;
    } catch (ModelException _) {
      return 0; // such inputs do not take this branch
    }
  }

  private @Nullable Shape shape(String value) {
    Shape shape = graph.fact(value).concreteShape();
    unknown |= shape == null;
    return shape;
  }

  private long elements(int input) {
    if (!node.hasInput(input)) {
      return 0;
    }
    Shape shape = shape(node.input(input));
    return shape == null ? 0 : shape.elements();
  }

  private long read() {
    return elements(0);
  }

  private long made() {
    String output = node.output();
    Shape shape = output.isEmpty() ? shape(node.input(0)) : shape(output);
    return shape == null ? 0 : shape.elements();
  }

  /// What bias, residual and activation add to an element of the result.
  private long extras(Op.@Nullable Unary activation) {
    return extras(2, activation);
  }

  /// @param bias the index of the bias among the inputs, which the residual follows
  private long extras(int bias, Op.@Nullable Unary activation) {
    long extras = activation == null ? 0 : 1;
    extras += node.hasInput(bias) ? 1 : 0;
    extras += node.hasInput(bias + 1) ? 1 : 0;
    return extras;
  }

  private static long times(long a, long b) {
    return Math.multiplyExact(a, b);
  }

  private long perResult(long multiplyAdds, long others) {
    return times(made(), Math.addExact(times(2, multiplyAdds), others));
  }

  private long matMul(Op.MatMul op) {
    Shape x = shape(node.input(0));
    if (x == null) {
      return 0;
    }
    int inner = op.transposeA() && x.rank() > 1 ? x.rank() - 2 : x.rank() - 1;
    return perResult(x.dim(inner), extras(op.activation()));
  }

  private long quantizedMatMul(Op.QuantizedMatMul op) {
    Shape x = shape(node.input(0));
    return x == null
        ? 0
        : Math.addExact(
            times(QUANTIZATION, read()),
            perResult(x.dim(x.rank() - 1), extras(op.activation()) + 1));
  }

  private long quantized(QuantizedOp op) {
    return switch (op) {
      case QuantizedOp.Quantize _ -> times(4, read());
      case QuantizedOp.Dequantize _ -> times(2, read());
      case QuantizedOp.ByteTable _ -> 0;
      case QuantizedOp.ByteMatMul o -> {
        Shape w = shape(node.input(1));
        yield w == null ? 0 : perResult(w.dim(0), finish(o.activation(), o.rounding()));
      }
      case QuantizedOp.ByteConv o -> byteConv(o.conv(), o.rounding());
      case QuantizedOp.ByteSums o -> {
        Shape w = shape(node.input(1));
        yield w == null ? 0 : perResult(o.conv() == null ? w.dim(0) : w.elements(1, w.rank()), 0);
      }
      case QuantizedOp.DynamicConv o ->
          Math.addExact(times(QUANTIZATION, read()), byteConv(o.conv(), null));
      case QuantizedOp.BlockMatMul o -> perResult(o.k(), extras(4, o.activation()));
    };
  }

  private long byteConv(Op.Conv conv, QuantizedOp.@Nullable Rounding rounding) {
    Shape w = shape(node.input(1));
    return w == null ? 0 : perResult(w.elements(1, w.rank()), finish(conv.activation(), rounding));
  }

  /// What scale, bias, activation and rounding add to an element of the result.
  private long finish(Op.@Nullable Unary activation, QuantizedOp.@Nullable Rounding rounding) {
    return 1L
        + (node.hasInput(3) ? 1 : 0)
        + (activation == null ? 0 : 1)
        + (rounding == null ? 0 : 3);
  }

  private long gemm(Op.Gemm op) {
    Shape a = shape(node.input(0));
    return a == null ? 0 : perResult(a.dim(op.transposeA() ? 0 : 1), node.hasInput(2) ? 1 : 0);
  }

  /// Every combination of all indices takes one multiplication per input after the first, and one
  /// addition.
  private long einsum(Op.Einsum op) {
    List<String> factors = node.inputs();
    int[] ranks = factors.stream().mapToInt(factor -> graph.fact(factor).rank()).toArray();
    EinsumTerms terms = EinsumTerms.of(op.equation(), ranks);
    Map<Integer, Long> extents = new HashMap<>();
    for (int i = 0; i < ranks.length; i++) {
      Shape shape = shape(factors.get(i));
      if (shape == null) {
        return 0;
      }
      for (int axis = 0; axis < shape.rank(); axis++) {
        extents.merge(terms.factors().get(i).get(axis), shape.dim(axis), Math::max);
      }
    }
    long combinations = 1;
    for (long extent : extents.values()) {
      combinations = times(combinations, extent);
    }
    return times(combinations, ranks.length);
  }

  private long attention(AttentionOp.Attention op) {
    Shape q = shape(node.input(0));
    Shape k = shape(node.input(1));
    Shape v = shape(node.input(2));
    if (q == null || k == null || v == null) {
      return 0;
    }
    long pairs = times(times(q.dim(0), q.dim(1)), k.dim(1));
    long products = times(2, times(pairs, Math.addExact(q.dim(2), v.dim(2))));
    long softmax = times(times(pairs, op.heads()), SOFTMAX + (node.hasInput(3) ? 1 : 0));
    return Math.addExact(products, softmax);
  }

  /// As if every query saw all keys.
  private long attention(AttentionOp.CausalAttention op) {
    Shape q = shape(node.input(0));
    Shape k = shape(node.input(1));
    if (q == null || k == null) {
      return 0;
    }
    long pairs = times(times(q.dim(0), q.dim(1)), k.dim(2));
    long softmax = times(times(pairs, op.heads()), SOFTMAX + (node.hasInput(4) ? 1 : 0));
    return Math.addExact(times(4, times(pairs, q.dim(2))), softmax);
  }

  /// The products of every time step, and what the gates do with their results: a sum, a function
  /// and, of all but the simplest cell, a product and a sum that mix states.
  private long recurrent(RecurrentOp.Recurrent op, boolean withInput) {
    Shape x = shape(node.input(0));
    if (x == null) {
      return 0;
    }
    long steps = times(times(x.dim(0), x.dim(1)), op.direction().count());
    long gates = times(op.cell().gates(), op.hidden());
    long products = times(2, times(gates, Math.addExact(withInput ? x.dim(2) : 0, op.hidden())));
    long others = times(gates, op.cell() == RecurrentCell.RNN ? 2 : 4);
    return times(steps, Math.addExact(products, others));
  }

  private long conv(Op.Conv op) {
    Shape w = shape(node.input(1));
    return w == null ? 0 : perResult(w.elements(1, w.rank()), extras(op.activation()));
  }

  private long convTranspose(Op.ConvTranspose op) {
    Shape w = shape(node.input(1));
    if (w == null) {
      return 0;
    }
    long products = times(2, times(read(), w.elements(1, w.rank())));
    return Math.addExact(products, times(made(), extras(op.activation())));
  }

  private long pool(Op.Pool op) {
    long taps = 1;
    for (long extent : op.window().kernel()) {
      taps = times(taps, extent);
    }
    return times(made(), taps);
  }

  private static long taps(ImageOp.Interpolation interpolation) {
    return switch (interpolation) {
      case NEAREST -> 0;
      case LINEAR -> 2;
      case CUBIC -> 4;
    };
  }

  /// Each dimension that changes is interpolated apart: a multiply-add per tap.
  private long resize(ImageOp.Resize op) {
    Shape x = shape(node.input(0));
    Shape y = shape(node.output());
    if (x == null || y == null) {
      return 0;
    }
    long changed = 0;
    for (int i = 0; i < x.rank(); i++) {
      changed += x.dim(i) == y.dim(i) ? 0 : 1;
    }
    return times(y.elements(), times(2, times(taps(op.interpolation()), changed)));
  }

  private long image(ImageOp op) {
    return switch (op) {
      case ImageOp.SampleGrid o -> {
        Shape x = shape(node.input(0));
        int rank = x == null ? 0 : x.rank() - 2;
        long taps = 1;
        for (int d = 0; d < rank; d++) {
          taps *= Math.max(1, taps(o.interpolation()));
        }
        yield perResult(taps, 0);
      }
      case ImageOp.AlignRegions o -> times(made(), times(8, times(o.samples(), o.samples())));
      case ImageOp.PoolRegions _ -> made();
      case ImageOp.DeformConv _ -> {
        Shape w = shape(node.input(1));
        yield w == null ? 0 : perResult(w.elements(1, w.rank()), 0);
      }
      case ImageOp.Fold _ -> read();
      case ImageOp.Resize o -> resize(o);
    };
  }

  /// A transform takes `5 n log2 n` operations, where lengths are powers of two.
  private long signal(SignalOp op) {
    if (op instanceof SignalOp.MelWeights) {
      return made();
    }
    Shape y = shape(node.output());
    if (y == null) {
      return 0;
    }
    long points = 1;
    for (int d = 0; d < y.rank() - 1; d++) {
      points = Math.max(points, y.dim(d));
    }
    return times(y.elements() / 2, 5L * (64 - Long.numberOfLeadingZeros(points)));
  }

  private long determinant() {
    Shape x = shape(node.input(0));
    return x == null ? 0 : times(x.elements(), x.dim(x.rank() - 1)) * 2 / 3;
  }

  /// A comparison for each node on the longest path of each tree; for each support vector a
  /// multiply-add per feature.
  private long table(TableOp op) {
    return switch (op) {
      case TableOp.TreeEnsemble o -> {
        Forest forest = o.ensemble().forest();
        Shape x = shape(node.input(0));
        long rows = x == null || x.rank() != 2 ? 1 : x.dim(0);
        yield times(rows, times(forest.trees(), forest.depth()));
      }
      case TableOp.VectorKernels _ -> {
        Shape x = shape(node.input(0));
        yield x == null ? 0 : times(2, times(made(), x.dim(x.rank() - 1)));
      }
      case TableOp.Votes _, TableOp.Classify _, TableOp.Scores _ -> read();
      case TableOp.MapValues _, TableOp.ZipMap _ -> 0;
    };
  }
}
