package dev.jiffy.engine.lower;

import dev.jiffy.engine.ModelException;
import dev.jiffy.engine.function.BinaryFunction;
import dev.jiffy.engine.ir.AttentionOp;
import dev.jiffy.engine.ir.Foreign;
import dev.jiffy.engine.ir.ImageOp;
import dev.jiffy.engine.ir.LoopOp;
import dev.jiffy.engine.ir.MatrixOp;
import dev.jiffy.engine.ir.Op;
import dev.jiffy.engine.ir.QuantizedOp;
import dev.jiffy.engine.ir.RandomOp;
import dev.jiffy.engine.ir.RecurrentOp;
import dev.jiffy.engine.ir.SelectionOp;
import dev.jiffy.engine.ir.SequenceOp;
import dev.jiffy.engine.ir.SignalOp;
import dev.jiffy.engine.ir.TableOp;
import dev.jiffy.engine.ir.TextOp;
import dev.jiffy.engine.kernel.scalar.Elements;
import dev.jiffy.engine.kernel.scalar.ScalarElementwise;
import dev.jiffy.engine.kernel.scalar.ScalarIndexing;
import dev.jiffy.engine.kernel.scalar.ScalarLinear;
import dev.jiffy.engine.kernel.scalar.ScalarMovement;
import dev.jiffy.engine.kernel.scalar.ScalarQuantization;
import dev.jiffy.engine.kernel.scalar.ScalarRandom;
import dev.jiffy.engine.kernel.scalar.ScalarReductions;
import dev.jiffy.engine.kernel.scalar.ScalarSelection;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Every operator on the scalar kernels: the oracle of all other plans and their fallback.
public final class ScalarOps {
  private ScalarOps() {}

