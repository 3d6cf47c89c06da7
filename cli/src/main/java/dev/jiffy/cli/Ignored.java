package dev.jiffy.cli;

import java.util.Arrays;
import java.util.List;
import java.util.function.Predicate;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;

/// Refuses options that would change nothing, so that nobody is misled by one.
final class Ignored {
  private Ignored() {}

  /// Refuses some options.
  ///
  /// @param command the command, parsed
  /// @param why what makes them mean nothing
  /// @param options their names
  /// @throws ParameterException if one of them is given
  static void refuse(CommandSpec command, String why, String... options) {
    refuse(command, why, List.of(options)::contains);
  }

  /// Refuses all options but some.
  ///
  /// @param command the command, parsed
  /// @param why what makes the others mean nothing
  /// @param options the names of those that count
  /// @throws ParameterException if another one is given
  static void refuseOthers(CommandSpec command, String why, String... options) {
    refuse(command, why, name -> !List.of(options).contains(name));
  }

  /// Refuses the options of a mixin.
  ///
  /// @param command the command, parsed
  /// @param why what makes them mean nothing
  /// @param mixin the mixin's name
  /// @throws ParameterException if one of them is given
  static void refuseMixin(CommandSpec command, String why, String mixin) {
    CommandSpec mixed = command.mixins().get(mixin);
    if (mixed == null) {
      throw new IllegalArgumentException("there is no mixin " + mixin);
    }
    refuse(
        command, why, mixed.options().stream().map(OptionSpec::longestName).toArray(String[]::new));
  }

  private static void refuse(CommandSpec command, String why, Predicate<String> isIgnored) {
    for (OptionSpec given : command.commandLine().getParseResult().matchedOptions()) {
      if (Arrays.stream(given.names()).anyMatch(isIgnored)) {
        throw new ParameterException(
            command.commandLine(), "%s would be ignored: %s.".formatted(given.longestName(), why));
      }
    }
  }
}
