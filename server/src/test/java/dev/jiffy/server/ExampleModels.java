package dev.jiffy.server;

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
    Files.write(
        file,
        new OnnxBytes()
            .input("ids", OnnxBytes.INT64, "batch", "tokens")
            .input("attention_mask", OnnxBytes.INT64, "batch", "tokens")
            .floats("table", new float[] {0, 1, 1, 0, 0, 2, 3, 0, -1, -1, 1, 1}, 6, 2)
            .floats("w", new float[] {0.1f, 0.2f, 0.3f, 0.4f}, 2, 2)
            .longs("axis", new long[] {-1}, 1)
            .node("Gather", "vectors", "table,ids")
            .node("Cast", "floats", "attention_mask", "to", OnnxBytes.FLOAT)
            .node("Unsqueeze", "mask", "floats,axis")
            .node("Mul", "masked", "vectors,mask")
            .node("MatMul", "y", "masked,w")
            .output("y", OnnxBytes.FLOAT, "batch", "tokens", 2)
            .bytes());
    return file;
  }

  /// {@return `fixed`: x FP32 [2] to its negative}
  ///
  /// @param folder where the file is written
  /// @throws IOException if it cannot be
  public static Path fixed(Path folder) throws IOException {
    Path file = folder.resolve("fixed.onnx");
    Files.write(
        file,
        new OnnxBytes()
            .input("x", OnnxBytes.FLOAT, 2)
            .node("Neg", "y", "x")
            .output("y", OnnxBytes.FLOAT, 2)
            .bytes());
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
    Files.write(
        written,
        new OnnxBytes()
            .input("x", OnnxBytes.FLOAT, "n", 2)
            .floats("factor", new float[] {factor}, 1)
            .node("Mul", "y", "x,factor")
            .output("y", OnnxBytes.FLOAT, "n", 2)
            .bytes());
    Files.move(written, file, StandardCopyOption.ATOMIC_MOVE);
  }
}
