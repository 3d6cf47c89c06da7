package dev.jiffy.cli;

import dev.jiffy.bench.Compare;
import dev.jiffy.bench.ModelFolder;
import dev.jiffy.engine.LoadOptions;
import dev.jiffy.engine.ModelException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.ToDoubleFunction;

/// The comparisons of many models: a line for each case, the models that could not be compared with
/// the reason, and geometric means.
///
/// @param ratioP50 the geometric mean of the ratios of medians
/// @param ratioLoad the geometric mean of the ratios of the times to load, a case at a time
/// @param matches whether all answers agree; where nothing could be compared, they do not
/// @param cases the comparisons
/// @param failed the first line of why a model could not be compared, by file
record CompareTable(
    double ratioP50,
    double ratioLoad,
    boolean matches,
    List<Compare.Result> cases,
    Map<String, String> failed)
    implements Output.Answer {

  /// {@return the comparisons of all models in a folder}
  static CompareTable of(
      Path folder,
      LoadOptions options,
      Duration loads,
      Duration time,
      double tolerance,
      Consumer<String> progress) {
    List<Compare.Result> cases = new ArrayList<>();
    Map<String, String> failed = new LinkedHashMap<>();
    for (ModelFolder.Entry entry : ModelFolder.entries(folder)) {
      Path model = entry.model();
      try {
        cases.addAll(
            Compare.run(model, List.of(entry.source()), options, loads, time, tolerance, progress));
      } catch (ModelException | IllegalArgumentException e) {
        String reason = String.valueOf(e.getMessage()).lines().findFirst().orElse("");
        progress.accept(model + ": " + reason);
        failed.put(model.toString(), reason);
      }
    }
    return new CompareTable(
        mean(cases, Compare.Result::ratioP50),
        mean(cases, Compare.Result::ratioLoad),
        !cases.isEmpty() && cases.stream().allMatch(Compare.Result::matches),
        List.copyOf(cases),
        failed);
  }

  private static double mean(List<Compare.Result> cases, ToDoubleFunction<Compare.Result> ratio) {
    double logs = cases.stream().mapToDouble(each -> Math.log(ratio.applyAsDouble(each))).sum();
    return cases.isEmpty() ? 0 : Math.round(Math.exp(logs / cases.size()) * 1e4) / 1e4;
  }

  @Override
  public String text() {
    StringBuilder text = new StringBuilder();
    text.append(
        "%-36s %-18s %7s %17s %11s %11s %7s %9s%n"
            .formatted("model", "case", "ratio", "", "jiffy", "other", "load", "error"));
    for (Compare.Result each : cases) {
      text.append(
          "%-36s %-18s %7.3f %17s %11s %11s %7.2f %9s%s%n"
              .formatted(
                  String.valueOf(Path.of(each.model()).getFileName()),
                  each.name(),
                  each.ratioP50(),
                  "(%.3f to %.3f)".formatted(each.ratioLow(), each.ratioHigh()),
                  Quantities.duration(each.figures().latency().p50Ms()),
                  Quantities.duration(each.against().figures().latency().p50Ms()),
                  each.ratioLoad(),
                  Quantities.error(each.maxAbsError()),
                  each.matches() ? "" : "  DIFFERS"));
    }
    failed.forEach((model, reason) -> text.append(model + ": " + reason + "\n"));
    return text
        + "geometric means over %d cases: p50 ratio %.3f, load ratio %.3f"
            .formatted(cases.size(), ratioP50, ratioLoad);
  }
}
