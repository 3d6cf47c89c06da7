package dev.jiffy.engine.pass;

import dev.jiffy.engine.function.BinaryFunction;
import dev.jiffy.engine.function.ReduceFunction;
import dev.jiffy.engine.ir.Dim;
import dev.jiffy.engine.ir.EinsumTerms;
import dev.jiffy.engine.ir.Node;
import dev.jiffy.engine.ir.Op;
import dev.jiffy.tensor.DType;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// Einstein summations become products of matrices, elementwise products, sums and transposes.
///
/// Several factors are multiplied in their order. What only one of two factors has is summed before
/// they are multiplied.
final class Einsums {
  /// Stands for a dimension of extent 1 that no factor has.
  private static final int UNIT = 0;

  private Einsums() {}

  /// As [Rule#apply].
  static boolean apply(Draft draft, Node node) {
    DType dtype = draft.fact(node.output()).dtype();
    if (!(node.op() instanceof Op.Einsum(String equation))
        || !dtype.isFloat()
        || dtype == DType.F64) {
      return false;
    }
    List<String> inputs = node.inputs();
    int[] ranks = inputs.stream().mapToInt(input -> draft.fact(input).rank()).toArray();
    EinsumTerms terms = EinsumTerms.of(equation, ranks);
    List<Integer> result = terms.result();
    List<Factor> factors = new ArrayList<>();
    for (int i = 0; i < ranks.length; i++) {
      List<Integer> labels = terms.factors().get(i);
      List<Dim> shape = draft.fact(inputs.get(i)).shape();
      boolean isPlain =
          shape != null
              && shape.stream().noneMatch(dim -> dim.is(0))
              && labels.size() == Set.copyOf(labels).size();
      if (!isPlain) {
        return false;
      }
      factors.add(new Factor(draft, node, inputs.get(i), labels));
    }
    if (result == null) {
      return false;
    }
    Factor product = product(factors, result);
    return product != null
        && Fusion.sameShape(draft, node.output(), product.value)
        && draft.replace(node, product.value);
  }

  private static @Nullable Factor product(List<Factor> factors, List<Integer> result) {
    int most = Math.max(result.size(), factors.stream().mapToInt(Factor::rank).max().orElse(0));
    Factor product = factors.getFirst();
    for (int i = 1; product != null && i < factors.size(); i++) {
      Factor next = factors.get(i);
      Set<Integer> read = new HashSet<>(result);
      factors.subList(i + 1, factors.size()).forEach(factor -> read.addAll(factor.labels));
      List<Integer> kept =
          i + 1 == factors.size()
              ? result
              : Stream.concat(product.labels.stream(), next.labels.stream())
                  .distinct()
                  .filter(read::contains)
                  .toList();
      product = kept.size() > most ? null : product(product, next, kept);
    }
    return product == null ? null : product.keep(result).in(result);
  }

  private static @Nullable Factor product(Factor a, Factor b, List<Integer> result) {
    List<Integer> summed =
        a.labels.stream()
            .filter(label -> b.has(label) && !result.contains(label))
            .filter(label -> !a.extent(label).is(1) && !b.extent(label).is(1))
            .toList();
    Factor left = a.keep(join(result, summed));
    Factor right = b.keep(join(result, summed));
    List<Integer> lefts = result.stream().filter(label -> !right.has(label)).toList();
    List<Integer> rights = result.stream().filter(label -> !left.has(label)).toList();
    if (summed.isEmpty() || (lefts.isEmpty() && rights.isEmpty())) {
      return left.times(right, join(result, summed)).keep(result);
    }
    if (!summed.stream().allMatch(label -> left.extent(label).equals(right.extent(label)))) {
      return null;
    }
    boolean isTurned =
        !lefts.isEmpty()
            && !rights.isEmpty()
            && result.indexOf(lefts.getLast()) > result.indexOf(rights.getLast());
    return isTurned
        ? matrixProduct(right, left, rights, lefts, summed, result)
        : matrixProduct(left, right, lefts, rights, summed, result);
  }

  /// {@return a product of matrices; labels of the result that are neither rows nor columns are
  /// those of the batch}
  private static @Nullable Factor matrixProduct(
      Factor a,
      Factor b,
      List<Integer> lefts,
      List<Integer> rights,
      List<Integer> summed,
      List<Integer> result) {
    List<Integer> rows = List.of(lefts.isEmpty() ? UNIT : lefts.getLast());
    List<Integer> columns = columns(b, rights, summed, result);
    List<Integer> batch =
        result.stream().filter(label -> !rows.contains(label) && !columns.contains(label)).toList();
    boolean transposeA = a.at(summed.getLast()) < a.at(rows.getLast());
    boolean transposeB = b.at(columns.getLast()) < b.at(summed.getLast());
    String left = transposeA ? a.matrices(batch, summed, rows) : a.matrices(batch, rows, summed);
    String right =
        transposeB ? b.matrices(batch, columns, summed) : b.matrices(batch, summed, columns);
    if (left == null || right == null) {
      return null;
    }
    String product = a.add(new Op.MatMul(transposeA, transposeB, 1, null), left, right);
    if (columns.size() > 1) {
      long[] shape = new long[batch.size() + 1 + columns.size()];
      for (int i = 0; i < columns.size(); i++) {
        shape[batch.size() + 1 + i] = known(b.extent(columns.get(i)));
      }
      product = a.reshape(product, shape);
    }
    return new Factor(a.draft, a.node, product, join(join(batch, rows), columns)).keep(result);
  }

