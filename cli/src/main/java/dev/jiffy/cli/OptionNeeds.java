package dev.jiffy.cli;

import java.util.List;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;

/// The options of `serve` that mean nothing without another.
final class OptionNeeds {
  private record Need(String option, String other) {}

  private static final List<Need> ALL =
      List.of(
          new Need("--unix-mode", "--unix"),
          new Need("--tls-cert", "--tls-key"),
          new Need("--tls-key", "--tls-cert"),
          new Need("--tls-client-ca", "--tls-cert"),
          new Need("--admin-port", "--admin-token-file"),
          new Need("--admin-token-file", "--admin-port"),
          new Need("--admin-host", "--admin-port"),
          new Need("--cache-redis-timeout", "--cache-redis"),
          new Need("--otlp-header", "--otlp"),
          new Need("--otlp-interval", "--otlp"),
          new Need("--service-name", "--otlp"),
          new Need("--trace-sample", "--otlp"));

  private OptionNeeds() {}

  /// Checks that no option lacks the one that it needs.
  ///
  /// @param command the command, parsed
  /// @throws ParameterException if one does
  static void check(CommandSpec command) {
    for (Need need : ALL) {
      if (isGiven(command, need.option) && !isGiven(command, need.other)) {
        throw new ParameterException(
            command.commandLine(), "%s needs %s.".formatted(need.option, need.other));
      }
    }
  }

  private static boolean isGiven(CommandSpec command, String option) {
    return command.commandLine().getParseResult().hasMatchedOption(option)
        || (command.defaultValueProvider() instanceof Configuration configuration
            && configuration.defaultValue(command.findOption(option)) != null);
  }
}
