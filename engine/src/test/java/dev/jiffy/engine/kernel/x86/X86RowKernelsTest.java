package dev.jiffy.engine.kernel.x86;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.jiffy.engine.AllocatedBytes;
import dev.jiffy.engine.function.BinaryFunction;
import dev.jiffy.engine.function.ReduceFunction;
import dev.jiffy.engine.function.UnaryFunction;
import dev.jiffy.engine.kernel.Activation;
import dev.jiffy.engine.kernel.Combination;
import dev.jiffy.engine.kernel.CombinationComparison;
import dev.jiffy.engine.kernel.Floats;
import dev.jiffy.engine.kernel.Memory;
import dev.jiffy.engine.kernel.Pointwise;
import dev.jiffy.engine.kernel.Pointwise.Instruction;
import dev.jiffy.engine.kernel.PointwiseComparison;
import dev.jiffy.engine.kernel.RowComparison;
import dev.jiffy.engine.kernel.RowKernels;
import dev.jiffy.engine.kernel.TypedMemory;
import dev.jiffy.engine.kernel.scalar.ScalarRowKernels;
import dev.jiffy.engine.kernel.vector.VectorRowKernels;
import dev.jiffy.tensor.DType;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.LongFunction;
import org.junit.jupiter.api.Test;

/// Runs the cases of row kernels on machine code, in ordinary memory with guards and in memory that
/// ends, or starts, where a page must not be touched.
final class X86RowKernelsTest {
  /// What is done with kernels and memory.
  private interface Comparison {
    void run(RowKernels kernels, LongFunction<Floats> memory, boolean guarded);
  }

  private static void everywhere(Comparison comparison) {
    for (Cpu cpu : Cpus.all().toList()) {
      RowKernels kernels = new X86RowKernels(cpu, ScalarRowKernels::new);
      comparison.run(kernels, Floats::new, false);
      try (GuardedMemory guarded = new GuardedMemory()) {
        comparison.run(kernels, seed -> new Floats(seed, guarded::before), true);
      }
      try (GuardedMemory guarded = new GuardedMemory()) {
        comparison.run(kernels, seed -> new Floats(seed, guarded::after), true);
      }
    }
  }

  @Test
  void randomChainsAgreeBitForBit() {
    everywhere((kernels, memory, guarded) ->
        new PointwiseComparison(kernels, memory).randomChains(guarded ? 8 : 40));
  }

  @Test
  void chainsOfBytesAgreeWithTheirConversionsBitForBit() {
    everywhere((kernels, memory, _) -> new PointwiseComparison(kernels, memory).bytes());
    for (Cpu cpu : Cpus.all().filter(cpu -> cpu.vectorBytes() == 64).toList()) {
      assertTrue(
          new PointwiseComparison(new X86RowKernels(cpu, ScalarRowKernels::new), Floats::new)
              .bytes());
    }
  }

  @Test
  void copiesAgree() {
    everywhere((kernels, memory, guarded) ->
        new RowComparison(kernels, memory).copies(guarded ? 200 : 1000));
    everywhere((kernels, memory, guarded) -> new RowComparison(kernels, memory).lines());
  }

  @Test
  void linesAreCopiedWithinTheirOperandsByTheVectorApi() {
    try (GuardedMemory guarded = new GuardedMemory()) {
      RowKernels kernels = new VectorRowKernels();
      new RowComparison(kernels, seed -> new Floats(seed, guarded::before)).lines();
      new RowComparison(kernels, seed -> new Floats(seed, guarded::after)).lines();
    }
  }

  @Test
  void powersOfAllNumbersAgree() {
    everywhere((kernels, memory, _) -> new PointwiseComparison(kernels, memory).powers());
  }

  @Test
  void everyFunctionOfTwoAgrees() {
    everywhere((kernels, memory, _) -> {
      for (BinaryFunction function : BinaryFunction.values()) {
        new PointwiseComparison(kernels, memory).functionOfTwo(function);
      }
    });
  }

