package dev.jiffy.engine.onnx;

import static dev.jiffy.engine.onnx.Models.refused;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.jiffy.engine.ModelException;
import dev.jiffy.engine.function.BinaryFunction;
import dev.jiffy.engine.function.UnaryFunction;
import dev.jiffy.engine.ir.AttentionOp;
import dev.jiffy.engine.ir.Fact;
import dev.jiffy.engine.ir.Node;
import dev.jiffy.engine.ir.Op;
import dev.jiffy.engine.ir.QuantizedOp;
import dev.jiffy.engine.lower.Interpreter;
import dev.jiffy.engine.onnx.OnnxModel.AttributeProto;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/// Operators of `com.microsoft` become operators of ONNX.
final class MicrosoftImportsTest {
  private static final Op ADD = new Op.Binary(BinaryFunction.ADD);

  private static Models model(
      String operator, Map<String, AttributeProto> attributes, String... inputs) {
    return Models.opset(13)
        .input("x", DType.F32, 2, 3, 4)
        .input("b", DType.F32, 4)
        .node("com.microsoft", operator, Arrays.asList(inputs), List.of("y"), attributes)
        .output("y");
  }

  private static List<Op> ops(
      String operator, Map<String, AttributeProto> attributes, String... inputs) {
    return Importer.graph(model(operator, attributes, inputs).model()).nodes().stream()
        .map(Node::op)
        .toList();
  }

  @Test
  void activationsAreFunctionsAfterASum() {
    Op gelu = new Op.Unary(UnaryFunction.GELU);
    Op tanh = new Op.Unary(UnaryFunction.GELU_TANH);
    assertEquals(List.of(gelu), ops("Gelu", Map.of(), "x"));
    assertEquals(List.of(ADD, gelu), ops("BiasGelu", Map.of(), "x", "b"));
    assertEquals(List.of(tanh), ops("FastGelu", Map.of(), "x"));
    assertEquals(List.of(ADD, tanh), ops("FastGelu", Map.of(), "x", "b"));
    assertEquals(
        List.of(new Op.Unary(UnaryFunction.SILU, 1.702f, 0)), ops("QuickGelu", Map.of(), "x"));
    assertEquals(
        List.of(ADD, new Op.Split(-1, 2), gelu, new Op.Binary(BinaryFunction.MUL)),
        ops("BiasSplitGelu", Map.of(), "x", "b"));
  }

  @Test
  void productsKeepTheirFactor() {
    Map<String, AttributeProto> attributes =
        Map.of("alpha", Models.real(0.5f), "transB", Models.integer(1));
    assertEquals(
        List.of(new Op.MatMul(false, true, 0.5f, null)), ops("FusedMatMul", attributes, "x", "x"));
    assertEquals(
        ops("FusedMatMul", attributes, "x", "x"), ops("TransposeMatMul", attributes, "x", "x"));
    Map<String, AttributeProto> batches =
        Map.of("transBatchA", Models.integer(1), "transB", Models.integer(1));
    assertEquals(
        List.of(new Op.Transpose(List.of(1L, 0L, 2L)), new Op.MatMul(false, true, 1, null)),
        Importer.graph(
                Models.opset(13)
                    .input("a", DType.F32, 5, 2, 4)
                    .input("b", DType.F32, 2, 3, 4)
                    .node("com.microsoft", "FusedMatMul", List.of("a", "b"), List.of("y"), batches)
                    .output("y")
                    .model())
            .nodes()
            .stream()
            .map(Node::op)
            .toList());
  }

  /// What an operator makes of its inputs; null stands for an absent one.
  private static double[] made(
      String operator, Map<String, AttributeProto> attributes, @Nullable Tensor... inputs) {
    Models model = Models.opset(21);
    List<String> names = new ArrayList<>();
    for (int i = 0; i < inputs.length; i++) {
      Tensor input = inputs[i];
      names.add(input == null ? "" : "i" + i);
      if (input != null) {
        model.constant("i" + i, input);
      }
    }
    model.node("com.microsoft", operator, names, List.of("y"), attributes).output("y");
    Tensor y = Interpreter.run(Importer.graph(model.model()), Map.of()).get("y");
    return Objects.requireNonNull(y).toDoubles();
  }

  private static Tensor floats(double... values) {
    return tensor(DType.F32, new long[] {values.length}, values);
  }

  private static Tensor one(DType dtype, double value) {
    return tensor(dtype, new long[0], value);
  }

