package dev.jiffy.engine.pass;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.jiffy.engine.function.BinaryFunction;
import dev.jiffy.engine.function.UnaryFunction;
import dev.jiffy.engine.ir.Graph;
import dev.jiffy.engine.ir.Op;
import dev.jiffy.engine.ir.QuantizedOp;
import dev.jiffy.engine.ir.QuantizedOp.ByteConv;
import dev.jiffy.engine.ir.QuantizedOp.ByteMatMul;
import dev.jiffy.engine.ir.QuantizedOp.Dequantize;
import dev.jiffy.engine.ir.QuantizedOp.Quantize;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.util.List;
import org.junit.jupiter.api.Test;

/// Products and convolutions between quantization and dequantization.
class ByteProductsTest {
  private static String integers(Sketch s, DType type, long first, long... dims) {
    Shape shape = Shape.of(dims);
    long[] elements = new long[Math.toIntExact(shape.elements())];
    for (int i = 0; i < elements.length; i++) {
      elements[i] = first + i * 7L % 100;
    }
    return s.constant(Constants.ofIntegers(type, shape, elements));
  }

  private static String scale(Sketch s, double... scales) {
    return s.constant(
        Constants.of(DType.F32, scales.length == 1 ? Shape.of() : Shape.of(scales.length), scales));
  }

  private static String quantize(Sketch s, String x, double scale, DType type, long zero) {
    return s.op(new Quantize(1, 0, type), x, scale(s, scale), integers(s, type, zero, new long[0]));
  }

  private static String dequantize(Sketch s, String q, double scale, DType type, long zero) {
    return s.op(new Dequantize(1, 0), q, scale(s, scale), integers(s, type, zero, new long[0]));
  }

  /// An input, quantized and back.
  private static String coarse(Sketch s, String x, DType type, long zero) {
    return dequantize(s, quantize(s, x, 0.05, type, zero), 0.05, type, zero);
  }

  private static String weights(Sketch s, DType type, long first, long zero, long... dims) {
    return dequantize(s, integers(s, type, first, dims), 0.013, type, zero);
  }

  private static Op conv() {
    Op.Window window =
        new Op.Window(
            List.of(), List.of(), List.of(1L, 1L, 1L, 1L), List.of(), Op.AutoPad.NOTSET, false);
    return new Op.Conv(window, 1, Op.Layout.CHANNELS_FIRST, null);
  }

  @Test
  void productsTakeBiasActivationAndRounding() {
    Sketch s = new Sketch();
    String x = coarse(s, s.input("x", "batch", 8), DType.U8, 120);
    String y = s.add(s.matMul(x, weights(s, DType.I8, -50, 0, 8, 5)), s.weights(5));
    String z = quantize(s, s.unary(UnaryFunction.SIGMOID, y), 0.004, DType.U8, 3);
    Graph graph = Rewritten.of(s.graph(dequantize(s, z, 0.004, DType.U8, 3)));
    assertEquals(List.of("Quantize", "ByteMatMul", "Dequantize"), Rewritten.operators(graph));
  }

  @Test
  void limitsOfBytesNeedNoActivation() {
    for (long zero : new long[] {0, 7}) {
      Sketch s = new Sketch();
      String x = coarse(s, s.input("x", "batch", 8), DType.U8, 120);
      String y = s.unary(UnaryFunction.RELU, s.matMul(x, weights(s, DType.I8, -50, 0, 8, 5)));
      String z = quantize(s, y, 0.1, DType.U8, zero);
      Graph graph = Rewritten.of(s.graph(dequantize(s, z, 0.1, DType.U8, zero)));
      long plain =
          Rewritten.count(graph, op -> op instanceof ByteMatMul m && m.activation() == null);
      assertEquals(zero == 0 ? 1 : 0, plain);
      Rewritten.assertCount(1, graph, ByteMatMul.class);
    }
  }

  @Test
  void signedBytesBecomeUnsigned() {
    Sketch s = new Sketch();
    String x = coarse(s, s.input("x", "batch", 8), DType.I8, -3);
    String y = s.matMul(x, weights(s, DType.U8, 78, 128, 8, 6));
    Graph graph = Rewritten.of(s.graph(coarse(s, y, DType.I8, 5)));
    assertEquals(List.of("Quantize", "ByteMatMul", "Dequantize"), Rewritten.operators(graph));
  }

  @Test
  void transposedWeightsAreTransposedAtLoad() {
    Sketch s = new Sketch();
    String x = coarse(s, s.input("x", "batch", 8), DType.U8, 120);
    String w =
        s.op(new Dequantize(0, 0), integers(s, DType.I8, -50, 3, 8), scale(s, 0.1, 0.2, 0.3));
    Graph graph = Rewritten.of(s.graph(s.matMul(x, s.transpose(w, 1, 0))));
    assertEquals(List.of("Quantize", "ByteMatMul"), Rewritten.operators(graph));
  }

