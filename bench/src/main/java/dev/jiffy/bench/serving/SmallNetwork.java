package dev.jiffy.bench.serving;

import dev.jiffy.engine.function.UnaryFunction;
import dev.jiffy.engine.ir.GraphBuilder;
import dev.jiffy.engine.ir.Op;
import dev.jiffy.engine.onnx.OnnxWriter;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Random;

/// A model that takes less time than what is done to call it: three dense layers, 32 → 64 → 32 → 1
/// with ReLU between them, f32, any number of rows.
public final class SmallNetwork {
  /// Its name.
  public static final String NAME = "small";

  private static final int[] WIDTHS = {32, 64, 32, 1};
  private static final long OPSET = 17;

  private SmallNetwork() {}

  /// Writes it.
  ///
  /// @param file where to
  /// @throws IOException if it cannot be written
  public static void write(Path file) throws IOException {
    Random random = new Random(1);
    GraphBuilder graph = new GraphBuilder(NAME).input("x", DType.F32, "rows", WIDTHS[0]);
    String last = "x";
    for (int layer = 1; layer < WIDTHS.length; layer++) {
      graph.constant("w" + layer, uniform(random, WIDTHS[layer - 1], WIDTHS[layer]));
      graph.constant("b" + layer, uniform(random, WIDTHS[layer]));
      String sum = layer == WIDTHS.length - 1 ? "y" : "s" + layer;
      graph.node(new Op.Gemm(1, 1, false, false), sum, last, "w" + layer, "b" + layer);
      if (layer < WIDTHS.length - 1) {
        last = "h" + layer;
        graph.node(new Op.Unary(UnaryFunction.RELU), last, sum);
      }
    }
    OnnxWriter.write(graph.build(), OPSET, file);
  }

  /// {@return made-up inputs of one row}
  ///
  /// @param seed decides the values
  public static Map<String, Tensor> row(long seed) {
    return Map.of("x", uniform(new Random(seed), 1, WIDTHS[0]));
  }

  private static Tensor uniform(Random random, long... dims) {
    Tensor tensor = Tensor.allocate(DType.F32, Shape.of(dims));
    for (long i = 0; i < tensor.shape().elements(); i++) {
      tensor.setDouble(i, random.nextDouble() - 0.5);
    }
    return tensor;
  }
}
