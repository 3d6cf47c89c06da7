package dev.jiffy.engine.pass;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.jiffy.engine.function.BinaryFunction;
import dev.jiffy.engine.function.UnaryFunction;
import dev.jiffy.engine.ir.Graph;
import dev.jiffy.engine.ir.Op;
import dev.jiffy.engine.ir.QuantizedOp.ByteTable;
import dev.jiffy.engine.ir.QuantizedOp.Dequantize;
import dev.jiffy.engine.ir.QuantizedOp.Quantize;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import java.util.List;
import org.junit.jupiter.api.Test;

/// Elementwise functions between bytes and bytes.
class ByteTablesTest {
  private static String scale(Sketch s, double scale) {
    return s.constant(Constants.of(DType.F32, Shape.of(), new double[] {scale}));
  }

  private static String zero(Sketch s, DType type, long zero) {
    return s.constant(Constants.ofIntegers(type, Shape.of(), new long[] {zero}));
  }

  private static String quantize(Sketch s, String x, double scale, DType type, long zero) {
    return s.op(new Quantize(1, 0, type), x, scale(s, scale), zero(s, type, zero));
  }

  private static String dequantize(Sketch s, String q, double scale, DType type, long zero) {
    return s.op(new Dequantize(1, 0), q, scale(s, scale), zero(s, type, zero));
  }

  @Test
  void whatIsQuantizedInBetweenIsInTheTable() {
    for (DType type : List.of(DType.U8, DType.I8)) {
      Sketch s = new Sketch();
      String x = dequantize(s, quantize(s, s.input("x", "batch", 8), 0.05, type, 3), 0.05, type, 3);
      String q = quantize(s, s.unary(UnaryFunction.SIGMOID, x), 0.004, DType.U8, 0);
      String y = s.mul(x, dequantize(s, q, 0.004, DType.U8, 0));
      Graph graph = Rewritten.of(s.graph(quantize(s, y, 0.04, type, 7)));
      assertEquals(List.of("Quantize", "ByteTable"), Rewritten.operators(graph));
    }
  }

  @Test
  void bytesAreMovedAsBytes() {
    Sketch s = new Sketch();
    String a = quantize(s, s.input("a", "batch", 8), 0.05, DType.U8, 3);
    String b = quantize(s, s.input("b", "batch", 8), 0.04, DType.U8, 7);
    String both =
        s.op(
            new Op.Concat(1),
            dequantize(s, a, 0.05, DType.U8, 3),
            dequantize(s, b, 0.04, DType.U8, 7));
    Graph graph = Rewritten.of(s.graph(quantize(s, both, 0.05, DType.U8, 3)));
    assertEquals(
        List.of("Quantize", "Quantize", "ByteTable", "Concat"), Rewritten.operators(graph));
  }

  @Test
  void twoSourcesHaveNoTable() {
    Sketch s = new Sketch();
    String a = dequantize(s, s.input("a", DType.U8, "batch", 8), 0.05, DType.U8, 3);
    String b = dequantize(s, s.input("b", DType.U8, "batch", 8), 0.05, DType.U8, 3);
    String y = s.binary(BinaryFunction.ADD, a, b);
    Graph graph = Rewritten.of(s.graph(quantize(s, y, 0.1, DType.U8, 7)));
    Rewritten.assertCount(0, graph, ByteTable.class);
  }

  @Test
  void whatDiffersFromIndexToIndexHasNoTable() {
    Sketch s = new Sketch();
    String x = dequantize(s, s.input("x", DType.U8, "batch", 8), 0.05, DType.U8, 3);
    Graph graph = Rewritten.of(s.graph(quantize(s, s.mul(x, s.weights(8)), 0.1, DType.U8, 7)));
    Rewritten.assertCount(0, graph, ByteTable.class);
  }

  @Test
  void whatGrowsHasNoTable() {
    Sketch s = new Sketch();
    String x = dequantize(s, s.input("x", DType.U8, "batch", 8), 0.05, DType.U8, 3);
    Graph graph =
        Rewritten.of(s.graph(quantize(s, s.mul(x, s.weights(1, 1, 1)), 0.1, DType.U8, 7)));
    Rewritten.assertCount(0, graph, ByteTable.class);
  }
}
