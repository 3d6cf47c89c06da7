package dev.jiffy.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertLinesMatch;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.NoSuchFileException;
import java.util.List;
import java.util.concurrent.Callable;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

class MainTest extends CommandRuns {
  @Override
  CommandLine commandLine(String... args) {
    return super.commandLine(args).addSubcommand(new Probe());
  }

  @Test
  void helpAndVersionGoToStandardOutput() {
    assertEquals(ExitCodes.OK, run("--help"));
    assertTrue(out.toString().startsWith("Usage: jiffy"), out::toString);
    out.getBuffer().setLength(0);
    assertEquals(ExitCodes.OK, run("--version"));
    assertTrue(out.toString().startsWith("jiffy "), out::toString);
    assertEquals("", err.toString());
  }

  @Test
  void aMissingOrUnknownCommandIsAUsageError() {
    assertEquals(ExitCodes.USAGE, run());
    assertLinesMatch(
        List.of("Missing COMMAND.", "Try 'jiffy --help'."), err.toString().lines().toList());
    err.getBuffer().setLength(0);
    assertEquals(ExitCodes.USAGE, run("paint"));
    assertTrue(err.toString().contains("paint"), err::toString);
    err.getBuffer().setLength(0);
    assertEquals(ExitCodes.USAGE, run("load", "--sed", "2"));
    assertLinesMatch(
        List.of(
            "Unknown option: '--sed'",
            "Possible solutions: .*--seed.*",
            "Try 'jiffy load --help'."),
        err.toString().lines().toList());
    assertEquals("", out.toString());
  }

  @Test
  void anAnswerIsTextOrOneJsonObject() {
    assertEquals(ExitCodes.OK, run("probe", "fine"));
    assertLinesMatch(List.of("3 of fine"), out.toString().lines().toList());
    out.getBuffer().setLength(0);
    assertEquals(ExitCodes.OK, run("probe", "fine", "--json"));
    assertEquals("{\"count\":3,\"of\":\"fine\"}", out.toString().strip());
    assertLinesMatch(List.of("probing", "probing"), err.toString().lines().toList());
  }

  @Test
  void whatTheCallerCanMendIsOneLine() {
    assertEquals(ExitCodes.FAILURE, run("probe", "argument", "--json"));
    assertEquals(ExitCodes.FAILURE, run("probe", "file", "--json"));
    assertLinesMatch(
        List.of(
            "probing",
            "jiffy: input x: expected 3 dimensions, got 2",
            "probing",
            "jiffy: model.onnx: no such file or folder"),
        err.toString().lines().toList());
    assertEquals("", out.toString());
  }

  @Test
  void aFaultOfJiffyShowsItsStackTrace() {
    assertEquals(ExitCodes.FAILURE, run("probe", "bug"));
    assertTrue(err.toString().contains("MainTest$Probe.call"), err::toString);
  }

  record Count(int count, String of) implements Output.Answer {
    @Override
    public String text() {
      return count + " of " + of;
    }
  }

  @Command(name = "probe")
  static final class Probe implements Callable<Integer> {
    @Mixin private final Output output = new Output();

    @Parameters private String kind = "";

    @Override
    public Integer call() throws Exception {
      output.progress("probing");
      switch (kind) {
        case "argument" ->
            throw new IllegalArgumentException("input x: expected 3 dimensions, got 2");
        case "file" -> throw new NoSuchFileException("model.onnx");
        case "bug" -> throw new IllegalStateException("step 3 has no kernel");
        default -> output.print(new Count(3, kind));
      }
      return ExitCodes.OK;
    }
  }
}
