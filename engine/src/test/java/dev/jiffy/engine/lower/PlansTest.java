package dev.jiffy.engine.lower;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.jiffy.engine.ModelException;
import dev.jiffy.engine.Targets;
import dev.jiffy.engine.function.BinaryFunction;
import dev.jiffy.engine.function.ReduceFunction;
import dev.jiffy.engine.function.UnaryFunction;
import dev.jiffy.engine.ir.AttentionOp;
import dev.jiffy.engine.ir.Fact;
import dev.jiffy.engine.ir.Graph;
import dev.jiffy.engine.ir.GraphBuilder;
import dev.jiffy.engine.ir.ImageOp;
import dev.jiffy.engine.ir.Op;
import dev.jiffy.engine.ir.QuantizedOp;
import dev.jiffy.engine.ir.StepCost;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Tensor;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Plans of several nodes, against the interpreter.
@Tag("many-machines")
class PlansTest {
  private static final double TOLERANCE = 2e-4;
  private static final Op RESIZE = ImageOp.Resize.linear(Op.Layout.CHANNELS_LAST);

  private static final Tensor ZERO = Samples.between(0, 0, 0, 1);

  private final GraphBuilder builder = new GraphBuilder("g");
  private final Map<String, Tensor> given = new LinkedHashMap<>();

  private String input(Tensor tensor) {
    String name = "x" + given.size();
    given.put(name, tensor);
    builder.input(name, Fact.of(tensor.dtype(), tensor.shape().dims()));
    return name;
  }

