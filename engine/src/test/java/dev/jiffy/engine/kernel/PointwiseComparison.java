package dev.jiffy.engine.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.jiffy.engine.function.BinaryFunction;
import dev.jiffy.engine.function.UnaryFunction;
import dev.jiffy.engine.kernel.Pointwise.Instruction;
import dev.jiffy.engine.kernel.scalar.ScalarRowKernels;
import dev.jiffy.tensor.DType;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.LongFunction;

/// Compares elementwise chains with the oracle.
public final class PointwiseComparison {
  /// Functions whose f32 result is that of the oracle, bit for bit.
  private static final List<UnaryFunction> EXACT_UNARY =
      List.of(
          UnaryFunction.ABS,
          UnaryFunction.NEG,
          UnaryFunction.RELU,
          UnaryFunction.FLOOR,
          UnaryFunction.CLIP,
          UnaryFunction.SIGN,
          UnaryFunction.NOT);

  private static final List<BinaryFunction> EXACT_BINARY =
      List.of(
          BinaryFunction.ADD,
          BinaryFunction.SUB,
          BinaryFunction.MUL,
          BinaryFunction.MIN,
          BinaryFunction.MAX,
          BinaryFunction.PRELU,
          BinaryFunction.LESS,
          BinaryFunction.AND,
          BinaryFunction.XOR,
          BinaryFunction.GREATER_OR_EQUAL,
          BinaryFunction.EQUAL);

  private static final long[][] SPACES = {
    {1},
    {17},
    {1024},
    {5000},
    {40_000},
    {3, 5},
    {128, 384},
    {7, 24},
    {1000, 3},
    {24, 300},
    {3, 2000},
    {2, 3, 5},
    {4, 12, 12},
    {2, 24, 49},
    {2, 3, 400},
    {5, 1, 7},
    {2, 3, 4, 5},
    {2, 12, 16, 16},
    {3, 4, 2, 300},
    {0},
    {3, 0}
  };

  /// Bases and exponents of every kind.
  private static final float[] BASES = {
    0,
    -0f,
    1,
    -1,
    2,
    -2,
    0.5f,
    1.0000001f,
    0.9999999f,
    1.4142135f,
    1.4142137f,
    123.456f,
    -3,
    -0.7f,
    3e-20f,
    5e20f,
    Float.MIN_VALUE,
    Float.MIN_NORMAL,
    Float.MAX_VALUE,
    -Float.MAX_VALUE,
    Float.POSITIVE_INFINITY,
    Float.NEGATIVE_INFINITY,
    Float.NaN
  };

  private static final float[] EXPONENTS = {
    0,
    -0f,
    1,
    2,
    3,
    4,
    -1,
    -2,
    -3,
    0.5f,
    -0.5f,
    2.2f,
    0.33333334f,
    127,
    -127,
    -149,
    1e-3f,
    1e-20f,
    1e9f,
    -1e9f,
    16777215,
    16777216,
    33554434,
    0x1p59f,
    0x1p61f,
    1e30f,
    -1e30f,
    Float.POSITIVE_INFINITY,
    Float.NEGATIVE_INFINITY,
    Float.NaN
  };

  private final RowKernels kernels;
  private final LongFunction<Floats> memory;

  /// Prepares the comparison of some kernels.
  ///
  /// @param kernels the kernels
  /// @param memory where the elements lie, by the seed of random numbers
  public PointwiseComparison(RowKernels kernels, LongFunction<Floats> memory) {
    this.kernels = kernels;
    this.memory = memory;
  }

  /// Compares chains of functions whose results are exact.
  ///
  /// @param rounds how many of each space
  public void randomChains(int rounds) {
    Random random = new Random(7);
    for (int round = 0; round < rounds; round++) {
      for (long[] dims : SPACES) {
        verify(randomChain(dims, random), round, 0);
      }
    }
  }

