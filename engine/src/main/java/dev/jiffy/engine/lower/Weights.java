package dev.jiffy.engine.lower;

import dev.jiffy.engine.kernel.ConvGeometry;
import dev.jiffy.engine.kernel.MatrixKernels;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.lang.foreign.Arena;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongConsumer;

/// The packed weights of a model, each packed once and shared by all plans.
///
/// Thread-safe. Lives as long as its arena.
public final class Weights {
  private enum Form {
    MATRIX,
    TRANSPOSED_MATRIX,
    CONV,
    CONV_TRANSPOSE
  }

  private record Key(Tensor tensor, Form form, int groups) {}

  private final MatrixKernels kernels;
  private final Arena arena;
  private final ConcurrentHashMap<Key, Tensor> packed = new ConcurrentHashMap<>();

  /// An empty store.
  ///
  /// @param kernels who packs
  /// @param arena holds the packed forms; must allow access from all threads
  public Weights(MatrixKernels kernels, Arena arena) {
    this.kernels = kernels;
    this.arena = arena;
  }

  /// {@return the bytes of all packed forms}
  public long bytes() {
    return packed.values().stream().mapToLong(form -> form.segment().byteSize()).sum();
  }

  /// {@return a packed right-hand side}
  ///
  /// @param matrix its elements
  /// @param transposed whether the constant holds the transpose
  /// @param k its rows
  /// @param n its columns
  Tensor matrix(Tensor matrix, boolean transposed, int k, int n) {
    return packed.computeIfAbsent(
        new Key(matrix, transposed ? Form.TRANSPOSED_MATRIX : Form.MATRIX, 1),
        _ ->
            allocate(
                kernels.packedBytes(k, n),
                to ->
                    kernels.pack(
                        matrix.segment().address(),
                        transposed ? 1 : n,
                        transposed ? k : 1,
                        k,
                        n,
                        to)));
  }

  /// {@return packed weights of a convolution}
  Tensor conv(ConvGeometry geometry, Tensor weights) {
    return packed.computeIfAbsent(
        new Key(weights, Form.CONV, geometry.groups()),
        _ ->
            allocate(
                kernels.convPackedBytes(geometry),
                to -> kernels.packConv(geometry, weights.segment().address(), to)));
  }

  /// {@return packed weights of a transposed convolution}
  Tensor convTranspose(ConvGeometry geometry, Tensor weights) {
    return packed.computeIfAbsent(
        new Key(weights, Form.CONV_TRANSPOSE, geometry.groups()),
        _ ->
            allocate(
                kernels.convTransposePackedBytes(geometry),
                to -> kernels.packConvTranspose(geometry, weights.segment().address(), to)));
  }

  private Tensor allocate(long bytes, LongConsumer pack) {
    Tensor form = Tensor.allocate(DType.U8, Shape.of(bytes), arena);
    pack.accept(form.segment().address());
    return form;
  }
}
