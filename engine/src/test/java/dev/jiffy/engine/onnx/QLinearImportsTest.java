package dev.jiffy.engine.onnx;

import static dev.jiffy.engine.onnx.MicrosoftModels.made;
import static dev.jiffy.engine.onnx.MicrosoftModels.one;
import static dev.jiffy.engine.onnx.MicrosoftModels.tensor;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.jiffy.engine.ModelException;
import dev.jiffy.engine.function.UnaryFunction;
import dev.jiffy.engine.ir.Node;
import dev.jiffy.engine.ir.Op;
import dev.jiffy.engine.ir.QuantizedOp;
import dev.jiffy.engine.onnx.OnnxModel.AttributeProto;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/// Operators of quantized numbers become those of numbers between conversions.
final class QLinearImportsTest {
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
}
