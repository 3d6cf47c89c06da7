package dev.jiffy.engine.pass;

import dev.jiffy.engine.function.BinaryFunction;
import dev.jiffy.engine.function.UnaryFunction;
import dev.jiffy.engine.ir.AttentionOp;
import dev.jiffy.engine.ir.ImageOp;
import dev.jiffy.engine.ir.Node;
import dev.jiffy.engine.ir.Op;
import dev.jiffy.engine.ir.QuantizedOp;
import dev.jiffy.engine.ir.RecurrentOp;
import dev.jiffy.engine.ir.TableOp;
import java.util.Set;

/// The local rewrites: each looks at one node and what feeds it, and replaces it or leaves it.
///
/// What is known of a rule before it is asked is the kinds of nodes that it looks at, so that a
/// process has only the classes of those that concern its model. A rule is a constant and a line of
/// a switch rather than a function object, as each of these would be linked in every process.
enum Rule {
  // ---- any model, several passes

  WRITTEN_SCALES(BinaryFunction.MUL),
  CONSTANT_FOLDING,
  SHAPE_ARITHMETIC,
  IDENTITIES(
      Op.Identity.class,
      Op.Cast.class,
      Op.Reshape.class,
      Op.Flatten.class,
      Op.Squeeze.class,
      Op.Unsqueeze.class,
      Op.Expand.class,
      Op.Tile.class,
      Op.Pad.class,
      Op.Slice.class,
      Op.Concat.class,
      Op.Split.class,
      BinaryFunction.ADD,
      BinaryFunction.SUB,
      BinaryFunction.MUL,
      BinaryFunction.DIV,
      BinaryFunction.POW,
      BinaryFunction.MIN,
      BinaryFunction.MAX,
      UnaryFunction.RELU,
      UnaryFunction.CLIP),
  UNIT_VECTORS(Op.Cast.class, Op.Reduce.class),
  ROW_UPDATES(Op.ScatterElements.class),
  EINSUMS(Op.Einsum.class),
  MOVEMENTS(Op.Transpose.class, Op.Reshape.class),
  SLICES(Op.Gather.class, Op.Slice.class),
  COMMON_SUBEXPRESSIONS,
  WIDENING(
      Op.Unary.class,
      Op.Binary.class,
      Op.Where.class,
      Op.MatMul.class,
      Op.Gemm.class,
      Op.Einsum.class,
      AttentionOp.Attention.class,
      AttentionOp.CausalAttention.class,
      AttentionOp.AppendRows.class,
      Op.Conv.class,
      Op.ConvTranspose.class,
      RecurrentOp.Recurrent.class,
      Op.Softmax.class,
      Op.Reduce.class,
      Op.Pool.class,
      Op.GlobalPool.class,
      Op.BatchNorm.class,
      Op.LayerNorm.class,
      Op.InstanceNorm.class,
      Op.Lrn.class,
      Op.LpNormalization.class,
      ImageOp.Resize.class,
      Op.Pad.class,
      Op.Transpose.class,
      Op.Reshape.class,
      Op.Flatten.class,
      Op.Squeeze.class,
      Op.Unsqueeze.class,
      Op.Expand.class,
      Op.Tile.class,
      Op.Concat.class,
      Op.Split.class,
      Op.Slice.class,
      Op.Gather.class,
      Op.DepthToSpace.class,
      Op.SpaceToDepth.class),

  // ---- formulas

  ACTIVATIONS(
      BinaryFunction.MUL,
      BinaryFunction.DIV,
      BinaryFunction.PRELU,
      BinaryFunction.MAX,
      UnaryFunction.RECIPROCAL,
      UnaryFunction.LOG),
  LAYER_NORMS(BinaryFunction.MUL, BinaryFunction.DIV, BinaryFunction.ADD, UnaryFunction.RECIPROCAL),
  RESIDUALS_OF_NORMS(Op.LayerNorm.class),
  RECIPROCALS(BinaryFunction.DIV),