  @Test
  void operatorsThatOnnxHasSinceTakenMeanTheSame() {
    Tensor x = tensor(DType.F32, new long[] {2, 2}, 1, 2, 3, 4);
    assertArrayEquals(
        new double[] {1, 0, 3, 4}, made("Trilu", Map.of("upper", Models.integer(0)), x));
    assertArrayEquals(
        new double[] {3, 2},
        made("GatherND", Map.of(), x, Tensor.of(new long[] {1, 0, 0, 1}, 2, 2)));
    assertArrayEquals(
        new double[] {1, 2, 3}, made("Range", Map.of(), one(DType.F32, 1), one(DType.F32, 4)));
    assertArrayEquals(
        new double[] {1, 3},
        made("Range", Map.of(), one(DType.I64, 1), one(DType.I64, 4), one(DType.I64, 2)));
    assertArrayEquals(
        new double[] {1, 2, 9, 3, 4, 9},
        made("Pad", Map.of(), x, Tensor.of(new long[] {0, 0, 0, 1}, 1, 4), floats(9)));
    assertArrayEquals(new double[] {3, 1, 2}, made("Unique", Map.of(), floats(3, 1, 3, 2, 1)));
    assertArrayEquals(
        new double[] {4},
        made(
            "GridSample",
            Map.of("align_corners", Models.integer(1)),
            x.reshape(1, 1, 2, 2),
            tensor(DType.F32, new long[] {1, 1, 1, 2}, 1)));
    Models apart =
        Models.opset(13)
            .input("x", DType.F32, 2, 3)
            .constant("last", Tensor.of(new int[] {-1}))
            .node("com.microsoft", "ExpandDims", List.of("x", "last"), List.of("y"), Map.of())
            .output("y");
    assertEquals(Fact.of(DType.F32, 2, 3, 1), Importer.graph(apart.model()).fact("y"));
  }

  @Test
  void distancesAreThoseOfAllRows() {
    Tensor a = tensor(DType.F32, new long[] {2, 2}, 0, 0, 1, 1);
    Tensor b = tensor(DType.F32, new long[] {1, 2}, 3, 4);
    assertArrayEquals(new double[] {25, 13}, made("CDist", Map.of(), a, b));
    Map<String, AttributeProto> root = Map.of("metric", Models.text("euclidean"));
    assertArrayEquals(new double[] {5, Math.sqrt(13)}, made("CDist", root, a, b), 1e-6);
    assertArrayEquals(
        new double[] {0, Math.sqrt(2), Math.sqrt(2), 0}, made("CDist", root, a, a), 1e-6);
  }

  @Test
  void channelsOfBytesMayBeLast() {
    Tensor x = tensor(DType.U8, new long[] {1, 2, 2, 2}, 1, 8, 2, 7, 3, 6, 4, 5);
    Map<String, AttributeProto> kernel = Map.of("kernel_shape", Models.ints(2L, 2L));
    assertArrayEquals(new double[] {4, 8}, made("NhwcMaxPool", kernel, x));
    Tensor w = tensor(DType.I8, new long[] {3, 2, 1, 1}, 1, 0, 0, 1, 1, 1);
    Tensor scale = one(DType.F32, 1);
    Tensor zero = one(DType.U8, 0);
    assertArrayEquals(
        new double[] {1, 8, 9, 2, 7, 9, 3, 6, 9, 4, 5, 9},
        made(
            "QLinearConv",
            Map.of("channels_last", Models.integer(1)),
            x,
            scale,
            zero,
            w,
            scale,
            one(DType.I8, 0),
            scale,
            zero));
  }

