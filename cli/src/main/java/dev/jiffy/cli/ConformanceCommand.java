package dev.jiffy.cli;

import dev.jiffy.bench.Conformance;
import dev.jiffy.bench.Conformance.Outcome;
import dev.jiffy.engine.EngineChoice;
import dev.jiffy.engine.LoadOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `jiffy conformance`: the ONNX backend tests.
@Command(
    name = "conformance",
    description = {
      "Runs the ONNX backend tests: folders of a model.onnx and recorded inputs and outputs.",
      "A case that fails is a failure of the command; a model that is refused with a clear reason"
          + " is not."
    })
final class ConformanceCommand implements Callable<Integer> {
  @Parameters(
      paramLabel = "DIR",
      description = "A folder of cases, or one of several such folders.")
  private Path folder = Path.of("");

  @Option(
      names = "--filter",
      paramLabel = "TEXT",
      description = "Run only the cases whose name contains this text.")
  private String filter = "";

  @Mixin private final LoadMixin load = new LoadMixin();
  @Mixin private final Output output = new Output();

  @Override
  public Integer call() throws IOException {
    LoadOptions options = options();
    List<Suite> suites = new ArrayList<>();
    for (Path each : suites(folder)) {
      output.progress("running " + each);
      Conformance.Report report =
          Conformance.run(each, Conformance.jiffy(options), name -> name.contains(filter));
      suites.add(Suite.of(each, report));
    }
    Answer answer =
        new Answer(
            suites.stream().mapToInt(Suite::passed).sum(),
            suites.stream().mapToInt(Suite::failed).sum(),
            suites.stream().mapToInt(Suite::unsupported).sum(),
            suites);
    if (answer.passed() + answer.failed() + answer.unsupported() == 0) {
      throw new IllegalArgumentException(folder + ": no case whose name contains '" + filter + "'");
    }
    output.print(answer);
    return answer.failed() == 0 ? ExitCodes.OK : ExitCodes.FAILURE;
  }

  /// The options; unless asked for, no other engine takes over, as its answers prove nothing.
  private LoadOptions options() {
    LoadOptions options = load.options();
    return options.engine() == EngineChoice.AUTO ? options.engine(EngineChoice.JIFFY) : options;
  }

  private static List<Path> suites(Path folder) throws IOException {
    if (!Files.isDirectory(folder)) {
      throw new NoSuchFileException(folder.toString());
    }
    if (hasCases(folder)) {
      return List.of(folder);
    }
    try (Stream<Path> children = Files.list(folder)) {
      List<Path> suites = children.filter(ConformanceCommand::hasCases).sorted().toList();
      if (suites.isEmpty()) {
        throw new IllegalArgumentException(folder + ": no folder with a model.onnx in it");
      }
      return suites;
    }
  }

  private static boolean hasCases(Path folder) {
    try (Stream<Path> children = Files.isDirectory(folder) ? Files.list(folder) : Stream.empty()) {
      return children.anyMatch(Conformance::isCase);
    } catch (IOException _) {
      return false;
    }
  }

  /// The cases of one folder.
  record Suite(
      String folder,
      int passed,
      int failed,
      int unsupported,
      List<Conformance.Verdict> failures,
      List<Conformance.Verdict> refusals) {
    static Suite of(Path folder, Conformance.Report report) {
      return new Suite(
          folder.toString(),
          report.ended(Outcome.PASSED).size(),
          report.ended(Outcome.FAILED).size(),
          report.ended(Outcome.UNSUPPORTED).size(),
          report.ended(Outcome.FAILED),
          report.ended(Outcome.UNSUPPORTED));
    }
  }

  /// All cases.
  record Answer(int passed, int failed, int unsupported, List<Suite> suites)
      implements Output.Answer {
    @Override
    public String text() {
      String cases =
          suites.stream()
              .flatMap(suite -> Stream.concat(suite.failures().stream(), suite.refusals().stream()))
              .map(each ->
                  "%-11s %s: %s\n"
                      .formatted(
                          each.outcome() == Outcome.FAILED ? "failed" : "unsupported",
                          each.name(),
                          each.reason()))
              .collect(Collectors.joining());
      String totals =
          suites.stream()
              .map(suite ->
                  "%s: %d passed, %d failed, %d unsupported"
                      .formatted(
                          suite.folder(), suite.passed(), suite.failed(), suite.unsupported()))
              .collect(Collectors.joining("\n"));
      return cases + totals;
    }
  }
}
