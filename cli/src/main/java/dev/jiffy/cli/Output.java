package dev.jiffy.cli;

import picocli.CommandLine.Option;

/// Where a command writes: its answer to standard output, everything else to standard error.
///
/// Commands take it as a mixin, which gives them the option `--json`: the answer is then one JSON
/// object on one line, and nothing else is written to standard output.
final class Output extends Mixed {
  @Option(names = "--json", description = "Print the answer as one JSON object on standard output.")
  private boolean json;

  /// An answer in its two forms.
  interface Answer {
    /// {@return the answer as lines for a person, without a last line break}
    String text();
  }

  /// Prints the answer, either its text or the record itself as one JSON object.
  void print(Answer answer) {
    var out = command().commandLine().getOut();
    out.println(json ? Json.text(answer) : answer.text());
    out.flush();
  }

  /// Tells how the work goes, on standard error.
  void progress(String line) {
    var err = command().commandLine().getErr();
    err.println(line);
    err.flush();
  }

  /// {@return what the user typed, for pages that say where they come from}
  String commandLine() {
    return "jiffy "
        + String.join(" ", command().root().commandLine().getParseResult().originalArgs());
  }
}