  /// Compares a function of two operands, or of one and a number.
  ///
  /// @param function the function
  public void functionOfTwo(BinaryFunction function) {
    if (function.name().startsWith("BITWISE") || function.name().startsWith("SHIFT")) {
      return;
    }
    for (long n : new long[] {1, 15, 16, 37, 2000}) {
      List<Instruction> instructions =
          List.of(
              new Instruction.Binary(function, 0, 1),
              new Instruction.Scalar(function, 0, 0.75f, false),
              new Instruction.Scalar(function, 1, 0.75f, true));
      List<List<Long>> strides = List.of(List.of(1L), List.of(1L));
      verify(new Pointwise(List.of(n), strides, instructions, List.of(2, 3, 4)), n, 1e-6);
    }
  }

  /// Compares powers of numbers of every kind.
  public void powers() {
    long n = 1021;
    List<List<Long>> strides = List.of(List.of(1L), List.of(1L), List.of(1L));
    try (Floats floats = memory.apply(3)) {
      long[] addresses = new long[6];
      Arrays.setAll(addresses, i -> floats.empty(n));
      Random random = new Random(3);
      for (int k = 0; k < EXPONENTS.length; k++) {
        float base = BASES[k % BASES.length];
        float exponent = EXPONENTS[k];
        for (int i = 0; i < n; i++) {
          boolean isListed = i < 600;
          float other = (float) Math.exp(3 * random.nextGaussian());
          float power = 9 * (float) random.nextGaussian();
          Memory.setFloat(addresses[0] + 4L * i, isListed ? listed(BASES, i) : other);
          Memory.setFloat(addresses[1] + 4L * i, isListed ? exponent : power);
          Memory.setFloat(addresses[2] + 4L * i, isListed ? listed(EXPONENTS, i) : power);
        }
        List<Instruction> instructions =
            List.of(
                new Instruction.Binary(BinaryFunction.POW, 0, 1),
                new Instruction.Scalar(BinaryFunction.POW, 0, exponent, false),
                new Instruction.Scalar(BinaryFunction.POW, 2, base, true));
        Pointwise chain = new Pointwise(List.of(n), strides, instructions, List.of(3, 4, 5));
        run(kernels.prepare(chain), addresses);
        for (int i = 0; i < n; i++) {
          float x = Memory.getFloat(addresses[0] + 4L * i);
          assertPower(x, Memory.getFloat(addresses[1] + 4L * i), addresses[3] + 4L * i);
          assertPower(x, exponent, addresses[4] + 4L * i);
          assertPower(base, Memory.getFloat(addresses[2] + 4L * i), addresses[5] + 4L * i);
        }
      }
    }
  }

  /// {@return the number at an index of a row: a vector of each, then one by one}
  private static float listed(float[] numbers, int index) {
    int same = 16;
    int repeated = same * numbers.length;
    return numbers[index < repeated ? index / same : index % numbers.length];
  }

  private static void assertPower(float x, float y, long result) {
    float expected = (float) BinaryFunction.POW.apply(x, y);
    float actual = Memory.getFloat(result);
    int ulps = Math.abs(y) > 64 ? 8 : 3;
    boolean isNear =
        Math.abs(expected - actual) <= ulps * Math.ulp(expected)
            && Float.isFinite(expected)
            && Math.copySign(1, expected) == Math.copySign(1, actual);
    assertTrue(
        isNear || Float.compare(expected, actual) == 0,
        () -> x + "^" + y + ": " + expected + ", not " + actual);
  }

  /// Compares chains that read and make bytes, where the kernels have them.
  ///
  /// @return whether they have any
  public boolean bytes() {
    List<Instruction> instructions =
        List.of(
            new Instruction.Binary(BinaryFunction.ADD, 0, 1),
            new Instruction.Binary(BinaryFunction.MUL, 3, 2),
            new Instruction.Unary(UnaryFunction.RELU, 0, 0, 4));
    boolean any = false;
    for (long[] dims : SPACES) {
      long inner = dims[dims.length - 1];
      List<Long> extents = dims.length == 1 ? List.of(inner) : List.of(dims[0], inner);
      List<Long> dense = dims.length == 1 ? List.of(1L) : List.of(inner, 1L);
      List<Long> column = dims.length == 1 ? List.of(0L) : List.of(1L, 0L);
      List<List<Long>> strides = List.of(dense, dense, column);
      Pointwise sum = new Pointwise(extents, strides, instructions, List.of(4));
      Pointwise limited = new Pointwise(extents, strides, instructions, List.of(5));
      Affine x = new Affine(DType.U8, 0.013f, 7);
      Affine y = new Affine(DType.U8, 0.021f, 130);
      any |= bytes(sum, Map.of(0, x, 1, y, 3, new Affine(DType.U8, 0.05f, 3)));
      any |= bytes(limited, Map.of(1, y, 3, new Affine(DType.U8, 0.01f, 0)));
      any |= bytes(sum, Map.of(0, x));
      any |= bytes(limited, Map.of(3, new Affine(DType.U8, 1e-39f, 100)));
    }
    return any;
  }

