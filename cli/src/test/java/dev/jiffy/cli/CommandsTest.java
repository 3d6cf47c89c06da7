package dev.jiffy.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.jiffy.bench.Turns;
import dev.jiffy.bench.record.Spread;
import dev.jiffy.bench.serving.NullModel;
import dev.jiffy.bench.serving.SmallNetwork;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.FieldSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class CommandsTest extends CommandRuns {
  static final List<String> COMMANDS = List.copyOf(Main.commandLine().getSubcommands().keySet());

  @TempDir private Path folder;

  @ParameterizedTest
  @FieldSource("COMMANDS")
  void everyCommandHasHelpJsonAndExitCodes(String command) {
    assertEquals(ExitCodes.OK, run(command, "--help"));
    String help = out.toString();
    assertTrue(help.startsWith("Usage: jiffy " + command), help);
    assertTrue(help.contains("--json"), help);
    assertTrue(help.contains("--help"), help);
    assertTrue(help.contains("Exit codes:"), help);
    assertEquals("", err.toString());
  }

  @ParameterizedTest
  @CsvSource({
    "--threads, -1",
    "--threads, many",
    "--precision, f31",
    "--kernels, gpu",
    "--shape, a=1x-2",
    "--shape, a=1x",
    "--shape, a=9999999999x9999999999",
    "--shape, 1x2",
    "--dim, batch=few",
    "--tolerance, -1",
    "--tolerance, NaN",
    "--iterations, 0"
  })
  void valuesThatCannotBeReadAreUsageErrors(String option, String value) {
    assertEquals(ExitCodes.USAGE, run("run", "model.onnx", option, value), err::toString);
    assertTrue(err.toString().contains(option), err::toString);
    assertEquals("", out.toString());
  }

  @Test
  void aComparisonOfAllModelsFindsItsInputsItself() {
    assertEquals(ExitCodes.USAGE, run("compare", "--all", "models", "--case", "set"));
    assertTrue(err.toString().contains("--all"), err::toString);
    assertEquals(ExitCodes.FAILURE, run("compare", "--all", "no-such-folder"));
    assertEquals(ExitCodes.USAGE, run("compare"));
    assertEquals(ExitCodes.USAGE, run("compare", "--trees", "--all", "models"));
    assertTrue(err.toString().contains("no-such-folder"), err::toString);
    assertEquals("", out.toString());
  }

  @Test
  void aProfileTakesAtLeastOneRunAndAKnownOrder() {
    assertEquals(ExitCodes.USAGE, run("profile", "model.onnx", "--runs", "0"));
    assertEquals(ExitCodes.USAGE, run("profile", "model.onnx", "--sort", "name"));
    assertEquals(ExitCodes.USAGE, run("profile", "model.onnx", "--top", "-1"));
    assertEquals(ExitCodes.USAGE, run("profile", "model.onnx", "--peak", "gpu=1"));
    assertEquals(ExitCodes.USAGE, run("profile", "model.onnx", "--peak", "f32=0"));
    assertEquals("", out.toString());
  }

  @Test
  void secondsAreMoreThanNoneAndAtMostAnHour() {
    for (String seconds : List.of("0", "-1", "3601", "soon")) {
      assertEquals(ExitCodes.USAGE, run("bench", "model.onnx", "--seconds", seconds));
    }
  }

  @Test
  void aModelThatIsNotThereIsOneLine() {
    assertEquals(ExitCodes.FAILURE, run("run", "absent.onnx", "--threads", "1", "--json"));
    assertEquals(1, err.toString().lines().count(), err::toString);
    assertTrue(err.toString().contains("absent.onnx"), err::toString);
    assertEquals("", out.toString());
  }

  @Test
  void modelsThatCannotBeComparedDoNotAgree() throws IOException {
    Files.writeString(folder.resolve("bad.onnx"), "no model");
    assertEquals(ExitCodes.FAILURE, run("compare", "--all", folder.toString(), "--json"));
    assertTrue(out.toString().contains("\"matches\":false"), out::toString);
    NullModel.write(folder.resolve("good.onnx"));
    byte[] input = Arrays.copyOf(HexFormat.of().parseHex("0801082010014a8001"), 9 + 4 * 32);
    Path set = Files.createDirectories(folder.resolve("good/set"));
    Files.write(set.resolve("input_0.pb"), input);
    assertEquals(
        ExitCodes.FAILURE,
        run("compare", "--all", folder.toString(), "--seconds", "0.004", "--json"));
    assertTrue(out.toString().contains("\"matches\":true"), out::toString);
  }

  @Test
  void loadsCanBeMeasuredForLonger() throws IOException {
    Path model = folder.resolve("null.onnx");
    NullModel.write(model);
    String asked = "compare MODEL --dim rows=1 --seconds 0.004 --load-seconds 0.1 --json";
    assertEquals(
        ExitCodes.OK, run(asked.replace("MODEL", model.toString()).split(" ", -1)), err::toString);
    JsonNode answer = JsonMapper.shared().readTree(out.toString());
    assertTrue(answer.path("load_ms").asDouble() > 0, out::toString);
    forget();
    assertEquals(ExitCodes.USAGE, run("compare", "--dynamic", "--load-seconds", "1"));
    assertTrue(err.toString().startsWith("--load-seconds would be ignored"), err::toString);
  }

  @Test
  void whatGoesWithAModelIsRefusedWithoutOne() {
    assertEquals(ExitCodes.USAGE, run("overhead", "--shape", "x=1x32"));
    assertEquals(ExitCodes.USAGE, run("overhead", "--in-process", "--case", "set"));
    assertEquals("", out.toString());
  }

  @Test
  void whatBatchesGainIsMeasuredOfAnyModel() throws IOException {
    Path model = folder.resolve("small.onnx");
    SmallNetwork.write(model);
    String asked = "overhead MODEL --in-process --dim rows=2 --seconds 0.004 --json";
    assertEquals(
        ExitCodes.OK, run(asked.replace("MODEL", model.toString()).split(" ", -1)), err::toString);
    JsonNode answer = JsonMapper.shared().readTree(out.toString());
    assertEquals(64, answer.path("in_flight").asInt(), out::toString);
    assertTrue(answer.path("ratio").asDouble() > 0, out::toString);
  }

  @Test
  void aReportThatIsNoneIsOneLine() throws IOException {
    Path result = folder.resolve("result.json");
    Path requests = Files.createDirectory(folder.resolve("run-1-1")).resolve("requests.jsonl");
    Files.write(requests, new byte[] {(byte) 0xff, '\n'});
    for (String json : List.of("{\"points\":", "{}", "{\"points\":[{\"label\":\"a\"}]}")) {
      Files.writeString(result, json);
      err.getBuffer().setLength(0);
      assertEquals(ExitCodes.FAILURE, run("report", "diff", folder.toString(), folder.toString()));
      assertEquals(1, err.toString().lines().count(), err::toString);
      assertTrue(err.toString().contains(folder.toString()), err::toString);
    }
  }

  @Test
  void nothingComparedInTurnsDoesNotAgree() {
    TurnsTable nothing = TurnsTable.of(List.of(), Map.of());
    assertFalse(nothing.matches());
    assertEquals(ExitCodes.FAILURE, nothing.exitCode());
    Spread times = new Spread(9, 1, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1);
    List<Turns> agreeing = List.of(new Turns("good.onnx", 1, 1, 1, 1, 1, times, times, 0, 0, true));
    assertEquals(ExitCodes.OK, TurnsTable.of(agreeing, Map.of()).exitCode());
    TurnsTable some = TurnsTable.of(agreeing, Map.of("bad.onnx", "no model"));
    assertTrue(some.matches());
    assertEquals(ExitCodes.FAILURE, some.exitCode());
    assertTrue(some.text().endsWith("bad.onnx: no model"), some::text);
  }
}