  @Test
  void quantizedNumbersArePickedOrWeighedBeforeTheyAreReal() {
    Tensor x = tensor(DType.U8, new long[] {2, 2}, 10, 20, 30, 40);
    Tensor zero = one(DType.U8, 0);
    assertArrayEquals(
        new double[] {5, 6, 15, 6},
        made(
            "QLinearWhere",
            Map.of(),
            Tensor.of(new boolean[] {true, false}, 2),
            x,
            one(DType.F32, 0.5),
            zero,
            one(DType.U8, 3),
            one(DType.F32, 2),
            zero,
            one(DType.F32, 1),
            zero));
    Map<String, AttributeProto> whole =
        Map.of("opset", Models.integer(12), "axis", Models.integer(0));
    assertArrayEquals(
        new double[] {25, 25, 25, 25},
        made(
            "QLinearSoftmax",
            whole,
            tensor(DType.U8, new long[] {2, 2}, 7),
            one(DType.F32, 1),
            zero,
            one(DType.F32, 0.01),
            zero));
    Tensor table = tensor(DType.I4, new long[] {2, 32}, -8, 7);
    Tensor scales = tensor(DType.F32, new long[] {2, 2}, 1, 2, 3, 4);
    double[] row =
        made(
            "GatherBlockQuantized",
            Map.of("block_size", Models.integer(16)),
            table,
            Tensor.of(new long[] {-1}),
            scales);
    assertEquals(32, row.length);
    assertArrayEquals(new double[] {-24, 21, -24}, Arrays.copyOf(row, 3));
    assertArrayEquals(new double[] {-32, 28}, Arrays.copyOfRange(row, 30, 32));
  }

  private static double[] blocks(@Nullable Tensor zeros, long... groups) {
    Map<String, AttributeProto> attributes =
        Map.of("K", Models.integer(32), "N", Models.integer(2), "block_size", Models.integer(16));
    return made(
        "MatMulNBits",
        attributes,
        tensor(DType.F32, new long[] {1, 32}, 1, 2, -3),
        tensor(DType.U8, new long[] {2, 2, 8}, 0x18, 0x93, 0xf7),
        tensor(DType.F32, new long[] {4}, 0.5, 0.25, 1, 2),
        zeros,
        groups.length == 0 ? null : Tensor.of(groups, 32));
  }

  @Test
  void zeroPointsOfBlocksMayBeNumbers() {
    double[] middle = blocks(null);
    assertArrayEquals(middle, blocks(tensor(DType.F32, new long[] {2, 2}, 8)), 1e-5);
    Tensor packed = tensor(DType.U8, new long[] {2}, 0x53, 0xb7);
    Tensor numbers = tensor(DType.F32, new long[] {2, 2}, 3, 5, 7, 11);
    assertArrayEquals(blocks(packed), blocks(numbers), 1e-5);
    long[] groups = new long[32];
    Arrays.fill(groups, 16, 32, 1);
    assertArrayEquals(middle, blocks(null, groups));
    groups[0] = 1;
    assertThrows(ModelException.class, () -> blocks(null, groups));
  }

  @Test
  void tablesOfBytesAreLookedUpBeforeTheyAreReal() {
    Tensor ids = Tensor.of(new int[] {1, 0}, 1, 2);
    Tensor words = tensor(DType.U8, new long[] {2, 2}, 2, 4, 6, 8);
    Tensor positions = tensor(DType.U8, new long[] {3, 2}, 1, 9);
    Tensor ones = tensor(DType.U8, new long[] {2}, 4);
    Tensor zeros = tensor(DType.U8, new long[] {2}, 5);
    Tensor half = one(DType.F32, 0.5);
    Tensor zero = one(DType.U8, 0);
    assertArrayEquals(
        new double[] {-2, 2, -2, 2}, // as 4 · 0.5 times -1 and 1
        made(
            "QEmbedLayerNormalization",
            Map.of(),
            ids,
            null,
            words,
            positions,
            null,
            ones,
            zeros,
            null,
            half,
            half,
            null,
            half,
            half,
            zero,
            zero,
            null,
            zero,
            one(DType.U8, 5)),
        1e-5);
  }

  @Test
  void keysAndValuesMayHaveTheirHeadsFirst() {
    Map<String, AttributeProto> heads = Map.of("num_heads", Models.integer(2));
    Tensor q = tensor(DType.F32, new long[] {1, 1, 4}, 1, -0.5, 0.25, 2);
    double[] first = {1, 2, 3, 4, 5, 6, 7, 8};
    double[] last = {1, 2, 5, 6, 3, 4, 7, 8};
    double[] plain =
        made(
            "MultiHeadAttention",
            heads,
            q,
            tensor(DType.F32, new long[] {1, 2, 4}, last),
            tensor(DType.F32, new long[] {1, 2, 4}, last));
    Tensor kv = tensor(DType.F32, new long[] {1, 2, 2, 2}, first);
    assertArrayEquals(plain, made("MultiHeadAttention", heads, q, kv, kv));
    Tensor bias = tensor(DType.F32, new long[] {12}, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8);
    assertArrayEquals(
        plain, made("MultiHeadAttention", heads, q, kv, kv, bias)); // of queries alone
  }