  @Test
  void convolutionsHaveAScaleForEachChannel() {
    Sketch s = new Sketch();
    String x = coarse(s, s.input("x", "batch", 4, 5, 5), DType.U8, 120);
    String w =
        s.op(
            new Dequantize(0, 0),
            integers(s, DType.I8, -50, 3, 4, 3, 3),
            scale(s, 0.01, 0.02, 0.03));
    String bias = s.op(new Dequantize(0, 0), integers(s, DType.I32, -9, 3), scale(s, 1, 2, 3));
    String y = s.op(conv(), x, w, bias);
    Graph graph = Rewritten.of(s.graph(coarse(s, y, DType.U8, 100)));
    Rewritten.assertCount(1, graph, ByteConv.class);
    Rewritten.assertCount(0, graph, Op.Conv.class);
  }

  @Test
  void productsOfIntegersAreSumsOfBytes() {
    Sketch s = new Sketch();
    String x = s.op(new Op.Cast(DType.I32, true), s.input("x", DType.U8, "batch", 8));
    String centred = s.binary(BinaryFunction.SUB, x, integers(s, DType.I32, 7, new long[0]));
    Graph graph = Rewritten.of(s.graph(s.matMul(centred, integers(s, DType.I32, -50, 8, 5))));
    assertEquals(List.of("ByteSums"), Rewritten.operators(graph));

    Sketch t = new Sketch();
    String image = t.op(new Op.Cast(DType.I32, true), t.input("x", DType.U8, 1, 3, 8, 8));
    Graph windows =
        Rewritten.of(t.graph(t.op(conv(), image, integers(t, DType.I32, -50, 5, 3, 3, 3))));
    Rewritten.assertCount(1, windows, QuantizedOp.ByteSums.class);
    Rewritten.assertCount(0, windows, Op.Conv.class);
  }

  @Test
  void productsOfLargeIntegersStay() {
    Sketch s = new Sketch();
    String x = s.op(new Op.Cast(DType.I32, true), s.input("x", DType.U8, "batch", 8));
    Graph graph = Rewritten.of(s.graph(s.matMul(x, integers(s, DType.I32, 70_000, 8, 5))));
    Rewritten.assertCount(1, graph, Op.MatMul.class);
  }

  @Test
  void resultsThatOthersReadStayNumbers() {
    Sketch s = new Sketch();
    String x = coarse(s, s.input("x", "batch", 8), DType.U8, 120);
    String y = s.matMul(x, weights(s, DType.I8, -50, 0, 8, 5));
    String z = coarse(s, y, DType.U8, 100);
    Graph graph = Rewritten.of(s.graph(s.binary(BinaryFunction.MUL, y, z)));
    Rewritten.assertCount(1, graph, ByteMatMul.class);
    assertEquals(
        0, Rewritten.count(graph, op -> op instanceof ByteMatMul m && m.rounding() != null));
  }

  @Test
  void weightsThatDoNotFitBytesAreWider() {
    Sketch s = new Sketch();
    String x = coarse(s, s.input("x", "batch", 8), DType.U8, 120);
    Graph wide = Rewritten.of(s.graph(s.matMul(x, weights(s, DType.U8, 0, 240, 8, 5))));
    Rewritten.assertCount(1, wide, ByteMatMul.class);
    assertEquals(1, wide.constants().values().stream().filter(w -> w.dtype() == DType.I16).count());
  }

  @Test
  void whatIsNotQuantizedToBytesIsComputedOfNumbers() {
    Sketch t = new Sketch();
    String fine = coarse(t, t.input("x", "batch", 8), DType.U16, 120);
    Graph words = Rewritten.of(t.graph(t.matMul(fine, weights(t, DType.I8, -50, 0, 8, 5))));
    Rewritten.assertCount(0, words, ByteMatMul.class);
  }

  @Test
  void roundTripsVanishAndTablesStayBytes() {
    Sketch s = new Sketch();
    String q = quantize(s, s.input("x", "batch", 8), 0.05, DType.U8, 9);
    String again = quantize(s, dequantize(s, q, 0.05, DType.U8, 9), 0.05, DType.U8, 9);
    Graph graph = Rewritten.of(s.graph(dequantize(s, again, 0.1, DType.U8, 9)));
    assertEquals(List.of("Quantize", "Dequantize"), Rewritten.operators(graph));
    Sketch t = new Sketch();
    String table = weights(t, DType.I8, -50, 0, 4, 6);
    String indices = t.input("i", DType.I64, "batch");
    Graph looked = Rewritten.of(t.graph(t.op(new Op.Gather(0), table, indices)));
    assertEquals(List.of("Gather", "Dequantize"), Rewritten.operators(looked));
    Tensor bytes = looked.constants().get(looked.nodes().getFirst().input(0));
    assertEquals(DType.I8, bytes == null ? null : bytes.dtype());
    assertEquals(new QuantizedOp.Dequantize(0, 0), looked.nodes().getLast().op());
  }
}
