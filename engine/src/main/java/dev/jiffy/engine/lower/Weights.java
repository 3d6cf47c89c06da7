package dev.jiffy.engine.lower;

import dev.jiffy.engine.function.Ensemble;
import dev.jiffy.engine.kernel.Activation;
import dev.jiffy.engine.kernel.BlockKernels;
import dev.jiffy.engine.kernel.BlockProduct;
import dev.jiffy.engine.kernel.ByteConvolution;
import dev.jiffy.engine.kernel.ByteKernels;
import dev.jiffy.engine.kernel.ConvGeometry;
import dev.jiffy.engine.kernel.Format;
import dev.jiffy.engine.kernel.MatrixKernels;
import dev.jiffy.engine.kernel.NarrowKernels;
import dev.jiffy.engine.kernel.Product;
import dev.jiffy.engine.kernel.ProductKernels;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.lang.ref.Reference;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongConsumer;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// The packed weights of a model, each packed once and shared by all plans.
///
/// Thread-safe. Lives as long as its arena.
public final class Weights {
  private enum Form {
    MATRIX,
    TRANSPOSED_MATRIX,
    TRANSPOSED_ROWS,
    BYTES,
    BLOCKS,
    CONV,
    TRANSFORMED_CONV,
    MIRRORED
  }

  /// @param variant the first row, where only some are packed, or what integers stand for more than
  ///   themselves; else 0
  /// @param count how many rows, or groups of a convolution
  private record Key(List<Tensor> tensors, Form form, Format format, int variant, int count)
      implements Packed {}

  /// A convolution.
  ///
  /// @param size the pixels that are computed as one
  /// @param stride the columns between them; 1 where there is one
  private record ConvKey(List<Tensor> tensors, Form form, int size, int stride, int groups)
      implements Packed {}

  /// A transposed convolution.
  ///
  /// @param form what its packed form depends on besides the weights
  private record TransposedKey(List<Tensor> tensors, List<Integer> form) implements Packed {}

  /// A convolution of bytes.
  ///
  /// @param zero the zero point of its input
  /// @param form what else of a convolution the packed form depends on
  private record ByteKey(
      List<Tensor> tensors,
      int zero,
      ByteConvolution.@Nullable Rounding rounding,
      List<Integer> form)
      implements Packed {}

  /// Weights of a few bits.
  private record BlockKey(List<Tensor> tensors, int bits, boolean bytes) implements Packed {}

  /// What was packed.
  private sealed interface Packed {
    /// The constants that it was made of.
    List<Tensor> tensors();
  }

  /// @param features the number of features of a row
  private record Trees(Ensemble ensemble, int features) {}

  /// The least elements of a right-hand side that is made narrow.
  private static final long NARROW_ELEMENTS = 1 << 12;

  private final Target target;
  private final MatrixKernels kernels;
  private final SegmentAllocator memory;
  private final ConcurrentHashMap<Trees, Optional<PackedForest>> forests =
      new ConcurrentHashMap<>();

  /// For integers that do not fit bytes what to take from them.
  private final ConcurrentHashMap<Tensor, Integer> shifts = new ConcurrentHashMap<>();

  /// Large from the start: forms in one bucket are packed one after the other.
  private final ConcurrentHashMap<Packed, Tensor> packed = new ConcurrentHashMap<>(1 << 10);

  /// An empty store.
  ///
  /// @param target for what they are packed
  /// @param arena holds the packed forms; must allow access from all threads
  public Weights(Target target, Arena arena) {
    this.target = target;
    this.kernels = target.matrices();
    this.memory = kernels.memory(arena);
  }

  Target target() {
    return target;
  }

  /// {@return the bytes of all packed forms}
  public long bytes() {
    long trees =
        forests.values().stream().flatMap(Optional::stream).mapToLong(PackedForest::bytes).sum();
    return trees + packed.values().stream().mapToLong(form -> form.segment().byteSize()).sum();
  }

  /// {@return the bytes of a constant in the form that kernels read: packed, or as it is}
  ///
  /// @param tensor the constant
  long bytes(Tensor tensor) {
    return packed.entrySet().stream()
        .filter(form -> form.getKey().tensors().equals(List.of(tensor)))
        .mapToLong(form -> form.getValue().segment().byteSize())
        .max()
        .orElseGet(() -> tensor.shape().bytes(tensor.dtype()));
  }

