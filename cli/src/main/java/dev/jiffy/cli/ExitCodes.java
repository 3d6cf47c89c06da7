package dev.jiffy.cli;

import picocli.CommandLine.ExitCode;

/// The exit codes of every command.
final class ExitCodes {
  /// The command did what it was asked to.
  static final int OK = ExitCode.OK;

  /// It could not, or what it checked does not hold: a comparison that differs, a case that fails.
  static final int FAILURE = ExitCode.SOFTWARE;

  /// It was asked wrongly: an unknown command or option, or a value that cannot be read.
  static final int USAGE = ExitCode.USAGE;

  private ExitCodes() {}
}
