package dev.jiffy.engine.lower;

import dev.jiffy.engine.ir.EinsumTerms;
import dev.jiffy.engine.kernel.scalar.ScalarLinear;
import dev.jiffy.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.TreeMap;
import java.util.stream.IntStream;

/// Einstein summation on the scalar kernels.
final class ScalarEinsum {
  private ScalarEinsum() {}

  /// Computes a summation.
  ///
  /// @param equation the terms, such as `ij,jk->ik`
  /// @param o the factors and the result
  static void run(String equation, Operands o) {
    int count = o.inputs().size();
    EinsumTerms terms = EinsumTerms.of(equation, IntStream.range(0, count).map(o::rank).toArray());
    TreeMap<Integer, Long> extents = new TreeMap<>();
    for (int k = 0; k < count; k++) {
      List<Integer> own = terms.factors().get(k);
      for (int d = 0; d < own.size(); d++) {
        extents.merge(own.get(d), o.in(k).shape().dim(d), (a, b) -> a == 1 ? b : a);
      }
    }
    List<Integer> order = new ArrayList<>(Objects.requireNonNull(terms.result()));
    int outputs = order.size();
    for (int label : extents.keySet()) {
      if (!order.contains(label)) {
        order.add(label);
      }
    }
    long[] space = new long[order.size()];
    for (int d = 0; d < space.length; d++) {
      space[d] = extents.getOrDefault(order.get(d), 1L);
    }
    Tensor[] operands = new Tensor[count];
    long[][] strides = new long[count][];
    for (int k = 0; k < count; k++) {
      operands[k] = o.in(k);
      strides[k] = strides(o.in(k), terms.factors().get(k), order);
    }
    ScalarLinear.sumOfProducts(operands, strides, space, space.length - outputs, o.out());
  }

  /// Adds up the strides of equal labels, which walks a diagonal; extents of 1 repeat.
  private static long[] strides(Tensor x, List<Integer> labels, List<Integer> order) {
    long[] strides = new long[order.size()];
    long stride = 1;
    for (int d = labels.size() - 1; d >= 0; d--) {
      long extent = x.shape().dim(d);
      if (extent != 1) {
        strides[order.indexOf(labels.get(d))] += stride;
      }
      stride *= extent;
    }
    return strides;
  }
}
