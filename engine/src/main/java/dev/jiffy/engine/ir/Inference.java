package dev.jiffy.engine.ir;

import dev.jiffy.engine.ModelException;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Element types and shapes of what operators make, from those of what they read.
///
/// Dimensions that are not known keep their names: adding `seq` to `seq` gives `seq`, laying two of
/// them end to end `2*seq`. The elements of small integer vectors are followed too, so that shapes
/// that a graph computes from shapes are known. All arithmetic is exact.
public final class Inference {
  private Inference() {}

  /// {@return the facts of an operator's outputs}
  ///
  /// @param op the operator
  /// @param in the facts of the inputs, null for an absent optional one
  /// @param constants for each input the tensor where it is known, else null; may be shorter than
  ///   `in`
  /// @param outputs the number of outputs
  /// @param names names for dimensions that depend on data
  /// @throws ModelException if the operator does not accept such inputs; says what is wrong, what
  ///   was expected and what was found, but not which node it is
  public static List<Fact> infer(
      Op op,
      List<@Nullable Fact> in,
      List<@Nullable Tensor> constants,
      int outputs,
      NameSource names) {
    try {
      List<Fact> made = infer(op, new Operands(in, constants, outputs, names));
      for (Fact fact : made) {
        checkSize(fact);
      }
      return made;
    } catch (ArithmeticException e) {
      throw new ModelException("a number of the shape exceeds 64 bits: " + e.getMessage(), e);
    }
  }

  /// Extents beside an empty dimension count too, as what is computed of them must not overflow.
  private static void checkSize(Fact fact) {
    List<Dim> shape = fact.shape();
    long bytes = Math.max(1, fact.dtype().bytes());
    if (shape != null) {
      for (Dim dim : shape) {
        if (dim instanceof Dim.Known(long extent) && extent > 1) {
          bytes = Math.multiplyExact(bytes, extent);
        }
      }
    }
  }

  /// {@return the graph with facts about every value, inferred from those of its inputs and from
  /// its constants; other facts that it has are dropped}
  ///
  /// @param graph a graph with a fact for each input
  /// @throws ModelException if a node does not accept its inputs; names the node
  public static Graph infer(Graph graph) {
    return GraphInference.infer(graph, GraphInference.inputs(graph));
  }

  /// {@return the graph with facts for concrete shapes of its inputs}
  ///
  /// What depends on data beyond the shapes keeps symbolic extents.
  ///
  /// @param graph a graph with a fact for each input
  /// @param inputs a shape for each input, by name
  /// @throws ModelException if a shape does not fit the fact of its input, if a symbol would stand
  ///   for two numbers, or if a node does not accept such shapes
  public static Graph bind(Graph graph, Map<String, Shape> inputs) {
    return bind(graph, inputs, Map.of());
  }

  /// {@return the graph with facts for concrete shapes of its inputs and the elements of some}
  ///
  /// @param graph a graph with a fact for each input
  /// @param inputs a shape for each input, by name
  /// @param values the elements of small integer inputs, by name
  /// @throws ModelException as the other
  public static Graph bind(Graph graph, Map<String, Shape> inputs, Map<String, Tensor> values) {
    Map<String, Fact> facts = GraphInference.bound(graph, inputs);
    for (Map.Entry<String, Tensor> value : values.entrySet()) {
      facts.put(value.getKey(), Constants.fact(value.getValue()));
    }
    return GraphInference.infer(graph, facts);
  }

  /// {@return what is known of a known tensor: its value too where that is small and integer}
  ///
  /// @param tensor the tensor
  public static Fact fact(Tensor tensor) {
    return Constants.fact(tensor);
  }

  /// {@return whether an operator takes values other than tensors}
  private static boolean takesAnyKind(Op op) {
    return op instanceof LoopOp
        || op instanceof SequenceOp
        || op instanceof Op.If
        || op instanceof Op.Identity;
  }

