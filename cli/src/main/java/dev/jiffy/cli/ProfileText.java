package dev.jiffy.cli;

import dev.jiffy.bench.Profile;
import dev.jiffy.bench.Rates;
import dev.jiffy.engine.Ceilings;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/// A profile in words and as a table.
final class ProfileText {
  /// What a table tells of rates, in order.
  static final List<String> HEADS =
      List.of("of its bound", "GFLOP/s", "GB/s", "FLOP/B", "FLOP", "bytes");

  private static final String FORMAT = "\n%10s %8s %14s %8s %7s %7s %7s %8s  %s";

  /// How much longer than its parts together a run is where the machine is not quiet.
  private static final double NOISY = 1.1;

  private ProfileText() {}

  /// {@return the profile as lines}
  ///
  /// @param result the profile
  /// @param top how many steps to list, the others added up; 0 lists all
  /// @param steps the steps in the order in which to list them
  static String of(Profile.Result result, int top, List<Profile.Step> steps) {
    StringBuilder text =
        new StringBuilder(Measurements.subject(result.model(), result.name(), result.shapes()));
    text.append('\n').append(verdict(result)).append('\n').append(head("step"));
    List<Profile.Step> most =
        steps.stream().sorted(Comparator.comparingDouble(Profile.Step::us).reversed()).toList();
    List<Profile.Step> listed = new ArrayList<>(most);
    if (top > 0 && top < most.size()) {
      listed = new ArrayList<>(most.subList(0, top));
    }
    double restUs = 0;
    double restShare = 0;
    for (Profile.Step step : steps) {
      if (listed.contains(step)) {
        text.append(row(step.us(), step.share(), cells(step.rates()), label(step)));
      } else {
        restUs += step.us();
        restShare += step.share();
      }
    }
    int rest = steps.size() - listed.size();
    if (rest > 0) {
      text.append(
          row(
              restUs,
              restShare,
              Collections.nCopies(HEADS.size(), ""),
              "[%d more: --top 0 lists all]".formatted(rest)));
    }
    text.append(row(result.totalUs(), 1, cells(result.total()), "all"));
    text.append('\n').append(head("operator, steps"));
    for (Profile.Operator operator : result.operators()) {
      String name = operator.steps() == 0 ? "" : ", " + operator.steps();
      text.append(
          row(operator.us(), operator.share(), cells(operator.rates()), operator.name() + name));
    }
    return text.append("\n\n").append(String.join("\n", notes(result))).toString();
  }

  private static String label(Profile.Step step) {
    return step.detail().isEmpty() ? step.name() : step.name() + "  " + step.detail();
  }

  private static String head(String last) {
    List<String> cells = new ArrayList<>(List.of("time", "share"));
    cells.addAll(HEADS);
    cells.add(last);
    return FORMAT.formatted(cells.toArray());
  }

  private static String row(double us, double share, List<String> rates, String name) {
    List<String> cells = new ArrayList<>();
    cells.add(Quantities.duration(us / 1e3));
    cells.add("%.2f %%".formatted(share * 100));
    cells.addAll(rates);
    cells.add(name);
    return FORMAT.formatted(cells.toArray());
  }

  /// {@return what stands under [#HEADS], nothing where no bytes are moved}
  static List<String> cells(Rates rates) {
    if (rates.bytes() == 0) {
      return Collections.nCopies(HEADS.size(), "");
    }
    return List.of(
        bound(rates),
        rates.flops() == 0 ? "" : "%.1f".formatted(rates.gflopPerS()),
        "%.1f".formatted(rates.gbPerS()),
        rates.flops() == 0 ? "" : "%.1f".formatted(rates.flopPerByte()),
        Quantities.count((double) rates.flops()).strip(),
        Quantities.bytes(rates.bytes()));
  }

  /// {@return how near to its bound something is and which bound that is, such as `83 % compute`}
  static String bound(Rates rates) {
    return rates.ofBound() == null || rates.boundBy() == null
        ? ""
        : "%.0f %% %s".formatted(rates.ofBound() * 100, rates.boundBy());
  }

  /// {@return in a sentence or two where the time goes, and where it could be won}
  static String verdict(Profile.Result result) {
    Profile.Operator most = result.operators().getFirst();
    String head =
        "%s takes %.0f %% of %s"
            .formatted(
                most.name(), most.share() * 100, Quantities.duration(result.totalUs() / 1e3));
    Double whole = result.total().ofBound();
    if (whole == null) {
      return head + ".";
    }
    Profile.Operator worst =
        result.operators().stream()
            .max(Comparator.comparingDouble(ProfileText::excess))
            .orElse(most);
    String limit =
        most.rates().boundBy() == null
            ? ""
            : " at %.0f %% of its %s bound"
                .formatted(percent(most.rates()), most.rates().boundBy());
    return """
    %s%s. The whole run is at %.0f %% of what this machine allows; the largest gap, %s, is in %s.\
    """
        .formatted(
            head, limit, whole * 100, Quantities.duration(excess(worst) / 1e3), worst.name());
  }

  private static double percent(Rates rates) {
    return rates.ofBound() == null ? 0 : rates.ofBound() * 100;
  }

  private static double excess(Profile.Operator operator) {
    Double bound = operator.rates().boundUs();
    return operator.us() - (bound == null ? 0 : bound);
  }

  /// {@return what else there is to know, line by line}
  static List<String> notes(Profile.Result result) {
    List<String> notes = new ArrayList<>();
    notes.add(
        "%d steps, medians of %d profiled runs, together %s"
            .formatted(
                result.steps().size() - 1,
                result.runs(),
                Quantities.duration(result.totalUs() / 1e3)));
    notes.add(
        "whole runs: p50 %s, where steps are timed %s"
            .formatted(
                Quantities.duration(result.p50Us() / 1e3),
                Quantities.duration(result.profiledP50Us() / 1e3)));
    if (result.profiledP50Us() > NOISY * result.totalUs()) {
      notes.add("other work disturbs this machine: believe shares more than times");
    }
    notes.add(
        "memory: model file %s, packed weights %s, arena %s"
            .formatted(
                Quantities.bytes(result.memory().fileBytes()),
                Quantities.bytes(result.memory().packedBytes()),
                Quantities.bytes(result.memory().arenaBytes())));
    String ceilings = ceilings(result.ceilings());
    if (!ceilings.isEmpty()) {
      notes.add("at most, with %d threads: %s".formatted(result.ceilings().threads(), ceilings));
    }
    notes.add(
        "%d threads, %s, %s kernels; %s, %d processors, %s"
            .formatted(
                result.threads(),
                result.precision(),
                result.kernels(),
                result.environment().cpu(),
                result.environment().cores(),
                result.environment().jdk()));
    return notes;
  }

  private static String ceilings(Ceilings ceilings) {
    List<String> all = new ArrayList<>();
    ceilings
        .flopsPerSecond()
        .forEach((precision, rate) ->
            all.add(
                "%s %sFLOP/s"
                    .formatted(precision.name().toLowerCase(Locale.ROOT), Quantities.count(rate))));
    ceilings
        .memory()
        .forEach(level ->
            all.add("%s %sB/s".formatted(level.name(), Quantities.count(level.bytesPerSecond()))));
    return all.stream().collect(Collectors.joining(", "));
  }
}
