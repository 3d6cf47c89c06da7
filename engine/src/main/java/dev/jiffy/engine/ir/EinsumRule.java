package dev.jiffy.engine.ir;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The rule of Einstein summation.
final class EinsumRule {
  private EinsumRule() {}

  static Fact einsum(Op.Einsum op, Operands in) {
    in.expect(1, Integer.MAX_VALUE, 1);
    in.numeric(0);
    int[] ranks = new int[in.count()];
    for (int i = 0; i < ranks.length; i++) {
      in.same(i, 0);
      ranks[i] = in.fact(i).rank();
    }
    EinsumTerms terms = EinsumTerms.of(op.equation(), ranks);
    Map<Integer, Dim> extents = new HashMap<>();
    for (int i = 0; i < ranks.length; i++) {
      bind(op.equation(), terms.factors().get(i), in.shape(i), extents);
    }
    if (terms.result() == null) {
      return new Fact(in.dtype(0), null, null);
    }
    List<Dim> dims = new ArrayList<>();
    for (int label : terms.result()) {
      Dim dim = extents.get(label);
      dims.add(dim == null ? in.fresh("einsum") : dim);
    }
    return Fact.of(in.dtype(0), dims);
  }

  /// Notes the extents of a factor's labels.
  private static void bind(
      String equation, List<Integer> labels, @Nullable List<Dim> shape, Map<Integer, Dim> extents) {
    for (int i = 0; shape != null && i < labels.size(); i++) {
      int label = labels.get(i);
      Dim dim = shape.get(i);
      Dim before = extents.getOrDefault(label, Dims.ONE);
      Dim joined = Dims.broadcast(before, dim);
      if (joined == null) {
        throw EinsumTerms.invalid(
            equation,
            "expected extent %s for %s, got %s".formatted(before, EinsumTerms.name(label), dim));
      }
      extents.put(label, joined);
    }
  }
}