  @Test
  void aResultMayTakeTheMemoryOfAnInput() {
    everywhere((kernels, memory, _) -> new PointwiseComparison(kernels, memory).inPlace());
  }

  @Test
  void outputsMayBeInputsOrOneResultTwice() {
    everywhere(
        (kernels, memory, _) -> new PointwiseComparison(kernels, memory).outputsThatAreInputs());
  }

  @Test
  void sumsAgree() {
    everywhere((kernels, memory, _) -> new RowComparison(kernels, memory).sums());
  }

  @Test
  void kernelsForWhatHasNoCodeAreMadeOnceWhereThereIsSuch() {
    for (Cpu cpu : Cpus.all().toList()) {
      List<RowKernels> made = new ArrayList<>();
      RowKernels kernels =
          new X86RowKernels(
              cpu,
              () -> {
                made.add(new ScalarRowKernels());
                return made.getLast();
              });
      try (Floats memory = new Floats(1)) {
        long x = memory.normal(2 * 19);
        long y = memory.empty(2 * 19);
        kernels.reduce(ReduceFunction.SUM, x, y, 2, 19, 1);
        kernels.softmax(false, x, y, 2, 19);
        assertEquals(0, made.size());
        kernels.reduce(ReduceFunction.LOG_SUM_EXP, x, y, 2, 19, 1);
        kernels.reduce(ReduceFunction.LOG_SUM_EXP, x, y, 2, 19, 1);
        assertEquals(1, made.size());
      }
    }
  }

  @Test
  void combinationsAgree() {
    for (Cpu cpu : Cpus.all().toList()) {
      RowKernels kernels = new X86RowKernels(cpu, ScalarRowKernels::new);
      CombinationComparison.compare(kernels::combine);
      CombinationComparison.compare(
          (c, x, y, out, scratch) -> kernels.prepare(c).run(x, y, out, scratch));
    }
  }

  /// More than one call computes, and rows that end next to a page that must not be touched.
  @Test
  void combinationsStayWithinTheirOperands() {
    for (Cpu cpu : Cpus.all().toList()) {
      RowKernels kernels = new X86RowKernels(cpu, ScalarRowKernels::new);
      for (DType type : List.of(DType.F32, DType.F64, DType.I32, DType.I64, DType.BOOL)) {
        for (boolean end : new boolean[] {true, false}) {
          combination(kernels, type, 1, 70_003, end);
          combination(kernels, type, 2500, 33, end);
          combination(kernels, type, 3, 4, end);
        }
      }
    }
  }

  private static void combination(
      RowKernels kernels, DType type, int rows, int columns, boolean end) {
    BinaryFunction function = type == DType.BOOL ? BinaryFunction.AND : BinaryFunction.ADD;
    Combination c =
        new Combination(
            function,
            type,
            type,
            List.of((long) rows, (long) columns),
            List.of((long) columns, 1L),
            List.of(1L, 0L));
    int bytes = type.bytes();
    int n = rows * columns;
    Random random = new Random(1);
    try (GuardedMemory memory = new GuardedMemory()) {
      long x = memory.bytes(random, n * bytes, end);
      long y = memory.bytes(random, rows * bytes, end);
      long expected = memory.bytes(random, n * bytes, end);
      long actual = memory.bytes(random, n * bytes, end);
      for (int i = 0; i < n && type.isFloat(); i++) {
        TypedMemory.setDouble(type, x + (long) bytes * i, random.nextInt(100));
        TypedMemory.setDouble(type, y + (long) bytes * (i % rows), random.nextInt(100));
      }
      new ScalarRowKernels().combine(c, x, y, expected, 0);
      kernels.combine(c, x, y, actual, 0);
      MemorySegment right = Memory.ALL.asSlice(expected, (long) n * bytes);
      assertEquals(-1, right.mismatch(Memory.ALL.asSlice(actual, (long) n * bytes)));
    }
  }