  private boolean bytes(Pointwise chain, Map<Integer, Affine> bytes) {
    RowKernels.PreparedPointwise prepared = kernels.prepare(chain, bytes);
    if (prepared == null) {
      return false;
    }
    long n = chain.elements();
    int operands = chain.inputStrides().size() + 1;
    try (Floats floats = memory.apply(n)) {
      long[] numbers = new long[operands];
      long[] addresses = new long[operands];
      for (int i = 0; i < operands; i++) {
        Affine affine = bytes.get(i);
        numbers[i] = floats.normal(i == 2 ? chain.dims().getFirst() : n);
        addresses[i] = affine == null ? numbers[i] : floats.empty((n + 3) / 4);
        if (affine != null) {
          affine.quantize(numbers[i], addresses[i], n);
          affine.dequantize(addresses[i], numbers[i], n);
        } else if (i == 0 && n > 20) {
          floats.spoil(numbers[i], n);
        }
      }
      int result = operands - 1;
      Affine made = bytes.get(result);
      addresses[result] = floats.empty(made == null ? n : (n + 3) / 4);
      run(prepared, addresses);
      run(new ScalarRowKernels().prepare(chain), numbers);
      if (made == null) {
        floats.assertClose("numbers", numbers[result], addresses[result], n, 0);
        return true;
      }
      long expected = floats.empty((n + 3) / 4);
      made.quantize(numbers[result], expected, n);
      for (long i = 0; i < n; i++) {
        assertEquals(
            Memory.ALL.get(ValueLayout.JAVA_BYTE, expected + i),
            Memory.ALL.get(ValueLayout.JAVA_BYTE, addresses[result] + i),
            chain + " " + i);
      }
    }
    return true;
  }

  /// Compares a chain.
  ///
  /// @param chain the chain
  public void chain(Pointwise chain) {
    verify(chain, 1, 0);
  }

  /// Compares a chain whose results take the memory of its inputs.
  public void inPlace() {
    List<Instruction> instructions =
        List.of(
            new Instruction.Binary(BinaryFunction.ADD, 0, 1),
            new Instruction.Binary(BinaryFunction.MUL, 2, 0),
            new Instruction.Unary(UnaryFunction.ABS, 0, 0, 3));
    List<List<Long>> strides = List.of(List.of(1L), List.of(1L));
    long n = 3001;
    Pointwise pointwise = new Pointwise(List.of(n), strides, instructions, List.of(2, 4));
    try (Floats floats = memory.apply(1)) {
      long x = floats.normal(n);
      long y = floats.normal(n);
      long sum = floats.empty(n);
      long product = floats.empty(n);
      run(new ScalarRowKernels().prepare(pointwise), new long[] {x, y, sum, product});
      run(kernels.prepare(pointwise), new long[] {x, y, x, y});
      floats.assertClose("sum", sum, x, n, 0);
      floats.assertClose("product", product, y, n, 0);
    }
  }

  /// Compares chains whose outputs are inputs, or one result twice.
  public void outputsThatAreInputs() {
    List<Instruction> instructions = List.of(new Instruction.Unary(UnaryFunction.NEG, 0, 0, 0));
    List<List<Long>> strides = List.of(List.of(1L, 0L), List.of(0L, 0L));
    verify(new Pointwise(List.of(30L, 40L), strides, instructions, List.of(2, 0, 2, 1)), 1, 0);
    verify(new Pointwise(List.of(3L, 400L), strides, List.of(), List.of(1, 0)), 1, 0);
  }

