package dev.jiffy.bench.fuzz;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.jiffy.engine.EngineChoice;
import dev.jiffy.engine.Inspection;
import dev.jiffy.engine.LoadOptions;
import dev.jiffy.engine.ModelException;
import dev.jiffy.engine.ir.GraphText;
import dev.jiffy.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/// Models that nobody would export are refused with a reason or answered as ONNX Runtime does; both
/// ways to run them agree.
///
/// Some hundred cases, always the same, unless properties say otherwise: `fuzz.minutes` runs new
/// ones for so long, `fuzz.seed` runs the case of one number.
class FuzzTest {
  private static final int CASES = 400;
  private static final Path FOLDER = Path.of("target", "fuzz");

  private final Corpus corpus = new Corpus();
  private final Map<String, String> findings = new LinkedHashMap<>();
  private ExecutorService thread = Executors.newSingleThreadExecutor(FuzzTest::daemon);
  private int answered;
  private int compared;
  private int cases;

  private static Thread daemon(Runnable task) {
    Thread thread = new Thread(task, "fuzz");
    thread.setDaemon(true);
    return thread;
  }

  @Test
  void strangeModelsAreRefusedOrAnswered() throws IOException {
    long minutes = Long.getLong("fuzz.minutes", 0);
    Files.createDirectories(FOLDER);
    try (Oracle oracle = new Oracle()) {
      if (System.getProperty("fuzz.seed") != null) {
        tryOne(oracle, Long.getLong("fuzz.seed", 0));
      } else {
        long first = minutes == 0 ? 0 : System.currentTimeMillis() << 20;
        long end = System.nanoTime() + minutes * 60_000_000_000L;
        for (int i = 0; minutes == 0 ? i < CASES : System.nanoTime() < end; i++) {
          tryOne(oracle, first + i);
        }
        assertTrue(answered > cases / 10, () -> "only " + answered + " of " + cases + " answered");
        assertTrue(compared > cases / 20, () -> "only " + compared + " of " + cases + " compared");
      }
      Files.writeString(
          FOLDER.resolve("summary.txt"),
          "%d cases, %d answered, %d compared, ONNX Runtime died %d times, %d findings%n"
              .formatted(cases, answered, compared, oracle.deaths(), findings.size()));
    }
    assertEquals("", String.join("\n\n", findings.values()));
  }

  private void tryOne(Oracle oracle, long seed) throws IOException {
    cases++;
    FuzzCase tried = Generator.of(corpus, seed);
    Path file = FOLDER.resolve("case.onnx");
    // should the process die, this tells of what
    Files.writeString(FOLDER.resolve("seed.txt"), Long.toString(seed));
    Trial.Ending fast = Trial.fast(tried, file, thread);
    Trial.Ending plain = fast.bug() == null ? Trial.plain(tried, file, thread) : fast;
    String problem = problem(oracle, tried, fast, plain);
    if (problem != null) {
      // what else goes wrong for the same reason is not told again
      String kind = kind(tried, problem);
      if (findings.putIfAbsent(kind, describe(tried, file, problem)) == null) {
        Files.copy(
            file,
            FOLDER.resolve(seed + ".onnx"),
            java.nio.file.StandardCopyOption.REPLACE_EXISTING);
        Files.writeString(FOLDER.resolve("findings.txt"), String.join("\n\n", findings.values()));
      }
      if (problem.contains("took longer")) {
        thread = Executors.newSingleThreadExecutor(FuzzTest::daemon);
      }
    }
  }

  private static @Nullable String difference(
      FuzzCase tried, Map<String, Tensor> expected, Map<String, Tensor> actual, boolean byOther) {
    for (Agreement.Difference difference : Agreement.differences(expected, actual)) {
      if (!Quirks.explain(tried, difference, byOther)) {
        return difference.text();
      }
    }
    return null;
  }

  /// Where in the code something went wrong, or which operators gave another answer.
  private static String kind(FuzzCase tried, String problem) {
    if (problem.contains("\n")) {
      return problem.lines().skip(1).limit(3).toList().toString();
    }
    return problem.replaceAll("'.*", "") + tried.operators();
  }

  private @Nullable String problem(
      Oracle oracle, FuzzCase tried, Trial.Ending fast, Trial.Ending plain) throws IOException {
    if (fast.bug() != null) {
      return "fast: " + fast.bug();
    }
    if (plain.bug() != null) {
      return "plain: " + plain.bug();
    }
    if (fast.outputs() == null) {
      return plain.outputs() == null ? null : "only the plain way answers: " + fast.refusal();
    }
    answered++;
    if (plain.outputs() != null) {
      String difference = difference(tried, plain.outputs(), fast.outputs(), false);
      if (difference != null) {
        return "the two ways differ in " + difference;
      }
    }
    Map<String, Tensor> expected = oracle.ask(tried);
    if (expected == null) {
      return null;
    }
    compared++;
    String difference = difference(tried, expected, fast.outputs(), true);
    return difference == null ? null : "ONNX Runtime differs in " + difference;
  }

  private static String describe(FuzzCase tried, Path file, String problem) {
    List<String> lines = new ArrayList<>();
    lines.add("seed " + tried.seed() + ": " + problem);
    tried.inputs().forEach((name, tensor) -> lines.add("  " + name + " = " + tensor));
    try {
      lines.add(
          GraphText.of(
                  Inspection.of(file, LoadOptions.defaults().engine(EngineChoice.JIFFY))
                      .graph(Inspection.IMPORT))
              .indent(2));
    } catch (ModelException e) {
      lines.add("  " + e.getMessage());
    } catch (RuntimeException e) {
      lines.add("  " + e);
    }
    return String.join("\n", lines);
  }
}
