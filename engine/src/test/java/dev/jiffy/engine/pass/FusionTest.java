package dev.jiffy.engine.pass;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import dev.jiffy.engine.function.BinaryFunction;
import dev.jiffy.engine.function.ReduceFunction;
import dev.jiffy.engine.function.UnaryFunction;
import dev.jiffy.engine.ir.Graph;
import dev.jiffy.engine.ir.Op;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Each formula becomes its operator; not so where a value within it is read elsewhere or a number
/// differs.
class FusionTest {
  /// A formula written in one way.
  ///
  /// @param name what it is
  /// @param expected the operator that replaces it
  /// @param anyNumbers whether its numbers are parameters of the operator
  /// @param write writes it as a function of a value
  record Case(
      String name, Predicate<Op> expected, boolean anyNumbers, Function<Sketch, String> write) {
    @Override
    public String toString() {
      return name;
    }
  }

  static Stream<Case> cases() {
    return Stream.of(
        exact("gelu, divided", UnaryFunction.GELU, FusionTest::geluDivided),
        exact("gelu, half first", UnaryFunction.GELU, FusionTest::geluHalfFirst),
        exact("gelu, spread", UnaryFunction.GELU, FusionTest::geluSpread),
        exact("gelu, tanh", UnaryFunction.GELU_TANH, FusionTest::geluTanh),
        exact("gelu, tanh, factored", UnaryFunction.GELU_TANH, FusionTest::geluTanhFactored),
        exact("sigmoid", UnaryFunction.SIGMOID, FusionTest::sigmoid),
        exact("softplus", UnaryFunction.SOFTPLUS, FusionTest::softplus),
        exact("mish", UnaryFunction.MISH, FusionTest::mish),
        exact("hard swish", UnaryFunction.HARD_SWISH, FusionTest::hardSwish),
        exact("hard sigmoid", UnaryFunction.HARD_SIGMOID, FusionTest::hardSigmoid),
        any("silu", UnaryFunction.SILU, FusionTest::silu),
        any("quick gelu", UnaryFunction.SILU, FusionTest::quickGelu),
        any("hard swish of sigmoid", UnaryFunction.HARD_SWISH, FusionTest::gated),
        any("leaky relu", UnaryFunction.LEAKY_RELU, FusionTest::leakyRelu),
        any("prelu", UnaryFunction.LEAKY_RELU, FusionTest::prelu),
        new Case("softmax", Op.Softmax.class::isInstance, true, FusionTest::softmax),
        new Case("layer norm", Op.LayerNorm.class::isInstance, true, FusionTest::layerNorm),
        new Case(
            "layer norm, reciprocal",
            Op.LayerNorm.class::isInstance,
            true,
            FusionTest::reciprocal));
  }

  private static Case exact(String name, UnaryFunction function, Function<Sketch, String> write) {
    return new Case(name, Rewritten.is(function), false, write);
  }

  private static Case any(String name, UnaryFunction function, Function<Sketch, String> write) {
    return new Case(name, Rewritten.is(function), true, write);
  }

  @ParameterizedTest
  @MethodSource("cases")
  void becomesOneOperator(Case fusion) {
    Sketch sketch = new Sketch();
    Graph graph = Rewritten.of(sketch.graph(fusion.write.apply(sketch)));
    assertEquals(1, graph.nodes().size(), () -> Rewritten.text(graph));
    assertEquals(1, Rewritten.count(graph, fusion.expected));
  }

  @ParameterizedTest
  @MethodSource("cases")
  void keepsValuesReadElsewhere(Case fusion) {
    Sketch whole = new Sketch();
    String result = fusion.write.apply(whole);
    for (String inner : whole.made()) {
      if (inner.equals(result)) {
        continue;
      }
      Sketch sketch = new Sketch();
      List<String> outputs = new ArrayList<>(List.of(fusion.write.apply(sketch), inner));
      Graph graph = Rewritten.of(sketch.graph(outputs));
      assertEquals(
          0,
          Rewritten.count(graph, fusion.expected),
          () -> inner + " is an output\n" + Rewritten.text(graph));
    }
  }

  @ParameterizedTest
  @MethodSource("cases")
  void minds(Case fusion) {
    Sketch whole = new Sketch();
    assertFalse(fusion.write.apply(whole).isEmpty());
    for (int i = 0; i < whole.numbers(); i++) {
      Sketch sketch = new Sketch(i);
      Graph graph = Rewritten.of(sketch.graph(fusion.write.apply(sketch)));
      int number = i;
      assertEquals(
          fusion.anyNumbers ? 1 : 0,
          Rewritten.count(graph, fusion.expected),
          () -> "number " + number + " is off\n" + Rewritten.text(graph));
    }
  }