  @Test
  void attentionIsAProductAndTheCoreOperator() {
    Map<String, AttributeProto> heads = Map.of("num_heads", Models.integer(2));
    Models model =
        Models.opset(13)
            .input("x", DType.F32, 2, 3, 4)
            .input("w", DType.F32, 4, 12)
            .node("com.microsoft", "Attention", List.of("x", "w"), List.of("y"), heads)
            .output("y");
    Op attention = new AttentionOp.Attention(2, (float) Math.sqrt(0.5));
    assertEquals(
        List.of(new Op.MatMul(), new Op.Split(-1, 0), attention),
        Importer.graph(model.model()).nodes().stream().map(Node::op).toList());
  }

  private static Models grouped(Map<String, AttributeProto> attributes, String... more) {
    List<String> inputs = new ArrayList<>(List.of("q", "k", "k", "past", "past", "last", "all"));
    inputs.addAll(List.of(more));
    return Models.opset(21)
        .input("q", DType.F32, 1, 1, 8)
        .input("k", DType.F32, 1, 1, 4)
        .input("past", DType.F32, 1, 2, 3, 2)
        .input("table", DType.F32, 9, 1)
        .input("last", DType.I32, 1)
        .constant("all", tensor(DType.I32, new long[0], 4))
        .node("com.microsoft", "GroupQueryAttention", inputs, List.of("y", "keys"), attributes)
        .output("y")
        .output("keys");
  }

  @Test
  void groupsOfHeadsAttendToRowsPutBehindOthers() {
    Map<String, AttributeProto> heads =
        Map.of("num_heads", Models.integer(4), "kv_num_heads", Models.integer(2));
    Map<String, Tensor> inputs =
        Map.of(
            "q", tensor(DType.F32, new long[] {1, 1, 8}, 1),
            "k", tensor(DType.F32, new long[] {1, 1, 4}, 5, 6, 7, 8),
            "past", tensor(DType.F32, new long[] {1, 2, 3, 2}, 1, 2, 3, 4, 0, 0, 9, 8, 7, 6, 0, 0),
            "table", tensor(DType.F32, new long[] {9, 1}, 0),
            "last", tensor(DType.I32, new long[] {1}, 2));
    Map<String, Tensor> made = Interpreter.run(Importer.graph(grouped(heads).model()), inputs);
    assertArrayEquals(
        new double[] {1, 2, 3, 4, 5, 6, 0, 0, 9, 8, 7, 6, 7, 8, 0, 0},
        Objects.requireNonNull(made.get("keys")).toDoubles());
    double[] y = Objects.requireNonNull(made.get("y")).toDoubles();
    double scale = Math.sqrt(0.5);
    double sum = Math.exp(3 * scale) + Math.exp(7 * scale) + Math.exp(11 * scale);
    double first = Math.exp(3 * scale) + 3 * Math.exp(7 * scale) + 5 * Math.exp(11 * scale);
    assertEquals(first / sum, y[0], 1e-5);
    assertEquals(first / sum, y[2], 1e-5);
  }

  @Test
  void groupsOfHeadsAreRefusedWhereTheyWouldBeWrong() {
    AttributeProto four = Models.integer(4);
    AttributeProto two = Models.integer(2);
    Map<String, AttributeProto> heads = Map.of("num_heads", four, "kv_num_heads", two);
    Map<String, AttributeProto> smooth =
        Map.of("num_heads", four, "kv_num_heads", two, "smooth_softmax", Models.integer(1));
    String sum = "weights of a softmax that do not add up to 1";
    assertTrue(refused(grouped(smooth)).contains(sum));
    assertTrue(refused(grouped(heads, "", "", "", "", "q")).contains(sum));
    assertTrue(
        refused(grouped(heads, "", "", "", "", "", "q")).contains("quantized keys and values"));
    Map<String, AttributeProto> uneven =
        Map.of("num_heads", four, "kv_num_heads", Models.integer(3));
    assertThrows(ModelException.class, () -> Importer.graph(grouped(uneven).model()));
    Map<String, AttributeProto> turned =
        Map.of("num_heads", four, "kv_num_heads", two, "do_rotary", Models.integer(1));
    assertThrows(ModelException.class, () -> Importer.graph(grouped(turned, "table").model()));
  }

