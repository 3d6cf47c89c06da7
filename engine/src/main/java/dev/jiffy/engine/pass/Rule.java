package dev.jiffy.engine.pass;

import dev.jiffy.engine.function.BinaryFunction;
import dev.jiffy.engine.function.UnaryFunction;
import dev.jiffy.engine.ir.Node;
import dev.jiffy.engine.ir.Op;
import java.util.Set;

/// A local rewrite: looks at one node and what feeds it, and replaces it or leaves it.
@FunctionalInterface
interface Rule {
  /// {@return whether the node was replaced, through one of the draft's `replace` methods}
  ///
  /// @param draft the graph being rewritten
  /// @param node the node at hand; the values it reads are made already, those it makes are not
  ///   read yet
  boolean apply(Draft draft, Node node);

  /// {@return whether the rule may replace nodes of a kind}
  ///
  /// @param kind the [kind][#kind]
  default boolean looksAt(Object kind) {
    return true;
  }

  /// {@return by what rules tell nodes apart first: the function of an elementwise operator, the
  /// class of any other}
  static Object kind(Op op) {
    if (op instanceof Op.Binary binary) {
      return binary.function();
    }
    return op instanceof Op.Unary unary ? unary.function() : op.getClass();
  }

  /// {@return a rule that looks at some nodes only}
  ///
  /// @param rule what it does
  /// @param kinds the kinds of nodes; the class of an elementwise operator stands for all functions
  static Rule on(Rule rule, Object... kinds) {
    return new Rooted(rule, Set.of(kinds));
  }

  /// A rule for some kinds of nodes.
  record Rooted(Rule rule, Set<Object> kinds) implements Rule {
    @Override
    public boolean looksAt(Object kind) {
      return kinds.contains(kind)
          || (kind instanceof UnaryFunction && kinds.contains(Op.Unary.class))
          || (kind instanceof BinaryFunction && kinds.contains(Op.Binary.class));
    }

    @Override
    public boolean apply(Draft draft, Node node) {
      return rule.apply(draft, node);
    }
  }
}