  @Test
  void softmaxTakesTheShift() {
    Sketch s = new Sketch();
    Graph graph = Rewritten.of(s.graph(shifted(s)));
    assertEquals(List.of("Softmax"), Rewritten.operators(graph));
  }

  private static Graph gelu(DType dtype, double root) {
    Sketch s = new Sketch();
    String x = s.input("x", dtype, "batch", 6);
    String[] numbers = new String[3];
    double[] values = {root, 1, 0.5};
    for (int i = 0; i < numbers.length; i++) {
      numbers[i] = s.constant(Constants.of(dtype, Shape.of(), new double[] {values[i]}));
    }
    String erf = s.unary(UnaryFunction.ERF, s.div(x, numbers[0]));
    return Rewritten.of(s.graph(s.mul(s.mul(x, s.add(erf, numbers[1])), numbers[2])));
  }

  @Test
  void numbersAreThoseOfTheFormulaButForRounding() {
    double root = Math.sqrt(2);
    for (double number : new double[] {root, 1.4142135381698608, 1.4142135, 1.4142137}) {
      assertEquals(List.of("Unary"), Rewritten.operators(gelu(DType.F32, number)));
    }
    assertEquals(List.of("Unary"), Rewritten.operators(gelu(DType.F64, root)));
    for (double number : new double[] {1.4142, 1.41421, 1.414215}) {
      Graph graph = gelu(DType.F32, number);
      assertEquals(0, Rewritten.count(graph, Rewritten.is(UnaryFunction.GELU)), graph::toString);
    }
    Graph graph = gelu(DType.F64, 1.4142135381698608);
    assertEquals(0, Rewritten.count(graph, Rewritten.is(UnaryFunction.GELU)), graph::toString);
  }

  /// A number as f64.
  private static String precise(Sketch s, double value) {
    return s.constant(Constants.of(DType.F64, Shape.of(), new double[] {value}));
  }

  /// Formulas of f64 with one number, and what they become.
  private static Graph ofDoubles(UnaryFunction function, double number) {
    Sketch s = new Sketch();
    String x = s.input("x", DType.F64, "batch", 6);
    String own = precise(s, number);
    return Rewritten.of(
        s.graph(
            switch (function) {
              case SILU -> s.mul(x, s.unary(UnaryFunction.SIGMOID, s.mul(x, own)));
              case LEAKY_RELU -> s.binary(BinaryFunction.PRELU, x, own);
              case HARD_SIGMOID -> s.mul(s.clip(0, 6, s.add(x, precise(s, 3))), own);
              case SQRT -> {
                String d = s.sub(x, s.reduce(ReduceFunction.MEAN, x, -1));
                String variance = s.add(s.reduce(ReduceFunction.MEAN, s.mul(d, d), -1), own);
                yield s.div(d, s.unary(UnaryFunction.SQRT, variance));
              }
              default -> throw new IllegalArgumentException(function.toString());
            }));
  }

  @Test
  void doublesKeepNumbersThatTheirOperatorWouldRound() {
    UnaryFunction[] functions = {UnaryFunction.SILU, UnaryFunction.LEAKY_RELU, UnaryFunction.SQRT};
    for (UnaryFunction function : functions) {
      Graph exact = ofDoubles(function, 0.25);
      assertEquals(1, exact.nodes().size(), () -> Rewritten.text(exact));
      Graph rounded = ofDoubles(function, 0.1);
      Rewritten.assertCount(0, rounded, Op.LayerNorm.class);
      assertEquals(
          0,
          Rewritten.count(
              rounded, Rewritten.is(UnaryFunction.SILU).or(Rewritten.is(UnaryFunction.LEAKY_RELU))),
          () -> Rewritten.text(rounded));
    }
    Graph sixth = ofDoubles(UnaryFunction.HARD_SIGMOID, 1 / 6.0);
    assertEquals(0, Rewritten.count(sixth, Rewritten.is(UnaryFunction.HARD_SIGMOID)));
  }

  // ---- the formulas

  private static String x(Sketch s) {
    return s.input("x", "batch", 6);
  }

  private static String geluDivided(Sketch s) {
    String x = x(s);
    String erf = s.unary(UnaryFunction.ERF, s.div(x, s.number(Math.sqrt(2))));
    return s.mul(s.mul(x, s.add(erf, s.number(1))), s.number(0.5));
  }