  /// A constant right-hand side in the form that kernels read.
  ///
  /// @param format the numbers that it is multiplied as; [Format#F32] for f64, too
  /// @param tensor the packed form
  record Matrix(Format format, Tensor tensor) {
    /// {@return a product with it, prepared, or null where no narrow numbers are multiplied}
    NarrowKernels.@Nullable Prepared prepare(Target target, Product product) {
      NarrowKernels narrow = format == Format.F32 ? null : target.matrices().narrow();
      return narrow == null ? null : narrow.prepare(format, product);
    }
  }

  /// {@return a packed right-hand side of bytes, or null where the kernels have no such products}
  ///
  /// @param matrix the integers, `[k, n]`
  /// @param scales the factor of each column
  /// @param activation what is applied to the product, or null
  @Nullable Tensor bytes(Tensor matrix, Tensor scales, @Nullable Activation activation) {
    NarrowKernels narrow = kernels.narrow();
    if (narrow == null || matrix.dtype() != DType.I8 || !narrow.computes(Format.INT8, activation)) {
      return null;
    }
    int k = Math.toIntExact(matrix.shape().dim(0));
    int n = Math.toIntExact(matrix.shape().dim(1));
    return packed.computeIfAbsent(
        new Key(List.of(matrix, scales), Form.BYTES, Format.INT8, 0, 1),
        key ->
            allocate(
                narrow.packedBytes(Format.INT8, k, n),
                key.tensors(),
                to ->
                    narrow.packBytes(
                        matrix.segment().address(), scales.segment().address(), k, n, to)));
  }

  /// {@return a packed right-hand side: in the numbers that the target asks for, where the kernels
  /// can and the matrix is not so small that nothing is gained}
  ///
  /// @param matrix the right-hand side
  /// @param activation what is applied to the product, or null
  Matrix matrix(Columns matrix, @Nullable Activation activation) {
    int k = matrix.k();
    int n = matrix.n();
    Form form = matrix.transposed() ? Form.TRANSPOSED_MATRIX : Form.MATRIX;
    Format format = target.format();
    NarrowKernels narrow = format == Format.F32 ? null : kernels.narrow();
    boolean isNarrow =
        narrow != null
            && matrix.dtype() == DType.F32
            && (long) k * n >= NARROW_ELEMENTS
            && narrow.computes(format, activation);
    Format multiplied = isNarrow ? format : Format.F32;
    ProductKernels products = Objects.requireNonNull(target.products(matrix.dtype()));
    Tensor tensor =
        packed.computeIfAbsent(
            new Key(matrix.parts(), form, multiplied, 0, 1),
            _ ->
                narrow != null && isNarrow
                    ? narrow(narrow, matrix.whole())
                    : panels(
                        products,
                        matrix.isCutAt(products.panelColumns()) ? matrix : matrix.whole()));
    return new Matrix(multiplied, tensor);
  }

  private Tensor narrow(NarrowKernels narrow, Columns matrix) {
    Tensor part = matrix.parts().getFirst();
    Format format = target.format();
    return allocate(
        narrow.packedBytes(format, matrix.k(), matrix.n()),
        matrix.parts(),
        to ->
            narrow.pack(
                format,
                part.segment().address(),
                matrix.rowStride(part),
                matrix.columnStride(),
                matrix.k(),
                matrix.n(),
                to));
  }

  private Tensor panels(ProductKernels products, Columns matrix) {
    return allocate(
        products.packedBytes(matrix.k(), matrix.n()),
        matrix.parts(),
        to -> pack(products, matrix, to));
  }

  private static void pack(ProductKernels products, Columns matrix, long to) {
    int column = 0;
    for (Tensor part : matrix.parts()) {
      int next = column + matrix.width(part);
      products.pack(
          part.segment().address(),
          matrix.rowStride(part),
          matrix.columnStride(),
          matrix.k(),
          matrix.n(),
          column,
          next,
          to);
      column = next;
    }
  }

  /// {@return some rows of a stack of matrices, transposed and packed as f32}
  ///
  /// @param stack the matrices, one below the other
  /// @param from the first row
  /// @param k elements of a row: rows of what is packed
  /// @param n how many rows: columns of what is packed
  Tensor transposedRows(Tensor stack, int from, int k, int n) {
    long offset = 4L * from * k;
    return packed.computeIfAbsent(
        new Key(List.of(stack), Form.TRANSPOSED_ROWS, Format.F32, from, n),
        key ->
            allocate(
                kernels.packedBytes(k, n),
                key.tensors(),
                to -> kernels.pack(stack.segment().address() + offset, 1, k, k, n, 0, n, to)));
  }

