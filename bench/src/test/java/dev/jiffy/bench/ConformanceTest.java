package dev.jiffy.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.jiffy.bench.Conformance.Outcome;
import dev.jiffy.engine.EngineChoice;
import dev.jiffy.engine.KernelPath;
import dev.jiffy.engine.LoadOptions;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;

/// The ONNX backend tests, of which every one must end as the lists in the resources say: those in
/// `unsupported.txt` are refused, those in `deviating.txt` get an answer other than the recorded
/// one, all others pass.
class ConformanceTest {

  /// The suites, each with its number of cases.
  private static final Map<String, Integer> SUITES =
      Map.of(
          "node", 1288,
          "pytorch-converted", 82,
          "pytorch-operator", 35,
          "simple", 23,
          "real", 9);

  /// The reason of cases whose answers are by chance the recorded ones.
  private static final String UNSEEDED = "random numbers without a seed";

  /// The largest network, which takes the scalar kernels a minute.
  private static final String LARGEST = "test_vgg19";

  @Test
  void casesEndAsListed() {
    check(LoadOptions.defaults().engine(EngineChoice.JIFFY), _ -> true);
  }

  @Test
  void casesEndAsListedOnTheScalarPath() {
    LoadOptions jiffy = LoadOptions.defaults().engine(EngineChoice.JIFFY);
    LoadOptions scalar = jiffy.optimize(false).kernels(KernelPath.SCALAR);
    check(scalar, name -> !name.equals(LARGEST));
  }

  private static void check(LoadOptions options, Predicate<String> wanted) {
    Map<String, String> unsupported = list("unsupported.txt");
    Map<String, String> deviating = list("deviating.txt");
    List<String> surprises = new ArrayList<>();
    SUITES.forEach((suite, cases) -> {
      Path folder = OperatorCases.ALL.resolve(suite);
      List<String> names = new ArrayList<>();
      Predicate<String> counted = name -> names.add(name) && wanted.test(name);
      Conformance.run(folder, Conformance.jiffy(options), counted)
          .verdicts()
          .forEach(verdict -> compare(verdict, unsupported, deviating, surprises));
      assertEquals(cases, names.size(), suite);
    });
    unsupported
        .keySet()
        .forEach(name -> surprises.add(name + ": listed, but there is no such case"));
    deviating.keySet().forEach(name -> surprises.add(name + ": listed, but there is no such case"));
    assertTrue(
        surprises.isEmpty(),
        () -> surprises.size() + " surprises:\n" + String.join("\n", surprises));
  }

  /// Takes a case from the lists and notes it where it ends otherwise than they say.
  private static void compare(
      Conformance.Verdict verdict,
      Map<String, String> unsupported,
      Map<String, String> deviating,
      List<String> surprises) {
    String name = verdict.name();
    if (deviating.getOrDefault(name, "").startsWith(UNSEEDED)
        && verdict.outcome() == Outcome.PASSED) {
      deviating.remove(name);
      return;
    }
    String missing = unsupported.remove(name);
    Outcome expected =
        missing != null
            ? Outcome.UNSUPPORTED
            : deviating.remove(name) != null ? Outcome.FAILED : Outcome.PASSED;
    String reason =
        switch (expected) {
          case UNSUPPORTED -> String.valueOf(missing);
          case FAILED -> "output ";
          case PASSED -> "";
        };
    if (verdict.outcome() != expected || !verdict.reason().contains(reason)) {
      surprises.add(
          "%s: expected %s, got %s %s"
              .formatted(name, expected, verdict.outcome(), verdict.reason()));
    }
  }

  /// One case a line: its name, a space, the reason why it does not pass.
  private static Map<String, String> list(String resource) {
    Map<String, String> cases = new TreeMap<>();
    for (String line : text("/conformance/" + resource).lines().toList()) {
      if (!line.isBlank() && !line.startsWith("#")) {
        int space = line.indexOf(' ');
        assertTrue(space > 0 && space < line.length() - 1, () -> "no reason: " + line);
        cases.put(line.substring(0, space), line.substring(space + 1));
      }
    }
    return cases;
  }

  private static String text(String resource) {
    try (InputStream stream = ConformanceTest.class.getResourceAsStream(resource)) {
      return new String(Objects.requireNonNull(stream).readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
