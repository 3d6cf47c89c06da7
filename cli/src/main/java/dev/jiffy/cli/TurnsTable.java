package dev.jiffy.cli;

import dev.jiffy.bench.Turns;
import java.util.List;
import java.util.Map;

/// Comparisons by runs that took turns with several inputs, a line for each.
///
/// @param matches whether all answers agree; where nothing could be compared, they do not
/// @param cases the comparisons
/// @param failed the first line of why a model could not be compared, by file
record TurnsTable(boolean matches, List<Turns> cases, Map<String, String> failed)
    implements Output.Answer {
  static TurnsTable of(List<Turns> cases, Map<String, String> failed) {
    return new TurnsTable(
        !cases.isEmpty() && cases.stream().allMatch(Turns::matches), List.copyOf(cases), failed);
  }

  /// {@return what the command ends with}
  int exitCode() {
    return matches && failed.isEmpty() ? ExitCodes.OK : ExitCodes.FAILURE;
  }

  @Override
  public String text() {
    StringBuilder text = new StringBuilder();
    text.append(
        "%-32s %5s %7s %7s %17s %11s %11s %9s"
            .formatted("model", "rows", "threads", "ratio", "", "jiffy", "other", "error"));
    for (Turns each : cases) {
      text.append(
          "%n%-32s %5d %7d %7.3f %17s %11s %11s %9s%s"
              .formatted(
                  each.model(),
                  each.rows(),
                  each.threads(),
                  each.ratioP50(),
                  "(%.3f to %.3f)".formatted(each.ratioLow(), each.ratioHigh()),
                  Quantities.duration(each.jiffy().p50Ms()),
                  Quantities.duration(each.other().p50Ms()),
                  Quantities.error(each.maxAbsError()),
                  each.matches() ? "" : "  DIFFERS"));
    }
    failed.forEach((model, reason) -> text.append("%n%s: %s".formatted(model, reason)));
    return text.toString();
  }
}
