package dev.jiffy.cli;

import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/// What is mixed into a command, and knows it.
abstract class Mixed {
  @Spec(Spec.Target.MIXEE)
  private @Nullable CommandSpec command;

  /// {@return the command, parsed}
  final CommandSpec command() {
    if (command == null) {
      throw new IllegalStateException("not the mixin of a command");
    }
    return command;
  }

  /// {@return the refusal of what the user typed}
  ///
  /// @param message what is wrong
  final ParameterException usage(String message) {
    return new ParameterException(command().commandLine(), message);
  }
}
