package dev.jiffy.engine.ir;

import dev.jiffy.engine.ModelException;
import dev.jiffy.tensor.DType;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// Rules of matrix products, of attention and of what else is computed of matrices.
final class MatrixRules {
  private MatrixRules() {}

  private static void productType(Operands in, int inputs) {
    DType dtype = in.numeric(0);
    if (!dtype.isFloat() && dtype.bytes() < 4) {
      throw in.wrongType(0, "a floating-point or 32- or 64-bit integer type");
    }
    for (int i = 1; i < inputs; i++) {
      in.same(i, 0);
    }
  }

  static Fact infer(MatrixOp op, Operands in) {
    return switch (op) {
      case MatrixOp.Determinant _ -> determinant(in);
    };
  }

  private static Fact determinant(Operands in) {
    in.expect(1, 1, 1);
    DType dtype = in.floating(0);
    List<Dim> x = in.shape(0);
    if (x == null) {
      return Fact.unranked(dtype);
    }
    int rank = x.size();
    if (rank < 2 || Dims.merge(x.get(rank - 2), x.get(rank - 1)) == null) {
      throw new ModelException("input 0: expected square matrices, got " + in.fact(0));
    }
    return Fact.of(dtype, x.subList(0, rank - 2));
  }

  static Fact matMul(Op.MatMul op, Operands in) {
    in.expect(2, 4, 1);
    productType(in, 4);
    ElementwiseRules.activation(op.activation(), in.dtype(0));
    List<Dim> x = in.shape(0);
    List<Dim> w = in.shape(1);
    if (x == null || w == null) {
      return Fact.of(in.dtype(0), in.has(3) ? in.shape(3) : null);
    }
    List<Dim> shape = product(swapped(x, op.transposeA()), swapped(w, op.transposeB()), in);
    if (in.has(2)) {
      List<Dim> bias = in.shape(2, 1);
      if (bias != null
          && (shape.isEmpty() || Dims.merge(bias.getFirst(), shape.getLast()) == null)) {
        throw new ModelException(
            "bias: expected one element per column of " + Dims.text(shape) + ", got " + in.fact(2));
      }
    }
    List<Dim> known = in.has(3) ? Dims.merge("residual", shape, in.shape(3)) : shape;
    return Fact.of(in.dtype(0), known);
  }

  static List<Fact> dynamicQuantize(Operands in) {
    in.expect(1, 1, 3);
    type(in, 0, DType.F32);
    List<Fact> facts =
        List.of(
            Fact.of(DType.U8, in.shape(0)),
            Fact.of(DType.F32, List.of()),
            Fact.of(DType.U8, List.of()));
    return facts.subList(0, in.outputs());
  }

  static Fact quantizedMatMul(Op.QuantizedMatMul op, Operands in) {
    in.expect(3, 5, 1);
    type(in, 0, DType.F32);
    QuantizedRules.centred(1, in);
    shift(op.shift(), in.dtype(1));
    type(in, 2, DType.F32);
    ElementwiseRules.activation(op.activation(), DType.F32);
    List<Dim> x = in.shape(0);
    List<Dim> w = in.shape(1, 2);
    if (x == null || w == null) {
      return Fact.of(DType.F32, in.has(4) ? in.shape(4) : null);
    }
    List<Dim> shape = product(x, w, in);
    for (int i = 2; i < 4; i++) {
      List<Dim> perColumn = in.has(i) ? in.shape(i, 1) : null;
      if (perColumn != null && Dims.merge(perColumn.getFirst(), shape.getLast()) == null) {
        throw new ModelException(
            "input %d: expected one element per column of %s, got %s"
                .formatted(i, Dims.text(shape), in.fact(i)));
      }
    }
    return Fact.of(DType.F32, in.has(4) ? Dims.merge("residual", shape, in.shape(4)) : shape);
  }

