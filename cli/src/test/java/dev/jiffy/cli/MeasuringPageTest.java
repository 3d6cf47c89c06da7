package dev.jiffy.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// Every name in the JSON of the commands that measure is on the page that defines what they mean.
class MeasuringPageTest extends CommandRuns {
  private static final Path PAGE = Path.of("../docs/measuring.md");

  private static void collect(JsonNode node, Set<String> names) {
    if (node.isObject()) {
      node.properties()
          .forEach(property -> {
            names.add(property.getKey());
            // These have names that are data: options, shapes, stages and kinds of errors.
            if (!Set.of("arrivals", "parts_ms", "errors", "shapes").contains(property.getKey())) {
              collect(property.getValue(), names);
            }
          });
    }
    node.forEach(each -> {
      if (node.isArray()) {
        collect(each, names);
      }
    });
  }

  private String printed(String... args) {
    forget();
    int code = run(args);
    assertTrue(code == ExitCodes.OK || code == LoadCommand.INVALID, err::toString);
    return out.toString();
  }

  @Test
  void everyNameIsDefined(@TempDir Path folder) throws IOException {
    Set<String> names = new TreeSet<>();
    JsonMapper json = JsonMapper.shared();
    for (String options :
        new String[] {
          "--rate 2000 --slo p99=60s --repeat 2",
          "--slo p50=60s --find-peak --probe-seconds 0.05 --sweep 0.5,1"
        }) {
      String[] words =
          ("load null " + options + " --seconds 0.05 --warm-up 0.1 --json --out " + folder)
              .split(" ", -1);
      collect(json.readTree(printed(words)), names);
    }
    collect(json.readTree(printed("report", "diff", "" + folder, "" + folder, "--json")), names);
    collect(json.readTree(JsonTest.bench()), names);
    collect(json.readTree(JsonTest.comparison()), names);
    String page = Files.readString(PAGE);
    Set<String> missing = new TreeSet<>(names);
    missing.removeIf(name -> page.contains("`" + name + "`"));
    assertEquals(Set.of(), missing, "defined in docs/measuring.md");
  }
}
