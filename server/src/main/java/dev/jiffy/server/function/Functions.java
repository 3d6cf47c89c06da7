package dev.jiffy.server.function;

import dev.jiffy.engine.ModelException;
import java.net.MalformedURLException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;
import java.util.TreeSet;

/// Functions by name. Immutable.
public final class Functions {
  private final Map<String, Maker> makers;

  /// Makes a function of what an ensemble says of it.
  interface Maker {
    /// {@return the function}
    ///
    /// @param settings values by key
    /// @throws IllegalArgumentException if they will not do
    TensorFunction make(Map<String, List<String>> settings);
  }

  private Functions(Map<String, Maker> makers) {
    this.makers = Map.copyOf(makers);
  }

  /// {@return the functions that are always there: `mean_pooling`, `normalize`, `softmax`, `top_k`}
  public static Functions builtIn() {
    return new Functions(BuiltIn.MAKERS);
  }

  /// {@return these functions and another one}
  ///
  /// @param name its name
  /// @param function the function
  /// @throws IllegalArgumentException if there is one of this name
  public Functions with(String name, TensorFunction function) {
    Map<String, Maker> all = new HashMap<>(makers);
    Maker maker =
        settings -> {
          if (!settings.isEmpty()) {
            throw new IllegalArgumentException("takes no settings, got " + settings.keySet());
          }
          return function;
        };
    if (all.put(name, maker) != null) {
      throw new IllegalArgumentException("there is a function '%s' already".formatted(name));
    }
    return new Functions(all);
  }

  /// {@return these functions and those that jars bring, each through a [FunctionProvider]}
  ///
  /// @param jars the files; their code runs in this process, for as long as it lasts
  /// @throws IllegalArgumentException if one cannot be read, none brings functions, or a name is
  ///   there twice
  public Functions withJars(List<Path> jars) {
    if (jars.isEmpty()) {
      return this;
    }
    URL[] urls = new URL[jars.size()];
    for (int i = 0; i < urls.length; i++) {
      if (!Files.isReadable(jars.get(i))) {
        throw new IllegalArgumentException(jars.get(i) + ": no such file, or not readable");
      }
      try {
        urls[i] = jars.get(i).toUri().toURL();
      } catch (MalformedURLException e) {
        throw new IllegalArgumentException(jars.get(i) + ": no file", e);
      }
    }
    // not closed: functions load classes for as long as they are used
    ClassLoader loader = new URLClassLoader(urls, Functions.class.getClassLoader());
    Functions all = this;
    boolean isEmpty = true;
    try {
      for (FunctionProvider provider : ServiceLoader.load(FunctionProvider.class, loader)) {
        for (Map.Entry<String, TensorFunction> each : provider.functions().entrySet()) {
          all = all.with(each.getKey(), each.getValue());
          isEmpty = false;
        }
      }
    } catch (ServiceConfigurationError e) {
      throw new IllegalArgumentException(jars + ": " + e.getMessage(), e);
    }
    if (isEmpty) {
      throw new IllegalArgumentException(
          "%s: expected a service %s, got none".formatted(jars, FunctionProvider.class.getName()));
    }
    return all;
  }

  /// {@return a function}
  ///
  /// @param name its name
  /// @param settings what an ensemble says of it: values by key
  /// @throws ModelException if there is none of that name, or the settings will not do
  public TensorFunction find(String name, Map<String, List<String>> settings) {
    Maker maker = makers.get(name);
    if (maker == null) {
      throw new ModelException(
          "expected one of the functions %s, got '%s'"
              .formatted(new TreeSet<>(makers.keySet()), name));
    }
    try {
      return maker.make(settings);
    } catch (IllegalArgumentException e) {
      throw new ModelException("function '%s': %s".formatted(name, e.getMessage()), e);
    }
  }
}
