package dev.jiffy.cli;

import dev.jiffy.bench.load.Validation;
import dev.jiffy.bench.record.Environment;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.Consumer;

/// The load generator measured against what is known.
///
/// @param holds whether all holds
/// @param rows what was checked
/// @param environment the machine
record ValidationTable(boolean holds, List<Validation.Row> rows, Environment environment)
    implements Output.Answer {
  /// {@return what comes out on this machine}
  ///
  /// @param parts what to check
  /// @param progress is told in short lines how the work goes
  static ValidationTable measured(Set<Validation.Part> parts, Consumer<String> progress) {
    List<Validation.Row> rows = new ArrayList<>();
    for (Validation.Part part : parts) {
      progress.accept("checking: " + part.name().toLowerCase(Locale.ROOT));
      rows.addAll(Validation.measured(part, progress));
    }
    return new ValidationTable(
        rows.stream().allMatch(Validation.Row::holds), rows, Environment.here());
  }

  @Override
  public String text() {
    StringBuilder text = new StringBuilder();
    String form = "%-72s %-28s %-32s %s%n";
    text.append(form.formatted("what", "expected", "found", ""));
    for (Validation.Row row : rows) {
      text.append(
          form.formatted(row.what(), row.expected(), row.found(), row.holds() ? "ok" : "FAILS"));
    }
    return text
        + "%s, %d processors, %s"
            .formatted(environment.cpu(), environment.cores(), environment.jdk());
  }
}