  /// What makes signed bytes of unsigned ones, less a zero point that is a byte.
  private static void shift(int shift, DType weights) {
    if (shift <= Byte.MIN_VALUE || shift > -Byte.MIN_VALUE || (shift != 0 && weights != DType.I8)) {
      throw new ModelException(
          "expected a shift of -127 to 128 of i8 weights, got %d of %s".formatted(shift, weights));
    }
  }

  private static void type(Operands in, int input, DType expected) {
    if (in.dtype(input) != expected) {
      throw in.wrongType(input, expected.toString().toLowerCase(Locale.ROOT));
    }
  }

  private static List<Dim> swapped(List<Dim> shape, boolean transpose) {
    if (!transpose || shape.size() < 2) {
      return shape;
    }
    Dim[] dims = shape.toArray(Dim[]::new);
    int last = dims.length - 1;
    dims[last] = shape.get(last - 1);
    dims[last - 1] = shape.get(last);
    return List.of(dims);
  }

  /// The shape of a product; a vector counts as a row on the left and as a column on the right, and
  /// the dimension added goes away again.
  static List<Dim> product(List<Dim> x, List<Dim> w, Operands in) {
    if (x.isEmpty() || w.isEmpty()) {
      throw new ModelException(
          "expected ranks of at least 1, got " + in.fact(0) + " and " + in.fact(1));
    }
    int xr = x.size();
    int wr = w.size();
    Dim inner = wr == 1 ? w.getFirst() : w.get(wr - 2);
    if (Dims.merge(x.getLast(), inner) == null) {
      throw new ModelException(
          "matrices do not fit: expected as many rows as "
              + Dims.text(x)
              + " has columns, got "
              + Dims.text(w));
    }
    if (xr == 2 && wr == 2) {
      return List.of(x.getFirst(), w.getLast());
    }
    List<Dim> batch =
        Dims.broadcast(x.subList(0, Math.max(xr - 2, 0)), w.subList(0, Math.max(wr - 2, 0)));
    List<Dim> shape = new ArrayList<>(batch == null ? List.of() : batch);
    if (xr > 1) {
      shape.add(x.get(xr - 2));
    }
    if (wr > 1) {
      shape.add(w.getLast());
    }
    return List.copyOf(shape);
  }

  static Fact gemm(Op.Gemm op, Operands in) {
    in.expect(2, 3, 1);
    productType(in, 3);
    List<Dim> a = in.shape(0, 2);
    List<Dim> b = in.shape(1, 2);
    Dim rows = a == null ? in.fresh("rows") : a.get(op.transposeA() ? 1 : 0);
    Dim columns = b == null ? in.fresh("columns") : b.get(op.transposeB() ? 0 : 1);
    if (a != null && b != null) {
      Dim inner = a.get(op.transposeA() ? 0 : 1);
      if (Dims.merge(inner, b.get(op.transposeB() ? 1 : 0)) == null) {
        throw new ModelException(
            "matrices do not fit: expected "
                + inner
                + (op.transposeB() ? " columns in b, got " : " rows in b, got ")
                + in.fact(1));
      }
    }
    List<Dim> shape = List.of(rows, columns);
    if (in.has(2)) {
      Dims.checkBroadcastTo("c", in.shape(2), shape);
    }
    return Fact.of(in.dtype(0), shape);
  }

  static Fact attention(AttentionOp.Attention op, Operands in) {
    in.expect(3, 4, 1);
    in.floating(0);
    for (int i = 1; i < 4; i++) {
      in.same(i, 0);
    }
    List<Dim> q = in.shape(0, 3);
    List<Dim> k = in.shape(1, 3);
    List<Dim> v = in.shape(2, 3);
    if (q == null || k == null || v == null) {
      return Fact.of(in.dtype(0), in.fresh("attention", 3));
    }
    checkHeads(op.heads(), q, in.fact(0));
    checkHeads(op.heads(), v, in.fact(2));
    Dim batch = equal("batch", q.get(0), equal("batch", k.get(0), v.get(0)));
    Dim length = equal("number of keys and of values", k.get(1), v.get(1));
    equal("width of queries and of keys", q.get(2), k.get(2));
    if (in.has(3)) {
      Dims.checkBroadcastTo(
          "mask", in.shape(3), List.of(batch, Dim.of(op.heads()), q.get(1), length));
    }
    return Fact.of(in.dtype(0), List.of(batch, q.get(1), v.get(2)));
  }