  @Test
  void softmaxAgrees() {
    everywhere((kernels, memory, _) -> {
      new RowComparison(kernels, memory).softmax(false);
      new RowComparison(kernels, memory).softmax(true);
    });
  }

  @Test
  void layerNormAgrees() {
    everywhere((kernels, memory, _) -> new RowComparison(kernels, memory).layerNorm());
  }

  @Test
  void reductionsAgree() {
    everywhere((kernels, memory, _) -> {
      for (ReduceFunction function : ReduceFunction.values()) {
        new RowComparison(kernels, memory).reductions(function);
      }
    });
  }

  @Test
  void mixturesAgree() {
    everywhere((kernels, memory, _) -> new RowComparison(kernels, memory).mixtures());
  }

  @Test
  void addedRowsAgree() {
    everywhere((kernels, memory, _) -> new RowComparison(kernels, memory).addedRows());
  }

  @Test
  void equalColumnsHaveEqualMeans() {
    for (Cpu cpu : Cpus.all().toList()) {
      RowKernels kernels = new X86RowKernels(cpu, ScalarRowKernels::new);
      try (Floats floats = new Floats(1)) {
        long x = floats.normal(169 * 1000);
        long y = floats.empty(1000);
        for (long i = 0; i < 169 * 1000; i++) {
          Memory.setFloat(x + 4 * i, Memory.getFloat(x + 4 * (i - i % 1000)));
        }
        kernels.reduce(ReduceFunction.MEAN, x, y, 1, 169, 1000);
        for (long i = 1; i < 1000; i++) {
          assertEquals(Memory.getFloat(y), Memory.getFloat(y + 4 * i));
        }
      }
    }
  }

  @Test
  void bytesAgree() {
    everywhere((kernels, memory, _) -> new RowComparison(kernels, memory).bytes());
  }

  @Test
  void bytesAsFloatsAgree() {
    everywhere((kernels, memory, _) -> new RowComparison(kernels, memory).bytesAsFloats());
  }

  @Test
  void halvesAgree() {
    everywhere((kernels, memory, _) -> new RowComparison(kernels, memory).halves());
  }

  @Test
  void bytesStayWithinTheirOperandsWithTheVectorApi() {
    try (GuardedMemory guarded = new GuardedMemory()) {
      RowKernels kernels = new VectorRowKernels();
      new RowComparison(kernels, seed -> new Floats(seed, guarded::before)).bytes();
      new RowComparison(kernels, seed -> new Floats(seed, guarded::after)).bytes();
    }
  }

  @Test
  void fillsAgree() {
    everywhere((kernels, memory, _) -> new RowComparison(kernels, memory).fills());
  }

  @Test
  void largeSpacesAreSplit() {
    for (Cpu cpu : Cpus.all().toList()) {
      RowKernels kernels = new X86RowKernels(cpu, ScalarRowKernels::new);
      List<Instruction> instructions = List.of(new Instruction.Unary(UnaryFunction.NEG, 0, 0, 0));
      for (List<Long> dims : List.of(List.of(100_000L), List.of(50L, 2000L))) {
        List<Long> strides = dims.size() == 1 ? List.of(1L) : List.of(0L, 1L);
        Pointwise pointwise = new Pointwise(dims, List.of(strides), instructions, List.of(1));
        int pieces = kernels.prepare(pointwise).pieces();
        assertTrue(pieces > 3 && pieces <= 7, () -> pieces + " pieces of " + dims);
      }
      Pointwise empty = new Pointwise(List.of(0L), List.of(List.of(1L)), instructions, List.of(1));
      assertEquals(0, kernels.prepare(empty).pieces());
    }
  }