  /// {@return packed weights of a convolution}
  ///
  /// @param group the convolution
  /// @param weights the weights of one pixel
  Tensor conv(PixelGroup group, Tensor weights) {
    ConvGeometry geometry = group.geometry();
    Form form = kernels.transformsWeights(geometry) ? Form.TRANSFORMED_CONV : Form.CONV;
    return packed.computeIfAbsent(
        new ConvKey(List.of(weights), form, group.size(), group.stride(), geometry.groups()),
        _ -> filters(geometry, group.weights(weights)));
  }

  /// {@return what to take from weights so that they fit signed bytes, or [ByteConvolution#UNFIT]}
  ///
  /// @param weights the weights, i8 or i16
  int shift(Tensor weights) {
    return weights.dtype() == DType.I8 ? 0 : shifts.computeIfAbsent(weights, IntegerWeights::shift);
  }

  /// {@return packed weights of a convolution of bytes}
  ///
  /// @param prepared the convolution as kernels compute it
  /// @param convolution the convolution
  /// @param tensor its weights, i8 or i16, or a matrix `[k, n]` where the window is one pixel
  /// @param scales an f32 for each result channel, or null where results are sums
  /// @param bias an f32 for each result channel, or null
  Tensor bytesConv(
      ByteKernels.Prepared prepared,
      ByteConvolution convolution,
      Tensor tensor,
      @Nullable Tensor scales,
      @Nullable Tensor bias) {
    List<Tensor> tensors = Stream.of(tensor, scales, bias).filter(Objects::nonNull).toList();
    ConvGeometry g = convolution.geometry();
    List<Integer> form =
        List.of(convolution.shift(), g.groups(), g.strideHeight(), g.dilationHeight());
    return packed.computeIfAbsent(
        new ByteKey(tensors, convolution.zero(), convolution.rounding(), form),
        _ -> {
          Tensor bytes = IntegerWeights.bytes(tensor, convolution.shift());
          Tensor factors = scales == null ? IntegerWeights.ones(g.outChannels()) : scales;
          long weights = bytes.segment().address();
          return allocate(
              prepared.packedBytes(),
              Stream.concat(tensors.stream(), Stream.of(bytes, factors)).toList(),
              to ->
                  prepared.pack(
                      tensor.shape().rank() == 2
                          ? ByteKernels.Filters.matrix(g, weights)
                          : ByteKernels.Filters.of(g, weights),
                      factors.segment().address(),
                      bias == null ? 0 : bias.segment().address(),
                      to));
        });
  }

  /// {@return weights of a few bits in blocks as f32, packed}
  ///
  /// @param matrix the weights as numbers, `[k, n]`, made where they are not packed yet
  /// @param parts the constants that they are made of
  /// @param k their rows
  /// @param n their columns
  Tensor blocks(Supplier<Tensor> matrix, List<Tensor> parts, int k, int n) {
    return packed.computeIfAbsent(
        new Key(parts, Form.BLOCKS, Format.F32, 0, 1),
        _ -> {
          Tensor numbers = matrix.get();
          return allocate(
              kernels.packedBytes(k, n),
              List.of(numbers),
              to -> kernels.pack(numbers.segment().address(), n, 1, k, n, 0, n, to));
        });
  }

  /// {@return integers, scaled, as f32, packed}
  ///
  /// @param matrix the integers, `[k, n]`
  /// @param scales the factor of each column
  Tensor scaled(Tensor matrix, Tensor scales) {
    int n = (int) matrix.shape().dim(1);
    return blocks(
        () -> IntegerWeights.scaled(matrix, scales),
        List.of(matrix, scales),
        (int) matrix.shape().dim(0),
        n);
  }

  /// {@return weights of a few bits in blocks, packed as they are}
  ///
  /// @param kernels the kernels that multiply them
  /// @param product the product
  /// @param w the weights
  /// @param scales the scales of blocks
  /// @param zeros the zero points of blocks, or null
  Tensor blocks(
      BlockKernels kernels, BlockProduct product, Tensor w, Tensor scales, @Nullable Tensor zeros) {
    List<Tensor> tensors = zeros == null ? List.of(w, scales) : List.of(w, scales, zeros);
    return packed.computeIfAbsent(
        new BlockKey(tensors, product.bits(), product.bytes()),
        key ->
            allocate(
                kernels.packedBytes(product),
                key.tensors(),
                to ->
                    kernels.pack(
                        product,
                        w.segment().address(),
                        scales.segment().address(),
                        zeros == null ? 0 : zeros.segment().address(),
                        to)));
  }

