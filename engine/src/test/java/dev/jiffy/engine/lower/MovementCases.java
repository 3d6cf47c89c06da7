package dev.jiffy.engine.lower;

import static dev.jiffy.engine.lower.Samples.at;
import static dev.jiffy.engine.lower.Samples.vector;

import dev.jiffy.engine.ir.Op;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/// Elements moved: permuted, joined, cut, picked, padded.
final class MovementCases {
  private MovementCases() {}

  static List<OpCase> all() {
    List<OpCase> cases = new ArrayList<>();
    transposes(cases);
    joins(cases);
    slices(cases);
    nothing(cases);
    indices(cases);
    pads(cases);
    reshapes(cases);
    generated(cases);
    return cases;
  }

  private static void transposes(List<OpCase> cases) {
    for (long size : Samples.SIZES) {
      Tensor x = Samples.floats(1, 3, size);
      cases.add(OpCase.of("2-d", new Op.Transpose(List.of()), i -> at(x, i[1], i[0]), x));
    }
    Tensor x = Samples.floats(2, 2, 3, 5, 7);
    cases.add(
        OpCase.of(
            "to channels last",
            new Op.Transpose(List.of(0L, 2L, 3L, 1L)),
            i -> at(x, i[0], i[3], i[1], i[2]),
            x));
    cases.add(
        OpCase.of(
            "heads",
            new Op.Transpose(List.of(0L, 2L, 1L, 3L)),
            i -> at(x, i[0], i[2], i[1], i[3]),
            x));
    for (DType dtype : List.of(DType.I64, DType.U8, DType.F16)) {
      Tensor y = Samples.integers(dtype, 3, 0, 100, 5, 4, 3);
      cases.add(
          OpCase.of("3-d", new Op.Transpose(List.of(2L, 0L, 1L)), i -> at(y, i[1], i[2], i[0]), y));
    }
    Tensor blocks = Samples.floats(4, 2, 12, 3, 5);
    cases.add(
        OpCase.of(
            "DCR",
            new Op.DepthToSpace(2, false),
            i -> at(blocks, i[0], (i[2] % 2 * 2 + i[3] % 2) * 3 + i[1], i[2] / 2, i[3] / 2),
            blocks));
    cases.add(
        OpCase.of(
            "CRD",
            new Op.DepthToSpace(2, true),
            i -> at(blocks, i[0], i[1] * 4 + i[2] % 2 * 2 + i[3] % 2, i[2] / 2, i[3] / 2),
            blocks));
    Tensor space = Samples.floats(5, 1, 3, 4, 6);
    cases.add(
        OpCase.of(
            "2",
            new Op.SpaceToDepth(2),
            i -> {
              long block = i[1] / 3;
              return at(space, i[0], i[1] % 3, i[2] * 2 + block / 2, i[3] * 2 + block % 2);
            },
            space));
  }

  private static void joins(List<OpCase> cases) {
    Tensor a = Samples.floats(1, 2, 3, 5);
    Tensor b = Samples.floats(2, 2, 1, 5);
    Tensor none = Samples.floats(3, 2, 0, 5);
    cases.add(
        OpCase.of(
            "middle",
            new Op.Concat(1),
            i -> i[1] < 3 ? at(a, i) : at(b, i[0], 0, i[2]),
            a,
            none,
            b));
    Tensor c = Samples.floats(4, 2, 3, 17);
    cases.add(
        OpCase.of(
            "last",
            new Op.Concat(-1),
            i -> i[2] < 5 ? at(a, i) : at(c, i[0], i[1], i[2] - 5),
            a,
            c));
    Tensor x = Samples.floats(5, 7, 3);
    cases.add(new OpCase("even", new Op.Split(0, 3), List.of(x), 3, i -> at(x, i[0], i[1])));
    cases.add(
        new OpCase(
            "sizes", new Op.Split(0, 0), List.of(x, vector(2, 0, 5)), 3, i -> at(x, i[0], i[1])));
    cases.add(OpCase.of("repeats", new Op.Tile(), i -> at(x, i[0] % 7, i[1] % 3), x, vector(2, 3)));
    Tensor thin = Samples.floats(6, 3, 1);
    cases.add(OpCase.of("both", new Op.Expand(), i -> at(thin, i[1], 0), thin, vector(2, 1, 4)));
  }

