package dev.jiffy.engine.pass;

import dev.jiffy.engine.function.BinaryFunction;
import dev.jiffy.engine.function.UnaryFunction;
import dev.jiffy.engine.ir.Node;
import dev.jiffy.engine.ir.Op;
import dev.jiffy.tensor.DType;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Finds formulas in a graph, trying every way in which commutative operators may be written.
///
/// A formula is found only where nothing but its result is read outside of it: replacing it then
/// takes all of its nodes away. Backtracks by continuation: each step gets what is left to match.
final class Matcher {
  /// By how much, relative to themselves, numbers differ that were rounded to f32 a few times;
  /// those of narrower types are f32 by the time formulas are looked for.
  private static final double TOLERANCE = 5e-7;

  private static final double TOLERANCE_OF_DOUBLES = 1e-12;

  private final Draft draft;

  /// The product multiplied out last: many formulas in a row ask for the same one.
  private Product latest = new Product("", -1, new Factors(List.of(), 1, List.of()));

  Matcher(Draft draft) {
    this.draft = draft;
  }

  /// What is left to match.
  private interface Rest {
    @Nullable Match match(Match soFar);
  }

  /// A factor of a product in the graph.
  private record Factor(String value, boolean inverse) {}

  /// A product in the graph, multiplied out.
  private record Factors(List<Factor> factors, double coefficient, List<Node> nodes) {}

  /// The product that makes a value, as long as the draft does not change.
  private record Product(String value, int changes, Factors factors) {}

  /// {@return where a formula ends at this node, or null}
  ///
  /// @param pattern the formula
  /// @param root the node at hand
  @Nullable Match find(Pattern pattern, Node root) {
    if (pattern instanceof Pattern.Product product
        && !mayBe(product, root.output(), factors(root.output()))) {
      return null;
    }
    return match(pattern, root.output(), new Match(root), match -> isClosed(match) ? match : null);
  }

  /// {@return whether a number that stands in the graph is another but for rounding}
  ///
  /// @param value a value computed with the number
  private boolean isClose(String value, double number, double expected) {
    boolean isDouble = draft.fact(value).dtype() == DType.F64;
    double tolerance = isDouble ? TOLERANCE_OF_DOUBLES : TOLERANCE;
    return number == expected
        || Math.abs(number - expected)
            <= tolerance * Math.max(Math.abs(number), Math.abs(expected));
  }

  private boolean isClosed(Match match) {
    for (Node node : match.nodes().values()) {
      if (node.output().equals(match.root().output())) {
        continue;
      }
      for (String output : node.outputs()) {
        if (draft.isOutput(output) || draft.reads(output) != readsInside(match, output)) {
          return false;
        }
      }
    }
    return true;
  }

  private static int readsInside(Match match, String value) {
    int reads = 0;
    for (Node reader : match.nodes().values()) {
      for (String input : reader.inputs()) {
        reads += input.equals(value) ? 1 : 0;
      }
    }
    return reads;
  }

  private @Nullable Match match(Pattern pattern, String value, Match soFar, Rest rest) {
    return switch (pattern) {
      case Pattern.Hole hole -> bind(hole.name(), value, soFar, rest);
      case Pattern.ConstantHole hole ->
          draft.constant(value) == null ? null : bind(hole.name(), value, soFar, rest);
      case Pattern.NumberHole hole -> {
        Double number = draft.scalar(value);
        yield number == null ? null : bind(hole.name(), number, soFar, rest);
      }
      case Pattern.Literal(double expected) -> {
        Double number = draft.scalar(value);
        yield number != null && isClose(value, number, expected) ? rest.match(soFar) : null;
      }
      case Pattern.Apply apply -> matchApply(apply, value, soFar, rest);
      case Pattern.Product product -> matchProduct(product, value, soFar, rest);
      case Pattern.Inverse _ ->
          throw new IllegalStateException("a divisor stands outside of a product");
    };
  }

  private static @Nullable Match bind(String name, String value, Match soFar, Rest rest) {
    String bound = soFar.values().get(name);
    if (bound == null) {
      return rest.match(soFar.withValue(name, value));
    }
    return bound.equals(value) ? rest.match(soFar) : null;
  }

  private static @Nullable Match bind(String name, double number, Match soFar, Rest rest) {
    Double bound = soFar.numbers().get(name);
    if (bound == null) {
      return rest.match(soFar.withNumber(name, number));
    }
    return bound == number ? rest.match(soFar) : null;
  }

