package dev.jiffy.engine.lower;

import dev.jiffy.engine.ModelException;
import dev.jiffy.engine.kernel.scalar.ScalarLinear;
import dev.jiffy.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;

/// An Einstein summation: which label each dimension of each term has.
///
/// Labels are letters; the dimensions of an ellipsis are numbered from -1 at its end down.
final class EinsumTerms {
  private static final String ELLIPSIS = "...";

  private EinsumTerms() {}

  /// Computes a summation on the scalar kernels.
  ///
  /// @param equation the terms, such as `ij,jk->ik`
  /// @param o the factors and the result
  static void run(String equation, Operands o) {
    String text = equation.replace(" ", "");
    int arrow = text.indexOf("->");
    String left = arrow < 0 ? text : text.substring(0, arrow);
    String[] terms = left.split(",", -1);
    if (terms.length != o.inputs().size()) {
      throw new ModelException(
          "equation '%s' has %d terms, but there are %d inputs"
              .formatted(equation, terms.length, o.inputs().size()));
    }
    TreeMap<Integer, Long> extents = new TreeMap<>();
    TreeMap<Integer, Integer> uses = new TreeMap<>();
    List<List<Integer>> labels = new ArrayList<>();
    for (int k = 0; k < terms.length; k++) {
      List<Integer> own = labels(terms[k], o.rank(k), equation);
      labels.add(own);
      for (int d = 0; d < own.size(); d++) {
        extents.merge(own.get(d), o.in(k).shape().dim(d), (a, b) -> a == 1 ? b : a);
        uses.merge(own.get(d), 1, Integer::sum);
      }
    }
    List<Integer> order = new ArrayList<>();
    if (arrow >= 0) {
      order.addAll(labels(text.substring(arrow + 2), o.out().shape().rank(), equation));
    } else {
      uses.forEach((label, count) -> {
        if (label < 0 || count == 1) {
          order.add(label);
        }
      });
    }
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
    Tensor[] operands = new Tensor[terms.length];
    long[][] strides = new long[terms.length][];
    for (int k = 0; k < terms.length; k++) {
      operands[k] = o.in(k);
      strides[k] = strides(o.in(k), labels.get(k), order);
    }
    ScalarLinear.sumOfProducts(operands, strides, space, space.length - outputs, o.out());
  }

  private static List<Integer> labels(String term, int rank, String equation) {
    int dots = term.indexOf(ELLIPSIS);
    int letters = term.length() - (dots < 0 ? 0 : ELLIPSIS.length());
    if (dots < 0 ? letters != rank : letters > rank) {
      throw new ModelException(
          "term '%s' of equation '%s' does not fit rank %d".formatted(term, equation, rank));
    }
    List<Integer> labels = new ArrayList<>();
    for (int i = 0; i < term.length(); i++) {
      if (i == dots) {
        for (int d = rank - letters; d > 0; d--) {
          labels.add(-d);
        }
        i += ELLIPSIS.length() - 1;
      } else {
        labels.add((int) term.charAt(i));
      }
    }
    return labels;
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