  /// Computes an operator.
  ///
  /// @param op the operator
  /// @param in its inputs; null stands for an absent optional one
  /// @param out its outputs, allocated in the inferred type and shape; null stands for one that
  ///   nobody reads
  /// @throws ModelException if the elements cannot be computed with: an index is out of range, an
  ///   integer is divided by zero
  public static void run(Op op, List<@Nullable Tensor> in, List<@Nullable Tensor> out) {
    boolean isRead = false;
    for (Tensor result : out) {
      isRead |= result != null;
    }
    if (!isRead) {
      return;
    }
    Operands o = new Operands(in, out);
    switch (op) {
      case Op.If _, LoopOp _, SequenceOp _ ->
          throw new IllegalStateException(op + " is no operator on tensors");
      case Foreign f -> Foreigners.run(f, in, out);
      case Op.Unary u ->
          ScalarElementwise.unary(
              u.function(), (double) u.alpha(), (double) u.beta(), o.in(0), o.out());
      case Op.Binary b -> ScalarElementwise.binary(b.function(), o.in(0), o.in(1), o.out());
      case Op.Where _ -> ScalarElementwise.where(o.in(0), o.in(1), o.in(2), o.out());
      case Op.Cast _ -> ScalarElementwise.cast(o.in(0), o.out());
      case Op.Identity _ -> Elements.copy(o.in(0), o.out());
      case Op.Reshape _ -> Elements.copy(o.in(0), o.out());
      case Op.Flatten _ -> Elements.copy(o.in(0), o.out());
      case Op.Squeeze _ -> Elements.copy(o.in(0), o.out());
      case Op.Unsqueeze _ -> Elements.copy(o.in(0), o.out());
      case Op.ShapeOf s -> shapeOf(s, o);
      case Op.Size _ -> o.out().setLong(0, o.in(0).shape().elements());
      case Op.Transpose t -> ScalarMovementOps.transpose(t, o);
      case Op.Expand _ -> ScalarMovementOps.expand(o);
      case Op.Concat c -> ScalarMovementOps.concat(c, o);
      case Op.Split s -> ScalarMovementOps.split(s, o);
      case Op.Slice _ -> ScalarMovementOps.slice(o);
      case Op.Pad p -> ScalarMovementOps.pad(p, o);
      case Op.Tile _ -> ScalarMovementOps.tile(o);
      case Op.ReverseSequence r -> ScalarMovementOps.reverseSequence(r, o);
      case Op.DepthToSpace d -> ScalarMovementOps.depthToSpace(d, o);
      case Op.SpaceToDepth s -> ScalarMovementOps.spaceToDepth(s, o);
      case Op.Gather g -> ScalarIndexing.gather(o.in(0), o.in(1), o.axis(g.axis()), o.out());
      case Op.GatherElements g ->
          ScalarIndexing.gatherElements(o.in(0), o.in(1), o.axis(g.axis()), o.out());
      case Op.GatherNd g ->
          ScalarIndexing.gatherNd(o.in(0), o.in(1), Math.toIntExact(g.batchDims()), o.out());
      case Op.ScatterElements s ->
          ScalarIndexing.scatterElements(
              o.in(0), o.in(1), o.in(2), o.axis(s.axis()), combination(s.mode()), o.out());
      case Op.ScatterNd s ->
          ScalarIndexing.scatterNd(o.in(0), o.in(1), o.in(2), combination(s.mode()), o.out());
      case Op.ConstantOfShape c -> ScalarMovement.fill(c.value(), o.out());
      case Op.Range _ -> ScalarMovement.range(o.in(0), o.in(2), o.out());
      case Op.OneHot h -> oneHot(h, o);
      case Op.OneHotDot _ -> ScalarIndexing.oneHotDot(o.in(0), o.in(1), o.out());
      case Op.Trilu t ->
          ScalarMovement.triangle(
              o.in(0), o.optional(1) == null ? 0 : o.in(1).getLong(0), t.upper(), o.out());
      case Op.EyeLike e -> ScalarMovement.eye(e.k(), o.out());
      case Op.CumSum c ->
          ScalarReductions.cumulativeSum(
              o.in(0), o.axis(o.in(1).getLong(0)), c.exclusive(), c.reverse(), o.out());
      case Op.TopK t ->
          ScalarReductions.topK(
              o.in(0), o.axis(t.axis()), t.largest(), o.optionalOut(0), o.optionalOut(1));
      case Op.NonZero _ -> ScalarIndexing.nonZero(o.in(0), o.out());
      case Op.Compress c -> {
        Long axis = c.axis();
        ScalarIndexing.compress(o.in(0), o.in(1), axis == null ? -1 : o.axis(axis), o.out());
      }
      case Op.Reduce r -> ScalarReductions.reduce(r.function(), o.in(0), reduced(r, o), o.out());
      case Op.ArgReduce a ->
          ScalarReductions.argReduce(
              o.in(0), o.axis(a.axis()), a.largest(), a.lastIndex(), o.out());
      case Op.Softmax s -> ScalarReductions.softmax(o.in(0), o.axis(s.axis()), s.log(), o.out());
      case Op.Hardmax h -> ScalarReductions.hardmax(o.in(0), o.axis(h.axis()), o.out());
      case Op.LpNormalization l ->
          ScalarReductions.lpNormalization(o.in(0), o.axis(l.axis()), l.p(), o.out());
      case Op.MatMul m -> ScalarNeuralOps.matMul(m, o);
      case Op.DynamicQuantize _ ->
          ScalarQuantization.quantize(
              o.in(0), o.optionalOut(0), o.optionalOut(1), o.optionalOut(2));
      case Op.QuantizedMatMul m -> ScalarNeuralOps.quantizedMatMul(m, o);
      case Op.Gemm g ->
          ScalarLinear.gemm(
              o.in(0),
              o.in(1),
              o.optional(2),
              (double) g.alpha(),
              (double) g.beta(),
              g.transposeA(),
              g.transposeB(),
              o.out());
      case Op.Einsum e -> ScalarEinsum.run(e.equation(), o);
      case AttentionOp.Attention a -> ScalarNeuralOps.attention(a, o);
      case AttentionOp.CausalAttention a -> ScalarNeuralOps.attention(a, o);
      case AttentionOp.AppendRows a ->
          ScalarMovement.append(o.in(0), o.in(1), o.optional(3), a.keepsRest(), o.out());
      case RecurrentOp.Recurrent r -> ScalarNeuralOps.recurrent(r, o);
      case RecurrentOp.DynamicRecurrent r -> ScalarNeuralOps.recurrent(r, o);
      case Op.Conv c -> ScalarNeuralOps.conv(c, o);
      case Op.ConvTranspose c -> ScalarNeuralOps.convTranspose(c, o);
      case Op.Pool p -> ScalarNeuralOps.pool(p, o);
      case Op.GlobalPool p -> ScalarNeuralOps.globalPool(p, o);
      case Op.BatchNorm b -> ScalarNeuralOps.batchNorm(b, o);
      case Op.LayerNorm l -> ScalarNeuralOps.layerNorm(l, o);
      case Op.InstanceNorm i -> ScalarNeuralOps.instanceNorm(i, o);
      case Op.Lrn l -> ScalarNeuralOps.lrn(l, o);
      case TextOp t -> ScalarTextOps.run(t, o);
      case TableOp t -> ScalarTableOps.run(t, o);
      case QuantizedOp q -> ScalarQuantizedOps.run(q, o);
      case ImageOp i -> ScalarImageOps.run(i, o);
      case SignalOp s -> ScalarSignalOps.run(s, o);
      case SelectionOp _ -> throw new IllegalStateException("the size depends on the elements");
      case RandomOp.Uniform u ->
          ScalarRandom.uniform((double) u.low(), (double) u.high(), u.seed(), o.out());
      case RandomOp.Normal n ->
          ScalarRandom.normal((double) n.mean(), (double) n.deviation(), n.seed(), o.out());
      case MatrixOp.Determinant _ -> ScalarLinear.determinant(o.in(0), o.out());
    }
  }

  /// {@return whether the shape of an operator's result depends on the elements of its input}
  ///
  /// @param op the operator
  public static boolean isSizedByElements(Op op) {
    return switch (op) {
      case Op.NonZero _, Op.Compress _, TextOp.Cut _, TextOp.Normalize _, SelectionOp _ -> true;
      default -> false;
    };
  }

