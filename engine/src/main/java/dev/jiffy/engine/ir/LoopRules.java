package dev.jiffy.engine.ir;

import dev.jiffy.engine.ModelException;
import dev.jiffy.tensor.DType;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
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
    if (Math.max(2, in.count()) != body.inputs().size()) {
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
    Map<Dim, Dim> around = around(op, in);
    List<Fact> facts = new ArrayList<>();
    for (int i = 0; i < in.outputs(); i++) {
      Fact made = body.fact(body.outputs().get(1 + i));
      Fact fact = i < op.states() ? body.fact(body.inputs().get(2 + i)).as(made.kind()) : made;
      List<Dim> dims = translated(fact.shape(), around, in);
      facts.add(
          i < op.states()
              ? Fact.of(fact.dtype(), dims).as(fact.kind())
              : Fact.of(fact.dtype(), stacked(trips, dims)));
    }
    return facts;
  }

  /// For dimensions of the body that no iteration changes what they are around it: symbols of the
  /// body mean nothing there.
  private static Map<Dim, Dim> around(LoopOp.Loop op, Operands in) {
    Graph body = op.body();
    Map<Dim, Dim> around = new HashMap<>();
    for (int i = 2; i < in.count(); i++) {
      List<Dim> inner = body.fact(body.inputs().get(i)).shape();
      List<Dim> outer = in.fact(i).shape();
      List<Dim> next = i < 2 + op.states() ? body.fact(body.outputs().get(i - 1)).shape() : inner;
      if (inner == null
          || outer == null
          || next == null
          || inner.size() != outer.size()
          || inner.size() != next.size()) {
        continue;
      }
      for (int k = 0; k < inner.size(); k++) {
        if (inner.get(k).equals(next.get(k))) {
          around.put(inner.get(k), outer.get(k));
        }
      }
    }
    return around;
  }

  private static @Nullable List<Dim> translated(
      @Nullable List<Dim> shape, Map<Dim, Dim> around, Operands in) {
    if (shape == null) {
      return null;
    }
    List<Dim> dims = new ArrayList<>();
    for (Dim dim : shape) {
      Dim outer = dim instanceof Dim.Known ? dim : around.get(dim);
      dims.add(outer == null ? in.fresh("looped") : outer);
    }
    return dims;
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