  /// Extents may be huge where another one is 0.
  private static void nothing(List<OpCase> cases) {
    int many = Integer.MAX_VALUE;
    Tensor x = Samples.floats(1, many, 0);
    Tensor one = Samples.floats(1, 1, 0);
    cases.add(OpCase.of("muchOfNothing", new Op.Concat(1), i -> 0, x, x));
    cases.add(new OpCase("muchOfNothing", new Op.Split(1, 2), List.of(x), 2, i -> 0));
    cases.add(
        OpCase.of("muchOfNothing", new Op.Slice(), i -> 0, x, vector(5), vector(many), vector(0)));
    cases.add(OpCase.of("muchOfNothing", new Op.Tile(), i -> 0, x, vector(3, 1)));
    cases.add(OpCase.of("muchOfNothing", new Op.Expand(), i -> 0, one, vector(many, 0)));
    cases.add(
        OpCase.of("muchOfNothing", new Op.Pad(Op.PadMode.CONSTANT), i -> 0, x, vector(1, 0, 1, 0)));
  }

  private static void slices(List<OpCase> cases) {
    Tensor x = Samples.floats(1, 4, 9, 5);
    cases.add(
        OpCase.of(
            "steps",
            new Op.Slice(),
            i -> at(x, i[0], 1 + 3 * i[1], i[2]),
            x,
            vector(1),
            vector(100),
            vector(1),
            vector(3)));
    cases.add(
        OpCase.of(
            "backwards",
            new Op.Slice(),
            i -> at(x, i[0], 8 - 2 * i[1], 3 - i[2]),
            x,
            vector(-1, 3),
            vector(Long.MIN_VALUE, 0),
            vector(-2, 2),
            vector(-2, -1)));
    cases.add(OpCase.of("nothing", new Op.Slice(), i -> 0, x, vector(3), vector(3)));
    cases.add(
        OpCase.of(
            "batch", new Op.Slice(), i -> at(x, i[0] + 1, i[1], i[2]), x, vector(1), vector(-1)));
    Tensor rows = Samples.floats(2, 3, 45, 20);
    for (long columns : new long[] {1, 3, 16, 19}) {
      cases.add(
          OpCase.of(
              columns + "Columns",
              new Op.Slice(),
              i -> at(rows, i[0], i[1], i[2] + 1),
              rows,
              vector(1),
              vector(1 + columns),
              vector(2)));
    }
  }