  /// {@return the results of an operator that are as large as the elements say}
  ///
  /// @param op an operator that [#isSizedByElements] holds for
  /// @param in its inputs
  /// @param context gives memory
  /// @throws ModelException if the elements cannot be computed with
  static List<Tensor> sizedByElements(
      Op op, List<@Nullable Tensor> in, Evaluation.Context context) {
    Operands o = new Operands(in, List.of());
    return switch (op) {
      case Op.NonZero _ -> {
        Shape shape = Shape.of(o.rank(0), ScalarIndexing.countNonZero(o.in(0)));
        Tensor out = context.allocate(DType.I64, shape);
        ScalarIndexing.nonZero(o.in(0), out);
        yield List.of(out);
      }
      case Op.Compress c -> List.of(compress(c, o, context));
      case TextOp.Cut c -> ScalarTextOps.cut(c, o.in(0));
      case TextOp.Normalize n -> ScalarTextOps.normalize(n, o.in(0));
      case SelectionOp.SuppressOverlaps s -> List.of(suppressOverlaps(s, o, context));
      case SelectionOp.Unique u -> unique(u, o, context);
      default -> throw new IllegalStateException("the shape of " + op + " is known");
    };
  }

  private static Tensor compress(Op.Compress op, Operands o, Evaluation.Context context) {
    long count = ScalarIndexing.countNonZero(o.in(1));
    long[] dims = {count};
    int axis = -1;
    if (op.axis() == null) {
      checkCondition(o.in(1), o.in(0).shape().elements());
    } else {
      dims = o.in(0).shape().dims();
      axis = o.axis(op.axis());
      checkCondition(o.in(1), dims[axis]);
      dims[axis] = count;
    }
    Tensor out = context.allocate(o.in(0).dtype(), Shape.of(dims));
    ScalarIndexing.compress(o.in(0), o.in(1), axis, out);
    return out;
  }

  private static Tensor suppressOverlaps(
      SelectionOp.SuppressOverlaps op, Operands o, Evaluation.Context context) {
    Tensor most = o.optional(2);
    Tensor overlap = o.optional(3);
    Tensor threshold = o.optional(4);
    return context
        .suppression()
        .run(
            context.rows(),
            o.in(0),
            o.in(1),
            most == null ? 0 : Math.max(0, only(most).getLong(0)),
            overlap == null ? 0 : (float) only(overlap).getDouble(0),
            threshold == null ? Float.NEGATIVE_INFINITY : (float) only(threshold).getDouble(0),
            op.centred(),
            context::allocate);
  }

  private static Tensor only(Tensor tensor) {
    if (tensor.shape().elements() != 1) {
      throw new ModelException("expected one element, got shape " + tensor.shape());
    }
    return tensor;
  }

  private static List<Tensor> unique(
      SelectionOp.Unique op, Operands o, Evaluation.Context context) {
    Long axis = op.axis();
    ScalarSelection.Unique unique =
        ScalarSelection.unique(
            o.in(0), axis == null ? -1 : o.axis(axis), op.sorted(), context::allocate);
    return List.of(unique.values(), unique.first(), unique.which(), unique.counts());
  }

  private static void checkCondition(Tensor condition, long extent) {
    if (condition.shape().elements() > extent) {
      throw new ModelException(
          "the condition has %d elements, but there are only %d slices"
              .formatted(condition.shape().elements(), extent));
    }
  }

  private static void shapeOf(Op.ShapeOf op, Operands o) {
    long[] dims = o.in(0).shape().dims();
    long start = op.start() < 0 ? op.start() + dims.length : op.start();
    long from = Math.max(0, start);
    for (long i = 0; i < o.out().shape().elements(); i++) {
      o.out().setLong(i, dims[(int) (from + i)]);
    }
  }

  private static void oneHot(Op.OneHot op, Operands o) {
    int axis = Operands.axis(op.axis(), o.out().shape().rank());
    ScalarIndexing.oneHot(o.in(0), o.in(1).getLong(0), o.in(2), axis, o.out());
  }

  private static @Nullable BinaryFunction combination(Op.ScatterMode mode) {
    return switch (mode) {
      case REPLACE -> null;
      case ADD -> BinaryFunction.ADD;
      case MUL -> BinaryFunction.MUL;
      case MIN -> BinaryFunction.MIN;
      case MAX -> BinaryFunction.MAX;
    };
  }

  private static boolean[] reduced(Op.Reduce op, Operands o) {
    boolean[] reduced = new boolean[o.rank(0)];
    Tensor axes = o.optional(1);
    if (axes == null || axes.shape().elements() == 0) {
      java.util.Arrays.fill(reduced, !op.noopWithEmptyAxes());
      return reduced;
    }
    for (long i = 0; i < axes.shape().elements(); i++) {
      reduced[o.axis(axes.getLong(i))] = true;
    }
    return reduced;
  }
}
