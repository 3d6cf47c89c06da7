package dev.jiffy.engine.lower;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.jiffy.engine.ModelException;
import dev.jiffy.engine.ir.ImageOp;
import dev.jiffy.engine.ir.Op;
import dev.jiffy.engine.ir.RandomOp;
import dev.jiffy.engine.ir.SelectionOp;
import dev.jiffy.engine.ir.SignalOp;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/// Operators that pick by elements, that are random, or that refuse what they read.
class FamilyOpsTest {
  private static Tensor run(Op op, Tensor... inputs) {
    return Samples.evaluate(op, Arrays.asList(inputs), 1).getFirst();
  }

  private static Tensor number(double value) {
    return Tensor.of(new float[] {(float) value});
  }

  private static Tensor count(long value) {
    return Tensor.of(new long[] {value});
  }

  private static final Tensor BOXES =
      Tensor.of(
          new float[] {
            0, 0, 1, 1, 0, 0.1f, 1, 1.1f, 1, 0.9f, 0, -0.1f, 0, 10, 1, 11, 0, 10.1f, 1, 11.1f
          },
          1,
          5,
          4);

  @Test
  void boxesThatOverlapBetterOnesAreLeftOut() {
    Tensor scores = Tensor.of(new float[] {0.9f, 0.75f, 0.6f, 0.95f, 0.5f}, 1, 1, 5);
    Op op = new SelectionOp.SuppressOverlaps(false);
    Tensor picked = run(op, BOXES, scores, count(5), number(0.5), number(0));
    assertArrayEquals(new long[] {0, 0, 3, 0, 0, 0}, picked.toLongs());
    Tensor one = run(op, BOXES, scores, count(1), number(0.5), number(0));
    assertArrayEquals(new long[] {0, 0, 3}, one.toLongs());
    Tensor above = run(op, BOXES, scores, count(5), number(0.5), number(0.9));
    assertArrayEquals(new long[] {0, 0, 3}, above.toLongs());
    assertEquals(0, run(op, BOXES, scores).shape().dim(0));
    Tensor all = run(op, BOXES, scores, count(9), number(1), number(0));
    assertEquals(5, all.shape().dim(0));
  }

  @Test
  void boxesOfEqualScoreKeepTheirOrder() {
    Tensor scores = Tensor.of(new float[] {0, -0f, 0, 0, Float.NaN}, 1, 1, 5);
    Op op = new SelectionOp.SuppressOverlaps(false);
    Tensor picked = run(op, BOXES, scores, count(5), number(1), number(-1));
    assertArrayEquals(new long[] {0, 0, 0, 0, 0, 1, 0, 0, 2, 0, 0, 3}, picked.toLongs());
  }

  @Test
  void boxesMayBeCentresAndExtents() {
    Tensor centred =
        Tensor.of(new float[] {0.5f, 0.5f, 1, 1, 0.6f, 0.5f, 1, 1, 9, 0.5f, 1, 1}, 1, 3, 4);
    Tensor scores = Tensor.of(new float[] {0.1f, 0.2f, 0.3f}, 1, 1, 3);
    Op op = new SelectionOp.SuppressOverlaps(true);
    Tensor picked = run(op, centred, scores, count(3), number(0.5));
    assertArrayEquals(new long[] {0, 0, 2, 0, 0, 1}, picked.toLongs());
  }

