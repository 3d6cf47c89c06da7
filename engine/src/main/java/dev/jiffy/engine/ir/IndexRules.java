package dev.jiffy.engine.ir;

import dev.jiffy.engine.ModelException;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Rules of the operators that pick or place elements by index or by condition.
final class IndexRules {
  private IndexRules() {}

  static Fact gather(Op.Gather op, Operands in) {
    in.expect(2, 2, 1);
    in.index(1);
    List<Dim> shape = in.shape(0);
    List<Dim> indices = in.shape(1);
    if (shape == null) {
      return Fact.unranked(in.dtype(0));
    }
    int axis = Operands.axis(op.axis(), shape.size());
    checkIndices(axis, shape.get(axis), in);
    if (indices == null) {
      return Fact.unranked(in.dtype(0));
    }
    List<Dim> dims = new ArrayList<>(shape.size() + indices.size());
    dims.addAll(shape.subList(0, axis));
    dims.addAll(indices);
    dims.addAll(shape.subList(axis + 1, shape.size()));
    List<Dim> value = in.value(0);
    long[] picked = value != null && dims.size() <= 1 ? in.numbers(1) : null;
    if (value == null || picked == null || picked.length > Operands.MAX_VALUE) {
      return Fact.of(in.dtype(0), dims);
    }
    Dim[] result = new Dim[picked.length];
    for (int i = 0; i < result.length; i++) {
      checkIndex(picked[i], axis, value.size());
      result[i] = value.get((int) (picked[i] < 0 ? picked[i] + value.size() : picked[i]));
    }
    return new Fact(in.dtype(0), dims, List.of(result));
  }

  /// Checks indices that are known against the extent that they index.
  private static void checkIndices(int axis, Dim extent, Operands in) {
    List<Dim> indices = in.fact(1).value();
    if (indices == null || !(extent instanceof Dim.Known n)) {
      return;
    }
    for (Dim index : indices) {
      if (index instanceof Dim.Known k) {
        checkIndex(k.value(), axis, n.value());
      }
    }
  }

  private static void checkIndex(long index, int axis, long extent) {
    if (index < -extent || index >= extent) {
      throw new ModelException(
          "index %d of axis %d is out of range: the extent is %d".formatted(index, axis, extent));
    }
  }

  static Fact gatherElements(Op.GatherElements op, Operands in) {
    in.expect(2, 2, 1);
    in.index(1);
    List<Dim> shape = in.shape(0);
    List<Dim> indices = in.shape(1);
    if (shape != null) {
      checkElements(op.axis(), shape, indices, in.fact(1));
      int axis = Operands.axis(op.axis(), shape.size());
      checkIndices(axis, shape.get(axis), in);
    }
    return Fact.of(in.dtype(0), indices);
  }

  private static void checkElements(
      long axis, List<Dim> shape, @Nullable List<Dim> indices, Fact got) {
    int along = Operands.axis(axis, shape.size());
    if (indices == null) {
      return;
    }
    if (indices.size() != shape.size()) {
      throw new ModelException("indices: expected rank " + shape.size() + ", got " + got);
    }
    for (int i = 0; i < shape.size(); i++) {
      if (i != along
          && indices.get(i) instanceof Dim.Known n
          && shape.get(i) instanceof Dim.Known d
          && n.value() > d.value()) {
        throw new ModelException(
            "indices: expected at most " + d + " in dimension " + i + ", got " + got);
      }
    }
  }

  static Fact gatherNd(Op.GatherNd op, Operands in) {
    in.expect(2, 2, 1);
    in.index(1);
    List<Dim> shape = in.shape(0);
    List<Dim> indices = in.shape(1);
    if (shape == null || indices == null) {
      return Fact.unranked(in.dtype(0));
    }
    int batch = Math.toIntExact(op.batchDims());
    int tuple = tuple(indices, shape, batch, in);
    if (tuple < 0) {
      return Fact.unranked(in.dtype(0));
    }
    List<Dim> dims =
        new ArrayList<>(
            Dims.merge(
                "batch dimensions of indices", shape.subList(0, batch), indices.subList(0, batch)));
    dims.addAll(indices.subList(batch, indices.size() - 1));
    dims.addAll(shape.subList(batch + tuple, shape.size()));
    return Fact.of(in.dtype(0), dims);
  }

  /// The number of dimensions that each index tuple addresses, or -1 where it is not known.
  private static int tuple(List<Dim> indices, List<Dim> shape, int batch, Operands in) {
    if (batch < 0 || batch >= Math.min(Math.max(indices.size(), 1), Math.max(shape.size(), 1))) {
      throw new ModelException(
          "batch dimensions: expected fewer than the ranks of "
              + in.fact(0)
              + " and "
              + in.fact(1)
              + ", got "
              + batch);
    }
    if (indices.isEmpty() || shape.isEmpty()) {
      throw new ModelException(
          "expected a rank of at least 1, got " + in.fact(0) + " and " + in.fact(1));
    }
    if (!(indices.getLast() instanceof Dim.Known last)) {
      return -1;
    }
    if (last.value() < 1 || last.value() > shape.size() - batch) {
      throw new ModelException(
          "indices: expected tuples of 1 to " + (shape.size() - batch) + ", got " + in.fact(1));
    }
    return (int) last.value();
  }

