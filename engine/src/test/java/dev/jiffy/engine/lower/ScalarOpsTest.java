package dev.jiffy.engine.lower;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.jiffy.engine.ModelException;
import dev.jiffy.engine.function.BinaryFunction;
import dev.jiffy.engine.ir.Op;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// The oracle against formulas written down independently, and what it refuses.
class ScalarOpsTest {
  static List<OpCase> cases() {
    return OpCases.all();
  }

  @ParameterizedTest
  @MethodSource("cases")
  void resultsFollowTheDefinition(OpCase c) {
    Tensor out = OpCases.SCALAR.run(c.op(), c.inputs(), c.outputs()).getFirst();
    OpCase.Formula formula = c.formula();
    if (formula == null) {
      return;
    }
    long[] dims = out.shape().dims();
    for (long i = 0; i < out.shape().elements(); i++) {
      long[] index = new long[dims.length];
      long rest = i;
      for (int d = dims.length - 1; d >= 0; d--) {
        index[d] = rest % dims[d];
        rest /= dims[d];
      }
      double expected = rounded(out.dtype(), formula.at(index));
      double actual = out.getDouble(i);
      assertTrue(
          OpCases.isNear(expected, actual, OpCases.tolerance(out.dtype(), 1e-6)),
          () -> c + " at " + Arrays.toString(index) + ": expected " + expected + ", got " + actual);
    }
  }

  private static double rounded(DType dtype, double value) {
    return dtype == DType.F64 || !dtype.isFloat()
        ? value
        : Samples.as(dtype, Tensor.of(new double[] {value})).getDouble(0);
  }

  @Test
  void unsignedNumbersAreComparedAndDividedAsSuch() {
    Tensor x = Samples.as(DType.U64, Tensor.of(new double[] {0x1p63, 7}, 2));
    Tensor y = Samples.as(DType.U64, Tensor.of(new double[] {2, 0x1p63}, 2));
    assertEquals(List.of(1L << 62, 0L), longs(new Op.Binary(BinaryFunction.DIV), x, y));
    assertEquals(List.of(0L, 1L), longs(new Op.Binary(BinaryFunction.LESS), x, y));
    assertEquals(List.of(2L, 7L), longs(new Op.Binary(BinaryFunction.MIN), x, y));
    Tensor bases = Tensor.of(new long[] {-1, 3}, 2);
    Tensor odd = Tensor.allocate(DType.U64, Shape.of(1));
    odd.setLong(0, Long.MIN_VALUE + 1);
    assertEquals(List.of(-1L, 3L), longs(new Op.Binary(BinaryFunction.POW), bases, odd));
  }

  @Test
  void narrowIntegersWrap() {
    Tensor x = Tensor.of(new byte[] {127, -128}, 2);
    Tensor one = Tensor.of(new byte[] {1}, 1);
    assertEquals(List.of(-128L, -127L), longs(new Op.Binary(BinaryFunction.ADD), x, one));
    assertEquals(List.of(126L, 127L), longs(new Op.Binary(BinaryFunction.SUB), x, one));
    Tensor large = Tensor.of(new long[] {(1L << 53) + 1, Long.MAX_VALUE}, 2);
    Tensor two = Tensor.of(new long[] {1, 1}, 2);
    assertEquals(
        List.of((1L << 53) + 2, Long.MIN_VALUE),
        longs(new Op.Binary(BinaryFunction.ADD), large, two));
  }

  @Test
  void stringsMoveAndCompare() {
    Tensor x = Tensor.ofStrings(List.of("a", "b", "c", "d"), 2, 2);
    Tensor y = Samples.evaluate(new Op.Transpose(List.of()), Arrays.asList(x), 1).getFirst();
    assertEquals(List.of("a", "c", "b", "d"), y.strings());
    assertEquals(List.of(1L, 0L, 0L, 1L), longs(new Op.Binary(BinaryFunction.EQUAL), x, y));
  }

  @Test
  void stringsAndNumbersConvert() {
    Tensor x = Tensor.of(new float[] {0.5f, Float.NaN, Float.NEGATIVE_INFINITY}, 3);
    Tensor text = Samples.evaluate(new Op.Cast(DType.STRING, true), Arrays.asList(x), 1).getFirst();
    assertEquals(List.of("0.5", "NaN", "-INF"), text.strings());
    Tensor back = Samples.evaluate(new Op.Cast(DType.F32, true), Arrays.asList(text), 1).getFirst();
    assertEquals(
        List.of(0.5, Double.NaN, Double.NEGATIVE_INFINITY),
        Arrays.stream(back.toDoubles()).boxed().toList());
    Tensor word = Tensor.ofStrings(List.of("one"), 1);
    refuses("\"one\"", new Op.Cast(DType.I64, true), word);
  }

