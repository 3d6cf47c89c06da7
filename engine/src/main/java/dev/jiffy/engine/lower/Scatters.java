package dev.jiffy.engine.lower;

import dev.jiffy.engine.function.BinaryFunction;
import dev.jiffy.engine.ir.Node;
import dev.jiffy.engine.ir.Op;
import dev.jiffy.engine.kernel.Combination;
import dev.jiffy.engine.kernel.IndexedSlices;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Lowers operators that read or write slices where tuples of indices say.
final class Scatters {
  private Scatters() {}

  static boolean lower(Node node, Op.GatherNd gather, Lowering lowering) {
    DType type = lowering.dtype(node.input(0));
    if (type == DType.STRING || lowering.shape(node.output()).elements() == 0) {
      return false;
    }
    Place x = lowering.place(node.input(0));
    Place indices = lowering.place(node.input(1));
    Place y = lowering.result(node.output());
    IndexedSlices slices = slices(node, Math.toIntExact(gather.batchDims()), lowering);
    lowering.add(
        new GatherNdStep(Lowering.label(node), slices, type.bytes(), x, indices, y), x, indices, y);
    return true;
  }

  static boolean lower(Node node, Op.ScatterNd scatter, Lowering lowering) {
    return lower(node, scatter.mode(), slices(node, 0, lowering), lowering);
  }

  static boolean lower(Node node, Op.ScatterElements scatter, Lowering lowering) {
    Shape x = lowering.shape(node.input(0));
    int axis = Operands.axis(scatter.axis(), x.rank());
    long[] steps = Movement.dense(x.dims(), 1);
    long step = steps[axis];
    steps[axis] = 0;
    IndexedSlices elements =
        merged(
            lowering.shape(node.input(1)).dims(),
            steps,
            new long[] {x.dim(axis)},
            new long[] {step},
            1,
            lowering.dtype(node.input(1)));
    return lower(node, scatter.mode(), elements, lowering);
  }

  private static boolean lower(
      Node node, Op.ScatterMode mode, IndexedSlices slices, Lowering lowering) {
    DType type = lowering.dtype(node.output());
    Shape whole = lowering.shape(node.output());
    Combination combination = combination(mode, type, slices.count());
    boolean isKnown =
        combination == null
            ? mode == Op.ScatterMode.REPLACE && type != DType.STRING
            : Combination.isSupported(combination.function(), combination.in());
    if (!isKnown || whole.elements() == 0) {
      return false;
    }
    Place x = lowering.place(node.input(0));
    Place indices = lowering.place(node.input(1));
    Place updates = lowering.place(node.input(2));
    Place y = lowering.result(node.output());
    lowering.copyAll(Lowering.label(node), x, y, type, whole);
    lowering.add(
        new ScatterStep(
            Lowering.label(node),
            lowering.target(),
            slices,
            type.bytes(),
            combination,
            indices,
            updates,
            y),
        indices,
        updates,
        y);
    return true;
  }

  /// The slices that the tuples of a node's second input name in its first.
  private static IndexedSlices slices(Node node, int batchDims, Lowering lowering) {
    Shape x = lowering.shape(node.input(0));
    Shape tuples = lowering.shape(node.input(1));
    int last = tuples.rank() - 1;
    int end = batchDims + Math.toIntExact(tuples.dim(last));
    long[] strides = Movement.dense(x.dims(), 1);
    long[] steps = Arrays.copyOf(Arrays.copyOf(strides, batchDims), last);
    return merged(
        Arrays.copyOf(tuples.dims(), last),
        steps,
        Arrays.copyOfRange(x.dims(), batchDims, end),
        Arrays.copyOfRange(strides, batchDims, end),
        x.elements(end, x.rank()),
        lowering.dtype(node.input(1)));
  }

  /// Slices with as few dimensions as possible.
  private static IndexedSlices merged(
      long[] dims, long[] steps, long[] extents, long[] extentSteps, long count, DType indexType) {
    long[] mergedDims = new long[dims.length + 1];
    long[] mergedSteps = new long[dims.length + 1];
    mergedDims[0] = 1;
    int last = 0;
    for (int i = 0; i < dims.length; i++) {
      boolean joins = mergedDims[last] == 1 || mergedSteps[last] == dims[i] * steps[i];
      if (dims[i] == 1) {
        continue;
      }
      last += joins ? 0 : 1;
      mergedDims[last] = joins ? mergedDims[last] * dims[i] : dims[i];
      mergedSteps[last] = steps[i];
    }
    return new IndexedSlices(
        Arrays.copyOf(mergedDims, last + 1),
        Arrays.copyOf(mergedSteps, last + 1),
        extents,
        extentSteps,
        count,
        indexType);
  }

  /// {@return how slices combine, or null where they are replaced or there is no way; truth values
  /// as logic has it, unsigned numbers of 64 bits as signed ones where that is the same}
  private static @Nullable Combination combination(Op.ScatterMode mode, DType type, long count) {
    boolean isTruth = type == DType.BOOL;
    BinaryFunction function =
        switch (mode) {
          case REPLACE -> null;
          case ADD -> isTruth ? BinaryFunction.OR : BinaryFunction.ADD;
          case MUL -> isTruth ? BinaryFunction.AND : BinaryFunction.MUL;
          case MIN -> isTruth ? BinaryFunction.AND : BinaryFunction.MIN;
          case MAX -> isTruth ? BinaryFunction.OR : BinaryFunction.MAX;
        };
    if (function == null) {
      return null;
    }
    boolean isSigned = function == BinaryFunction.ADD || function == BinaryFunction.MUL;
    DType same = type == DType.U64 && isSigned ? DType.I64 : type;
    return new Combination(function, same, same, List.of(count), List.of(1L), List.of(1L));
  }
}