  private static String geluHalfFirst(Sketch s) {
    String x = x(s);
    String erf = s.unary(UnaryFunction.ERF, s.mul(s.number(0.70710677), x));
    return s.mul(s.mul(s.number(0.5), x), s.add(s.number(1), erf));
  }

  private static String geluSpread(Sketch s) {
    String x = x(s);
    String erf = s.unary(UnaryFunction.ERF, s.div(x, s.number(1.4142135)));
    return s.mul(x, s.add(s.mul(erf, s.number(0.5)), s.number(0.5)));
  }

  private static String geluTanh(Sketch s) {
    String x = x(s);
    String cube = s.binary(BinaryFunction.POW, x, s.constant(Tensor.of(new float[] {3})));
    String inner = s.add(x, s.mul(s.number(0.044715), cube));
    String tanh = s.unary(UnaryFunction.TANH, s.mul(inner, s.number(Math.sqrt(2 / Math.PI))));
    return s.mul(s.mul(x, s.number(0.5)), s.add(tanh, s.number(1)));
  }

  private static String geluTanhFactored(Sketch s) {
    String x = x(s);
    String square = s.mul(s.mul(s.number(0.044715), x), x);
    String inner = s.mul(s.mul(x, s.number(0.7978846)), s.add(s.number(1), square));
    return s.mul(s.mul(s.number(0.5), x), s.add(s.number(1), s.unary(UnaryFunction.TANH, inner)));
  }

  private static String sigmoid(Sketch s) {
    String e = s.unary(UnaryFunction.EXP, s.unary(UnaryFunction.NEG, x(s)));
    return s.div(s.number(1), s.add(s.number(1), e));
  }

  private static String softplus(Sketch s) {
    return s.unary(UnaryFunction.LOG, s.add(s.unary(UnaryFunction.EXP, x(s)), s.number(1)));
  }

  private static String mish(Sketch s) {
    String x = x(s);
    String softplus = s.unary(UnaryFunction.LOG, s.add(s.unary(UnaryFunction.EXP, x), s.number(1)));
    return s.mul(s.unary(UnaryFunction.TANH, softplus), x);
  }

  private static String hardSwish(Sketch s) {
    String x = x(s);
    return s.div(s.mul(x, s.clip(0, 6, s.add(x, s.number(3)))), s.number(6));
  }

  private static String hardSigmoid(Sketch s) {
    return s.mul(s.clip(0, 6, s.add(s.number(3), x(s))), s.number(1 / 6.0));
  }

  private static String silu(Sketch s) {
    String x = x(s);
    return s.mul(x, s.unary(UnaryFunction.SIGMOID, x));
  }

  private static String quickGelu(Sketch s) {
    String x = x(s);
    return s.mul(s.unary(UnaryFunction.SIGMOID, s.mul(x, s.number(1.702))), x);
  }

  private static String gated(Sketch s) {
    String x = x(s);
    return s.mul(s.op(new Op.Unary(UnaryFunction.HARD_SIGMOID, 0.2f, 0.5f), x), x);
  }

  private static String leakyRelu(Sketch s) {
    String x = x(s);
    return s.binary(BinaryFunction.MAX, s.mul(x, s.number(0.1)), x);
  }

  private static String prelu(Sketch s) {
    return s.binary(BinaryFunction.PRELU, x(s), s.number(0.25));
  }

  private static String softmax(Sketch s) {
    String e = s.unary(UnaryFunction.EXP, x(s));
    return s.div(e, s.reduce(ReduceFunction.SUM, e, -1));
  }

  private static String shifted(Sketch s) {
    String x = x(s);
    String e = s.unary(UnaryFunction.EXP, s.sub(x, s.reduce(ReduceFunction.MAX, x, 1)));
    return s.div(e, s.reduce(ReduceFunction.SUM, e, 1));
  }

  private static String layerNorm(Sketch s) {
    String x = x(s);
    String d = s.sub(x, s.reduce(ReduceFunction.MEAN, x, -1));
    String two = s.constant(Tensor.of(new float[] {2}));
    String square = s.binary(BinaryFunction.POW, d, two);
    String variance = s.add(s.reduce(ReduceFunction.MEAN, square, -1), s.number(1e-5));
    return s.div(d, s.unary(UnaryFunction.SQRT, variance));
  }

  private static String reciprocal(Sketch s) {
    String x = x(s);
    String d = s.sub(x, s.reduce(ReduceFunction.MEAN, x, -1));
    String variance = s.add(s.number(1e-3), s.reduce(ReduceFunction.MEAN, s.mul(d, d), -1));
    return s.mul(s.unary(UnaryFunction.RECIPROCAL, s.unary(UnaryFunction.SQRT, variance)), d);
  }
}
