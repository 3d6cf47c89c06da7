package dev.jiffy.engine.ir;

import dev.jiffy.engine.ModelException;
import dev.jiffy.engine.TensorSpec;
import dev.jiffy.engine.foreign.ForeignValue;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// The rule of what another runtime computes: its own inference, with the dimensions that are known
/// here.
final class ForeignRule {
  private ForeignRule() {}

  /// The facts of the outputs: a dimension of a name that an input has is that input's, and one of
  /// any other name depends on data.
  static List<Fact> outputs(Foreign op, Operands in) {
    List<ForeignValue> inputs = op.model().inputs();
    if (in.count() != inputs.size() || in.outputs() != op.model().outputs().size()) {
      throw new ModelException(
          "expected %d inputs and %d outputs, got %d and %d"
              .formatted(inputs.size(), op.model().outputs().size(), in.count(), in.outputs()));
    }
    Map<String, Dim> extents = new HashMap<>();
    for (int i = 0; i < inputs.size(); i++) {
      TensorSpec spec = inputs.get(i).spec();
      if (spec != null) {
        in.expectTensor(i);
        in.expect(i, spec.dtype());
        bind(spec, in.fact(i), extents);
      }
    }
    List<Fact> outputs = new ArrayList<>();
    for (ForeignValue output : op.model().outputs()) {
      TensorSpec spec = output.spec();
      if (spec == null) {
        throw new ModelException("'" + output.name() + "' has the type " + output.type());
      }
      outputs.add(fact(spec, extents, in));
    }
    return outputs;
  }

  private static void bind(TensorSpec spec, Fact fact, Map<String, Dim> extents) {
    List<Dim> expected = spec.shape();
    List<Dim> found = fact.shape();
    if (expected == null || found == null || expected.size() != found.size()) {
      return;
    }
    for (int i = 0; i < expected.size(); i++) {
      if (expected.get(i) instanceof Dim.Symbol(String name)) {
        extents.putIfAbsent(name, found.get(i));
      }
    }
  }

  private static Fact fact(TensorSpec spec, Map<String, Dim> extents, Operands in) {
    List<Dim> dims = spec.shape();
    if (dims == null) {
      return Fact.unranked(spec.dtype());
    }
    List<Dim> shape = new ArrayList<>();
    for (Dim dim : dims) {
      shape.add(
          switch (dim) {
            case Dim.Known known -> known;
            case Dim.Symbol(String name) -> extents.computeIfAbsent(name, _ -> in.fresh("foreign"));
          });
    }
    return Fact.of(spec.dtype(), shape);
  }
}
