package dev.jiffy.server;

import dev.jiffy.engine.function.BinaryFunction;
import dev.jiffy.engine.function.UnaryFunction;
import dev.jiffy.engine.ir.GraphBuilder;
import dev.jiffy.engine.ir.Op;
import dev.jiffy.engine.onnx.OnnxWriter;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;

/// Files of small models.
public final class ExampleModels {
  private ExampleModels() {}

  /// {@return `attention`: ids and attention_mask INT64 [batch, tokens], of which each token's
  /// vector is looked up, and multiplied by its mask}
  ///
  /// @param folder where the file is written
  /// @throws IOException if it cannot be
  public static Path attention(Path folder) throws IOException {
    Path file = folder.resolve("attention.onnx");
    OnnxWriter.write(
        new GraphBuilder("graph")
            .input("ids", DType.I64, "batch", "tokens")
            .input("attention_mask", DType.I64, "batch", "tokens")
            .constant("table", Tensor.of(new float[] {0, 1, 1, 0, 0, 2, 3, 0, -1, -1, 1, 1}, 6, 2))
            .constant("w", Tensor.of(new float[] {0.1f, 0.2f, 0.3f, 0.4f}, 2, 2))
            .constant("axis", Tensor.of(new long[] {-1}, 1))
            .node(new Op.Gather(0), "vectors", "table", "ids")
            .node(new Op.Cast(DType.F32, false), "floats", "attention_mask")
            .node(new Op.Unsqueeze(), "mask", "floats", "axis")
            .node(new Op.Binary(BinaryFunction.MUL), "masked", "vectors", "mask")
            .node(new Op.MatMul(), "y", "masked", "w")
            .build(),
        17,
        file);
    return file;
  }

  /// {@return `fixed`: x FP32 [2] to its negative}
  ///
  /// @param folder where the file is written
  /// @throws IOException if it cannot be
  public static Path fixed(Path folder) throws IOException {
    Path file = folder.resolve("fixed.onnx");
    OnnxWriter.write(
        new GraphBuilder("graph")
            .input("x", DType.F32, 2)
            .node(new Op.Unary(UnaryFunction.NEG), "y", "x")
            .build(),
        17,
        file);
    return file;
  }

  /// Writes x FP32 [n, 2] to y = x times a factor.
  ///
  /// @param file where it is written, all at once; the folders are made
  /// @param factor the factor
  /// @throws IOException if it cannot be
  public static void times(Path file, float factor) throws IOException {
    Path folder = Files.createDirectories(file.toAbsolutePath().getParent());
    Path written = Files.createTempFile(folder, ".", ".part");
    OnnxWriter.write(
        new GraphBuilder("graph")
            .input("x", DType.F32, "n", 2)
            .constant("factor", Tensor.of(new float[] {factor}, 1))
            .node(new Op.Binary(BinaryFunction.MUL), "y", "x", "factor")
            .build(),
        17,
        written);
    Files.move(written, file, StandardCopyOption.ATOMIC_MOVE);
  }
}
