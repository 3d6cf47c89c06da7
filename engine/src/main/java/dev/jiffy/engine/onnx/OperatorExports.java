package dev.jiffy.engine.onnx;

import dev.jiffy.engine.function.BinaryFunction;
import dev.jiffy.engine.function.ReduceFunction;
import dev.jiffy.engine.ir.AttentionOp;
import dev.jiffy.engine.ir.Foreign;
import dev.jiffy.engine.ir.ImageOp;
import dev.jiffy.engine.ir.LoopOp;
import dev.jiffy.engine.ir.MatrixOp;
import dev.jiffy.engine.ir.Op;
import dev.jiffy.engine.ir.Op.Layout;
import dev.jiffy.engine.ir.Op.PoolFunction;
import dev.jiffy.engine.ir.Op.ScatterMode;
import dev.jiffy.engine.ir.Op.Window;
import dev.jiffy.engine.ir.QuantizedOp;
import dev.jiffy.engine.ir.RandomOp;
import dev.jiffy.engine.ir.RecurrentOp;
import dev.jiffy.engine.ir.SelectionOp;
import dev.jiffy.engine.ir.SequenceOp;
import dev.jiffy.engine.ir.SignalOp;
import dev.jiffy.engine.ir.TableOp;
import dev.jiffy.engine.ir.TextOp;
import dev.jiffy.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/// For each portable operator the ONNX nodes that compute it.
final class OperatorExports {
  private OperatorExports() {}

  /// Writes an operator.
  ///
  /// @param node the node that applies it
  /// @param op the operator
  static void export(ExportScope node, Op op) {
    switch (op) {
      case Op.If o -> BranchExports.export(node, o);
      case LoopOp o -> LoopExports.export(node, o);
      case SequenceOp o -> SequenceExports.export(node, o);
      case Foreign o -> throw node.cannot("hold what " + o.model().runtime() + " computes");
      case Op.Unary o -> UnaryExports.export(node, o, node.input(0), node.output());
      case Op.Binary o -> binary(node, o.function());
      case Op.Where _ -> node.same("Where");
      case Op.Cast o -> cast(node, o);
      case Op.Identity _ -> node.same("Identity");
      case Op.ShapeOf o -> shape(node, o);
      case Op.Size _ -> node.same("Size");
      case Op.Reshape o -> node.same("Reshape", set().flagIfTrue("allowzero", o.allowZero()));
      case Op.Flatten o -> node.same("Flatten", axis(o.axis()));
      case Op.Transpose o -> node.same("Transpose", set().integers("perm", o.perm()));
      case Op.Expand _ -> node.same("Expand");
      case Op.Concat o -> node.same("Concat", axis(o.axis()));
      case Op.Split o -> split(node, o);
      case Op.Slice _ -> node.same("Slice");
      case Op.Gather o -> node.same("Gather", axis(o.axis()));
      case Op.GatherElements o -> node.same("GatherElements", axis(o.axis()));
      case Op.GatherNd o -> node.same("GatherND", set().integer("batch_dims", o.batchDims()));
      case Op.ScatterElements o ->
          node.same("ScatterElements", reduction(node, o.mode()).integer("axis", o.axis()));
      case Op.ScatterNd o -> node.same("ScatterND", reduction(node, o.mode()));
      case Op.Pad o -> pad(node, o);
      case Op.Tile _ -> node.same("Tile");
      case Op.Squeeze _ -> node.same("Squeeze");
      case Op.Unsqueeze _ -> node.same("Unsqueeze");
      case Op.ConstantOfShape o ->
          node.same("ConstantOfShape", set().tensor("value", o.value().reshape(1)));
      case Op.Range _ -> node.same("Range");
      case Op.OneHot o -> node.same("OneHot", axis(o.axis()));
      case Op.OneHotDot o -> CompositeExports.oneHotDot(node, o);
      case Op.Trilu o -> node.same("Trilu", set().flag("upper", o.upper()));
      case Op.EyeLike o -> eyeLike(node, o);
      case Op.CumSum o ->
          node.same("CumSum", set().flag("exclusive", o.exclusive()).flag("reverse", o.reverse()));
      case Op.TopK o ->
          node.same("TopK", axis(o.axis()).flag("largest", o.largest()).flag("sorted", o.sorted()));
      case Op.NonZero _ -> node.same("NonZero");
      case Op.Compress o -> node.same("Compress", o.axis() == null ? set() : axis(o.axis()));
      case Op.ReverseSequence o ->
          node.same(
              "ReverseSequence",
              set().integer("batch_axis", o.batchAxis()).integer("time_axis", o.timeAxis()));
      case Op.DepthToSpace o ->
          node.same(
              "DepthToSpace",
              set()
                  .integer("blocksize", o.block())
                  .text("mode", o.columnRowDepth() ? "CRD" : "DCR"));
      case Op.SpaceToDepth o -> node.same("SpaceToDepth", set().integer("blocksize", o.block()));
      case Op.Reduce o -> reduce(node, o);
      case Op.ArgReduce o -> argReduce(node, o);
      case Op.Softmax o -> node.same(o.log() ? "LogSoftmax" : "Softmax", axis(o.axis()));
      case Op.Hardmax o -> node.same("Hardmax", axis(o.axis()));
      case Op.MatMul o -> CompositeExports.matMul(node, o);
      case Op.DynamicQuantize _ -> node.same("DynamicQuantizeLinear");
      case Op.QuantizedMatMul o -> CompositeExports.quantizedMatMul(node, o);
      case Op.Gemm o -> gemm(node, o);
      case Op.Einsum o -> node.same("Einsum", set().text("equation", o.equation()));
      case AttentionOp.Attention o -> CompositeExports.attention(node, o);
      case AttentionOp.CausalAttention _ -> throw node.cannot("attention to what came before");
      case AttentionOp.AppendRows _ -> throw node.cannot("rows put behind others");
      case RecurrentOp.Recurrent o -> RecurrentExports.export(node, o);
      case RecurrentOp.DynamicRecurrent _ ->
          throw node.cannot("a layer that quantizes its state alone");
      case Op.Conv o -> CompositeExports.conv(node, o);
      case Op.ConvTranspose o -> CompositeExports.convTranspose(node, o);
      case Op.Pool o -> pool(node, o);
      case Op.GlobalPool o -> globalPool(node, o);
      case Op.BatchNorm o ->
          CompositeExports.inLayout(
              node, o.layout(), "BatchNormalization", set().real("epsilon", o.epsilon()));
      case Op.LayerNorm o -> CompositeExports.layerNorm(node, o);
      case Op.InstanceNorm o ->
          node.same("InstanceNormalization", set().real("epsilon", o.epsilon()));
      case Op.Lrn o -> lrn(node, o);
      case Op.LpNormalization o -> node.same("LpNormalization", axis(o.axis()).integer("p", o.p()));
      case TextOp o -> TextExports.export(node, o);
      case TableOp o -> TableExports.export(node, o);
      case QuantizedOp o -> QuantizedExports.export(node, o);
      case ImageOp o -> FamilyExports.export(node, o);
      case SignalOp o -> FamilyExports.export(node, o);
      case SelectionOp o -> FamilyExports.export(node, o);
      case RandomOp o -> FamilyExports.export(node, o);
      case MatrixOp.Determinant _ -> node.same("Det");
    }
  }

