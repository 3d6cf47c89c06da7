package dev.jiffy.engine.pass;

import dev.jiffy.engine.ir.Node;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/// Rules in order, found by the kind of node: a model is loaded before the code that tries them all
/// has been compiled.
///
/// Safe for use by several threads.
final class Rules {
  private final List<Rule> rules;

  /// As far as they have been asked for.
  private final Map<Object, List<Rule>> byKind = new ConcurrentHashMap<>();

  /// Orders rules by the nodes that they look at.
  ///
  /// @param rules the rules, the first that applies to a node wins
  Rules(Rule... rules) {
    this.rules = List.of(rules);
  }

  /// {@return the rules that may apply to a node, in order}
  List<Rule> of(Node node) {
    Object kind = Rule.kind(node.op());
    List<Rule> known = byKind.get(kind);
    if (known == null) {
      known = forKind(kind);
      byKind.put(kind, known);
    }
    return known;
  }

  private List<Rule> forKind(Object kind) {
    List<Rule> some = new ArrayList<>();
    for (Rule rule : rules) {
      if (rule.looksAt(kind)) {
        some.add(rule);
      }
    }
    return some;
  }
}
