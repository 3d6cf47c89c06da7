package dev.jiffy.server.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.jiffy.engine.LoadOptions;
import dev.jiffy.engine.ModelException;
import dev.jiffy.engine.Precision;
import dev.jiffy.server.ExampleModels;
import dev.jiffy.server.cache.CacheOptions;
import dev.jiffy.server.schedule.Policy;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SettingsTest {
  private static final ModelSettings DEFAULTS =
      ModelSettings.defaults().load(LoadOptions.defaults().threads(1));

  @TempDir Path folder;

  private static ModelSettings of(String text) {
    return SettingsFile.of(YamlMap.of("jiffy.yaml", text), DEFAULTS);
  }

  @Test
  void everythingCanBeSaid() {
    assertEquals(
        new ModelSettings(
            LoadOptions.defaults().threads(2).precision(Precision.BF16),
            new Policy(3, 7, 5, Duration.ofMillis(20), Duration.ofSeconds(2), false),
            Duration.ofMillis(500),
            new VersionPolicy.Latest(2),
            Map.of("stable", 4L),
            0.25,
            new CacheOptions(1000, Duration.ofSeconds(7)),
            CacheOptions.defaults().ttl(),
            null),
        of(
            """
            # a comment
            threads: 2
            precision: bf16
            instances: 3
            queue: 7
            max_batch: 5
            latency_target: 0.02
            timeout: 2
            padding: true
            warm_up: 0.5
            versions: {latest: 2}
            labels:
              stable: 4
            case_tolerance: 0.25
            cache: {bytes: 1000, ttl: 7}
            """));
    assertEquals(DEFAULTS, of(""));
    assertEquals(DEFAULTS, of("# nothing\n"));
    assertEquals(new VersionPolicy.All(), of("versions: all").versions());
    assertEquals(CacheOptions.defaults(), of("cache: {}").cache());
    assertEquals(
        new CacheOptions(1000, Duration.ofSeconds(9)),
        SettingsFile.of(
                YamlMap.of("", "cache: {bytes: 1000}"), DEFAULTS.cacheTtl(Duration.ofSeconds(9)))
            .cache());
    assertNull(
        SettingsFile.of(YamlMap.of("", "cache: none"), DEFAULTS.cache(CacheOptions.defaults()))
            .cache());
    assertEquals(new VersionPolicy.Only(List.of(3L, 1L)), of("versions: [3, 1]").versions());
  }

  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '`',
      delimiter = '|',
      value = {
        "thread: 2 | jiffy.yaml:1: thread: expected one of [cache, case_tolerance, device,",
        "threads: many | jiffy.yaml:1: threads: expected a whole number from 0 to 1024, got 'many'",
        "threads: -1 | expected a whole number from 0 to 1024, got '-1'",
        "threads: [1] | expected a whole number from 0 to 1024, got a list",
        "precision: f64 | precision: expected one of [f32, bf16, int8, auto], got 'f64'",
        "latency_target: 0 | expected a number from 0.001 to 3600.0, got '0'",
        "latency_target: NaN | got 'NaN'",
        "padding: yes | expected true or false, got 'yes'",
        "device: gpu | jiffy.yaml:1: device",
        "cache: yes | expected 'none' or {bytes: NUMBER, ttl: SECONDS}",
        "cache: {size: 1} | size: expected one of [bytes, ttl]",
        "cache: {bytes: 0} | bytes: expected a whole number of at least 1, got '0'",
        "versions: some | expected 'all', a list of versions, or 'latest: NUMBER', got 'some'",
        "versions: [] | expected at least one version, got none",
        "versions: [0] | expected a whole number of at least 1, got '0'",
        "versions: {oldest: 1} | expected one of [latest]",
        "labels: stable | labels: expected KEY: VALUE, got 'stable'",
        "labels: {1st: 1} | a label begins with a letter",
        "- 1 | jiffy.yaml:1: the file: expected KEY: VALUE, got a list",
        "a: [1 | jiffy.yaml:1: no YAML",
        "a: !!java.io.File [x] | expected one of",
      })
  void whatIsWrongIsNamed(String text, String message) {
    ModelException e = assertThrows(ModelException.class, () -> of(text));
    assertTrue(String.valueOf(e.getMessage()).contains(message), e::toString);
  }

  @Test
  void linesAreCounted() {
    ModelException e = assertThrows(ModelException.class, () -> of("threads: 1\n\nqueue: 0\n"));
    assertTrue(String.valueOf(e.getMessage()).startsWith("jiffy.yaml:3: queue:"), e::toString);
    e = assertThrows(ModelException.class, () -> of("threads: 1\nthreads: 2\n"));
    assertTrue(String.valueOf(e.getMessage()).startsWith("jiffy.yaml:"), e::toString);
  }

  @Test
  void aFileThatIsNoTextIsRefused() throws IOException {
    Path file = folder.resolve("jiffy.yaml");
    Files.write(file, new byte[] {'a', ':', (byte) 0xff});
    assertThrows(ModelException.class, () -> YamlMap.read(file));
    Files.write(file, new byte[(1 << 20) + 1]);
    assertThrows(ModelException.class, () -> YamlMap.read(file));
    assertThrows(ModelException.class, () -> YamlMap.read(folder.resolve("none")));
  }

  @Test
  void whatIsPrintedIsReadBackAndSaysWhy() throws IOException {
    ExampleModels.times(folder.resolve("twice/2/model.onnx"), 2);
    Files.writeString(
        folder.resolve("twice/jiffy.yaml"), "versions: all\nlabels: {stable: 2}\ntimeout: 1.5\n");
    ModelSettings said =
        SettingsFile.read(folder.resolve("twice/jiffy.yaml"), DEFAULTS.warmUpTime(Duration.ZERO));
    Map<String, String> texts;
    try (Store store =
        new Store(
            new Repository(List.of(folder)),
            DEFAULTS.warmUpTime(Duration.ZERO),
            new Models(),
            line -> {})) {
      texts = store.settings();
    }
    String text = String.valueOf(texts.get("twice"));
    assertEquals(said, of(text));
    assertTrue(text.contains("max_batch: 64"), text);
    assertTrue(text.contains("computed together:"), text);
    assertTrue(text.contains("# takes x F32[n, 2]"), text);
    text.lines().forEach(line -> assertTrue(line.contains("# "), () -> "no reason in " + line));
  }
}
