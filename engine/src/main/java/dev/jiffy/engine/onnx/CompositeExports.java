package dev.jiffy.engine.onnx;

import dev.jiffy.engine.ir.AttentionOp;
import dev.jiffy.engine.ir.ImageOp;
import dev.jiffy.engine.ir.ImageOp.AspectPolicy;
import dev.jiffy.engine.ir.Op;
import dev.jiffy.engine.ir.Op.Layout;
import dev.jiffy.engine.ir.Op.Unary;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Operators that do more at once than ONNX's: fused activations, residuals, layouts, attention.
final class CompositeExports {
  private CompositeExports() {}

  private static AttributeSet set() {
    return new AttributeSet();
  }

  /// What is still to be done with a product or convolution: bias, residual, activation.
  static void finish(
      ExportScope node, String value, String bias, String residual, @Nullable Unary activation) {
    String last = value;
    List<String> addends = new ArrayList<>();
    if (!bias.isEmpty()) {
      addends.add(bias);
    }
    if (!residual.isEmpty()) {
      addends.add(residual);
    }
    for (int i = 0; i < addends.size(); i++) {
      if (i == addends.size() - 1 && activation == null) {
        node.to(node.output(), "Add", set(), last, addends.get(i));
        return;
      }
      last = node.make("Add", last, addends.get(i));
    }
    if (activation == null) {
      node.to(node.output(), "Identity", set(), last);
    } else {
      UnaryExports.export(node, activation, last, node.output());
    }
  }

  /// Writes a product.
  static void matMul(ExportScope node, Op.MatMul op) {
    String a = op.transposeA() ? swapped(node, node.input(0)) : node.input(0);
    String b = op.transposeB() ? swapped(node, node.input(1)) : node.input(1);
    boolean plain = op.alpha() == 1 && !node.has(2) && !node.has(3) && op.activation() == null;
    if (plain) {
      node.to(node.output(), "MatMul", set(), a, b);
      return;
    }
    String product = node.make("MatMul", a, b);
    if (op.alpha() != 1) {
      product = node.make("Mul", product, node.scalar(op.alpha(), node.dtype(node.input(0))));
    }
    finish(node, product, node.input(2), node.input(3), op.activation());
  }

  /// Writes a quantized product.
  static void quantizedMatMul(ExportScope node, Op.QuantizedMatMul op) {
    List<String> quantized = node.makeAll("DynamicQuantizeLinear", 3, node.input(0));
    String real = QuantizedExports.matMul(node, quantized.get(0), quantized.get(2), op.shift());
    String product = node.make("Mul", real, node.make("Mul", quantized.get(1), node.input(2)));
    finish(node, product, node.input(3), node.input(4), op.activation());
  }

  /// Writes rows times unit vectors.
  static void oneHotDot(ExportScope node, Op.OneHotDot op) {
    Tensor values = Tensor.allocate(node.dtype(node.input(0)), Shape.of(2));
    values.setDouble(1, 1);
    String vectors =
        node.make(
            "OneHot",
            set().integer("axis", 1),
            node.input(1),
            node.longs(op.depth()),
            node.constant(values));
    String products = node.make("Mul", node.input(0), vectors);
    node.to(node.output(), "ReduceSum", set().integer("keepdims", 0), products, node.longs(1));
  }

  private static String swapped(ExportScope node, String value) {
    int rank = node.rank(value);
    List<Long> perm = new ArrayList<>();
    for (long i = 0; i < rank; i++) {
      perm.add(i);
    }
    if (rank >= 2) {
      perm.set(rank - 2, rank - 1L);
      perm.set(rank - 1, rank - 2L);
    }
    return node.make("Transpose", set().integers("perm", perm), value);
  }

  /// Writes a convolution.
  static void conv(ExportScope node, Op.Conv op) {
    AttributeSet attributes = OperatorExports.window(op.window()).integer("group", op.groups());
    if (op.layout() == Layout.CHANNELS_FIRST && !node.has(3) && op.activation() == null) {
      node.results("Conv", attributes, node.input(0), node.input(1), node.input(2));
      return;
    }
    String x = first(node, op.layout(), node.input(0));
    String y = node.make("Conv", attributes, x, node.input(1), node.input(2));
    finish(node, last(node, op.layout(), y), "", node.input(3), op.activation());
  }

  /// Writes a transposed convolution.
  static void convTranspose(ExportScope node, Op.ConvTranspose op) {
    AttributeSet attributes =
        OperatorExports.window(op.window())
            .integer("group", op.groups())
            .integers("output_padding", op.outputPadding())
            .integers("output_shape", op.outputShape());
    if (op.layout() == Layout.CHANNELS_FIRST && op.activation() == null) {
      node.same("ConvTranspose", attributes);
      return;
    }
    String x = first(node, op.layout(), node.input(0));
    String y = node.make("ConvTranspose", attributes, x, node.input(1), node.input(2));
    finish(node, last(node, op.layout(), y), "", "", op.activation());
  }

  /// Writes an operator that ONNX has for channels first only.
  static void inLayout(ExportScope node, Layout layout, String operator, AttributeSet attributes) {
    if (layout == Layout.CHANNELS_FIRST) {
      node.same(operator, attributes);
      return;
    }
    String x = first(node, layout, node.input(0));
    String y =
        node.make(
            operator, attributes, x, node.input(1), node.input(2), node.input(3), node.input(4));
    node.to(node.output(), "Transpose", toLast(node.rank(node.input(0))), y);
  }

  static String first(ExportScope node, Layout layout, String x) {
    return layout == Layout.CHANNELS_FIRST ? x : node.make("Transpose", toFirst(node.rank(x)), x);
  }

