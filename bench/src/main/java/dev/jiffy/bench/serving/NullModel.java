package dev.jiffy.bench.serving;

import dev.jiffy.engine.function.UnaryFunction;
import dev.jiffy.engine.ir.GraphBuilder;
import dev.jiffy.engine.ir.Op;
import dev.jiffy.engine.onnx.OnnxWriter;
import dev.jiffy.protocol.InferRequest;
import dev.jiffy.protocol.InferTensor;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/// A model that does next to nothing: y = -x of 32 floats a row.
public final class NullModel {
  /// Its name.
  public static final String NAME = "null";

  private static final int COLUMNS = 32;
  private static final long OPSET = 17;

  private NullModel() {}

  /// Writes it.
  ///
  /// @param file where to
  /// @throws IOException if it cannot be written
  public static void write(Path file) throws IOException {
    GraphBuilder graph =
        new GraphBuilder(NAME)
            .input("x", DType.F32, "rows", COLUMNS)
            .node(new Op.Unary(UnaryFunction.NEG), "y", "x");
    OnnxWriter.write(graph.build(), OPSET, file);
  }

  /// {@return a request of one row}
  public static InferRequest request() {
    return request(1);
  }

  /// {@return a request}
  ///
  /// @param rows how many rows it has
  public static InferRequest request(int rows) {
    Tensor x = Tensor.allocate(DType.F32, Shape.of(rows, COLUMNS));
    return new InferRequest(List.of(new InferTensor("x", x, true)));
  }
}
