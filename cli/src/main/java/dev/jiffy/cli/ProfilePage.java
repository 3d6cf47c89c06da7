package dev.jiffy.cli;

import dev.jiffy.bench.Profile;
import dev.jiffy.bench.Rates;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/// A profile as one HTML page that needs nothing else: no network, no other file.
final class ProfilePage {
  private final Profile.Result result;
  private final String command;
  private final Markup page = new Markup();

  private ProfilePage(Profile.Result result, String command) {
    this.result = result;
    this.command = command;
  }

  /// {@return the page}
  ///
  /// @param result the profile
  /// @param command the command that made it
  static String of(Profile.Result result, String command) {
    ProfilePage page = new ProfilePage(result, command);
    page.write();
    return page.page.ended();
  }

  private void write() {
    String file = String.valueOf(Path.of(result.model()).getFileName());
    page.page(file + " · jiffy profile", "profile.css");
    page.leaf("h1", file);
    page.leaf("p", ProfileText.verdict(result), "class", "verdict");
    figures();
    page.leaf("h2", "One run");
    legend();
    page.open("div", "class", "scroll");
    TimelineView.draw(result, page);
    page.close();
    page.say("Point at a bar or tap it to see what it is.");
    page.leaf("h2", "Roofline");
    RooflinePlot.draw(result, page);
    page.say(hidden());
    page.leaf("h2", "Operators");
    operators();
    page.leaf("h2", "Steps");
    steps();
    page.leaf("h2", "Environment");
    environment();
  }

  private String hidden() {
    List<Profile.Step> silent =
        result.steps().stream().filter(step -> step.rates().flops() == 0).toList();
    double share = silent.stream().mapToDouble(Profile.Step::share).sum();
    return "A step's area is its share of the time. Not shown: %d rows without arithmetic, %.1f %% of the time."
        .formatted(silent.size(), share * 100);
  }

  private void figures() {
    page.open("div", "class", "figures");
    page.figure(Quantities.duration(result.p50Us() / 1e3), "p50 of a run");
    Double ofBound = result.total().ofBound();
    if (ofBound != null) {
      page.figure("%.0f %%".formatted(ofBound * 100), "of the roofline");
    }
    page.figure("%.0f".formatted(result.total().gflopPerS()), "GFLOP/s");
    page.figure("%.1f".formatted(result.total().gbPerS()), "GB/s");
    page.figure(Quantities.bytes(result.memory().packedBytes()), "packed weights");
    page.figure(Quantities.bytes(result.memory().arenaBytes()), "arena");
    page.figure(Quantities.bytes(result.memory().fileBytes()), "model file");
    page.close();
  }

  private void legend() {
    Set<OperatorFamily> families = EnumSet.noneOf(OperatorFamily.class);
    result.steps().forEach(step -> families.add(OperatorFamily.of(step.operator())));
    families.remove(OperatorFamily.OTHER);
    page.open("p", "class", "legend");
    for (OperatorFamily family : families) {
      page.open("span").leaf("i", "", "class", family.css()).text(family.label()).close();
    }
    page.close();
  }

  private void operators() {
    head("operator");
    for (Profile.Operator operator : result.operators()) {
      page.open("tr").open("th", "scope", "row");
      page.leaf("i", "", "class", OperatorFamily.of(operator.name()).css());
      page.text(
          operator.steps() == 0 ? operator.name() : operator.name() + " × " + operator.steps());
      page.close();
      cells(operator.us(), operator.share(), 1, operator.rates());
      page.close();
    }
    page.open("tr", "class", "sum").leaf("th", "all", "scope", "row");
    cells(result.totalUs(), 1, 1, result.total());
    page.close().close().close().close();
  }

  private void steps() {
    head("step");
    List<Profile.Step> steps =
        result.steps().stream()
            .sorted(Comparator.comparingDouble(Profile.Step::us).reversed())
            .toList();
    for (Profile.Step step : steps) {
      page.open("tr").open("th", "scope", "row");
      page.leaf("i", "", "class", OperatorFamily.of(step.operator()).css());
      page.text(step.name());
      if (!step.detail().isEmpty()) {
        page.leaf("small", step.detail());
      }
      page.close();
      cells(step.us(), step.share(), steps.getFirst().share(), step.rates());
      page.close();
    }
    page.close().close().close();
  }

  private void head(String first) {
    page.open("div", "class", "scroll").open("table").open("thead").open("tr");
    page.leaf("th", first, "scope", "col");
    page.leaf("th", "time", "scope", "col").leaf("th", "share", "scope", "col");
    ProfileText.HEADS.forEach(name -> page.leaf("th", name, "scope", "col"));
    page.close().close().open("tbody");
  }

  /// @param whole the share that a full bar stands for
  private void cells(double us, double share, double whole, Rates rates) {
    page.leaf("td", Quantities.duration(us / 1e3));
    page.open(
        "td", "class", "share", "style", "--share:" + Markup.number(share / whole * 100) + "%");
    page.text("%.2f %%".formatted(share * 100)).close();
    ProfileText.cells(rates).forEach(cell -> page.leaf("td", cell));
  }

  private void environment() {
    page.open("ul");
    page.leaf("li", Measurements.subject(result.model(), result.name(), result.shapes()));
    ProfileText.notes(result).forEach(note -> page.leaf("li", note));
    page.leaf("li", result.environment().os());
    page.open("li").leaf("code", command).close();
    page.close();
  }

  /// {@return a step in one line, for who points at it}
  static String say(Profile.Step step) {
    Rates rates = step.rates();
    String speed =
        rates.bytes() == 0
            ? ""
            : ", %.1f GFLOP/s, %.1f GB/s, %s"
                .formatted(rates.gflopPerS(), rates.gbPerS(), ProfileText.bound(rates));
    return "%s  %s: %s, %.2f %%%s"
        .formatted(
            step.name(),
            step.detail(),
            Quantities.duration(step.us() / 1e3),
            step.share() * 100,
            speed);
  }
}