  @Test
  void rowsOfPackedNumbersAreUnpackedOnceTheyArePicked() {
    Map<String, AttributeProto> blocks = Map.of("block_size", Models.integer(2));
    Tensor packed = tensor(DType.U8, new long[] {2, 3}, 0x21, 0x43, 0x65, 0x87, 0xa9, 0xfb);
    Tensor second = tensor(DType.I64, new long[] {1, 1}, 1);
    Tensor scales = tensor(DType.F32, new long[] {2, 3}, 9, 9, 9, 1, 2, 4);
    assertArrayEquals(
        new double[] {-1, 0, 2, 4, 12, 28},
        made("GatherBlockQuantized", blocks, packed, second, scales));
    Tensor zeros = tensor(DType.U8, new long[] {2, 2}, 0, 0, 0x97, 0x0b);
    assertArrayEquals(
        new double[] {0, 1, 0, 2, 0, 16},
        made("GatherBlockQuantized", blocks, packed, second, scales, zeros));
    Map<String, AttributeProto> bytes =
        Map.of("block_size", Models.integer(1), "bits", Models.integer(8));
    assertArrayEquals(
        new double[] {0x87 - 128, 2 * (0xa9 - 128), 4 * (0xfb - 128)},
        made("GatherBlockQuantized", bytes, packed, second, scales));
  }

  @Test
  void wordsThatWouldRepeatARunGetTheLeastScore() {
    for (int size = 1; size < 5; size++) {
      for (int length : new int[] {0, 1, 3, 20}) {
        double[] words = new double[length];
        for (int i = 0; i < length; i++) {
          words[i] = i * i % 7 % 3;
        }
        double[] expected = {1, 2, 3, 4};
        for (int i = 0; i + size <= length; i++) {
          boolean repeats = true;
          for (int j = 0; j < size - 1; j++) {
            repeats &= words[i + j] == words[length - size + 1 + j];
          }
          if (repeats) {
            expected[(int) words[i + size - 1]] = Double.NEGATIVE_INFINITY;
          }
        }
        assertArrayEquals(
            expected,
            made(
                "NGramRepeatBlock",
                Map.of("ngram_size", Models.integer(size)),
                tensor(DType.I64, new long[] {1, length}, words),
                tensor(DType.F32, new long[] {1, 4}, 1, 2, 3, 4)));
      }
    }
  }

  @Test
  void cropsAreSampledFromEndToEnd() {
    Tensor x = tensor(DType.F32, new long[] {2, 1, 2, 3}, 0, 1, 2, 3, 4, 5, 10, 11, 12, 13, 14, 15);
    Tensor boxes = tensor(DType.F32, new long[] {2, 4}, 0, 0, 1, 1, 0.5, -0.5, 1, 0.5);
    double[] linear = {0, 2, 1.5, 3.5, 3, 5, 7, 12.5, 7, 13.25, 7, 14};
    assertArrayEquals(linear, crops("bilinear", x, boxes, 3, 2));
    double[] nearest = {0, 2, 3, 5, 3, 5, 7, 14, 7, 14, 7, 14};
    assertArrayEquals(nearest, crops("nearest", x, boxes, 3, 2));
    assertArrayEquals(new double[] {2.5, 12.25}, crops("bilinear", x, boxes, 1, 1));
    assertThrows(ModelException.class, () -> crops("cubic", x, boxes, 1, 1));
    assertThrows(ModelException.class, () -> crops("nearest", x, boxes, 0, 1));
    assertThrows(ModelException.class, () -> crops("bilinear", x, boxes, 1e12, 1));
  }

  private static double[] crops(String mode, Tensor x, Tensor boxes, double... size) {
    return made(
        "CropAndResize",
        Map.of("mode", Models.text(mode), "extrapolation_value", Models.real(7)),
        x,
        boxes,
        tensor(DType.I32, new long[] {2}, 0, 1),
        tensor(DType.I64, new long[] {2}, size));
  }

  @Test
  void weightsOfFourBitsStandForNumbersOfATable() {
    Tensor x = tensor(DType.F32, new long[] {1, 3}, 1, 0, 0);
    Tensor packed = tensor(DType.U8, new long[] {3}, 0x30, 0x0f, 0x70);
    Tensor magnitudes = tensor(DType.F32, new long[] {2}, 2, 4);
    double[] floats = {2, -0.5};
    assertArrayEquals(floats, fourBits(0, x, packed, magnitudes), 1e-6);
    double[] quantiles = {2 * -0.39491748809814453, 2};
    assertArrayEquals(quantiles, fourBits(1, x, packed, magnitudes), 1e-6);
    assertThrows(ModelException.class, () -> fourBits(2, x, packed, magnitudes));
    assertThrows(ModelException.class, () -> fourBits(0, x, packed, packed));
  }

