package dev.jiffy.engine.ir;

import dev.jiffy.engine.ModelException;
import dev.jiffy.tensor.DType;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The rules of loops.
///
/// A body knows of its inputs what holds in every iteration, so that nothing is inferred again when
/// more becomes known around it.
final class LoopRules {
  private LoopRules() {}

  static List<Fact> infer(LoopOp op, Operands in) {
    return switch (op) {
      case LoopOp.Loop loop -> loop(loop, in);
    };
  }

  private static List<Fact> loop(LoopOp.Loop op, Operands in) {
    Graph body = op.body();
    if (in.count() != body.inputs().size()) {
      throw new ModelException(
          "expected %d inputs, got %d".formatted(body.inputs().size(), in.count()));
    }
    if (in.outputs() > op.states() + op.collected()) {
      throw new ModelException(
          "expected at most %d outputs, got %d"
              .formatted(op.states() + op.collected(), in.outputs()));
    }
    if (in.has(0)) {
      in.expect(0, DType.I64);
      in.expectTensor(0);
    }
    if (in.has(1)) {
      in.expect(1, DType.BOOL);
      in.expectTensor(1);
    }
    for (int i = 2; i < in.count(); i++) {
      Fact expected = body.fact(body.inputs().get(i));
      Fact got = in.fact(i);
      if (expected.dtype() != got.dtype()
          || (expected.kind() != got.kind() && expected.kind() != got.kind().optional())) {
        throw new ModelException("input %d: expected %s, got %s".formatted(i, expected, got));
      }
    }
    Dim trips = trips(op, in);
    List<Fact> facts = new ArrayList<>();
    for (int i = 0; i < in.outputs(); i++) {
      Fact made = body.fact(body.outputs().get(1 + i));
      facts.add(
          i < op.states()
              ? body.fact(body.inputs().get(2 + i)).as(made.kind())
              : Fact.of(made.dtype(), stacked(trips, made.shape())));
    }
    return facts;
  }

  /// The number of iterations, where nothing but that ends the loop.
  private static Dim trips(LoopOp.Loop op, Operands in) {
    List<Dim> trips = in.has(0) ? in.value(0) : null;
    if (trips == null || trips.size() != 1 || in.has(1) || !op.isCounted()) {
      return in.fresh("trips");
    }
    return Dims.atLeast(trips.getFirst(), 0) ? trips.getFirst() : in.fresh("trips");
  }

  private static @Nullable List<Dim> stacked(Dim trips, @Nullable List<Dim> shape) {
    if (shape == null) {
      return null;
    }
    List<Dim> dims = new ArrayList<>();
    dims.add(trips);
    dims.addAll(shape);
    return dims;
  }
}