  private static AttributeSet set() {
    return new AttributeSet();
  }

  private static AttributeSet axis(long axis) {
    return new AttributeSet().integer("axis", axis);
  }

  private static void binary(ExportScope node, BinaryFunction function) {
    switch (function) {
      case ADD -> node.same("Add");
      case SUB -> node.same("Sub");
      case MUL -> node.same("Mul");
      case DIV -> node.same("Div");
      case POW -> node.same("Pow");
      case MOD -> node.same("Mod");
      case FMOD -> node.same("Mod", set().flag("fmod", true));
      case MIN -> node.same("Min");
      case MAX -> node.same("Max");
      case PRELU -> node.same("PRelu");
      case AND -> node.same("And");
      case OR -> node.same("Or");
      case XOR -> node.same("Xor");
      case BITWISE_AND -> bitwise(node, "BitwiseAnd");
      case BITWISE_OR -> bitwise(node, "BitwiseOr");
      case BITWISE_XOR -> bitwise(node, "BitwiseXor");
      case SHIFT_LEFT -> node.same("BitShift", set().text("direction", "LEFT"));
      case SHIFT_RIGHT -> node.same("BitShift", set().text("direction", "RIGHT"));
      case EQUAL -> node.same("Equal");
      case LESS -> node.same("Less");
      case LESS_OR_EQUAL -> node.same("LessOrEqual");
      case GREATER -> node.same("Greater");
      case GREATER_OR_EQUAL -> node.same("GreaterOrEqual");
    }
  }

  private static void bitwise(ExportScope node, String operator) {
    node.needs(18, operator);
    node.same(operator);
  }

  private static void cast(ExportScope node, Op.Cast op) {
    AttributeSet attributes = set().integer("to", ElementTypes.number(op.to()));
    node.same("Cast", op.saturate() ? attributes : attributes.flag("saturate", false));
  }

  private static void shape(ExportScope node, Op.ShapeOf op) {
    AttributeSet attributes = set();
    if (op.start() != 0) {
      attributes.integer("start", op.start());
    }
    if (op.end() != null) {
      attributes.integer("end", op.end());
    }
    node.same("Shape", attributes);
  }

  private static void split(ExportScope node, Op.Split op) {
    AttributeSet attributes = axis(op.axis());
    if (!node.has(1) && op.parts() != 0) {
      node.needs(18, "a number of parts");
    }
    if (!node.has(1) && node.opset() >= 18) {
      attributes.integer("num_outputs", node.outputs());
    }
    node.same("Split", attributes);
  }

  private static AttributeSet reduction(ExportScope node, ScatterMode mode) {
    return switch (mode) {
      case REPLACE -> set();
      case ADD -> set().text("reduction", "add");
      case MUL -> set().text("reduction", "mul");
      case MIN, MAX -> {
        node.needs(18, "reduction by " + mode);
        yield set().text("reduction", lower(mode));
      }
    };
  }

