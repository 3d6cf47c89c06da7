package dev.jiffy.engine.lower;

import static dev.jiffy.engine.lower.Samples.at;

import dev.jiffy.engine.ir.Op;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Slices picked and updated where tuples of indices say: of every type, every way to combine,
/// short and long slices, repeated and negative indices, nothing at all.
final class ScatterCases {
  private ScatterCases() {}

  static List<OpCase> all() {
    List<OpCase> cases = new ArrayList<>();
    for (DType type : DType.values()) {
      if (type != DType.STRING) {
        picks(cases, type);
        for (Op.ScatterMode mode : Op.ScatterMode.values()) {
          slices(cases, type, mode);
          elements(cases, type, mode);
        }
      }
    }
    nothing(cases);
    extremes(cases);
    return cases;
  }

  private static void picks(List<OpCase> cases, DType type) {
    for (long inner : new long[] {1, 5, 40}) {
      Tensor x = numbers(type, 1, 3, 4, inner);
      Tensor pairs = Tensor.of(new long[] {2, 3, -1, -4, 0, 1, 2, 3}, 2, 2, 2);
      cases.add(
          OpCase.of(
              "pairs",
              new Op.GatherNd(0),
              i -> at(x, index(pairs, 3, i[0], i[1], 0), index(pairs, 4, i[0], i[1], 1), i[2]),
              x,
              pairs));
      Tensor own = Tensor.of(new long[] {3, -1, 0, 0, 1, -4}, 3, 2, 1);
      cases.add(
          OpCase.of(
              "of batches",
              new Op.GatherNd(1),
              i -> at(x, i[0], index(own, 4, i[0], i[1], 0), i[2]),
              x,
              own));
      Tensor single = Tensor.of(new long[] {0, 4, -5}, 3, 1, 1);
      Tensor flat = numbers(type, 2, 3, 1, 5);
      cases.add(
          OpCase.of(
              "of two batch dimensions",
              new Op.GatherNd(2),
              i -> at(flat, i[0], 0, index(single, 5, i[0], 0, 0)),
              flat,
              single));
    }
  }

  private static void slices(List<OpCase> cases, DType type, Op.ScatterMode mode) {
    for (long inner : new long[] {1, 7, 40}) {
      Tensor x = numbers(type, 3, 5, inner);
      Tensor rows = Tensor.of(new long[] {3, -2, 0, 3}, 4, 1);
      Tensor updates = numbers(type, 4, 4, inner);
      cases.add(
          OpCase.of(
              "rows " + mode,
              new Op.ScatterNd(mode),
              folded(
                  mode,
                  type,
                  x,
                  updates,
                  (u, target) -> new long[] {index(rows, 5, u[0], 0), u[1]}),
              x,
              rows,
              updates));
      Tensor cube = numbers(type, 5, 3, 2, inner);
      Tensor pairs = Tensor.of(new int[] {2, 1, -1, -1, 0, -2, 1, 0}, 2, 2, 2);
      Tensor more = numbers(type, 6, 2, 2, inner);
      cases.add(
          OpCase.of(
              "pairs " + mode,
              new Op.ScatterNd(mode),
              folded(
                  mode,
                  type,
                  cube,
                  more,
                  (u, target) ->
                      new long[] {
                        index(pairs, 3, u[0], u[1], 0), index(pairs, 2, u[0], u[1], 1), u[2]
                      }),
              cube,
              pairs,
              more));
    }
  }

  /// Along every axis, with as many indices as elements in the other dimensions, and with fewer.
  private static void elements(List<OpCase> cases, DType type, Op.ScatterMode mode) {
    Tensor x = numbers(type, 7, 3, 4, 5);
    for (int axis = 0; axis < 3; axis++) {
      for (boolean few : new boolean[] {false, true}) {
        long[] dims = few ? new long[] {2, 3, 2} : new long[] {3, 4, 5};
        dims[axis] = few ? 1 : 6;
        long extent = x.shape().dim(axis);
        Tensor indices = Samples.integers(few ? DType.I32 : DType.I64, 8, -extent, extent, dims);
        Tensor updates = numbers(type, 9, dims);
        int along = axis;
        cases.add(
            OpCase.of(
                "elements " + mode,
                new Op.ScatterElements(few ? axis - 3 : axis, mode),
                folded(
                    mode,
                    type,
                    x,
                    updates,
                    (u, target) -> {
                      target[along] = index(indices, extent, u);
                      return target;
                    }),
                x,
                indices,
                updates));
      }
    }
  }