  private static void indices(List<OpCase> cases) {
    Tensor table = Samples.floats(1, 31, 17);
    Tensor tokens = Samples.longs(2, -31, 31, 2, 5);
    cases.add(
        OpCase.of(
            "rows",
            new Op.Gather(0),
            i -> at(table, Math.floorMod((long) at(tokens, i[0], i[1]), 31L), i[2]),
            table,
            tokens));
    Tensor one = Samples.as(DType.I32, Tensor.of(new long[] {3}));
    cases.add(OpCase.of("scalar", new Op.Gather(1), i -> at(table, i[0], 3), table, one));
    Tensor wanted = Samples.longs(3, 0, 31, 4, 17);
    cases.add(
        OpCase.of(
            "elements",
            new Op.GatherElements(0),
            i -> at(table, (long) at(wanted, i), i[1]),
            table,
            wanted));
    Tensor columns = Samples.longs(5, -17, 17, 31, 4);
    cases.add(
        OpCase.of(
            "elements of rows",
            new Op.GatherElements(-1),
            i -> at(table, i[0], Math.floorMod((long) at(columns, i), 17L)),
            table,
            columns));
    Tensor pairs = Samples.longs(4, 0, 17, 5, 2);
    cases.add(
        OpCase.of(
            "pairs",
            new Op.GatherNd(0),
            i -> at(table, (long) at(pairs, i[0], 0), (long) at(pairs, i[0], 1)),
            table,
            pairs));
    Tensor updates = Samples.floats(5, 2, 17);
    Tensor rows = Tensor.of(new long[] {4, -1}, 2, 1);
    cases.add(
        OpCase.of(
            "rows",
            new Op.ScatterNd(Op.ScatterMode.ADD),
            i -> {
              double own = at(table, i);
              return i[0] == 4
                  ? own + at(updates, 0, i[1])
                  : i[0] == 30 ? own + at(updates, 1, i[1]) : own;
            },
            table,
            rows,
            updates));
    Tensor truth = Tensor.of(new boolean[] {true, false, true, false}, 2, 2);
    cases.add(
        OpCase.of(
            "truth",
            new Op.ScatterNd(Op.ScatterMode.ADD),
            i -> i[0] == 1 ? 1 : at(truth, i),
            truth,
            Tensor.of(new long[] {1}, 1, 1),
            Tensor.of(new boolean[] {true, true}, 1, 2)));
    for (DType type : List.of(DType.F64, DType.I64, DType.U64, DType.F32)) {
      Tensor numbers = Samples.integers(type, 6, 0, 9, 4, 3);
      Tensor repeated = Tensor.of(new long[] {1, -3, 3}, 3, 1);
      Tensor some = Samples.integers(type, 7, 1, 5, 3, 3);
      cases.add(
          OpCase.of(
              "times",
              new Op.ScatterNd(Op.ScatterMode.MUL),
              i ->
                  at(numbers, i)
                      * (i[0] == 1
                          ? at(some, 0, i[1]) * at(some, 1, i[1])
                          : i[0] == 3 ? at(some, 2, i[1]) : 1),
              numbers,
              repeated,
              some));
    }
    Tensor targets = Tensor.of(new long[] {2, -2}, 2, 1);
    Tensor vectors = Samples.floats(3, 2, 31, 1);
    cases.add(
        OpCase.of(
            "of rows",
            new Op.OneHotDot(31),
            i -> at(vectors, i[0], Math.floorMod((long) at(tokens, i[0], i[1]), 31L), 0),
            vectors,
            tokens));
    Tensor pair = Samples.floats(6, 2, 1);
    cases.add(
        OpCase.of(
            "elements",
            new Op.ScatterElements(1, Op.ScatterMode.REPLACE),
            i -> {
              boolean hit = (i[0] == 0 && i[1] == 2) || (i[0] == 1 && i[1] == 15);
              return hit ? at(pair, i[0], 0) : at(table, i);
            },
            table,
            targets,
            pair));
    cases.add(
        OpCase.of(
            "last",
            new Op.OneHot(-1),
            i -> Math.floorMod((long) at(tokens, i[0], i[1]), 31L) == i[2] ? 5 : -1,
            tokens,
            Tensor.of(new long[] {31}),
            Tensor.of(new float[] {-1, 5}, 2)));
  }