  static String lower(Enum<?> constant) {
    return constant.name().toLowerCase(Locale.ROOT);
  }

  private static void pad(ExportScope node, Op.Pad op) {
    if (node.has(3)) {
      node.needs(18, "padding of some axes");
    }
    if (op.mode() == Op.PadMode.WRAP) {
      node.needs(19, "padding by wrapping");
    }
    node.same("Pad", set().text("mode", lower(op.mode())));
  }

  private static void eyeLike(ExportScope node, Op.EyeLike op) {
    AttributeSet attributes = set().integer("k", op.k());
    if (op.dtype() != null) {
      attributes.integer("dtype", ElementTypes.number(op.dtype()));
    }
    node.same("EyeLike", attributes);
  }

  /// Before operator set 18 only sums take their axes as an input.
  private static void reduce(ExportScope node, Op.Reduce op) {
    String operator =
        switch (op.function()) {
          case SUM -> "ReduceSum";
          case MEAN -> "ReduceMean";
          case MAX -> "ReduceMax";
          case MIN -> "ReduceMin";
          case PROD -> "ReduceProd";
          case L1 -> "ReduceL1";
          case L2 -> "ReduceL2";
          case LOG_SUM -> "ReduceLogSum";
          case LOG_SUM_EXP -> "ReduceLogSumExp";
          case SUM_SQUARE -> "ReduceSumSquare";
        };
    AttributeSet attributes = set().flag("keepdims", op.keepDims());
    if (node.opset() >= 18 || op.function() == ReduceFunction.SUM) {
      node.same(operator, attributes.flagIfTrue("noop_with_empty_axes", op.noopWithEmptyAxes()));
      return;
    }
    if (op.noopWithEmptyAxes()) {
      node.needs(18, "no reduction over empty axes");
    }
    if (node.has(1)) {
      Tensor axes = node.known(node.input(1));
      if (axes == null) {
        throw node.cannot("axes that are computed need operator set 18");
      }
      List<Long> values = new ArrayList<>();
      for (long axis : axes.toLongs()) {
        values.add(axis);
      }
      attributes.integers("axes", values);
    }
    node.results(operator, attributes, node.input(0));
  }

  private static void argReduce(ExportScope node, Op.ArgReduce op) {
    node.same(
        op.largest() ? "ArgMax" : "ArgMin",
        axis(op.axis())
            .flag("keepdims", op.keepDims())
            .flagIfTrue("select_last_index", op.lastIndex()));
  }

  private static void gemm(ExportScope node, Op.Gemm op) {
    node.same(
        "Gemm",
        set()
            .real("alpha", op.alpha())
            .real("beta", op.beta())
            .flag("transA", op.transposeA())
            .flag("transB", op.transposeB()));
  }

  private static void lrn(ExportScope node, Op.Lrn op) {
    node.same(
        "LRN",
        set()
            .real("alpha", op.alpha())
            .real("beta", op.beta())
            .real("bias", op.bias())
            .integer("size", op.size()));
  }

  /// {@return the attributes of a sliding window}
  ///
  /// @param window the window
  static AttributeSet window(Window window) {
    AttributeSet attributes =
        set()
            .integers("kernel_shape", window.kernel())
            .integers("strides", window.strides())
            .integers("pads", window.pads())
            .integers("dilations", window.dilations())
            .flagIfTrue("ceil_mode", window.ceilMode());
    return window.autoPad() == Op.AutoPad.NOTSET
        ? attributes
        : attributes.text("auto_pad", window.autoPad().name());
  }

  private static void pool(ExportScope node, Op.Pool op) {
    Window window = op.window();
    AttributeSet attributes = window(window);
    String operator =
        switch (op.function()) {
          case MAX -> {
            attributes.flagIfTrue("storage_order", op.storageColumnMajor());
            yield "MaxPool";
          }
          case AVERAGE -> {
            if (!window.dilations().isEmpty()) {
              node.needs(19, "a dilated mean");
            }
            attributes.flagIfTrue("count_include_pad", op.countPadding());
            yield "AveragePool";
          }
          case LP -> {
            if (!window.dilations().isEmpty() || window.ceilMode()) {
              node.needs(18, "a dilated norm or one of partly covered windows");
            }
            attributes.integer("p", op.p());
            yield "LpPool";
          }
        };
    if (op.layout() == Layout.CHANNELS_LAST && node.wantsMore()) {
      throw node.cannot("indices of channels-last pooling");
    }
    CompositeExports.inLayout(node, op.layout(), operator, attributes);
  }

  private static void globalPool(ExportScope node, Op.GlobalPool op) {
    AttributeSet attributes = op.function() == PoolFunction.LP ? set().integer("p", op.p()) : set();
    String operator =
        switch (op.function()) {
          case MAX -> "GlobalMaxPool";
          case AVERAGE -> "GlobalAveragePool";
          case LP -> "GlobalLpPool";
        };
    CompositeExports.inLayout(node, op.layout(), operator, attributes);
  }
}
