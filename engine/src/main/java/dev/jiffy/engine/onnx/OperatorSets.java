package dev.jiffy.engine.onnx;

import dev.jiffy.engine.ModelException;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The versions of operator sets that a model, or a function of it, asks for.
final class OperatorSets {
  private final String whose;
  private final Map<String, Long> declared;
  private final Map<Operators, Map<String, Operator>> found = new HashMap<>();

  /// The versions that are declared.
  ///
  /// @param whose who declares them
  /// @param declared the version of each operator set, by domain
  OperatorSets(String whose, Map<String, Long> declared) {
    this.whose = whose;
    this.declared = declared;
  }

  /// {@return the version of a domain}
  ///
  /// @param domain the domain, "" for ONNX's own
  /// @param operators its operators
  /// @param assembly is told of a version that is not understood
  /// @throws ModelException if none is declared
  long version(String domain, Operators operators, Assembly assembly) {
    Long version = declared.get(domain);
    if (version == null) {
      throw new ModelException(
          "the %s does not say which version of %s's operators it uses"
              .formatted(whose, domain.isEmpty() ? "ONNX" : domain));
    }
    if (version < operators.oldest() || version > operators.newest()) {
      assembly.problem(
          "operator set %d%s (supported: %d to %d)"
              .formatted(
                  version,
                  domain.isEmpty() ? "" : " of domain " + domain,
                  operators.oldest(),
                  operators.newest()));
    }
    return version;
  }

  /// {@return what an operator means, or null where the set has none of that name}
  ///
  /// @param operators the domain's
  /// @param name its name
  /// @param opset the version of the domain
  @Nullable Operator find(Operators operators, String name, long opset) {
    Map<String, Operator> known = found.get(operators);
    if (known == null) {
      known = new HashMap<>();
      found.put(operators, known);
    }
    Operator operator = known.get(name);
    if (operator == null) {
      operator = operators.find(name, opset);
      if (operator != null) {
        known.put(name, operator);
      }
    }
    return operator;
  }
}
