package dev.jiffy.engine.pass;

import dev.jiffy.engine.function.BinaryFunction;
import dev.jiffy.engine.function.UnaryFunction;
import dev.jiffy.engine.ir.Node;
import dev.jiffy.engine.ir.Op;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// Rules in order, found by the kind of node: a model is loaded before the code that tries them all
/// has been compiled.
final class Rules {
  private final List<Rule> others;
  private final Map<Object, List<Rule>> byKind = new HashMap<>();

  /// Orders rules by the nodes that they look at.
  ///
  /// @param rules the rules, the first that applies to a node wins
  Rules(List<Rule> rules) {
    Set<Object> kinds = new HashSet<>();
    for (Rule rule : rules) {
      kinds.addAll(kinds(rule));
    }
    for (Object kind : kinds) {
      byKind.put(kind, forKind(rules, kind));
    }
    others = rules.stream().filter(rule -> rule.kinds().isEmpty()).toList();
  }

  private static List<Rule> forKind(List<Rule> rules, Object kind) {
    List<Rule> some = new ArrayList<>();
    for (Rule rule : rules) {
      Set<Object> own = kinds(rule);
      if (own.isEmpty() || own.contains(kind)) {
        some.add(rule);
      }
    }
    return some;
  }

  private static Set<Object> kinds(Rule rule) {
    Set<Object> kinds = new HashSet<>(rule.kinds());
    if (kinds.remove(Op.Unary.class)) {
      Collections.addAll(kinds, UnaryFunction.values());
    }
    if (kinds.remove(Op.Binary.class)) {
      Collections.addAll(kinds, BinaryFunction.values());
    }
    return kinds;
  }

  /// {@return the rules that may apply to a node, in order}
  List<Rule> of(Node node) {
    return byKind.getOrDefault(Rule.kind(node.op()), others);
  }
}
