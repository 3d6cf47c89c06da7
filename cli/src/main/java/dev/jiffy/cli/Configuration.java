package dev.jiffy.cli;

import dev.jiffy.engine.ModelException;
import dev.jiffy.server.store.YamlMap;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.IDefaultValueProvider;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/// Values of options that are not on the command line: of `--max-batch` the variable
/// `JIFFY_MAX_BATCH`, or else `max_batch` in a YAML file. The paths to serve are `JIFFY_MODELS` and
/// `models`. What may be said more than once is a list in the file and has a line for each value in
/// a variable.
final class Configuration implements IDefaultValueProvider {
  /// Stands between the values of what may be said more than once; such an option has it as its
  /// `split`.
  static final String BETWEEN = "\n";

  private static final String FILE = "--config";
  private static final String VARIABLE = "JIFFY_";
  private static final String PATHS = "models";

  /// Options that are for one call only.
  private static final Set<String> NEVER =
      Set.of(FILE, "--help", "--version", "--json", "--print-config");

  private final List<String> arguments;
  private final Map<String, String> variables;
  private final @Nullable YamlMap file;
  private final @Nullable ModelException problem;

  /// Values for a command.
  ///
  /// @param arguments what stands on the command line
  /// @param variables the variables of the environment
  Configuration(List<String> arguments, Map<String, String> variables) {
    this.arguments = arguments;
    this.variables = variables;
    String name = file(arguments, variables);
    YamlMap read = null;
    ModelException failure = null;
    try {
      read = name == null ? null : YamlMap.read(Path.of(name));
    } catch (ModelException e) {
      failure = e;
    }
    this.file = read;
    this.problem = failure;
  }

  private static @Nullable String file(List<String> arguments, Map<String, String> variables) {
    for (int i = 0; i < arguments.size(); i++) {
      String argument = arguments.get(i);
      if (argument.startsWith(FILE + "=")) {
        return argument.substring(FILE.length() + 1);
      }
      if (argument.equals(FILE) && i + 1 < arguments.size()) {
        return arguments.get(i + 1);
      }
    }
    return variables.get(variable(FILE));
  }

  /// Checks that the file could be read and says nothing that is not known.
  ///
  /// @param command the command
  /// @throws ModelException if it does not hold
  void check(CommandSpec command) {
    if (problem != null) {
      throw problem;
    }
    if (file != null) {
      Set<String> keys = new HashSet<>(Set.of(PATHS));
      for (OptionSpec option : command.options()) {
        if (!NEVER.contains(option.longestName())) {
          keys.add(key(option.longestName()));
        }
      }
      file.allow(keys);
    }
  }

  @Override
  public @Nullable String defaultValue(ArgSpec argument) {
    if (!(argument instanceof OptionSpec option)) {
      return value(argument, VARIABLE + "MODELS", PATHS);
    }
    String name = option.longestName();
    // a flag on the command line would turn a default around
    if (NEVER.contains(name) || arguments.contains(name)) {
      return null;
    }
    return value(argument, variable(name), key(name));
  }

  private @Nullable String value(ArgSpec argument, String variable, String key) {
    boolean isRepeatable = BETWEEN.equals(argument.splitRegex());
    String value = variables.get(variable);
    if (value != null) {
      return isRepeatable ? joined(value.lines()) : value;
    }
    if (file == null || !file.keys().contains(key)) {
      return null;
    }
    return isRepeatable && file.isList(key) ? joined(file.texts(key).stream()) : file.text(key, "");
  }

  private static @Nullable String joined(Stream<String> values) {
    String all = values.filter(value -> !value.isBlank()).collect(Collectors.joining(BETWEEN));
    return all.isEmpty() ? null : all;
  }

  private static String key(String option) {
    return option.substring(2).replace('-', '_');
  }

  private static String variable(String option) {
    return VARIABLE + key(option).toUpperCase(Locale.ROOT);
  }
}
