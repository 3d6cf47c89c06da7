package dev.jiffy.engine.lower;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.jiffy.engine.WrongKernels;
import dev.jiffy.engine.ir.Graph;
import dev.jiffy.engine.ir.GraphBuilder;
import dev.jiffy.engine.ir.Op;
import dev.jiffy.engine.kernel.ByteConvolution;
import dev.jiffy.engine.kernel.ByteKernels;
import dev.jiffy.engine.kernel.ConvGeometry;
import dev.jiffy.engine.kernel.Format;
import dev.jiffy.engine.kernel.MatrixKernels;
import dev.jiffy.engine.kernel.Memory;
import dev.jiffy.engine.kernel.scalar.ScalarMatrixKernels;
import dev.jiffy.engine.kernel.scalar.ScalarRowKernels;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;

class WeightsTest {
  private final List<WeakReference<Tensor>> made = new ArrayList<>();
  private final List<Boolean> areThere = new ArrayList<>();

  private Tensor numbers() {
    Tensor numbers = Tensor.of(new float[] {1, 2, 3, 4}, 2, 2);
    made.add(new WeakReference<>(numbers));
    return numbers;
  }

  private static Graph products(int count) {
    GraphBuilder graph = new GraphBuilder("products").input("x0", DType.F32, 2, 2);
    for (int i = 0; i < count; i++) {
      graph.constant("w" + i, Tensor.of(new float[] {1, 2, 3, i}, 2, 2));
      graph.node(new Op.MatMul(), "x" + (i + 1), "x" + i, "w" + i);
    }
    return graph.build();
  }

  /// Whoever asked frees the memory then.
  @Test
  void aFailureWaitsForWhatIsStillPacked() {
    AtomicInteger begun = new AtomicInteger();
    AtomicInteger ended = new AtomicInteger();
    MatrixKernels kernels =
        WrongKernels.changed(
            MatrixKernels.class,
            new ScalarMatrixKernels(),
            "pack",
            (result, _) -> {
              if (begun.getAndIncrement() == 1) {
                throw new IllegalStateException("the second of all");
              }
              LockSupport.parkNanos(100_000_000);
              ended.incrementAndGet();
              return result;
            });
    try (Arena arena = Arena.ofShared()) {
      Weights weights =
          new Weights(new Target(kernels, new ScalarRowKernels(), 1, Format.F32), arena);
      Graph graph = products(4);
      assertThrows(IllegalStateException.class, () -> Packing.all(graph, weights));
      assertEquals(begun.get() - 1, ended.get());
    }
  }

  @Test
  void whatIsPackedIsKeptUntilItIs() {
    MatrixKernels kernels =
        WrongKernels.changed(
            MatrixKernels.class,
            new ScalarMatrixKernels(),
            "pack",
            (result, _) -> {
              System.gc();
              areThere.add(!made.getFirst().refersTo(null));
              return result;
            });
    try (Arena arena = Arena.ofShared()) {
      Weights weights =
          new Weights(new Target(kernels, new ScalarRowKernels(), 1, Format.F32), arena);
      Tensor part = Tensor.of(new float[] {1}, 1);
      Tensor first = weights.blocks(this::numbers, List.of(part), 2, 2);
      assertEquals(first, weights.blocks(this::numbers, List.of(part), 2, 2));
    }
    assertEquals(List.of(true), areThere);
  }

  private static ConvGeometry transposed(int stride, int dilation, int pad) {
    return new ConvGeometry(1, 9, 9, 2, 9, 9, 1, 1, 2, 1, stride, 1, dilation, pad, pad, 1, null);
  }

  @Test
  void transposedConvolutionsShareWhatTheirStridesAndDilationsAllow() {
    try (Arena arena = Arena.ofShared()) {
      Target target = new Target(new ScalarMatrixKernels(), new ScalarRowKernels(), 1, Format.F32);
      Weights weights = new Weights(target, arena);
      Tensor tensor = Tensor.of(new float[] {1, 2, 3, 4}, 2, 1, 1, 2);
      Tensor form = weights.convTranspose(transposed(2, 1, 0), tensor);
      assertSame(form, weights.convTranspose(transposed(2, 1, 1), tensor));
      assertNotSame(form, weights.convTranspose(transposed(1, 1, 0), tensor));
      assertNotSame(form, weights.convTranspose(transposed(2, 2, 0), tensor));
    }
  }

  private static Tensor shorts(long first, long last) {
    Tensor weights = Tensor.allocate(DType.I16, Shape.of(200, 100));
    weights.setLong(0, first);
    weights.setLong(19_999, last);
    return weights;
  }

  @Test
  void integersAreShiftedToBytes() {
    try (Arena arena = Arena.ofShared()) {
      Target target = new Target(new ScalarMatrixKernels(), new ScalarRowKernels(), 1, Format.F32);
      Weights weights = new Weights(target, arena);
      assertEquals(73, weights.shift(shorts(-55, 200)));
      assertEquals(ByteConvolution.UNFIT, weights.shift(shorts(-56, 200)));
      assertEquals(-12, weights.shift(shorts(5, -140)));
      assertEquals(0, weights.shift(shorts(127, -128)));
      Tensor large = shorts(-55, 200);
      Tensor scales = Tensor.allocate(DType.F32, Shape.of(100));
      ConvGeometry geometry = Bytes.geometry(large, 1, null);
      ByteConvolution convolution = new ByteConvolution(geometry, 0, 73, null);
      List<Byte> packed = new ArrayList<>();
      ByteKernels.Prepared prepared =
          WrongKernels.changed(
              ByteKernels.Prepared.class,
              WrongKernels.idle(ByteKernels.Prepared.class),
              "pack",
              (result, arguments) -> {
                long from = ((ByteKernels.Filters) arguments[0]).address();
                for (int at : new int[] {0, 10_000, 19_999}) {
                  packed.add(Memory.ALL.get(ValueLayout.JAVA_BYTE, from + at));
                }
                return result;
              });
      Tensor _ = weights.bytesConv(prepared, convolution, large, scales, null);
      assertEquals(List.of((byte) -128, (byte) -73, (byte) 127), packed);
    }
  }
}