  private static double[] fourBits(long kind, Tensor x, Tensor packed, Tensor magnitudes) {
    return made(
        "MatMulBnb4",
        Map.of(
            "K",
            Models.integer(3),
            "N",
            Models.integer(2),
            "block_size",
            Models.integer(4),
            "quant_type",
            Models.integer(kind)),
        x,
        packed,
        magnitudes);
  }

  private static Models dynamicLayer(boolean perColumn, Tensor x) {
    long[] columns = perColumn ? new long[] {2, 4} : new long[] {2};
    return Models.opset(13)
        .input("x", DType.F32, x.shape().dims())
        .constant("w", tensor(DType.U8, new long[] {2, 1, 4}, 110, 130, 125, 90, 128, 127, 131, 0))
        .constant("r", tensor(DType.U8, new long[] {2, 1, 4}, 100, 140, 122, 255, 120, 117, 131, 0))
        .constant("b", tensor(DType.F32, new long[] {2, 8}, 0.5, -0.25, 0.125))
        .constant("scale", tensor(DType.F32, columns, 0.03125, 0.0625))
        .constant("zero", tensor(DType.U8, columns, 120, 124))
        .node(
            "com.microsoft",
            "DynamicQuantizeLSTM",
            List.of("x", "w", "r", "b", "", "", "", "", "scale", "zero", "scale", "zero"),
            List.of("y"),
            Map.of("hidden_size", Models.integer(1), "direction", Models.text("bidirectional")))
        .output("y");
  }

  @Test
  void layersOfQuantizedWeightsDequantizeThem() {
    Tensor x = tensor(DType.F32, new long[] {2, 1, 1}, 1, -0.5);
    for (boolean perColumn : new boolean[] {false, true}) {
      double[] y = new double[4];
      double[] w = {110, 130, 125, 90, 128, 127, 131, 0};
      double[] r = {100, 140, 122, 255, 120, 117, 131, 0};
      double[] b = {0.5, -0.25, 0.125};
      for (int d = 0; d < 2; d++) {
        double h = 0;
        double c = 0;
        for (int step = 0; step < 2; step++) {
          double[] sum = new double[4];
          for (int g = 0; g < 4; g++) {
            int second = (perColumn ? g : d) % 2;
            double s = second == 0 ? 0.03125 : 0.0625;
            double zero = second == 0 ? 120 : 124;
            sum[g] =
                (x.getDouble(d == 0 ? step : 1 - step) * (w[4 * d + g] - zero)
                            + h * (r[4 * d + g] - zero))
                        * s
                    + b[(8 * d + g) % 3]
                    + b[(8 * d + 4 + g) % 3];
          }
          c = c / (1 + Math.exp(-sum[2])) + Math.tanh(sum[3]) / (1 + Math.exp(-sum[0]));
          h = Math.tanh(c) / (1 + Math.exp(-sum[1]));
          y[2 * (d == 0 ? step : 1 - step) + d] = h;
        }
      }
      float[] actual = run(dynamicLayer(perColumn, x), Map.of("x", x));
      for (int i = 0; i < 4; i++) {
        assertEquals(y[i], actual[i], 1e-5);
      }
    }
  }

  @Test
  void layersOfQuantizedWeightsReadWholeSequences() {
    Models model =
        Models.opset(13)
            .input("x", DType.F32, 2, 1, 1)
            .input("lengths", DType.I32, 1)
            .constant("w", tensor(DType.I8, new long[] {1, 1, 4}, 1))
            .constant("s", tensor(DType.F32, new long[] {1}, 1))
            .constant("z", tensor(DType.I8, new long[] {1}, 0))
            .node(
                "com.microsoft",
                "DynamicQuantizeLSTM",
                List.of("x", "w", "w", "", "lengths", "", "", "", "s", "z", "s", "z"),
                List.of("y"),
                Map.of("hidden_size", Models.integer(1)))
            .output("y");
    assertTrue(refused(model).contains("lengths of sequences"));
  }

  @Test
  void normalisationsAreSumsAndLayerNorms() {
    Map<String, AttributeProto> epsilon = Map.of("epsilon", Models.real(0.5f));
    assertEquals(
        List.of(ADD, ADD, new Op.LayerNorm(-1, 0.5f)),
        ops("SkipLayerNormalization", epsilon, "x", "x", "b", "b", "b"));
  }