  private static Pointwise randomChain(long[] dims, Random random) {
    int inputs = 1 + random.nextInt(3);
    List<List<Long>> strides = new ArrayList<>();
    for (int i = 0; i < inputs; i++) {
      strides.add(randomStrides(dims, random));
    }
    int length = random.nextInt(6);
    List<Instruction> instructions = new ArrayList<>();
    for (int k = 0; k < length; k++) {
      int operands = inputs + k;
      int x = random.nextInt(operands);
      int y = random.nextInt(operands);
      UnaryFunction unary = EXACT_UNARY.get(random.nextInt(EXACT_UNARY.size()));
      BinaryFunction binary = EXACT_BINARY.get(random.nextInt(EXACT_BINARY.size()));
      instructions.add(
          switch (random.nextInt(4)) {
            case 0 -> new Instruction.Unary(unary, -1, 1, x);
            case 1 -> new Instruction.Scalar(binary, x, 0.5f, random.nextBoolean());
            case 2 -> new Instruction.Select(x, y, random.nextInt(operands));
            default -> new Instruction.Binary(binary, x, y);
          });
    }
    List<Integer> outputs = new ArrayList<>();
    outputs.add(inputs + length - 1);
    if (random.nextBoolean()) {
      outputs.add(random.nextInt(inputs + length));
    }
    List<Long> extents = new ArrayList<>();
    for (long dim : dims) {
      extents.add(dim);
    }
    return new Pointwise(extents, strides, instructions, outputs);
  }

  /// Strides of a tensor that is dense in some dimensions, in any order, and broadcast in others.
  private static List<Long> randomStrides(long[] dims, Random random) {
    boolean reversed = random.nextInt(6) == 0;
    boolean dense = random.nextInt(3) == 0;
    Long[] strides = new Long[dims.length];
    long stride = 1;
    for (int i = 0; i < dims.length; i++) {
      int d = reversed ? i : dims.length - 1 - i;
      boolean broadcast = !dense && random.nextInt(2) == 0;
      strides[d] = broadcast ? 0 : stride;
      stride *= broadcast ? 1 : dims[d];
    }
    return List.of(strides);
  }

  private void verify(Pointwise pointwise, long seed, double tolerance) {
    int inputs = pointwise.inputStrides().size();
    int outputs = pointwise.outputs().size();
    long elements = pointwise.elements();
    try (Floats floats = memory.apply(seed)) {
      long[] expected = new long[inputs + outputs];
      long[] actual = new long[inputs + outputs];
      for (int i = 0; i < inputs; i++) {
        long extent = elements == 0 ? 0 : extent(pointwise, i);
        expected[i] = floats.normal(extent);
        if (extent > 20) {
          floats.spoil(expected[i], extent);
        }
        actual[i] = expected[i];
      }
      for (int i = inputs; i < expected.length; i++) {
        expected[i] = floats.empty(elements);
        actual[i] = floats.empty(elements);
      }
      run(new ScalarRowKernels().prepare(pointwise), expected);
      run(kernels.prepare(pointwise), actual);
      for (int i = inputs; i < expected.length; i++) {
        floats.assertClose(pointwise.toString(), expected[i], actual[i], elements, tolerance);
      }
    }
  }

  private static long extent(Pointwise pointwise, int input) {
    long last = 0;
    for (int d = 0; d < pointwise.dims().size(); d++) {
      last += (pointwise.dims().get(d) - 1) * pointwise.inputStrides().get(input).get(d);
    }
    return last + 1;
  }

  /// Runs all pieces, the second half first.
  private static void run(RowKernels.PreparedPointwise prepared, long[] addresses) {
    try (Arena arena = Arena.ofConfined()) {
      long scratch = arena.allocate(Math.max(64, prepared.scratchBytes()), 64).address();
      int half = prepared.pieces() / 2;
      prepared.run(addresses, half, prepared.pieces(), scratch);
      prepared.run(addresses, 0, half, scratch);
    }
  }
}