  // ---- products and what surrounds them

  MATRIX_PRODUCTS(
      Op.Gemm.class,
      Op.MatMul.class,
      BinaryFunction.MUL,
      BinaryFunction.DIV,
      BinaryFunction.ADD,
      BinaryFunction.SUB),
  TRANSPOSED_OPERANDS(Op.MatMul.class),
  FACTORS_OF_KEYS(Op.MatMul.class),
  BLOCK_PRODUCTS(Op.MatMul.class),
  CONVOLUTIONS(
      Op.BatchNorm.class,
      BinaryFunction.MUL,
      BinaryFunction.DIV,
      BinaryFunction.ADD,
      BinaryFunction.SUB,
      Op.Conv.class,
      Op.Pool.class),
  EPILOGUES(BinaryFunction.ADD, Op.Unary.class),
  UNREAD_PIXELS(Op.Pool.class),
  SIBLINGS(Op.Conv.class),

  // ---- quantized models

  QUANTIZATIONS(BinaryFunction.MUL, BinaryFunction.ADD),
  TRANSPOSED_BYTES(QuantizedOp.Dequantize.class),
  MOVED_BYTES(QuantizedOp.Quantize.class),
  BYTE_PRODUCTS(
      QuantizedOp.Dequantize.class,
      QuantizedOp.Quantize.class,
      Op.Gather.class,
      Op.Transpose.class,
      Op.MatMul.class,
      Op.Conv.class,
      Op.Unary.class),
  DEQUANTIZED_CONSTANTS(QuantizedOp.Dequantize.class),
  BYTE_TABLES(QuantizedOp.Quantize.class),

  // ---- attention

  ATTENTIONS(Op.Reshape.class, Op.MatMul.class, Op.Softmax.class),
  PROJECTIONS(AttentionOp.Attention.class),
  ROTATIONS(Op.Concat.class),

  // ---- layouts

  IMAGE_LAYOUT(
      Op.Conv.class,
      Op.ConvTranspose.class,
      Op.Pool.class,
      Op.GlobalPool.class,
      Op.BatchNorm.class,
      ImageOp.Resize.class,
      QuantizedOp.ByteConv.class,
      QuantizedOp.ByteSums.class,
      QuantizedOp.DynamicConv.class),
  SINKING(
      Op.Unary.class,
      Op.Binary.class,
      Op.Where.class,
      Op.Cast.class,
      QuantizedOp.Quantize.class,
      QuantizedOp.Dequantize.class,
      Op.Concat.class,
      Op.Split.class,
      Op.Pad.class,
      Op.Tile.class,
      Op.Reduce.class,
      Op.ArgReduce.class,
      Op.Softmax.class,
      Op.Hardmax.class,
      Op.LpNormalization.class,
      Op.Gather.class),
  SINKING_BY_SLICES(Op.Slice.class),
  SINKING_BY_RESHAPES(Op.Reshape.class, Op.Flatten.class, Op.Squeeze.class, Op.Unsqueeze.class),
  FLATTENED_PRODUCTS(Op.MatMul.class),
  FREE_TRANSPOSES(Op.Transpose.class),

  // ---- what no kernel computes at once

  EXPANSIONS(
      Op.InstanceNorm.class,
      Op.Softmax.class,
      Op.Reduce.class,
      Op.Lrn.class,
      Op.LpNormalization.class,
      ImageOp.Fold.class,
      TableOp.MapValues.class,
      TableOp.Classify.class,
      TableOp.Scores.class);

  @SuppressWarnings("ImmutableEnumChecker") // of constants and classes
  private final Set<Object> kinds;

  /// A rule for some kinds of nodes.
  ///
  /// @param kinds the [kinds][#kind], none for all; the class of an elementwise operator stands for
  ///   all functions
  Rule(Object... kinds) {
    this.kinds = Set.of(kinds);
  }