  private static float[] run(Models model, Map<String, Tensor> inputs) {
    Tensor y = Interpreter.run(Importer.graph(model.model()), inputs).get("y");
    return Objects.requireNonNull(y).toFloats();
  }

  private static Tensor tensor(DType dtype, long[] dims, double... values) {
    Tensor tensor = Tensor.allocate(dtype, Shape.of(dims));
    for (int i = 0; i < tensor.shape().elements(); i++) {
      tensor.setDouble(i, values[i % values.length]);
    }
    return tensor;
  }

  private static float[] normalized(DType dtype, boolean skips, double... values) {
    long[] dims = {1, 1, values.length};
    String operator = skips ? "SkipSimplifiedLayerNormalization" : "SimplifiedLayerNormalization";
    Models model =
        Models.opset(17)
            .input("x", dtype, dims)
            .constant("none", tensor(dtype, dims, 0))
            .constant("scale", tensor(dtype, new long[] {values.length}, 1))
            .node(
                skips ? "com.microsoft" : "",
                operator,
                skips ? List.of("x", "none", "scale") : List.of("x", "scale"),
                List.of("y"),
                Map.of())
            .output("y");
    assertEquals(dtype, Importer.graph(model.model()).fact("y").dtype());
    return run(model, Map.of("x", tensor(dtype, dims, values)));
  }

  @Test
  void squaresOfNarrowNumbersAreNotTooLarge() {
    float[] expected = {(float) (300 / Math.sqrt(125000)), (float) (400 / Math.sqrt(125000))};
    for (boolean skips : new boolean[] {true, false}) {
      assertArrayEquals(expected, normalized(DType.F16, skips, 300, 400), 1e-3f);
      assertArrayEquals(expected, normalized(DType.BF16, skips, 300, 400), 1e-2f);
    }
  }

  @Test
  void smallNumbersAreNormalizedAfterASum() {
    assertArrayEquals(new float[] {1, -1}, normalized(DType.F32, true, 1e-4, -1e-4), 1e-3f);
  }

  private static float[] attended(DType dtype, boolean apart) {
    long[] dims = {1, 3, 4};
    Map<String, AttributeProto> attributes =
        Map.of(
            "num_heads",
            Models.integer(2),
            "unidirectional",
            Models.integer(1),
            "mask_filter_value",
            Models.real(-Float.MAX_VALUE));
    Models model =
        Models.opset(17)
            .input("x", dtype, dims)
            .constant("w", tensor(dtype, new long[] {4, 12}, 0.5, -1, 0.25, 1, -0.5))
            .constant("mask", Tensor.of(new int[] {1, 0, 1}, 1, 3))
            .constant("bias", tensor(dtype, new long[] {1, 2, 3, 3}, 0.5, -0.25, 1, 0.75));
    List<String> inputs =
        apart
            ? List.of("x", "x", "x", "", "mask", "bias")
            : List.of("x", "w", "", "mask", "", "bias");
    model
        .node(
            "com.microsoft",
            apart ? "MultiHeadAttention" : "Attention",
            inputs,
            List.of("y"),
            attributes)
        .output("y");
    assertEquals(dtype, Importer.graph(model.model()).fact("y").dtype());
    return run(model, Map.of("x", tensor(dtype, dims, 1, -0.5, 2, 0.25, -1)));
  }

  @Test
  void masksHaveTheTypeOfTheQueries() {
    for (boolean apart : new boolean[] {true, false}) {
      float[] expected = attended(DType.F32, apart);
      assertArrayEquals(expected, attended(DType.F16, apart), 1e-2f);
      assertArrayEquals(expected, attended(DType.BF16, apart), 5e-2f);
    }
  }

  private static Map<String, Tensor> attended(Tensor x, @Nullable Tensor past) {
    Map<String, AttributeProto> attributes =
        Map.of("num_heads", Models.integer(2), "unidirectional", Models.integer(1));
    Models model =
        Models.opset(17)
            .input("x", DType.F32, x.shape().dims())
            .constant("w", tensor(DType.F32, new long[] {4, 12}, 0.5, -1, 0.25, 1, -0.5));
    if (past != null) {
      model.input("past", DType.F32, past.shape().dims());
    }
    List<String> inputs = List.of("x", "w", "", "", past == null ? "" : "past");
    model
        .node("com.microsoft", "Attention", inputs, List.of("y", "present"), attributes)
        .output("y")
        .output("present");
    return Interpreter.run(
        Importer.graph(model.model()),
        past == null ? Map.of("x", x) : Map.of("x", x, "past", past));
  }