  private void agree(Target target, String... outputs) {
    Graph graph = builder.outputs(outputs).build();
    Map<String, Tensor> expected = Interpreter.run(graph, given);
    try (Arena arena = Arena.ofShared()) {
      Plan plan = Lowering.plan(graph, target, new Weights(target, arena));
      assertNotNull(plan);
      List<Tensor> actual = PlanOpsTest.run(plan, List.copyOf(given.values()));
      for (int i = 0; i < outputs.length; i++) {
        Tensor right = expected.get(outputs[i]);
        assertNotNull(right);
        for (long n = 0; n < right.shape().elements(); n++) {
          assertEquals(
              right.getDouble(n), actual.get(i).getDouble(n), TOLERANCE, outputs[i] + " " + n);
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("dev.jiffy.engine.Targets#all")
  void partsAreCopiedForAnAttentionWithoutKernel(Targets.Named target) {
    String x = input(Samples.floats(1, 2, 3, 24));
    String mask = input(Samples.floats(2, 2, 2, 3, 1));
    List<String> parts = builder.add(new Op.Split(-1, 3), 3, x);
    Op attention = new AttentionOp.Attention(2, 0.5f);
    agree(target.target(), builder.add(attention, parts.get(0), parts.get(1), parts.get(2), mask));
  }

  @ParameterizedTest
  @MethodSource("dev.jiffy.engine.Targets#all")
  void aChainTakesAnyNumberOfTruthValues(Targets.Named target) {
    String all = "";
    for (int i = 0; i < 30; i++) {
      String x = input(Samples.between(i, 0, 1, 9));
      String one =
          builder.add(
              new Op.Binary(BinaryFunction.GREATER), x, builder.constant(Samples.floats(9, 1)));
      all = all.isEmpty() ? one : builder.add(new Op.Binary(BinaryFunction.OR), all, one);
    }
    String a = input(Samples.floats(41, 9));
    agree(target.target(), builder.add(new Op.Where(), all, a, input(Samples.floats(42, 9))));
  }

  @ParameterizedTest
  @MethodSource("dev.jiffy.engine.Targets#all")
  void truthValuesEnterAndLeaveChains(Targets.Named target) {
    String x = input(Samples.floats(1, 3, 5, 70));
    String y = input(Samples.floats(2, 5, 1));
    String mask = input(Samples.integers(DType.BOOL, 3, 0, 2, 3, 1, 70));
    String less = builder.add(new Op.Binary(BinaryFunction.LESS), x, y);
    String both = builder.add(new Op.Binary(BinaryFunction.AND), less, mask);
    String neither = builder.add(new Op.Unary(UnaryFunction.NOT), both);
    String chosen = builder.add(new Op.Where(), mask, x, y);
    String other = builder.add(new Op.Where(), both, chosen, x);
    String differs = builder.add(new Op.Binary(BinaryFunction.XOR), neither, mask);
    String counted = builder.add(new Op.Cast(DType.F32, true), differs);
    agree(
        target.target(),
        neither,
        other,
        builder.add(new Op.Binary(BinaryFunction.ADD), counted, x),
        builder.add(new Op.Cast(DType.F32, true), mask));
  }

  @ParameterizedTest
  @MethodSource("dev.jiffy.engine.Targets#all")
  void bytesThatAreNotZeroAreTrueInChains(Targets.Named target) {
    Tensor bytes = Samples.integers(DType.BOOL, 1, 0, 2, 2, 40);
    bytes.segment().set(ValueLayout.JAVA_BYTE, 3, (byte) 2);
    bytes.segment().set(ValueLayout.JAVA_BYTE, 50, (byte) 255);
    String mask = input(bytes);
    String x = input(Samples.floats(2, 2, 40));
    String less = builder.add(new Op.Binary(BinaryFunction.LESS), x, builder.constant(ZERO));
    String one = builder.add(new Op.Binary(BinaryFunction.XOR), less, mask);
    agree(
        target.target(),
        builder.add(new Op.Cast(DType.F32, true), one),
        builder.add(new Op.Where(), mask, x, builder.constant(ZERO)));
  }

  private String dequantized(Tensor bytes, double scale, int zero) {
    Tensor zeroPoint = Samples.integers(bytes.dtype(), 0, zero, zero + 1, 1);
    Tensor factor = Samples.between(0, scale, scale, 1);
    return builder.add(
        new QuantizedOp.Dequantize(0, 0),
        input(bytes),
        builder.constant(factor),
        builder.constant(zeroPoint));
  }

  private String quantized(String numbers, DType type, double scale, int zero) {
    Tensor zeroPoint = Samples.integers(type, 0, zero, zero + 1, 1);
    Tensor factor = Samples.between(0, scale, scale, 1);
    return builder.add(
        new QuantizedOp.Quantize(0, 0, type),
        numbers,
        builder.constant(factor),
        builder.constant(zeroPoint));
  }

  @ParameterizedTest
  @MethodSource("dev.jiffy.engine.Targets#all")
  void bytesEnterAndLeaveChains(Targets.Named target) {
    Op add = new Op.Binary(BinaryFunction.ADD);
    String x = dequantized(Samples.integers(DType.U8, 1, 0, 256, 2, 30, 700), 0.02, 3);
    String y = dequantized(Samples.integers(DType.I8, 2, -128, 128, 2, 30, 700), 0.03, -5);
    String row = dequantized(Samples.integers(DType.U8, 3, 0, 256, 30, 1), 0.01, 100);
    String sum = builder.add(add, x, y);
    String limited = builder.add(new Op.Unary(UnaryFunction.RELU), sum);
    String scaled = builder.add(new Op.Binary(BinaryFunction.MUL), x, row);
    agree(
        target.target(),
        quantized(limited, DType.U8, 0.04, 4),
        quantized(builder.add(add, scaled, y), DType.I8, 0.05, 7),
        quantized(x, DType.U8, 0.03, 9),
        builder.add(add, x, row),
        y);
  }

  @ParameterizedTest
  @MethodSource("dev.jiffy.engine.Targets#all")
  void bytesAreReducedByRowsAndAsAWhole(Targets.Named target) {
    String x = dequantized(Samples.integers(DType.U8, 1, 0, 256, 40, 30, 7), 0.02, 3);
    String long1 = dequantized(Samples.integers(DType.I8, 2, -128, 128, 2, 9000), 0.02, 3);
    Op mean = new Op.Reduce(ReduceFunction.MEAN, true, false);
    agree(
        target.target(),
        builder.add(mean, x, builder.constant(Tensor.of(new long[] {-1}, 1))),
        builder.add(mean, x, builder.constant(Tensor.of(new long[] {0, 2}, 2))),
        builder.add(mean, long1, builder.constant(Tensor.of(new long[] {1}, 1))),
        builder.add(new Op.ArgReduce(true, 1, false, false), x),
        builder.add(new Op.GlobalPool(Op.PoolFunction.AVERAGE, 1, Op.Layout.CHANNELS_FIRST), x));
  }

  @ParameterizedTest
  @MethodSource("dev.jiffy.engine.Targets#all")
  void convolutionsOfDifferentStridesShareWeights(Targets.Named target) {
    String x = input(Samples.floats(1, 1, 32, 64, 3));
    String w = builder.constant(Samples.floats(2, 2, 3, 3, 3));
    agree(target.target(), builder.add(conv(1), x, w), builder.add(conv(2), x, w));
  }

  private static Op conv(long stride) {
    Op.Window window =
        new Op.Window(
            List.of(3L, 3L),
            List.of(stride, stride),
            List.of(1L, 1L, 1L, 1L),
            List.of(),
            Op.AutoPad.NOTSET,
            false);
    return new Op.Conv(window, 1, Op.Layout.CHANNELS_LAST, null);
  }

  @ParameterizedTest
  @MethodSource("dev.jiffy.engine.Targets#all")
  void productsOfDifferentScalesShareBytes(Targets.Named target) {
    String x = input(Samples.floats(1, 4, 32));
    String w = builder.constant(Samples.integers(DType.I8, 2, -100, 100, 32, 16));
    String y =
        builder.add(
            new Op.QuantizedMatMul(null),
            x,
            w,
            builder.constant(Samples.between(3, 0.01, 0.02, 16)));
    String z =
        builder.add(
            new Op.QuantizedMatMul(null),
            x,
            w,
            builder.constant(Samples.between(4, 0.03, 0.04, 16)));
    agree(target.target(), y, z);
  }

  @ParameterizedTest
  @MethodSource("dev.jiffy.engine.Targets#all")
  void theStepsOfANodeShareItsOperations(Targets.Named target) {
    String x = input(Samples.floats(1, 40, 96));
    String w = builder.constant(Samples.integers(DType.I8, 2, -100, 100, 96, 48));
    String scales = builder.constant(Samples.between(3, 0.01, 0.02, 48));
    builder.outputs(builder.add(new Op.QuantizedMatMul(null), x, w, scales));
    try (Arena arena = Arena.ofShared()) {
      Weights weights = new Weights(target.target(), arena);
      List<StepCost> costs = Lowering.costs(builder.build(), target.target(), weights);
      long flops = costs.stream().mapToLong(StepCost::flops).sum();
      long products = 2 * 40 * 96 * 48;
      assertTrue(flops >= products && flops < 1.2 * products, () -> flops + " of " + costs);
      assertTrue(costs.stream().anyMatch(cost -> cost.flops() >= products), costs::toString);
    }
  }

  @ParameterizedTest
  @MethodSource("dev.jiffy.engine.Targets#all")
  void emptyImagesAreNotResized(Targets.Named target) {
    String x = input(Samples.floats(1, 2, 0, 3, 4));
    String sizes = builder.constant(Tensor.of(new long[] {2, 5, 6, 4}, 4));
    builder.add(RESIZE, x, "", "", sizes);
    Graph graph = builder.build();
    try (Arena arena = Arena.ofShared()) {
      Plan plan = Lowering.plan(graph, target.target(), new Weights(target.target(), arena));
      assertNotNull(plan);
      List<Tensor> tensors = List.copyOf(given.values());
      ModelException refusal =
          assertThrows(ModelException.class, () -> PlanOpsTest.run(plan, tensors));
      assertEquals(
          "make_v0 (Resize): dimension 1 is empty and cannot become 5", refusal.getMessage());
    }
  }
}
