package dev.jiffy.cli;

import dev.jiffy.engine.ModelException;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import picocli.CommandLine;
import picocli.CommandLine.IExecutionExceptionHandler;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.UnmatchedArgumentException;

/// Turns what a command throws into one line on standard error and an exit code.
///
/// What the caller can mend (a bad argument, a bad model, a file that cannot be read) is told in
/// one line. Anything else is a fault of Jiffy and is shown with its stack trace.
final class Failures implements IExecutionExceptionHandler {
  @Override
  public int handleExecutionException(
      Exception failure, CommandLine commandLine, ParseResult parsed) {
    PrintWriter err = commandLine.getErr();
    switch (failure) {
      case IllegalArgumentException _, ModelException _, IOException _, UncheckedIOException _ ->
          err.println("jiffy: " + message(failure));
      default -> {
        err.println("jiffy: this is a fault of Jiffy, please report it:");
        failure.printStackTrace(err);
      }
    }
    err.flush();
    return ExitCodes.FAILURE;
  }

  /// {@return the exit code of a command that was asked wrongly, after it was told how}
  ///
  /// @param misuse what is wrong
  static int misuse(ParameterException misuse) {
    CommandLine commandLine = misuse.getCommandLine();
    PrintWriter err = commandLine.getErr();
    err.println(misuse.getMessage());
    UnmatchedArgumentException.printSuggestions(misuse, err);
    err.println("Try '%s --help'.".formatted(commandLine.getCommandSpec().qualifiedName()));
    err.flush();
    return ExitCodes.USAGE;
  }

  private static String message(Throwable failure) {
    return switch (failure) {
      case UncheckedIOException e when e.getCause() != null -> message(e.getCause());
      case NoSuchFileException e -> e.getFile() + ": no such file or folder";
      case NotDirectoryException e -> e.getFile() + ": expected a folder, got a file";
      case AccessDeniedException e -> e.getFile() + ": access denied";
      case FileSystemException e when e.getReason() == null ->
          e.getFile() + ": " + e.getClass().getSimpleName();
      default -> {
        String message = failure.getMessage();
        yield message == null ? failure.getClass().getSimpleName() : message;
      }
    };
  }
}
