package dev.jiffy.cli;

import java.io.PrintWriter;
import java.io.StringWriter;
import picocli.CommandLine;

/// What tests of commands have in common: runs, of which the standard output and errors are kept.
abstract class CommandRuns {
  final StringWriter out = new StringWriter();
  final StringWriter err = new StringWriter();

  CommandLine commandLine(String... args) {
    return Main.commandLine(args);
  }

  int run(String... args) {
    return commandLine(args)
        .setOut(new PrintWriter(out, true))
        .setErr(new PrintWriter(err, true))
        .execute(args);
  }

  void forget() {
    out.getBuffer().setLength(0);
    err.getBuffer().setLength(0);
  }
}