  /// {@return by what rules tell nodes apart first: the function of an elementwise operator, the
  /// class of any other}
  static Object kind(Op op) {
    if (op instanceof Op.Binary binary) {
      return binary.function();
    }
    return op instanceof Op.Unary unary ? unary.function() : op.getClass();
  }

  /// {@return whether the rule may replace nodes of a kind}
  ///
  /// @param kind the [kind][#kind]
  boolean looksAt(Object kind) {
    return kinds.isEmpty()
        || kinds.contains(kind)
        || (kind instanceof UnaryFunction && kinds.contains(Op.Unary.class))
        || (kind instanceof BinaryFunction && kinds.contains(Op.Binary.class));
  }

  /// {@return whether the node was replaced, through one of the draft's `replace` methods}
  ///
  /// @param draft the graph being rewritten
  /// @param node the node at hand, of a kind that the rule looks at; the values it reads are made
  ///   already, those it makes are not read yet
  boolean apply(Draft draft, Node node) {
    return switch (this) {
      case WRITTEN_SCALES -> WrittenScales.apply(draft, node);
      case CONSTANT_FOLDING -> ConstantFolding.apply(draft, node);
      case SHAPE_ARITHMETIC -> ShapeArithmetic.apply(draft, node);
      case IDENTITIES -> Identities.apply(draft, node);
      case UNIT_VECTORS -> UnitVectors.apply(draft, node);
      case ROW_UPDATES -> RowUpdates.apply(draft, node);
      case EINSUMS -> Einsums.apply(draft, node);
      case MOVEMENTS -> Movements.apply(draft, node);
      case SLICES -> Slices.apply(draft, node);
      case COMMON_SUBEXPRESSIONS -> draft.seen().apply(draft, node);
      case WIDENING -> Widening.apply(draft, node);
      case ACTIVATIONS -> Fusion.apply(Activations.FORMULAS, draft, node);
      case LAYER_NORMS -> Normalizations.apply(draft, node);
      case RESIDUALS_OF_NORMS -> Normalizations.residual(draft, node);
      case RECIPROCALS -> Identities.reciprocal(draft, node);
      case MATRIX_PRODUCTS -> MatrixProducts.apply(draft, node);
      case TRANSPOSED_OPERANDS -> MatrixProducts.transposedOperand(draft, node);
      case FACTORS_OF_KEYS -> MatrixProducts.factorOfKeys(draft, node);
      case BLOCK_PRODUCTS -> BlockProducts.apply(draft, node);
      case CONVOLUTIONS -> Convolutions.apply(draft, node);
      case EPILOGUES -> Epilogues.apply(draft, node);
      case UNREAD_PIXELS -> UnreadPixels.apply(draft, node);
      case SIBLINGS -> Siblings.apply(draft, node);
      case QUANTIZATIONS -> Quantizations.apply(draft, node);
      case TRANSPOSED_BYTES -> ByteProducts.transposed(draft, node);
      case MOVED_BYTES -> ByteTables.movement(draft, node);
      case BYTE_PRODUCTS -> ByteProducts.apply(draft, node);
      case DEQUANTIZED_CONSTANTS -> ByteProducts.constant(draft, node);
      case BYTE_TABLES -> ByteTables.apply(draft, node);
      case ATTENTIONS -> Attentions.apply(draft, node);
      case PROJECTIONS -> Projections.apply(draft, node);
      case ROTATIONS -> Rotations.apply(draft, node);
      case IMAGE_LAYOUT -> ImageLayout.apply(draft, node);
      case SINKING -> Sinking.apply(draft, node);
      case SINKING_BY_SLICES -> Sinking.slice(draft, node);
      case SINKING_BY_RESHAPES -> ReshapeSinking.apply(draft, node);
      case FLATTENED_PRODUCTS -> ReshapeSinking.flatten(draft, node);
      case FREE_TRANSPOSES -> Movements.transposeAsReshape(draft, node);
      case EXPANSIONS -> Expansions.apply(draft, node);
    };
  }
}