  private @Nullable Match matchApply(Pattern.Apply apply, String value, Match soFar, Rest rest) {
    Node node = draft.producer(value);
    if (node == null || !apply.fits(node.op()) || !node.output().equals(value)) {
      return null;
    }
    int inputs = node.inputs().size();
    while (inputs > 0 && !node.hasInput(inputs - 1)) {
      inputs--;
    }
    if (inputs != apply.inputs().size()) {
      return null;
    }
    List<String> read = node.inputs().subList(0, inputs);
    Match found =
        areKinds(apply.inputs(), read)
            ? matchInputs(apply.inputs(), read, 0, soFar.withNode(apply.name(), node), rest)
            : null;
    if (found != null || !apply.commutative()) {
      return found;
    }
    List<String> swapped = read.reversed();
    return areKinds(apply.inputs(), swapped)
        ? matchInputs(apply.inputs(), swapped, 0, soFar.withNode(apply.name(), node), rest)
        : null;
  }

  private @Nullable Match matchInputs(
      List<Pattern> patterns, List<String> values, int index, Match soFar, Rest rest) {
    return index == patterns.size()
        ? rest.match(soFar)
        : match(
            patterns.get(index),
            values.get(index),
            soFar,
            next -> matchInputs(patterns, values, index + 1, next, rest));
  }

  // ---- products

  private @Nullable Match matchProduct(
      Pattern.Product product, String value, Match soFar, Rest rest) {
    Factors factors = factors(value);
    if (!mayBe(product, value, factors)) {
      return null;
    }
    Match covered = soFar.covering(factors.nodes);
    return !product.captured().isEmpty()
        ? bind(
            product.captured(),
            factors.coefficient / product.coefficient(),
            covered,
            next -> matchFactors(product.factors(), factors.factors, next, rest))
        : matchFactors(product.factors(), factors.factors, covered, rest);
  }

  private boolean areKinds(List<Pattern> patterns, List<String> values) {
    for (int i = 0; i < patterns.size(); i++) {
      if (!isKind(patterns.get(i), values.get(i))) {
        return false;
      }
    }
    return true;
  }

  /// {@return whether a value is made by a node of the kind that a formula asks for, if any}
  private boolean isKind(Pattern pattern, String value) {
    if (!(pattern instanceof Pattern.Apply apply)) {
      return true;
    }
    Node node = draft.producer(value);
    return node != null && Rule.kind(node.op()).equals(apply.kind());
  }

  private boolean mayBe(Pattern.Product product, String value, Factors factors) {
    return product.factors().size() == factors.factors.size()
        && (!product.captured().isEmpty()
            || isClose(value, factors.coefficient, product.coefficient()));
  }

  private @Nullable Match matchFactors(
      List<Pattern> patterns, List<Factor> factors, Match soFar, Rest rest) {
    if (patterns.isEmpty()) {
      return rest.match(soFar);
    }
    boolean inverse = patterns.getFirst() instanceof Pattern.Inverse;
    Pattern pattern =
        patterns.getFirst() instanceof Pattern.Inverse(Pattern divisor)
            ? divisor
            : patterns.getFirst();
    List<Pattern> others = patterns.subList(1, patterns.size());
    for (int i = 0; i < factors.size(); i++) {
      Factor factor = factors.get(i);
      if (factor.inverse != inverse || !isKind(pattern, factor.value)) {
        continue;
      }
      List<Factor> left = new ArrayList<>(factors);
      left.remove(i);
      Match found =
          match(pattern, factor.value, soFar, next -> matchFactors(others, left, next, rest));
      if (found != null) {
        return found;
      }
    }
    return null;
  }

  private Factors factors(String value) {
    if (latest.changes != draft.changes() || !latest.value.equals(value)) {
      latest = new Product(value, draft.changes(), multipliedOut(value));
    }
    return latest.factors;
  }

  private Factors multipliedOut(String value) {
    List<Factor> factors = new ArrayList<>();
    List<Node> nodes = new ArrayList<>();
    double coefficient = multiplyOut(value, false, true, factors, nodes);
    return new Factors(factors, coefficient, nodes);
  }

  private double multiplyOut(
      String value, boolean inverse, boolean isRoot, List<Factor> factors, List<Node> nodes) {
    Double number = draft.scalar(value);
    if (number != null) {
      return inverse ? 1 / number : number;
    }
    Node node = draft.producer(value);
    if (node != null && draft.fact(value).dtype().isFloat() && (isRoot || draft.readOnce(value))) {
      if (node.op() instanceof Op.Binary(BinaryFunction function)) {
        if (function == BinaryFunction.MUL || function == BinaryFunction.DIV) {
          nodes.add(node);
          boolean second = (function == BinaryFunction.DIV) != inverse;
          return multiplyOut(node.input(0), inverse, false, factors, nodes)
              * multiplyOut(node.input(1), second, false, factors, nodes);
        }
      } else if (node.op() instanceof Op.Unary unary
          && unary.function() == UnaryFunction.RECIPROCAL) {
        nodes.add(node);
        return multiplyOut(node.input(0), !inverse, false, factors, nodes);
      }
    }
    factors.add(new Factor(value, inverse));
    return 1;
  }
}