  static Fact scatterElements(Op.ScatterElements op, Operands in) {
    in.expect(3, 3, 1);
    in.index(1);
    in.same(2, 0);
    if (op.mode() != Op.ScatterMode.REPLACE) {
      in.numericOrBool(0);
    }
    List<Dim> shape = in.shape(0);
    Dims.merge("updates", in.shape(1), in.shape(2));
    if (shape != null) {
      checkElements(op.axis(), shape, in.shape(1), in.fact(1));
      int axis = Operands.axis(op.axis(), shape.size());
      checkIndices(axis, shape.get(axis), in);
    }
    return Fact.of(in.dtype(0), shape);
  }

  static Fact scatterNd(Op.ScatterNd op, Operands in) {
    in.expect(3, 3, 1);
    in.index(1);
    in.same(2, 0);
    if (op.mode() != Op.ScatterMode.REPLACE) {
      in.numericOrBool(0);
    }
    List<Dim> shape = in.shape(0);
    List<Dim> indices = in.shape(1);
    if (shape != null && indices != null) {
      int tuple = tuple(indices, shape, 0, in);
      if (tuple >= 0) {
        List<Dim> updates = new ArrayList<>(indices.subList(0, indices.size() - 1));
        updates.addAll(shape.subList(tuple, shape.size()));
        Dims.merge("updates", updates, in.shape(2));
      }
    }
    return Fact.of(in.dtype(0), shape);
  }

  static Fact oneHot(Op.OneHot op, Operands in) {
    in.expect(3, 3, 1);
    in.numeric(0);
    in.numeric(1);
    Dims.merge("values", Dims.of(new long[] {2}), in.shape(2));
    List<Dim> shape = in.shape(0);
    if (shape == null) {
      return Fact.unranked(in.dtype(2));
    }
    int axis = Operands.axis(op.axis(), shape.size() + 1);
    List<Dim> dims = new ArrayList<>(shape);
    dims.add(axis, depth(in));
    return Fact.of(in.dtype(2), dims);
  }

  static Fact oneHotDot(Op.OneHotDot op, Operands in) {
    in.expect(2, 2, 1);
    in.floating(0);
    in.index(1);
    List<Dim> x = in.shape(0, 3);
    List<Dim> indices = in.shape(1, 2);
    if (x != null) {
      Dim rows = indices == null ? x.getFirst() : indices.getFirst();
      Dims.merge("x", List.of(rows, Dim.of(op.depth()), Dim.of(1)), x);
    }
    return Fact.of(in.dtype(0), indices);
  }

  private static Dim depth(Operands in) {
    Dim depth = in.scalar(1);
    if (depth == null) {
      long[] numbers = in.numbers(1);
      depth = numbers == null ? in.fresh("depth") : Dim.of(numbers[0]);
    }
    if (depth instanceof Dim.Known known && known.value() < 1) {
      throw new ModelException("depth: expected at least 1, got " + known);
    }
    return depth;
  }

  static List<Fact> topK(Op.TopK op, Operands in) {
    in.expect(2, 2, 2);
    in.numeric(0);
    in.index(1);
    List<Dim> shape = in.shape(0);
    Dim k = in.scalar(1);
    List<Dim> dims = null;
    if (shape != null) {
      int axis = Operands.axis(op.axis(), shape.size());
      if (k instanceof Dim.Known n
          && (n.value() < 0 || (shape.get(axis) instanceof Dim.Known d && n.value() > d.value()))) {
        throw new ModelException(
            "k: expected 0 to " + shape.get(axis) + " for " + in.fact(0) + ", got " + k);
      }
      dims = Dims.with(shape, axis, k == null ? in.fresh("k") : k);
    }
    Fact values = Fact.of(in.dtype(0), dims);
    return in.outputs() == 1 ? List.of(values) : List.of(values, Fact.of(DType.I64, dims));
  }

  static Fact nonZero(Operands in) {
    in.expect(1, 1, 1);
    List<Dim> shape = in.shape(0);
    Dim rank = shape == null ? in.fresh("rank") : Dim.of(shape.size());
    return Fact.of(DType.I64, List.of(rank, in.fresh("nonzero")));
  }

  static Fact compress(Op.Compress op, Operands in) {
    in.expect(2, 2, 1);
    in.expect(1, DType.BOOL);
    in.shape(1, 1);
    List<Dim> shape = in.shape(0);
    Long along = op.axis();
    if (shape == null) {
      return Fact.of(in.dtype(0), along == null ? List.of(in.fresh("compressed")) : null);
    }
    int axis = along == null ? 0 : Operands.axis(along, shape.size());
    Dim picked = picked(along == null ? Dims.product(shape) : shape.get(axis), in);
    return Fact.of(in.dtype(0), along == null ? List.of(picked) : Dims.with(shape, axis, picked));
  }

  private static Dim picked(Dim extent, Operands in) {
    Tensor condition = in.constant(1);
    if (condition == null) {
      return in.fresh("compressed");
    }
    if (extent instanceof Dim.Known n && condition.shape().elements() > n.value()) {
      throw new ModelException(
          "condition: expected at most " + n + " elements, got " + condition.shape());
    }
    long count = 0;
    for (long flag : condition.toLongs()) {
      count += flag;
    }
    return Dim.of(count);
  }
}
