package dev.jiffy.engine.ir;

import dev.jiffy.engine.ModelException;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Tensor;
import java.util.List;

/// Rules of operators on tables.
final class TableRules {
  private TableRules() {}

  static List<Fact> infer(TableOp op, Operands in) {
    return switch (op) {
      case TableOp.TreeEnsemble o -> trees(o, in);
      case TableOp.VectorKernels _ -> List.of(kernels(in));
      case TableOp.Votes o -> votes(o, in);
      case TableOp.Classify o -> classify(o, in);
      case TableOp.Scores _ -> List.of(scores(in));
      case TableOp.MapValues o -> List.of(map(o, in));
      case TableOp.ZipMap o -> List.of(zip(o, in));
    };
  }

  /// The number of rows; checks the rank, and that there are as many features as are read.
  private static Dim rows(Operands in, long features) {
    List<Dim> shape = in.shape(0);
    if (shape == null) {
      return in.fresh("rows", 1).getFirst();
    }
    if (shape.isEmpty() || shape.size() > 2) {
      throw new ModelException("input 0: expected rank 1 or 2, got " + in.fact(0));
    }
    if (shape.getLast() instanceof Dim.Known(long found) && found < features) {
      throw new ModelException(
          "input 0: expected at least %d features, got %s".formatted(features, in.fact(0)));
    }
    return shape.size() == 1 ? Dims.ONE : shape.getFirst();
  }

  private static List<Fact> trees(TableOp.TreeEnsemble op, Operands in) {
    in.expect(1, 1, op.labels() == null ? 1 : 2);
    if (in.dtype(0) != DType.F32 && in.dtype(0) != DType.F64) {
      throw in.wrongType(0, "f32 or f64");
    }
    Dim rows = rows(in, op.ensemble().forest().features());
    Fact scores = Fact.of(op.dtype(), List.of(rows, Dim.of(op.ensemble().forest().targets())));
    Tensor labels = op.labels();
    return labels == null ? List.of(scores) : labelled(labels, rows, scores, in);
  }

  private static List<Fact> labelled(Tensor labels, Dim rows, Fact scores, Operands in) {
    List<Fact> facts = List.of(Fact.of(labels.dtype(), List.of(rows)), scores);
    return facts.subList(0, Math.min(in.outputs(), 2));
  }

  private static Fact kernels(Operands in) {
    in.expect(2, 2, 1);
    in.expect(0, DType.F32);
    in.expect(1, DType.F32);
    List<Dim> vectors = in.shape(1, 2);
    Dim count = vectors == null ? in.fresh("vectors", 1).getFirst() : vectors.getLast();
    long features =
        vectors != null && vectors.getFirst() instanceof Dim.Known(long known) ? known : 0;
    Dim rows = rows(in, features);
    List<Dim> shape = in.shape(0);
    if (shape != null && shape.getLast() instanceof Dim.Known(long found) && found != features) {
      throw new ModelException(
          "input 0: expected %d features, got %s".formatted(features, in.fact(0)));
    }
    return Fact.of(DType.F32, List.of(rows, count));
  }

  private static List<Fact> votes(TableOp.Votes op, Operands in) {
    in.expect(1, 1, 2);
    in.expect(0, DType.F32);
    long vectors = op.votes().vectors().stream().mapToLong(Integer::longValue).sum();
    Dim rows = rows(in, vectors);
    return labelled(
        op.labels(), rows, Fact.of(DType.F32, List.of(rows, Dim.of(op.votes().scores()))), in);
  }

  private static List<Fact> classify(TableOp.Classify op, Operands in) {
    in.expect(1, 1, 2);
    in.expect(0, DType.F32);
    List<Dim> shape = in.shape(0, 2);
    Dim rows = shape == null ? in.fresh("rows", 1).getFirst() : shape.getFirst();
    Dim columns = shape == null ? in.fresh("classes", 1).getFirst() : shape.get(1);
    boolean spreads = Dims.ONE.equals(columns) && op.labels().shape().elements() == 2;
    Fact scores = Fact.of(DType.F32, List.of(rows, spreads ? Dim.of(2) : columns));
    return labelled(op.labels(), rows, scores, in);
  }

  private static Fact scores(Operands in) {
    in.expect(1, 1, 1);
    in.expect(0, DType.F32);
    List<Dim> _ = in.shape(0, 2);
    return in.fact(0);
  }

  private static Fact map(TableOp.MapValues op, Operands in) {
    in.expect(1, 1, 1);
    in.expect(0, op.lookup().keys().dtype());
    return Fact.of(op.lookup().values().dtype(), in.shape(0));
  }

  private static Fact zip(TableOp.ZipMap op, Operands in) {
    in.expect(1, 1, 1);
    List<Dim> shape = in.shape(0);
    long labels = op.labels().shape().elements();
    if (shape != null && shape.isEmpty()) {
      throw new ModelException("input 0: expected rank 1 or 2, got " + in.fact(0));
    }
    if (shape != null && shape.getLast() instanceof Dim.Known(long found) && found != labels) {
      throw new ModelException(
          "input 0: expected %d columns, got %s".formatted(labels, in.fact(0)));
    }
    return in.fact(0);
  }
}