  /// {@return the labels of the right-hand side that become columns: all where it is a matrix of
  /// weights, otherwise the last ones that lie next to each other in the result}
  private static List<Integer> columns(
      Factor b, List<Integer> rights, List<Integer> summed, List<Integer> result) {
    if (rights.isEmpty()) {
      return List.of(UNIT);
    }
    boolean isMatrix =
        b.draft.constant(b.value) != null && b.rank() == summed.size() + rights.size();
    int from = rights.size() - 1;
    while (from > 0
        && known(b.extent(rights.get(from))) > 0
        && known(b.extent(rights.get(from - 1))) > 0
        && (isMatrix
            || result.indexOf(rights.get(from - 1)) + 1 == result.indexOf(rights.get(from)))) {
      from--;
    }
    return rights.subList(from, rights.size());
  }

  /// {@return an extent, or -1 where it is not known}
  private static long known(Dim dim) {
    return dim instanceof Dim.Known(long value) ? value : -1;
  }

  private static List<Integer> join(List<Integer> first, List<Integer> second) {
    return Stream.concat(first.stream(), second.stream()).toList();
  }

  /// A value in place of a node's factors.
  ///
  /// @param draft the graph
  /// @param node the node
  /// @param value the value
  /// @param labels the label of each of its dimensions
  private record Factor(Draft draft, Node node, String value, List<Integer> labels) {
    int rank() {
      return labels.size();
    }

    int at(int label) {
      return labels.indexOf(label);
    }

    boolean has(int label) {
      return labels.contains(label);
    }

    Dim extent(int label) {
      return Objects.requireNonNull(draft.fact(value).shape()).get(at(label));
    }

    String add(Op op, String... inputs) {
      return draft.add(node, op, inputs);
    }

    String reshape(String source, long... shape) {
      return add(new Op.Reshape(false), source, draft.vector(node.output() + "/shape", shape));
    }

    /// {@return the sum over all labels but some}
    Factor keep(List<Integer> kept) {
      List<Integer> gone = labels.stream().filter(label -> !kept.contains(label)).toList();
      if (gone.isEmpty()) {
        return this;
      }
      Op op =
          gone.stream().allMatch(label -> extent(label).is(1))
              ? new Op.Squeeze()
              : new Op.Reduce(ReduceFunction.SUM, false, false);
      long[] axes = gone.stream().mapToLong(this::at).toArray();
      return new Factor(
          draft,
          node,
          add(op, value, draft.vector(node.output() + "/axes", axes)),
          labels.stream().filter(kept::contains).toList());
    }

    /// {@return the factor with its dimensions in an order: labels that it lacks have extent 1, but
    /// for those in front of all others}
    Factor in(List<Integer> order) {
      int from = 0;
      while (from < order.size() && order.get(from) != UNIT && !has(order.get(from))) {
        from++;
      }
      List<Integer> whole = order.subList(from, order.size());
      int[] perm = whole.stream().filter(this::has).mapToInt(this::at).toArray();
      String moved = Sinking.transposed(draft, node, value, perm);
      long[] units =
          IntStream.range(0, whole.size()).filter(i -> !has(whole.get(i))).asLongStream().toArray();
      if (units.length > 0) {
        moved = add(new Op.Unsqueeze(), moved, draft.vector(node.output() + "/axes", units));
      }
      return new Factor(draft, node, moved, whole);
    }

    Factor times(Factor other, List<Integer> order) {
      String product =
          add(new Op.Binary(BinaryFunction.MUL), in(order).value, other.in(order).value);
      return new Factor(draft, node, product, order);
    }

    /// {@return a batch of matrices, or null where their extents cannot be said}
    @Nullable String matrices(List<Integer> batch, List<Integer> rows, List<Integer> columns) {
      Factor whole = in(join(join(batch, rows), columns));
      if (rows.size() == 1 && columns.size() == 1) {
        return whole.value;
      }
      long[] shape = new long[whole.rank() - rows.size() - columns.size() + 2];
      shape[shape.length - 2] = rows.size() == 1 ? 0 : merged(rows);
      shape[shape.length - 1] = merged(columns);
      boolean isUnknown = shape[shape.length - 2] < 0 && shape[shape.length - 1] < 0;
      return isUnknown ? null : reshape(whole.value, shape);
    }

    /// {@return the product of extents, or -1 where it is not known}
    private long merged(List<Integer> group) {
      long product = 1;
      for (int label : group) {
        long extent = label == UNIT ? 1 : known(extent(label));
        if (extent < 0) {
          return -1;
        }
        product = Math.multiplyExact(product, extent);
      }
      return product;
    }
  }
}
