package dev.jiffy.engine.pass;

import dev.jiffy.engine.function.BinaryFunction;
import dev.jiffy.engine.function.ReduceFunction;
import dev.jiffy.engine.function.UnaryFunction;
import dev.jiffy.engine.ir.Op;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A formula with holes, to be found in a graph.
///
/// The same name stands for the same value wherever it appears. Commutative operators match both
/// ways round. [#product] matches every way to write a product: any order and association, division
/// by a number for multiplication by its reciprocal.
sealed interface Pattern {
  /// Any value.
  ///
  /// @param name what the match calls it
  record Hole(String name) implements Pattern {}

  /// Any constant.
  ///
  /// @param name what the match calls it
  record ConstantHole(String name) implements Pattern {}

  /// Any number: a constant of one element.
  ///
  /// @param name what the match calls it
  record NumberHole(String name) implements Pattern {}

  /// This number: a constant of one element, the same but for rounding.
  ///
  /// @param value the number
  record Literal(double value) implements Pattern {}

  /// An operator applied.
  ///
  /// @param name what the match calls the node, or ""
  /// @param kind the [kind][Rule#kind] of the node
  /// @param like the operator, [as far as it counts][#fits], or null for any of the kind
  /// @param commutative whether two inputs may be swapped
  /// @param inputs what feeds it, without absent inputs at the end
  record Apply(
      String name, Object kind, @Nullable Op like, boolean commutative, List<Pattern> inputs)
      implements Pattern {

    /// {@return whether a node of this operator may make what matches}
    boolean fits(Op op) {
      if (op instanceof Op.Unary unary && like instanceof Op.Unary wanted) {
        return unary.function() == wanted.function()
            && unary.alpha() == wanted.alpha()
            && unary.beta() == wanted.beta();
      }
      if (op instanceof Op.Reduce reduce && like instanceof Op.Reduce wanted) {
        return reduce.function() == wanted.function() && reduce.keepDims() == wanted.keepDims();
      }
      return like == null && Rule.kind(op).equals(kind);
    }
  }

  /// A product, however written.
  ///
  /// @param factors its factors but for numbers; [Inverse] for those that divide
  /// @param coefficient the product of its numbers
  /// @param captured what the match calls another number, or ""
  record Product(List<Pattern> factors, double coefficient, String captured) implements Pattern {}

  /// A divisor, within a product only.
  ///
  /// @param divisor what divides
  record Inverse(Pattern divisor) implements Pattern {}

  /// {@return a hole for any value}
  ///
  /// @param name what the match calls it
  static Pattern any(String name) {
    return new Hole(name);
  }

  /// {@return a hole for any constant}
  ///
  /// @param name what the match calls it
  static Pattern constant(String name) {
    return new ConstantHole(name);
  }

  /// {@return a hole for any number}
  ///
  /// @param name what the match calls it
  static Pattern captured(String name) {
    return new NumberHole(name);
  }

  /// {@return a number}
  ///
  /// @param value the number
  static Pattern number(double value) {
    return new Literal(value);
  }

  /// {@return a function applied}
  ///
  /// @param function a function without parameters
  /// @param x its argument
  static Pattern unary(UnaryFunction function, Pattern x) {
    return op("", function, null, x);
  }

  /// {@return a function with given parameters applied}
  ///
  /// @param function the function
  /// @param alpha its first parameter
  /// @param beta its second parameter
  /// @param x its argument
  static Pattern unary(UnaryFunction function, double alpha, double beta, Pattern x) {
    return op("", function, new Op.Unary(function, (float) alpha, (float) beta), x);
  }

  /// {@return a function of two values applied}
  ///
  /// @param function the function
  /// @param x the first argument
  /// @param y the second argument
  static Pattern binary(BinaryFunction function, Pattern x, Pattern y) {
    return new Apply("", function, null, function.isCommutative(), List.of(x, y));
  }

  /// {@return a sum of two}
  ///
  /// @param x one
  /// @param y the other
  static Pattern add(Pattern x, Pattern y) {
    return binary(BinaryFunction.ADD, x, y);
  }

  /// {@return a difference}
  ///
  /// @param x the first
  /// @param y what is subtracted
  static Pattern sub(Pattern x, Pattern y) {
    return binary(BinaryFunction.SUB, x, y);
  }

  /// {@return a product, however written}
  ///
  /// @param factors its factors, [#inverse] for divisors
  static Pattern product(Pattern... factors) {
    List<Pattern> values = new ArrayList<>();
    List<Pattern> holes = new ArrayList<>();
    double coefficient = 1;
    String captured = "";
    for (Pattern factor : factors) {
      if (factor instanceof Literal(double number)) {
        coefficient *= number;
      } else if (factor instanceof NumberHole(String name)) {
        captured = name;
      } else {
        (factor instanceof Hole ? holes : values).add(factor);
      }
    }
    values.addAll(holes); // which take what the operators leave
    return new Product(List.copyOf(values), coefficient, captured);
  }

  /// {@return a divisor within a product}
  ///
  /// @param divisor what divides
  static Pattern inverse(Pattern divisor) {
    return new Inverse(divisor);
  }

  /// {@return a reduction that keeps its dimensions, along constant axes}
  ///
  /// @param function what is computed
  /// @param axes what the match calls the axes
  /// @param x what is reduced
  static Pattern reduce(ReduceFunction function, String axes, Pattern x) {
    Op like = new Op.Reduce(function, true, false);
    return op("", Op.Reduce.class, like, x, constant(axes));
  }

  /// {@return an operator applied}
  ///
  /// @param name what the match calls the node
  /// @param kind the [kind][Rule#kind] of the node
  /// @param like the operator, as far as [Apply#fits] compares it, or null for any of the kind
  /// @param inputs what feeds it
  static Pattern op(String name, Object kind, @Nullable Op like, Pattern... inputs) {
    return new Apply(name, kind, like, false, List.of(inputs));
  }

  /// {@return whether a node may make what matches}
  ///
  /// @param kind the [kind][Rule#kind] of the node
  default boolean endsIn(Object kind) {
    return this instanceof Apply apply
        ? apply.kind().equals(kind)
        : kind == BinaryFunction.MUL
            || kind == BinaryFunction.DIV
            || kind == UnaryFunction.RECIPROCAL;
  }
}