  private static void pads(List<OpCase> cases) {
    Tensor x = Samples.floats(1, 3, 5);
    Tensor pads = vector(1, 2, 0, 3);
    Tensor value = Tensor.of(new float[] {7.5f});
    cases.add(
        OpCase.of(
            "constant",
            new Op.Pad(Op.PadMode.CONSTANT),
            i -> inside(i[0] - 1, 3) && inside(i[1] - 2, 5) ? at(x, i[0] - 1, i[1] - 2) : 7.5,
            x,
            pads,
            value));
    for (DType type : List.of(DType.U8, DType.I8, DType.I32)) {
      Tensor q = Samples.integers(type, 1, 0, 100, 3, 5);
      Tensor border = Tensor.allocate(type, Shape.of());
      border.setLong(0, type.isUnsigned() ? 200 : -7);
      cases.add(
          OpCase.of(
              "constant " + type,
              new Op.Pad(Op.PadMode.CONSTANT),
              i ->
                  inside(i[0] - 1, 3) && inside(i[1] - 2, 5)
                      ? at(q, i[0] - 1, i[1] - 2)
                      : border.getLong(0),
              q,
              vector(1, 2, 1, 4),
              border));
    }
    cases.add(
        OpCase.of(
            "edge",
            new Op.Pad(Op.PadMode.EDGE),
            i -> at(x, Math.clamp(i[0] - 1, 0, 2), Math.clamp(i[1] - 2, 0, 4)),
            x,
            pads));
    cases.add(
        OpCase.of(
            "reflect",
            new Op.Pad(Op.PadMode.REFLECT),
            i -> at(x, Math.abs(i[0] - 1), 4 - Math.abs(4 - Math.abs(i[1] - 2))),
            x,
            pads));
    cases.add(
        OpCase.of(
            "wrap",
            new Op.Pad(Op.PadMode.WRAP),
            i -> at(x, (i[0] + 2) % 3, (i[1] + 3) % 5),
            x,
            pads));
    Tensor block = Samples.floats(2, 2, 4, 3);
    for (Op.PadMode mode : List.of(Op.PadMode.EDGE, Op.PadMode.REFLECT, Op.PadMode.WRAP)) {
      cases.add(OpCase.of("3d", new Op.Pad(mode), null, block, vector(1, 3, 0, 0, 2, 2)));
      cases.add(OpCase.of("last", new Op.Pad(mode), null, block, vector(0, 0, 0, 0, 0, 2)));
      cases.add(OpCase.of("far", new Op.Pad(mode), null, block, vector(5, 0, 9, 0, 0, 1)));
      Tensor bytes = Samples.integers(DType.U8, 3, 0, 200, 5);
      cases.add(OpCase.of("bytes", new Op.Pad(mode), null, bytes, vector(4, 3)));
    }
    for (Op.PadMode mode : Op.PadMode.values()) {
      Tensor border = mode == Op.PadMode.CONSTANT ? value : null;
      Op pad = new Op.Pad(mode);
      cases.add(OpCase.of("axis", pad, null, block, vector(2, 1), border, vector(-1)));
      cases.add(OpCase.of("axes", pad, null, block, vector(2, 0, 1, 3), border, vector(2, -2)));
    }
    cases.add(
        OpCase.of(
            "crop",
            new Op.Pad(Op.PadMode.CONSTANT),
            i -> i[1] < 4 ? at(x, i[0], i[1] + 1) : 0,
            x,
            vector(-1, 2),
            null,
            vector(1)));
  }

  private static boolean inside(long index, long extent) {
    return index >= 0 && index < extent;
  }

  private static void reshapes(List<OpCase> cases) {
    Tensor x = Samples.floats(1, 2, 3, 4);
    cases.add(
        OpCase.of(
            "copied and left over",
            new Op.Reshape(false),
            i -> x.getDouble(Samples.offset(Shape.of(2, 12), i)),
            x,
            vector(0, -1)));
    cases.add(
        OpCase.of("2", new Op.Flatten(2), i -> x.getDouble(Samples.offset(Shape.of(6, 4), i)), x));
    cases.add(
        OpCase.of("ends", new Op.Unsqueeze(), i -> at(x, i[1], i[2], i[3]), x, vector(0, -1)));
    Tensor thin = Samples.floats(2, 1, 3, 1);
    cases.add(OpCase.of("all", new Op.Squeeze(), i -> at(thin, 0, i[0], 0), thin));
    cases.add(OpCase.of("same", new Op.Identity(), i -> at(x, i), x));
    cases.add(OpCase.of("all", new Op.ShapeOf(0, null), i -> (double) (i[0] + 2), x));
    cases.add(OpCase.of("last", new Op.ShapeOf(-1, null), i -> 4, x));
    cases.add(OpCase.of("all", new Op.Size(), i -> 24, x));
  }

