package dev.jiffy.engine.onnx;

import dev.jiffy.engine.ModelException;
import java.util.Map;

/// The versions of operator sets that a model, or a function of it, asks for.
final class OperatorSets {
  private final String whose;
  private final Map<String, Long> declared;

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
}