  private static List<Fact> infer(Op op, Operands in) {
    if (!takesAnyKind(op)) {
      in.expectTensors();
    }
    return switch (op) {
      case Op.Unary o -> List.of(ElementwiseRules.unary(o, in));
      case Op.Binary o -> List.of(ElementwiseRules.binary(o, in));
      case Op.Where _ -> List.of(ElementwiseRules.where(in));
      case Op.Cast o -> List.of(ElementwiseRules.cast(o, in));
      case Op.Identity _ -> List.of(ElementwiseRules.identity(in));

      case Op.If o -> BranchRule.conditional(o, in);
      case LoopOp o -> LoopRules.infer(o, in);
      case SequenceOp o -> List.of(SequenceRules.infer(o, in));
      case Foreign o -> ForeignRule.outputs(o, in);

      case Op.ShapeOf o -> List.of(ShapeRules.shapeOf(o, in));
      case Op.Size _ -> List.of(ShapeRules.size(in));
      case Op.Reshape o -> List.of(ShapeRules.reshape(o, in));
      case Op.Flatten o -> List.of(ShapeRules.flatten(o, in));
      case Op.Squeeze _ -> List.of(ShapeRules.squeeze(in));
      case Op.Unsqueeze _ -> List.of(ShapeRules.unsqueeze(in));
      case Op.Expand _ -> List.of(ShapeRules.expand(in));
      case Op.ConstantOfShape o -> List.of(ShapeRules.constantOfShape(o, in));
      case Op.Range _ -> List.of(ShapeRules.range(in));
      case Op.EyeLike o -> List.of(ShapeRules.eyeLike(o, in));

      case Op.Transpose o -> List.of(MovementRules.transpose(o, in));
      case Op.Concat o -> List.of(MovementRules.concat(o, in));
      case Op.Split o -> MovementRules.split(o, in);
      case Op.Slice _ -> List.of(SliceRules.slice(in));
      case Op.Pad _ -> List.of(MovementRules.pad(in));
      case Op.Tile _ -> List.of(MovementRules.tile(in));
      case Op.Trilu _ -> List.of(MovementRules.trilu(in));
      case Op.ReverseSequence o -> List.of(MovementRules.reverseSequence(o, in));
      case Op.DepthToSpace o -> List.of(MovementRules.depthToSpace(o, in));
      case Op.SpaceToDepth o -> List.of(MovementRules.spaceToDepth(o, in));

      case Op.Gather o -> List.of(IndexRules.gather(o, in));
      case Op.GatherElements o -> List.of(IndexRules.gatherElements(o, in));
      case Op.GatherNd o -> List.of(IndexRules.gatherNd(o, in));
      case Op.ScatterElements o -> List.of(IndexRules.scatterElements(o, in));
      case Op.ScatterNd o -> List.of(IndexRules.scatterNd(o, in));
      case Op.OneHot o -> List.of(IndexRules.oneHot(o, in));
      case Op.OneHotDot o -> List.of(IndexRules.oneHotDot(o, in));
      case Op.TopK o -> IndexRules.topK(o, in);
      case Op.NonZero _ -> List.of(IndexRules.nonZero(in));
      case Op.Compress o -> List.of(IndexRules.compress(o, in));

      case Op.Reduce o -> List.of(ReduceRules.reduce(o, in));
      case Op.ArgReduce o -> List.of(ReduceRules.argReduce(o, in));
      case Op.CumSum _ -> List.of(ReduceRules.cumSum(in));
      case Op.Softmax o -> List.of(ReduceRules.alongAxis(o.axis(), in));
      case Op.Hardmax o -> List.of(ReduceRules.alongAxis(o.axis(), in));
      case Op.LpNormalization o -> List.of(ReduceRules.lpNormalization(o, in));

      case Op.MatMul o -> List.of(MatrixRules.matMul(o, in));
      case Op.DynamicQuantize _ -> MatrixRules.dynamicQuantize(in);
      case Op.QuantizedMatMul o -> List.of(MatrixRules.quantizedMatMul(o, in));
      case Op.Gemm o -> List.of(MatrixRules.gemm(o, in));
      case Op.Einsum o -> List.of(EinsumRule.einsum(o, in));
      case AttentionOp.Attention o -> List.of(MatrixRules.attention(o, in));
      case AttentionOp.CausalAttention o -> List.of(MatrixRules.attention(o, in));
      case AttentionOp.AppendRows _ -> List.of(MatrixRules.appendRows(in));
      case RecurrentOp.Recurrent o -> RecurrentRule.recurrent(o, in);
      case RecurrentOp.DynamicRecurrent o -> RecurrentRule.dynamic(o, in);
      case Op.Conv o -> List.of(WindowRules.conv(o, in));
      case Op.ConvTranspose o -> List.of(WindowRules.convTranspose(o, in));
      case Op.Pool o -> WindowRules.pool(o, in);
      case Op.GlobalPool o -> List.of(WindowRules.globalPool(o, in));
      case Op.BatchNorm o -> List.of(NormRules.batchNorm(o, in));
      case Op.LayerNorm o -> NormRules.layerNorm(o, in);
      case Op.InstanceNorm _ -> List.of(NormRules.instanceNorm(in));
      case Op.Lrn o -> List.of(NormRules.lrn(o, in));

      case TextOp o -> TextRules.infer(o, in);
      case TableOp o -> TableRules.infer(o, in);
      case QuantizedOp o -> List.of(QuantizedRules.infer(o, in));
      case ImageOp o -> List.of(ImageRules.infer(o, in));
      case SignalOp o -> List.of(SignalRules.infer(o, in));
      case SelectionOp o -> SelectionRules.infer(o, in);
      case RandomOp o -> List.of(RandomRules.infer(o, in));
      case MatrixOp o -> List.of(MatrixRules.infer(o, in));
    };
  }
}