  static Fact attention(AttentionOp.CausalAttention op, Operands in) {
    in.expect(4, 5, 1);
    in.floating(0);
    in.same(1, 0);
    in.same(2, 0);
    in.expect(3, DType.I64);
    in.same(4, 0);
    if (op.window() < 0) {
      throw new ModelException("window: expected at least 0, got " + op.window());
    }
    List<Dim> q = in.shape(0, 3);
    List<Dim> k = in.shape(1, 4);
    List<Dim> v = in.shape(2, 4);
    List<Dim> starts = in.shape(3, 1);
    if (q == null || k == null || v == null) {
      return Fact.of(in.dtype(0), in.fresh("attention", 3));
    }
    checkHeads(op.heads(), q, in.fact(0));
    Dims.merge("keys and values", k, v);
    Dim batch = equal("batch", q.get(0), k.get(0));
    if (starts != null) {
      equal("batch and starts", batch, starts.getFirst());
    }
    if (k.get(1) instanceof Dim.Known(long shared) && (shared < 1 || op.heads() % shared != 0)) {
      throw new ModelException(
          "expected heads of keys that go into %d, got %d".formatted(op.heads(), shared));
    }
    equal("width of queries and of keys", q.get(2), Dims.multiply(k.get(3), op.heads()));
    if (in.has(4)) {
      List<Dim> scores = List.of(batch, Dim.of(op.heads()), q.get(1), k.get(2));
      Dims.checkBroadcastTo("mask", in.shape(4), scores);
    }
    return Fact.of(in.dtype(0), List.of(batch, q.get(1), q.get(2)));
  }

  static Fact appendRows(Operands in) {
    in.expect(3, 4, 1);
    in.floating(0);
    in.expect(1, DType.I64);
    in.index(2);
    in.same(3, 0);
    List<Dim> rows = in.shape(0, 4);
    List<Dim> starts = in.shape(1, 1);
    List<Dim> length = in.value(2);
    List<Dim> earlier = in.has(3) ? in.shape(3, 4) : null;
    if (rows == null) {
      return Fact.of(in.dtype(0), in.fresh("appended", 4));
    }
    Dim batch = rows.get(0);
    Dim heads = rows.get(1);
    Dim size = rows.get(3);
    if (earlier != null) {
      batch = equal("batch", batch, earlier.get(0));
      heads = equal("heads", heads, earlier.get(1));
      size = equal("size", size, earlier.get(3));
    }
    if (starts != null) {
      batch = equal("batch and starts", batch, starts.getFirst());
    }
    if (in.length(2) > 1) {
      throw new ModelException("length: expected one number, got " + in.fact(2));
    }
    Dim all =
        length == null ? in.fresh("appended") : ShapeRules.extents("length", length).getFirst();
    return Fact.of(in.dtype(0), List.of(batch, heads, all, size));
  }

  private static void checkHeads(long heads, List<Dim> shape, Fact got) {
    if (heads < 1 || (shape.get(2) instanceof Dim.Known w && w.value() % heads != 0)) {
      throw new ModelException("expected a width that " + heads + " heads divide, got " + got);
    }
  }

  private static Dim equal(String what, Dim a, Dim b) {
    @Nullable Dim dim = Dims.merge(a, b);
    if (dim == null) {
      throw new ModelException(what + ": expected equal extents, got " + a + " and " + b);
    }
    return dim;
  }
}