  /// {@return weights of a convolution of bytes as f32, packed}
  ///
  /// @param geometry the convolution
  /// @param shift what each weight stands for more than itself
  /// @param tensor its weights, i8 or i16, or a matrix `[k, n]` where the window is one pixel
  /// @param scales an f32 for each result channel, which its weights are multiplied by, or null
  Tensor floatConv(ConvGeometry geometry, int shift, Tensor tensor, @Nullable Tensor scales) {
    Form form = kernels.transformsWeights(geometry) ? Form.TRANSFORMED_CONV : Form.CONV;
    List<Tensor> tensors = scales == null ? List.of(tensor) : List.of(tensor, scales);
    return packed.computeIfAbsent(
        new Key(tensors, form, Format.F32, shift, geometry.groups()),
        _ ->
            filters(
                geometry, IntegerWeights.floats(tensor, shift, geometry.outChannels(), scales)));
  }

  private Tensor filters(ConvGeometry geometry, Tensor weights) {
    return taps(
        kernels.convPackedBytes(geometry),
        weights,
        (from, to) -> kernels.packConv(geometry, from, to));
  }

  /// Packs from one address to another.
  private interface Packing {
    void run(long from, long to);
  }

  /// {@return the packed forms of the taps in depth of a window, one after the other}
  private Tensor taps(long bytes, Tensor weights, Packing packing) {
    List<Tensor> taps = Depth.taps(weights);
    return allocate(
        bytes * taps.size(),
        taps,
        to -> {
          for (int tap = 0; tap < taps.size(); tap++) {
            packing.run(taps.get(tap).segment().address(), to + tap * bytes);
          }
        });
  }

  /// {@return packed weights of a transposed convolution}
  ///
  /// @param geometry the transposed convolution
  /// @param weights its weights
  Tensor convTranspose(ConvGeometry geometry, Tensor weights) {
    List<Integer> form =
        List.of(
            geometry.groups(),
            geometry.strideHeight(),
            geometry.strideWidth(),
            geometry.dilationHeight(),
            geometry.dilationWidth());
    return packed.computeIfAbsent(
        new TransposedKey(List.of(weights), form),
        _ ->
            taps(
                kernels.convTransposePackedBytes(geometry),
                weights,
                (from, to) -> kernels.packConvTranspose(geometry, from, to)));
  }

  /// {@return weights, f32, with the taps of each channel in reverse order}
  Tensor mirrored(Tensor weights) {
    int taps = (int) weights.shape().elements(2, weights.shape().rank());
    return packed.computeIfAbsent(
        new Key(List.of(weights), Form.MIRRORED, Format.F32, 0, 0),
        _ -> {
          MemorySegment taken = memory.allocate(weights.segment().byteSize(), Tensor.ALIGNMENT);
          Tensor form = Tensor.of(DType.F32, weights.shape(), taken);
          for (long i = 0; i < weights.shape().elements(); i++) {
            form.setDouble(i - i % taps + taps - 1 - i % taps, weights.getDouble(i));
          }
          return form;
        });
  }

  /// {@return an ensemble in the form that kernels read, or null where it needs too much of it}
  ///
  /// @param ensemble the ensemble
  /// @param features the number of features of a row
  @Nullable PackedForest forest(Ensemble ensemble, int features) {
    return forests
        .computeIfAbsent(
            new Trees(ensemble, features),
            _ -> Optional.ofNullable(PackedForest.of(ensemble, features, memory)))
        .orElse(null);
  }

  /// {@return a packed form}
  ///
  /// @param bytes its size
  /// @param sources what it is made of, kept from the collector until it is made: kernels know
  ///   their addresses alone
  /// @param pack makes it at an address
  private Tensor allocate(long bytes, List<Tensor> sources, LongConsumer pack) {
    Tensor form = Tensor.of(DType.U8, Shape.of(bytes), memory.allocate(bytes, Tensor.ALIGNMENT));
    try {
      pack.accept(form.segment().address());
    } finally {
      Reference.reachabilityFence(sources);
    }
    return form;
  }
}
