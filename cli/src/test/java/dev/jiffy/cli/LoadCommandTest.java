package dev.jiffy.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class LoadCommandTest extends CommandRuns {
  @Test
  void theNullSystemIsMeasured(@TempDir Path folder) {
    int code =
        run(
            "load",
            "null",
            "--seconds",
            "0.1",
            "--requests",
            "1000",
            "--warm-up",
            "0",
            "--json",
            "--out",
            folder.toString());
    assertEquals(ExitCodes.OK, code, err::toString);
    assertEquals(1, out.toString().lines().count());
    JsonNode json = JsonMapper.shared().readTree(out.toString());
    assertEquals("single-stream", json.path("scenario").asString());
    assertEquals("VALID", json.path("verdict").path("kind").asString());
    assertTrue(
        json.path("points").path(0).path("runs").path(0).path("summary").path("requests").asLong()
            >= 1000,
        json::toString);
    assertTrue(err.toString().contains("written"), err::toString);
  }

  @Test
  void asManyAreAskedAtATimeAsTheConcurrencySays() {
    String asked = "load null --concurrency 3 --seconds 0.01 --warm-up 0 --json";
    int code = run(asked.split(" ", -1));
    assertTrue(code == ExitCodes.OK || code == LoadCommand.INVALID, err::toString);
    assertEquals(3, JsonMapper.shared().readTree(out.toString()).path("slots").asInt());
    assertEquals(ExitCodes.USAGE, run((asked + " --connections 2").split(" ", -1)), err::toString);
    assertTrue(err.toString().contains("at least as many --connections, got 2"), err::toString);
  }

  @Test
  void theGeneratorIsValidatedInParts() {
    assertEquals(
        ExitCodes.OK, run("load", "--validate", "--rows", "simulated", "--json"), err::toString);
    JsonNode table = JsonMapper.shared().readTree(out.toString());
    assertTrue(table.path("holds").asBoolean(), table::toString);
    assertTrue(table.path("rows").size() >= 9, table::toString);
    assertEquals(ExitCodes.USAGE, run("load", "--validate", "--rows", "some"));
  }

  @Test
  void whatCannotBeAskedIsAUsageError() {
    for (List<String> args :
        List.of(
            List.of("load"),
            List.of("load", "null", "--slo", "p99"),
            List.of("load", "null", "--scenario", "stream"),
            List.of("load", "null", "--scenario", "server"),
            List.of("load", "null", "--find-peak"),
            List.of("load", "null", "--concurrency", "2", "--sweep", "1,2"),
            List.of("load", "null", "--rate", "-1"),
            List.of("load", "http:///", "--model", "m"),
            List.of("load", "http://localhost:1", "--model", "m", "--api", "openai"),
            List.of("load", "null", "--dim", "seq=short"),
            List.of("load", "null", "--shape", "a=1x-"),
            List.of("report"),
            List.of("report", "merge", "a", "b"))) {
      assertEquals(ExitCodes.USAGE, run(args.toArray(String[]::new)), args + " " + err);
    }
    assertEquals("", out.toString());
  }

  @ParameterizedTest
  @CsvSource({
    "--scenario server --rate 10 --arrivals constant, --arrivals",
    "--scenario server --rate 10 --arrivals gamma, --arrivals",
    "--scenario server --rate 10 --steps 1, --steps",
    "--scenario server --rate 10 --replay trace, --replay",
    "--scenario server --rate 10 --burstiness 2, --burstiness",
    "--scenario closed --rate 10, --rate",
    "--scenario single-stream --concurrency 2, --concurrency",
    "--scenario offline --rate 10, --rate",
    "--rate 10 --concurrency 4, --concurrency",
    "--rate 10 --arrivals constant --burstiness 2, --burstiness",
    "--rate 10 --step-seconds 1, --step-seconds",
    "--replay trace --rate 10, --rate",
    "--scenario offline --seconds 60, --seconds",
    "--rate 10 --steps 1 --requests 9, --requests",
    "--rate 10 --probe-seconds 1, --probe-seconds",
    "--rows echo, --rows",
    "--validate --rate 10, --rate",
    "--precision int8, --precision",
    "--model m, --model",
    "--dim x=1, --dim",
    "--tolerance 1, --tolerance"
  })
  void anOptionThatWouldBeIgnoredIsAUsageError(String options, String ignored) {
    checkIgnored("null " + options, ignored);
  }

  @ParameterizedTest
  @CsvSource({
    "http://localhost:1 --model m --engine jiffy, --engine",
    "http://localhost:1 --model m --channels 2, --channels",
    "http://localhost:1 --model m --texts t, --texts",
    "http://localhost:1 --model m --jsonl j --case c, --case",
    "http://localhost:1 --model m --api openai --texts t --shape x=1, --shape",
    "http://localhost:1 --model m --case c --accuracy --slo p99=1ms, --slo",
    "http://localhost:1 --model m --case c --accuracy --find-peak, --find-peak"
  })
  void anOptionThatAServerMakesVoidIsAUsageError(String options, String ignored) {
    checkIgnored(options, ignored);
  }

  private void checkIgnored(String options, String ignored) {
    assertEquals(ExitCodes.USAGE, run(("load " + options).split(" ", -1)), err::toString);
    assertTrue(err.toString().startsWith(ignored + " would be ignored: "), err::toString);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "--scenario server --rate 1000 --arrivals poisson",
        "--scenario open --rate 1000 --arrivals gamma --burstiness 2",
        "--rate 1000 --steps 0.5,1 --step-seconds 0.01",
        "--scenario closed --concurrency 2"
      })
  void whatGoesTogetherIsMeasured(String options) {
    String asked = "load null --warm-up 0 " + options;
    if (!options.contains("--steps")) {
      asked += " --seconds 0.01 --requests 10";
    }
    int code = run(asked.split(" ", -1));
    assertTrue(code == ExitCodes.OK || code == LoadCommand.INVALID, err::toString);
  }

  @Test
  void aServerThatIsDownIsNoUsageError() {
    for (String asked : List.of("load http://127.0.0.1:1", "load http://127.0.0.1:1 --model m")) {
      err.getBuffer().setLength(0);
      assertEquals(ExitCodes.FAILURE, run(asked.split(" ", -1)), err::toString);
      String told = "jiffy: cannot ask http://127.0.0.1:1: Connection refused";
      assertTrue(err.toString().contains(told), err::toString);
    }
  }

  @Test
  void answersAreNotHeldAgainstNothing(@TempDir Path folder) throws IOException {
    Path lines = folder.resolve("lines");
    Files.writeString(lines, "{}\n");
    String server = "load http://127.0.0.1:1 --model m ";
    for (String asked :
        List.of(
            "load null", server + "--jsonl " + lines, server + "--api openai --texts " + lines)) {
      for (String check : List.of(" --check", " --accuracy")) {
        err.getBuffer().setLength(0);
        assertEquals(ExitCodes.USAGE, run((asked + check).split(" ", -1)), err::toString);
        assertTrue(err.toString().contains("none are known for "), err::toString);
      }
    }
  }

  @Test
  void aServerThatIsNotThereIsOneLine() {
    assertEquals(ExitCodes.FAILURE, run("load", "http://127.0.0.1:1", "--model", "m"));
    assertEquals(1, err.toString().lines().count(), err::toString);
    assertTrue(err.toString().contains("127.0.0.1:1"), err::toString);
    assertEquals(ExitCodes.FAILURE, run("report", "diff", "no-such-folder", "other"));
  }
}
