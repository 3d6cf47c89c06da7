package dev.jiffy.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// What a scraper reads in the text form of Prometheus, checked line by line.
///
/// @param samples the values by name and labels, as they are written
/// @param types the types by name
record Scrape(Map<String, Double> samples, Map<String, String> types) {
  private static final Pattern SAMPLE =
      Pattern.compile(
          "([a-zA-Z_:][a-zA-Z0-9_:]*)(\\{(?:[a-zA-Z_][a-zA-Z0-9_]*=\"(?:[^\"\\\\\n"
              + "]|\\\\.)*\",?)*})? (\\S+)");

  /// {@return what a text says; fails where it is malformed}
  static Scrape of(String text) {
    Map<String, Double> samples = new LinkedHashMap<>();
    Map<String, String> types = new HashMap<>();
    for (String line : text.split("\n", -1)) {
      if (line.startsWith("# TYPE ")) {
        List<String> words = List.of(line.split(" ", -1));
        assertEquals(4, words.size(), line);
        assertEquals(null, types.put(words.get(2), words.get(3)), line);
      } else if (!line.isEmpty() && !line.startsWith("# HELP ") && !line.equals("# EOF")) {
        Matcher matcher = SAMPLE.matcher(line);
        assertTrue(matcher.matches(), line);
        String labels = matcher.group(2) == null ? "" : matcher.group(2);
        String number = matcher.group(3).replace("+Inf", "Infinity");
        assertEquals(
            null, samples.put(matcher.group(1) + labels, Double.parseDouble(number)), line);
      }
    }
    return new Scrape(samples, types);
  }

  /// {@return a value; fails where there is none}
  double value(String name) {
    Double value = samples.get(name);
    assertTrue(value != null, () -> name + " is not among " + samples.keySet());
    return value;
  }

  /// {@return a value, 0 where there is none}
  double valueOrZero(String name) {
    return samples.getOrDefault(name, 0.0);
  }

  /// Checks that the ranges of each histogram grow and end with its count.
  void checkHistograms() {
    Map<String, Double> last = new HashMap<>();
    samples.forEach((name, value) -> {
      int le = name.indexOf("le=\"");
      if (name.contains("_bucket{") && le >= 0) {
        String series = name.substring(0, le);
        assertTrue(last.getOrDefault(series, 0.0) <= value, name);
        last.put(series, value);
        if (name.contains("le=\"+Inf\"")) {
          String labels =
              series.substring(series.indexOf('{')).replaceAll("[,{]$", "").replaceAll("^$", "");
          String count =
              series.substring(0, series.indexOf("_bucket{"))
                  + "_count"
                  + (labels.isEmpty() ? "" : labels + "}");
          assertEquals(value(count), value, count);
        }
      }
    });
    assertTrue(!last.isEmpty());
  }
}
