package dev.jiffy.engine.pass;

import dev.jiffy.engine.ir.Dim;
import dev.jiffy.engine.ir.Node;
import dev.jiffy.tensor.DType;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A formula, in all the ways it is written, and what replaces it.
///
/// @param formulas the ways; the first that is found counts
/// @param replacement what stands for the formula's result
record Fusion(List<Pattern> formulas, Replacement replacement) {
  /// Checks that each formula is an operator applied.
  Fusion {
    for (Pattern formula : formulas) {
      if (!(formula instanceof Pattern.Apply || formula instanceof Pattern.Product)) {
        throw new IllegalArgumentException("a formula is an operator applied, not " + formula);
      }
    }
  }

  /// What stands for a formula.
  interface Replacement {
    /// {@return the value that replaces the formula's result, or null where it does not fit}
    ///
    /// @param draft the graph; nodes may be added to it
    /// @param match where the formula was found
    @Nullable String build(Draft draft, Match match);
  }

  /// A formula written in one way.
  Fusion(Pattern formula, Replacement replacement) {
    this(List.of(formula), replacement);
  }

  /// {@return whether one of some formulas ended at a node and was replaced; the first that does
  /// counts}
  ///
  /// @param fusions the formulas
  /// @param draft the graph
  /// @param node the node
  static boolean apply(List<Fusion> fusions, Draft draft, Node node) {
    for (int i = 0; i < fusions.size(); i++) {
      if (fusions.get(i).apply(draft, node)) {
        return true;
      }
    }
    return false;
  }

  private boolean apply(Draft draft, Node node) {
    Matcher matcher = draft.matcher();
    Object kind = Rule.kind(node.op());
    for (Pattern formula : formulas) {
      if (!formula.endsIn(kind)) {
        continue;
      }
      Match match = matcher.find(formula, node);
      if (match == null) {
        continue;
      }
      String value = replacement.build(draft, match);
      if (value != null && sameShape(draft, node.output(), value)) {
        return draft.replace(node, value);
      }
      draft.takeBack();
    }
    return false;
  }

  /// {@return whether a number can be a parameter of the operator that makes a value: parameters
  /// are f32, which must not cost f64 its precision}
  ///
  /// @param draft the graph
  /// @param value the value
  /// @param number the number
  static boolean isParameter(Draft draft, String value, double number) {
    return draft.fact(value).dtype() != DType.F64 || (float) number == number;
  }

  /// {@return whether two values are known to have the same rank}
  ///
  /// @param draft the graph
  /// @param a one value
  /// @param b the other
  static boolean sameRank(Draft draft, String a, String b) {
    int rank = draft.fact(a).rank();
    return rank >= 0 && rank == draft.fact(b).rank();
  }

  /// {@return whether a value can stand for another as far as shapes are known}
  ///
  /// @param draft the graph
  /// @param old the value replaced
  /// @param value what replaces it
  static boolean sameShape(Draft draft, String old, String value) {
    List<Dim> before = draft.fact(old).shape();
    List<Dim> after = draft.fact(value).shape();
    if (draft.fact(old).dtype() != draft.fact(value).dtype()) {
      return false;
    }
    if (before == null || after == null) {
      return before == null;
    }
    if (before.size() != after.size()) {
      return false;
    }
    for (int i = 0; i < before.size(); i++) {
      boolean known = before.get(i) instanceof Dim.Known && after.get(i) instanceof Dim.Known;
      if (known && !before.get(i).equals(after.get(i))) {
        return false;
      }
    }
    return true;
  }
}
