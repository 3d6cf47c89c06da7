package dev.jiffy.engine.kernel.vector;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.jiffy.engine.AllocatedBytes;
import dev.jiffy.engine.function.BinaryFunction;
import dev.jiffy.engine.function.ReduceFunction;
import dev.jiffy.engine.function.UnaryFunction;
import dev.jiffy.engine.kernel.Floats;
import dev.jiffy.engine.kernel.Memory;
import dev.jiffy.engine.kernel.Pointwise;
import dev.jiffy.engine.kernel.Pointwise.Instruction;
import dev.jiffy.engine.kernel.PoolGeometry;
import dev.jiffy.engine.kernel.ResizeGeometry;
import dev.jiffy.engine.kernel.RowKernels;
import dev.jiffy.engine.kernel.StridedCopy;
import dev.jiffy.tensor.DType;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import jdk.incubator.vector.VectorShape;
import org.junit.jupiter.api.Test;

/// Counts the bytes that warm kernels allocate on the heap. A width that the CPU does not prefer
/// may be emulated with objects, and is left out.
final class RowAllocationTest {
  private static final int CALLS = 10_000;
  private static final int ROUNDS = 100;

  private static final RowKernels KERNELS = new VectorRowKernels();

  @Test
  void warmKernelsAllocateNothing() throws Throwable {
    if (Lanes.SPECIES.vectorBitSize() > VectorShape.preferredShape().vectorBitSize()) {
      return;
    }
    AllocatedBytes bytes = new AllocatedBytes();
    List<String> failures = new ArrayList<>();
    try (Floats floats = new Floats(1)) {
      for (Map.Entry<String, Runnable> entry : cases(floats).entrySet()) {
        long least = Long.MAX_VALUE;
        for (int round = 0; round < ROUNDS && least > 0; round++) {
          least = Math.min(least, allocated(bytes, entry.getValue()));
        }
        if (least > 0) {
          failures.add(entry.getKey() + ": " + least / CALLS);
        }
      }
    }
    assertEquals(List.of(), failures, "bytes per call");
  }

  private static Map<String, Runnable> cases(Floats floats) {
    Map<String, Runnable> cases = new LinkedHashMap<>();
    long n = 77;
    long x = floats.normal(8192);
    long y = floats.empty(8192);
    for (UnaryFunction f : UnaryFunction.values()) {
      cases.put(f.name(), () -> VectorUnary.apply(f, 0.5f, 0.5f, x, y, n));
    }
    for (BinaryFunction f : BinaryFunction.values()) {
      if (!f.name().startsWith("BITWISE") && !f.name().startsWith("SHIFT")) {
        cases.put(
            f.name(),
            () -> VectorBinary.apply(f, x, VectorBinary.DENSE, x, VectorBinary.REPEATED, y, n));
      }
    }
    for (ReduceFunction f : ReduceFunction.values()) {
      cases.put("rows by " + f, () -> KERNELS.reduce(f, x, y, 2, n, 1));
      cases.put("columns by " + f, () -> KERNELS.reduce(f, x, y, 2, 7, 21));
    }
    cases.put("pointwise", pointwise(x, y, floats));
    addRows(cases, x, y);
    addMoves(cases, x, y);
    return cases;
  }

  private static void addRows(Map<String, Runnable> cases, long x, long y) {
    for (long n : new long[] {12, 77}) {
      cases.put("softmax of " + n, () -> KERNELS.softmax(false, x, y, 3, n));
      cases.put("log softmax of " + n, () -> KERNELS.softmax(true, x, y, 3, n));
    }
    cases.put("layer norm", () -> KERNELS.layerNorm(x, x + 400, x, x, y, 2, 77, 1e-5f));
    cases.put("plain norm", () -> KERNELS.layerNorm(x, 0, 0, 0, y, 2, 77, 1e-5f));
    for (boolean max : new boolean[] {false, true}) {
      PoolGeometry pool =
          new PoolGeometry(1, 6, 6, 21, 3, 3, 3, 3, 2, 2, 1, 1, 1, 1, 1, 1, max, true);
      cases.put("pool " + max, () -> KERNELS.pool(pool, x, y, 0, pool.rows()));
    }
    int[] indices = {0, 0, 1, 1};
    float[] weights = {0, 0.5f, 0.5f, 0};
    for (boolean nearest : new boolean[] {false, true}) {
      ResizeGeometry resize =
          new ResizeGeometry(
              1, 2, 2, 21, indices, indices, weights, indices, indices, weights, nearest);
      cases.put("resize " + nearest, () -> KERNELS.resize(resize, x, y, 0, resize.rows()));
    }
  }

  private static void addMoves(Map<String, Runnable> cases, long x, long y) {
    StridedCopy rows =
        new StridedCopy(4, new long[] {5, 21}, new long[] {88, 4}, new long[] {84, 4});
    cases.put("copy", () -> KERNELS.copy(rows, x, y));
    StridedCopy flip =
        new StridedCopy(4, new long[] {40, 21}, new long[] {4, 160}, new long[] {84, 4});
    cases.put("transpose", () -> KERNELS.copy(flip, x, y));
    StridedCopy pixels =
        new StridedCopy(4, new long[] {99, 3}, new long[] {4, 396}, new long[] {12, 4});
    cases.put("interleave", () -> KERNELS.copy(pixels, x, y));
    StridedCopy planes =
        new StridedCopy(4, new long[] {3, 99}, new long[] {4, 12}, new long[] {396, 4});
    cases.put("deinterleave", () -> KERNELS.copy(planes, x, y));
    Memory.ALL.set(Memory.LONG, x, 2L);
    cases.put("gather", () -> KERNELS.gather(x, 1, 3, 100, x, DType.I64, 1, y));
    cases.put("fill", () -> KERNELS.fill(1, y, 77));
    for (DType type : DType.values()) {
      if (type != DType.STRING) {
        cases.put("from " + type, () -> KERNELS.cast(type, DType.F32, x, y, 77));
        cases.put("to " + type, () -> KERNELS.cast(DType.F32, type, x, y, 77));
      }
    }
  }

  private static Runnable pointwise(long x, long y, Floats floats) {
    List<Instruction> instructions =
        List.of(
            new Instruction.Binary(BinaryFunction.ADD, 0, 1),
            new Instruction.Binary(BinaryFunction.MUL, 4, 2),
            new Instruction.Scalar(BinaryFunction.SUB, 5, 2, true),
            new Instruction.Unary(UnaryFunction.SILU, 1, 0, 6),
            new Instruction.Select(7, 3, 0));
    List<List<Long>> strides =
        List.of(
            List.of(300L, 20L, 1L), List.of(0L, 0L, 1L), List.of(0L, 1L, 0L), List.of(0L, 0L, 0L));
    RowKernels.PreparedPointwise prepared =
        KERNELS.prepare(new Pointwise(List.of(6L, 15L, 20L), strides, instructions, List.of(8)));
    long[] addresses = {x, x, x, x, y};
    long scratch = (floats.empty(prepared.scratchBytes() / 4 + 16) + 63) & -64;
    return () -> prepared.run(addresses, 0, prepared.pieces(), scratch);
  }

  private static long allocated(AllocatedBytes bytes, Runnable kernel) throws Throwable {
    long before = bytes.now();
    for (int i = 0; i < CALLS; i++) {
      kernel.run();
    }
    return bytes.now() - before;
  }
}