  private static void generated(List<OpCase> cases) {
    cases.add(
        OpCase.of(
            "filled",
            new Op.ConstantOfShape(Tensor.of(new float[] {3}, 1)),
            i -> 3,
            vector(2, 17)));
    cases.add(
        OpCase.of(
            "down",
            new Op.Range(),
            i -> (double) (10 - 3 * i[0]),
            Tensor.of(new long[] {10}),
            Tensor.of(new long[] {-4}),
            Tensor.of(new long[] {-3})));
    Tensor x = Samples.floats(1, 2, 5, 7);
    cases.add(
        OpCase.of(
            "upper",
            new Op.Trilu(true),
            i -> i[2] - i[1] >= 1 ? at(x, i) : 0,
            x,
            Tensor.of(new long[] {1})));
    cases.add(OpCase.of("lower", new Op.Trilu(false), i -> i[2] <= i[1] ? at(x, i) : 0, x));
    for (long k : new long[] {Long.MIN_VALUE, -6, -5, -2, 0, 3, 6, 7, Long.MAX_VALUE}) {
      Tensor diagonal = Tensor.of(new long[] {k});
      for (Tensor matrices :
          List.of(x, Samples.longs(3, -9, 9, 1, 6, 3), Samples.floats(4, 3, 0))) {
        cases.add(
            OpCase.of(
                "upper from " + k,
                new Op.Trilu(true),
                i -> {
                  int last = i.length - 1;
                  return i[last] - i[last - 1] >= k ? at(matrices, i) : 0;
                },
                matrices,
                diagonal));
        cases.add(
            OpCase.of(
                "lower to " + k,
                new Op.Trilu(false),
                i -> {
                  int last = i.length - 1;
                  return i[last] - i[last - 1] <= k ? at(matrices, i) : 0;
                },
                matrices,
                diagonal));
      }
    }
    Tensor square = Samples.floats(2, 5, 7);
    for (long k : new long[] {Long.MIN_VALUE, -5, -4, 0, 6, 7, Long.MAX_VALUE}) {
      cases.add(
          OpCase.of(
              "diagonal " + k,
              new Op.EyeLike(DType.F32, k),
              i -> i[1] - i[0] == k ? 1 : 0,
              square));
    }
    cases.add(
        OpCase.of("above", new Op.EyeLike(DType.I32, 2), i -> i[1] - i[0] == 2 ? 1 : 0, square));
    cases.add(
        OpCase.of(
            "steps",
            new Op.ReverseSequence(0, 1),
            i -> {
              long length = i[0] == 0 ? 5 : 2;
              return i[1] < length ? at(x, i[0], length - 1 - i[1], i[2]) : at(x, i);
            },
            x,
            vector(5, 2)));
    cases.add(
        OpCase.of(
            "steps of columns",
            new Op.ReverseSequence(2, 1),
            i -> {
              long length = i[2] % 6;
              return i[1] < length ? at(x, i[0], length - 1 - i[1], i[2]) : at(x, i);
            },
            x,
            vector(0, 1, 2, 3, 4, 5, 0)));
    cases.add(
        OpCase.of(
            "steps of rows",
            new Op.ReverseSequence(1, 0),
            i -> i[0] < 2 && i[1] % 2 == 0 ? at(x, 1 - i[0], i[1], i[2]) : at(x, i),
            x,
            vector(2, 1, 2, 0, 2)));
    for (DType type : List.of(DType.F64, DType.I32, DType.F16)) {
      cases.add(
          OpCase.of(
              "of " + type,
              new Op.Range(),
              i -> (double) (i[0] * 2 - 7),
              Samples.as(type, Tensor.of(new long[] {-7})),
              Samples.as(type, Tensor.of(new long[] {4})),
              Samples.as(type, Tensor.of(new long[] {2}))));
    }
  }
}
