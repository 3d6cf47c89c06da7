package dev.jiffy.server.function;

import java.util.Map;

/// Brings functions, as a service of a jar: see [java.util.ServiceLoader].
public interface FunctionProvider {
  /// {@return functions by the names under which ensembles ask for them}
  Map<String, TensorFunction> functions();
}