  static String last(ExportScope node, Layout layout, String y) {
    return layout == Layout.CHANNELS_FIRST
        ? y
        : node.make("Transpose", toLast(node.rank(node.input(0))), y);
  }

  private static AttributeSet toFirst(int rank) {
    return set().integers("perm", order(rank));
  }

  /// For each dimension with channels first its place with channels last.
  private static List<Long> order(int rank) {
    List<Long> order = new ArrayList<>(List.of(0L, rank - 1L));
    for (long i = 1; i < rank - 1; i++) {
      order.add(i);
    }
    return order;
  }

  private static AttributeSet toLast(int rank) {
    List<Long> perm = new ArrayList<>(List.of(0L));
    for (long i = 2; i < rank; i++) {
      perm.add(i);
    }
    perm.add(1L);
    return set().integers("perm", perm);
  }

  /// Writes a resampling; scales and sizes follow the layout.
  static void resize(ExportScope node, ImageOp.Resize op) {
    AttributeSet attributes =
        set()
            .text("mode", OperatorExports.lower(op.interpolation()))
            .text("coordinate_transformation_mode", OperatorExports.lower(op.coordinates()))
            .text("nearest_mode", OperatorExports.lower(op.nearest()))
            .real("cubic_coeff_a", op.cubicA())
            .flagIfTrue("exclude_outside", op.excludeOutside())
            .real("extrapolation_value", op.extrapolation());
    if (op.antialias() || !op.axes().isEmpty() || op.aspect() != AspectPolicy.STRETCH) {
      node.needs(18, "antialiasing, axes or an aspect ratio");
      attributes
          .flagIfTrue("antialias", op.antialias())
          .integers("axes", op.axes())
          .text("keep_aspect_ratio_policy", OperatorExports.lower(op.aspect()));
    }
    if (op.layout() == Layout.CHANNELS_FIRST) {
      node.same("Resize", attributes);
      return;
    }
    if (node.has(1) || !op.axes().isEmpty()) {
      throw node.cannot("channels-last resampling of a region or of some axes");
    }
    int rank = node.rank(node.input(0));
    long[] order = order(rank).stream().mapToLong(Long::longValue).toArray();
    String x = first(node, op.layout(), node.input(0));
    String scales = node.has(2) ? picked(node, node.input(2), order) : "";
    String sizes = node.has(3) ? picked(node, node.input(3), order) : "";
    String y = node.make("Resize", attributes, x, "", scales, sizes);
    node.to(node.output(), "Transpose", toLast(rank), y);
  }

  private static String picked(ExportScope node, String vector, long... order) {
    return node.make("Gather", set().integer("axis", 0), vector, node.longs(order));
  }

  /// Writes attention as products and a softmax.
  static void attention(ExportScope node, AttentionOp.Attention op) {
    String split = node.longs(0, 0, op.heads(), -1);
    List<Long> headsFirst = List.of(0L, 2L, 1L, 3L);
    AttributeSet swap = set().integers("perm", headsFirst);
    String q = node.make("Transpose", swap, node.make("Reshape", node.input(0), split));
    String k =
        node.make(
            "Transpose",
            set().integers("perm", List.of(0L, 2L, 3L, 1L)),
            node.make("Reshape", node.input(1), split));
    String v = node.make("Transpose", swap, node.make("Reshape", node.input(2), split));
    DType dtype = node.dtype(node.input(0));
    String scores = node.make("Mul", node.make("MatMul", q, k), node.scalar(op.scale(), dtype));
    if (node.has(3)) {
      scores = node.make("Add", scores, node.input(3));
    }
    String weights = node.make("Softmax", set().integer("axis", -1), scores);
    String heads = node.make("Transpose", swap, node.make("MatMul", weights, v));
    node.to(node.output(), "Reshape", set(), heads, node.longs(0, 0, -1));
  }

  /// Writes a layer normalisation; one without a scale is taken apart.
  static void layerNorm(ExportScope node, Op.LayerNorm op) {
    String x = node.has(3) ? node.make("Add", node.input(0), node.input(3)) : node.input(0);
    AttributeSet attributes = set().integer("axis", op.axis()).real("epsilon", op.epsilon());
    if (node.has(1)) {
      node.results("LayerNormalization", attributes, x, node.input(1), node.input(2));
      return;
    }
    if (node.wantsMore()) {
      throw node.cannot("mean and deviation of a normalisation without scale");
    }
    int rank = node.rank(node.input(0));
    long from = op.axis() < 0 ? op.axis() + rank : op.axis();
    String mean = mean(node, x, from, rank);
    String centred = node.make("Sub", x, mean);
    String variance = mean(node, node.make("Mul", centred, centred), from, rank);
    DType dtype = node.dtype(node.input(0));
    String shifted = node.make("Add", variance, node.scalar(op.epsilon(), dtype));
    String deviation = node.make("Sqrt", shifted);
    if (node.has(2)) {
      String normal = node.make("Div", centred, deviation);
      node.to(node.output(), "Add", set(), normal, node.input(2));
    } else {
      node.to(node.output(), "Div", set(), centred, deviation);
    }
  }

  private static String mean(ExportScope node, String x, long from, int rank) {
    List<Long> axes = new ArrayList<>();
    for (long axis = from; axis < rank; axis++) {
      axes.add(axis);
    }
    if (node.opset() < 18) {
      return node.make("ReduceMean", set().integers("axes", axes), x);
    }
    Tensor tensor = Tensor.allocate(DType.I64, Shape.of(axes.size()));
    for (int i = 0; i < axes.size(); i++) {
      tensor.setLong(i, axes.get(i));
    }
    return node.make("ReduceMean", x, node.constant(tensor));
  }
}