  @Test
  void eachElementIsThereOnce() {
    Tensor x = Tensor.of(new float[] {2, 1, 1, 3, 4, 3}, 6);
    List<Tensor> sorted = Samples.evaluate(new SelectionOp.Unique(null, true), Arrays.asList(x), 4);
    assertArrayEquals(new float[] {1, 2, 3, 4}, sorted.get(0).toFloats());
    assertArrayEquals(new long[] {1, 0, 3, 4}, sorted.get(1).toLongs());
    assertArrayEquals(new long[] {1, 0, 0, 2, 3, 2}, sorted.get(2).toLongs());
    assertArrayEquals(new long[] {2, 1, 2, 1}, sorted.get(3).toLongs());
    List<Tensor> found = Samples.evaluate(new SelectionOp.Unique(null, false), Arrays.asList(x), 4);
    assertArrayEquals(new float[] {2, 1, 3, 4}, found.get(0).toFloats());
    assertArrayEquals(new long[] {0, 1, 1, 2, 3, 2}, found.get(2).toLongs());
    Tensor words = Tensor.ofStrings(List.of("b", "a", "b"), 3);
    assertEquals(List.of("a", "b"), run(new SelectionOp.Unique(null, true), words).strings());
    Tensor odd = Tensor.of(new float[] {Float.NaN, 0, -0f, Float.NaN}, 4);
    assertEquals(2, run(new SelectionOp.Unique(null, true), odd).shape().dim(0));
    float[] signs = {3, -1.5f, Float.NaN, Float.NEGATIVE_INFINITY, -1.5f, -1.25f};
    float[] inOrder = {Float.NEGATIVE_INFINITY, -1.5f, -1.25f, 3, Float.NaN};
    Tensor signed = run(new SelectionOp.Unique(null, true), Tensor.of(signs, 6));
    assertArrayEquals(inOrder, signed.toFloats());
    Tensor large = Tensor.allocate(DType.U64, Shape.of(3));
    large.setLong(0, -1);
    large.setLong(2, Long.MAX_VALUE);
    long[] unsigned = run(new SelectionOp.Unique(null, true), large).toLongs();
    assertArrayEquals(new long[] {0, Long.MAX_VALUE, -1}, unsigned);
    Tensor rows = Tensor.of(new long[] {1, 0, 1, 0, 2, 3}, 3, 2);
    Tensor unlike = run(new SelectionOp.Unique(0L, true), rows);
    assertArrayEquals(new long[] {1, 0, 2, 3}, unlike.toLongs());
    Tensor none = Tensor.of(new long[0], 0, 2);
    assertEquals(0, run(new SelectionOp.Unique(0L, true), none).shape().dim(0));
  }

  @Test
  void aSeedGivesTheSameNumbersEverywhere() {
    Tensor shape = Samples.vector(4);
    Op uniform = new RandomOp.Uniform(DType.F64, 0, 1, 3f);
    double[] expected = {
      0.8260527077315318, 0.790448710869946, 0.44034070114731516, 0.39756326742756165
    };
    assertArrayEquals(expected, run(uniform, shape).toDoubles());
    Op other = new RandomOp.Uniform(DType.F64, 0, 1, 4f);
    assertFalse(Arrays.equals(expected, run(other, shape).toDoubles()));
    Op unseeded = new RandomOp.Uniform(DType.F64, 0, 1, null);
    assertFalse(Arrays.equals(run(unseeded, shape).toDoubles(), run(unseeded, shape).toDoubles()));
  }

  @Test
  void randomNumbersAreDistributedAsTheyShould() {
    Tensor shape = Samples.vector(20_000);
    double[] uniform = run(new RandomOp.Uniform(DType.F32, -2, 6, 1f), shape).toDoubles();
    assertTrue(Arrays.stream(uniform).allMatch(x -> x >= -2 && x < 6));
    assertEquals(2, Arrays.stream(uniform).average().orElseThrow(), 0.1);
    double[] normal = run(new RandomOp.Normal(DType.F32, 3, 2, 1f), shape).toDoubles();
    assertEquals(3, Arrays.stream(normal).average().orElseThrow(), 0.1);
    double variance = Arrays.stream(normal).map(x -> (x - 3) * (x - 3)).average().orElseThrow();
    assertEquals(4, variance, 0.2);
    double[] coarse = run(new RandomOp.Uniform(DType.BF16, 0, 1, 1f), shape).toDoubles();
    assertTrue(Arrays.stream(coarse).allMatch(x -> x >= 0 && x < 1));
  }

  @Test
  void whatCannotBeIsRefused() {
    Tensor x = Samples.floats(1, 1, 2, 4, 4);
    Tensor region = Tensor.of(new float[] {0, 0, 1, 1}, 1, 4);
    Op align = new ImageOp.AlignRegions(false, 1, 1, 0, 1, true);
    refuses("image 3", align, x, region, count(3).reshape(1));
    Tensor vast = Tensor.of(new float[] {0, 0, 1e9f, 1e9f}, 1, 4);
    refuses("more than any image has", align, x, vast, count(0).reshape(1));
    refuses("an inverse transform", new SignalOp.Fourier(true, true), Samples.floats(1, 2, 4, 1));
    refuses(
        "not within",
        new SignalOp.MelWeights(DType.F32),
        count(8),
        count(16),
        count(8000),
        number(0),
        number(90_000));
  }

  private static void refuses(String message, Op op, Tensor... inputs) {
    ModelException e = assertThrows(ModelException.class, () -> run(op, inputs));
    assertTrue(String.valueOf(e.getMessage()).contains(message), e::getMessage);
  }
}