  private static float[] floats(Map<String, Tensor> results, String name) {
    return Objects.requireNonNull(results.get(name)).toFloats();
  }

  @Test
  void earlierKeysAndValuesStandBeforeNewOnes() {
    double[] numbers = {1, -0.5, 2, 0.25, -1, 0.75, -2, 3, 0.5, -0.75, 1.5, 1};
    Map<String, Tensor> whole = attended(tensor(DType.F32, new long[] {1, 3, 4}, numbers), null);
    Map<String, Tensor> early = attended(tensor(DType.F32, new long[] {1, 2, 4}, numbers), null);
    Tensor rest =
        tensor(DType.F32, new long[] {1, 1, 4}, numbers[8], numbers[9], numbers[10], numbers[11]);
    Map<String, Tensor> late = attended(rest, early.get("present"));
    assertArrayEquals(Arrays.copyOfRange(floats(whole, "y"), 8, 12), floats(late, "y"), 1e-6f);
    assertArrayEquals(floats(whole, "present"), floats(late, "present"), 1e-6f);
  }

  @Test
  void quantizedOperatorsStandBetweenConversions() {
    Models model =
        Models.opset(13)
            .input("q", DType.U8, 2, 3)
            .input("s", DType.F32)
            .input("z", DType.U8)
            .node(
                "com.microsoft",
                "QLinearSigmoid",
                List.of("q", "s", "z", "s", "z"),
                List.of("y"),
                Map.of())
            .output("y");
    assertEquals(
        List.of(
            new QuantizedOp.Dequantize(0, 0),
            new Op.Unary(UnaryFunction.SIGMOID),
            new QuantizedOp.Quantize(0, 0, DType.U8)),
        Importer.graph(model.model()).nodes().stream().map(Node::op).toList());
  }

  private static List<Op> quantized(
      String operator, Map<String, AttributeProto> attributes, String... inputs) {
    Models model =
        Models.opset(13)
            .input("q", DType.I8, 1, 2, 3, 3)
            .input("s", DType.F32)
            .input("z", DType.I8)
            .node("com.microsoft", operator, List.of(inputs), List.of("y"), attributes)
            .output("y");
    return Importer.graph(model.model()).nodes().stream().map(Node::op).toList();
  }

  /// All zero points are those of the schemas in ONNX Runtime that need not be there.
  @Test
  void resultsWithoutAZeroPointHaveTheTypeOfTheInput() {
    QuantizedOp.Quantize quantize = new QuantizedOp.Quantize(0, 0, DType.I8);
    Map<String, AttributeProto> kernel = Map.of("kernel_shape", Models.ints(2L, 2L));
    assertEquals(quantize, quantized("QLinearSigmoid", Map.of(), "q", "s", "", "s").getLast());
    assertEquals(
        quantize, quantized("QLinearAdd", Map.of(), "q", "s", "", "q", "s", "", "s").getLast());
    assertEquals(quantize, quantized("QLinearAveragePool", kernel, "q", "s", "", "s").getLast());
    assertEquals(quantize, quantized("QLinearSoftmax", Map.of(), "q", "s", "", "s", "z").getLast());
    assertThrows(
        ModelException.class, () -> quantized("QLinearSoftmax", Map.of(), "q", "s", "", "s"));
  }

  @Test
  void domainsHaveOperatorsAndVersionsOfTheirOwn() {
    String relu = refused(model("Relu", Map.of(), "x").model());
    assertTrue(relu.contains("operator 'Relu' of domain com.microsoft"), relu);
    OnnxModel model = model("Gelu", Map.of(), "x").model();
    OnnxModel newer = withOpsets(model, Map.of("com.microsoft", 2L));
    assertTrue(refused(newer).contains("operator set 2 of domain com.microsoft"), refused(newer));
    OnnxModel silent = withOpsets(model, Map.of("", 13L));
    assertTrue(refused(silent).contains("which version of com.microsoft's operators"));
  }

  private static OnnxModel withOpsets(OnnxModel model, Map<String, Long> opsets) {
    return new OnnxModel(8, "test", opsets, Map.of(), List.of(), model.graph());
  }
}