  @Test
  void usualChainsAreEmitted() {
    Instruction sum = new Instruction.Binary(BinaryFunction.ADD, 0, 1);
    Instruction gelu = new Instruction.Unary(UnaryFunction.GELU, 0, 0, 2);
    Instruction power = new Instruction.Binary(BinaryFunction.POW, 3, 1);
    Instruction root = new Instruction.Scalar(BinaryFunction.POW, 4, 0.3f, false);
    List<Instruction> instructions = List.of(sum, gelu, power, root);
    List<List<Long>> spaces =
        List.of(List.of(128L, 384L), List.of(1000L, 3L), List.of(12L, 16L, 128L));
    List<List<List<Long>>> strides =
        List.of(
            List.of(List.of(384L, 1L), List.of(0L, 1L)),
            List.of(List.of(3L, 1L), List.of(0L, 1L)),
            List.of(List.of(2048L, 128L, 1L), List.of(128L, 0L, 1L)));
    for (Cpu cpu : Cpus.all().toList()) {
      RowKernels kernels = new X86RowKernels(cpu, ScalarRowKernels::new);
      for (int i = 0; i < spaces.size(); i++) {
        Pointwise chain = new Pointwise(spaces.get(i), strides.get(i), instructions, List.of(5));
        assertInstanceOf(X86Pointwise.class, kernels.prepare(chain), chain.toString());
      }
    }
  }

  @Test
  void chainsThatNeedTooManyRegistersAreLeftToOthers() {
    List<Instruction> instructions = new ArrayList<>();
    for (int i = 0; i < 40; i++) {
      instructions.add(new Instruction.Scalar(BinaryFunction.ADD, 0, i, false));
    }
    int sum = 1;
    for (int i = 2; i <= 40; i++) {
      instructions.add(new Instruction.Binary(BinaryFunction.MAX, sum, i));
      sum = instructions.size();
    }
    List<List<Long>> strides = List.of(List.of(1L));
    Pointwise chain = new Pointwise(List.of(100L), strides, instructions, List.of(sum));
    everywhere((kernels, memory, _) -> {
      assertFalse(kernels.prepare(chain) instanceof X86Pointwise);
      new PointwiseComparison(kernels, memory).chain(chain);
    });
  }

  @Test
  void warmKernelsAllocateNothing() throws Throwable {
    AllocatedBytes bytes = new AllocatedBytes();
    List<Instruction> instructions =
        List.of(
            new Instruction.Binary(BinaryFunction.ADD, 0, 1),
            new Instruction.Unary(UnaryFunction.SILU, 1, 0, 2));
    List<List<Long>> strides = List.of(List.of(20L, 1L), List.of(0L, 1L));
    Pointwise chain = new Pointwise(List.of(15L, 20L), strides, instructions, List.of(3));
    Activation activation = new Activation(UnaryFunction.GELU, 0, 0);
    for (Cpu cpu : Cpus.all().toList()) {
      RowKernels kernels = new X86RowKernels(cpu, ScalarRowKernels::new);
      X86MicroKernels micro = new X86MicroKernels(cpu);
      RowKernels.PreparedPointwise prepared = kernels.prepare(chain);
      try (Floats floats = new Floats(1)) {
        long x = floats.normal(1000);
        long y = floats.empty(1000);
        long scratch = (floats.empty(prepared.scratchBytes() / 4 + 16) + 63) & -64;
        long[] addresses = {x, x, y};
        long least =
            bytes.least(() -> {
              for (int i = 0; i < 10_000; i++) {
                prepared.run(addresses, 0, prepared.pieces(), scratch);
                kernels.softmax(false, x, y, 3, 77);
                kernels.layerNorm(x, x + 400, x, x, y, 2, 77, 1e-5f);
                kernels.reduce(ReduceFunction.MEAN, x, y, 2, 7, 21);
                kernels.fill(1, y, 77);
                micro.finish(2, x, 308, x, activation, y, 308, 2, 77);
                micro.weigh(2, y, 320, 77, 1, x, 0, y + 640);
              }
            });
        assertEquals(0, least, "bytes");
      }
    }
  }
}
