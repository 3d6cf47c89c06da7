package dev.jiffy.cli;

import dev.jiffy.engine.Placement;
import java.util.ArrayList;
import java.util.List;

/// The steps of a run as a table: where each is computed, and what it costs.
final class PlacementTable {
  private PlacementTable() {}

  /// {@return the table, in the order of the run}
  ///
  /// @param steps the steps
  /// @param top how many to list, 0 for all
  static String of(List<Placement> steps, int top) {
    List<Placement> listed = top > 0 && top < steps.size() ? steps.subList(0, top) : steps;
    List<List<String>> rows = new ArrayList<>();
    rows.add(List.of("engine", "by", "FLOP", "values", "weights", "step"));
    listed.forEach(step -> rows.add(row(step)));
    StringBuilder text = new StringBuilder();
    for (List<String> row : rows) {
      StringBuilder line = new StringBuilder();
      for (int column = 0; column < row.size() - 1; column++) {
        String cell = row.get(column);
        String space = " ".repeat(width(rows, column) - cell.length());
        line.append(column < 2 ? cell + space : space + cell).append("  ");
      }
      text.append(line.append(row.getLast()).toString().stripTrailing()).append('\n');
    }
    int more = steps.size() - listed.size();
    return more == 0
        ? text.toString().stripTrailing()
        : text.append("[%d more: --top 0 lists all]".formatted(more)).toString();
  }

  private static List<String> row(Placement step) {
    String by = step.by();
    Long flops = step.flops();
    Long values = step.activationBytes();
    return List.of(
        step.engine(),
        by == null ? "" : by,
        flops == null ? "?" : Quantities.count((double) flops).strip(),
        values == null ? "?" : Quantities.bytes(values),
        step.weightBytes() == 0 ? "" : Quantities.bytes(step.weightBytes()),
        step.name() + "  " + step.detail());
  }

  private static int width(List<List<String>> rows, int column) {
    return rows.stream().mapToInt(row -> row.get(column).length()).max().orElse(0);
  }
}