  private static void nothing(List<OpCase> cases) {
    Tensor x = Samples.floats(1, 3, 4);
    Tensor none = Tensor.of(new long[0], 0, 1);
    cases.add(OpCase.of("none", new Op.GatherNd(0), null, x, none));
    for (Op.ScatterMode mode : Op.ScatterMode.values()) {
      cases.add(
          OpCase.of(
              "none " + mode,
              new Op.ScatterNd(mode),
              i -> at(x, i),
              x,
              none,
              Samples.floats(2, 0, 4)));
      cases.add(
          OpCase.of(
              "none " + mode,
              new Op.ScatterElements(1, mode),
              i -> at(x, i),
              x,
              Tensor.of(new long[0], 3, 0),
              Samples.floats(2, 3, 0)));
      cases.add(
          OpCase.of(
              "empty slices " + mode,
              new Op.ScatterNd(mode),
              null,
              Samples.floats(3, 3, 0),
              Tensor.of(new long[] {2, 0}, 2, 1),
              Samples.floats(4, 2, 0)));
    }
  }

  /// Infinities and what is not a number, on either side.
  private static void extremes(List<OpCase> cases) {
    float[] special = {1, Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY, -2};
    for (long inner : new long[] {1, 41}) {
      for (Op.ScatterMode mode : Op.ScatterMode.values()) {
        Tensor x = Samples.floats(5, 5, inner);
        Tensor updates = Samples.floats(6, 5, inner);
        for (int i = 0; i < 5; i++) {
          x.setDouble(i * inner, special[i]);
          updates.setDouble(i * inner, special[(2 * i + 1) % 5]);
        }
        Tensor rows = Tensor.of(new long[] {4, 3, 2, 1, 0}, 5, 1);
        cases.add(OpCase.of("special " + mode, new Op.ScatterNd(mode), null, x, rows, updates));
      }
    }
  }

  /// Where an update goes.
  @FunctionalInterface
  private interface Target {
    /// {@return the index of what is updated}
    ///
    /// @param update the index of the update
    /// @param copy the same, for the caller to change
    long[] of(long[] update, long[] copy);
  }

  /// The definition: what is there, combined with all updates that go there, the first first. No
  /// number is too large for any type but those of 4 bits.
  private static OpCase.@Nullable Formula folded(
      Op.ScatterMode mode, DType type, Tensor x, Tensor updates, Target target) {
    if (type == DType.I4 || type == DType.U4) {
      return null;
    }
    return i -> {
      double value = at(x, i);
      for (long[] u : indices(updates.shape())) {
        if (Arrays.equals(i, target.of(u, u.clone()))) {
          double update = at(updates, u);
          value =
              switch (mode) {
                case REPLACE -> update;
                case ADD -> value + update;
                case MUL -> value * update;
                case MIN -> Math.min(value, update);
                case MAX -> Math.max(value, update);
              };
        }
      }
      return type == DType.BOOL ? Math.min(value, 1) : value;
    };
  }

  private static List<long[]> indices(Shape shape) {
    List<long[]> indices = new ArrayList<>();
    for (long at = 0; at < shape.elements(); at++) {
      long[] index = new long[shape.rank()];
      long rest = at;
      for (int d = shape.rank() - 1; d >= 0; d--) {
        index[d] = rest % shape.dim(d);
        rest /= shape.dim(d);
      }
      indices.add(index);
    }
    return indices;
  }

  /// An index counted from the beginning.
  private static long index(Tensor indices, long extent, long... at) {
    return Math.floorMod((long) at(indices, at), extent);
  }

  private static Tensor numbers(DType type, long seed, long... dims) {
    return Samples.integers(type, seed, 0, 4, dims);
  }
}