  @Test
  void maxPoolTellsWhereTheLargestAre() {
    Op op =
        new Op.Pool(
            Op.PoolFunction.MAX,
            new Op.Window(
                List.of(2L, 2L), List.of(2L, 2L), List.of(), List.of(), Op.AutoPad.NOTSET, false),
            false,
            false,
            2,
            Op.Layout.CHANNELS_FIRST);
    Tensor x = Tensor.of(new float[] {1, 2, 3, 4, 8, 7, 6, 5}, 1, 1, 2, 4);
    List<Tensor> out = Samples.evaluate(op, Arrays.asList(x), 2);
    assertEquals(List.of(8L, 6L), longs(out.get(0)));
    assertEquals(List.of(4L, 6L), longs(out.get(1)));
  }

  @Test
  void nonZeroIsSizedByItsElements() {
    Tensor x = Tensor.of(new float[] {0, 2, Float.NaN, 0}, 2, 2);
    Tensor out = Samples.evaluate(new Op.NonZero(), Arrays.asList(x), 1).getFirst();
    assertEquals(Shape.of(2, 2), out.shape());
    assertEquals(List.of(0L, 1L, 1L, 0L), longs(out));
  }

  @Test
  void nonZeroTakesAllNumbers() {
    int columns = 2500;
    double[] values = new double[2 * columns];
    List<Long> rows = new ArrayList<>();
    List<Long> places = new ArrayList<>();
    for (int i = 0; i < values.length; i++) {
      values[i] = i % 3 == 0 ? 1 + i % 2 : -0.0;
      if (i % 3 == 0) {
        rows.add((long) i / columns);
        places.add((long) i % columns);
      }
    }
    rows.addAll(places);
    for (DType type : DType.values()) {
      if (type != DType.STRING) {
        Tensor x = Samples.as(type, Tensor.of(values, 2, columns));
        assertEquals(rows, longs(new Op.NonZero(), x), type::toString);
      }
    }
    Tensor texts = Tensor.ofStrings(List.of("", "a", ""), 3);
    assertEquals(List.of(1L), longs(new Op.NonZero(), texts));
    assertEquals(List.of(), longs(new Op.NonZero(), Tensor.of(new float[0], 0, 3)));
    Tensor scalar = Tensor.of(new float[] {1});
    Tensor out = Samples.evaluate(new Op.NonZero(), Arrays.asList(scalar.reshape()), 1).get(0);
    assertEquals(Shape.of(0, 1), out.shape());
  }

  @Test
  void topKKeepsTheOrderOfEquals() {
    Tensor x = Tensor.of(new float[] {2, 3, 3, 1, 3}, 5);
    List<Tensor> out =
        Samples.evaluate(new Op.TopK(0, true, true), Arrays.asList(x, Samples.vector(4)), 2);
    assertEquals(List.of(1L, 2L, 4L, 0L), longs(out.get(1)));
  }

  @Test
  void badElementsAreRefused() {
    Tensor x = Samples.floats(1, 3, 5);
    refuses(
        "index 3 of axis 0 is out of range: the extent is 3",
        new Op.Gather(0),
        x,
        Samples.vector(3));
    refuses("index -6 of axis 1", new Op.Gather(1), x, Samples.vector(-6));
    refuses("index 5 of axis 1", new Op.GatherNd(0), x, Tensor.of(new long[] {0, 5}, 1, 2));
    refuses(
        "index 9 of axis 0",
        new Op.ScatterElements(0, Op.ScatterMode.REPLACE),
        x,
        Tensor.of(new long[] {9}, 1, 1),
        Samples.floats(2, 1, 1));
    refuses(
        "division of the integer 4 by zero",
        new Op.Binary(BinaryFunction.DIV),
        Samples.vector(4),
        Samples.vector(0));
    refuses("sequence length", new Op.ReverseSequence(0, 1), x, Samples.vector(1, 6, 1));
  }

  @Test
  void noMoreIsMadeThanIsAllowed() {
    List<@Nullable Tensor> inputs = Arrays.asList(Samples.vector(7), Samples.vector(3, 2));
    Tensor y = Interpreter.evaluate(new Op.Expand(), inputs, 1, 48).getFirst();
    assertEquals(Shape.of(3, 2), y.shape());
    assertThrows(ModelException.class, () -> Interpreter.evaluate(new Op.Expand(), inputs, 1, 47));
  }

  private static void refuses(String message, Op op, Tensor... inputs) {
    ModelException e =
        assertThrows(ModelException.class, () -> Samples.evaluate(op, Arrays.asList(inputs), 1));
    assertTrue(String.valueOf(e.getMessage()).contains(message), e::getMessage);
  }

  private static List<Long> longs(Op op, Tensor... inputs) {
    return longs(Samples.evaluate(op, Arrays.asList(inputs), 1).getFirst());
  }

  private static List<Long> longs(Tensor tensor) {
    return Arrays.stream(tensor.toLongs()).boxed().toList();
  }
}
