package dev.jiffy.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;

/// Options from the command line, the environment and a file, seen in what is printed of a model.
class ConfigurationTest {
  @TempDir Path folder;

  private Path models;
  private Path file;

  @BeforeEach
  void write() throws IOException {
    models = Files.createDirectories(folder.resolve("models"));
    ArchiveRun.writeText(models.resolve("text.onnx"));
    file = folder.resolve("serve.yaml");
  }

  private String printed(int code, Map<String, String> variables, String... args) {
    String[] all =
        Stream.concat(Stream.of("serve", "--print-config"), Stream.of(args)).toArray(String[]::new);
    StringWriter text = new StringWriter();
    CommandLine line = Main.commandLine(variables, all);
    line.setOut(new PrintWriter(text)).setErr(new PrintWriter(text));
    assertEquals(code, line.execute(all), text::toString);
    return text.toString();
  }

  private static void check(String text, String line) {
    assertTrue(text.lines().anyMatch(each -> each.startsWith(line + " ")), text);
  }

  @Test
  void theCommandLineBeatsTheEnvironmentWhichBeatsTheFile() throws IOException {
    Files.writeString(
        file,
        """
        models: %s
        queue: 11
        max_batch: 12
        timeout: 1.5
        padding: true
        """
            .formatted(models));
    String text =
        printed(
            0,
            Map.of("JIFFY_MAX_BATCH", "13", "JIFFY_TIMEOUT", "2", "JIFFY_CONFIG", "none"),
            "--config",
            file.toString(),
            "--timeout",
            "3");
    check(text, "queue: 11");
    check(text, "max_batch: 13");
    check(text, "timeout: 3");
    check(text, "padding: true");
  }

  @Test
  void theEnvironmentIsEnough() {
    Map<String, String> variables =
        Map.of(
            "JIFFY_MODELS", models.toString(), "JIFFY_PADDING", "true", "JIFFY_PRECISION", "bf16");
    String text = printed(0, variables);
    check(text, "padding: true");
    check(text, "precision: bf16");
    check(printed(0, variables, "--padding"), "padding: true");
    assertTrue(printed(2, Map.of("JIFFY_QUEUE", "many"), models.toString()).contains("'many'"));
  }

  private static CommandSpec parsed(Map<String, String> variables, String... args) {
    String[] all = Stream.concat(Stream.of("serve"), Stream.of(args)).toArray(String[]::new);
    return Main.commandLine(variables, all).parseArgs(all).subcommand().commandSpec();
  }

  private static void checkRepeatable(
      CommandSpec command, List<Path> models, List<Path> functions, Map<String, String> headers) {
    assertEquals(models, command.positionalParameters().getFirst().getValue());
    assertEquals(functions, command.findOption("--functions").getValue());
    assertEquals(headers, command.findOption("--otlp-header").getValue());
  }

  @Test
  void whatMayBeSaidMoreThanOnceIsAListOrHasALineForEach() throws IOException {
    List<Path> two = List.of(Path.of("a, b.onnx"), Path.of("c"));
    List<Path> jars = List.of(Path.of("f.jar"), Path.of("g.jar"));
    Map<String, String> headers = Map.of("A", "1,B=2", "C", "\"d\" e");
    Map<String, String> variables =
        Map.of(
            "JIFFY_MODELS",
            "a, b.onnx\nc\n",
            "JIFFY_FUNCTIONS",
            "f.jar\ng.jar",
            "JIFFY_OTLP_HEADER",
            "A=1,B=2\n\nC=\"d\" e");
    checkRepeatable(parsed(variables), two, jars, headers);
    Files.writeString(
        file,
        """
        models: ["a, b.onnx", c]
        functions:
          - f.jar
          - g.jar
        otlp_header: ["A=1,B=2", 'C="d" e']
        """);
    String config = "--config=" + file;
    checkRepeatable(parsed(Map.of(), config), two, jars, headers);
    checkRepeatable(
        parsed(variables, config, "--otlp-header", "E=5", "x", "--functions=h.jar", "y"),
        List.of(Path.of("x"), Path.of("y")),
        List.of(Path.of("h.jar")),
        Map.of("E", "5"));
    Files.writeString(file, "models: c\nfunctions: []\notlp_header: A=1\n");
    checkRepeatable(parsed(Map.of(), config), List.of(Path.of("c")), List.of(), Map.of("A", "1"));
  }

  @Test
  void whatIsWrongInAFileIsNamed() throws IOException {
    Files.writeString(file, "queue: 11\nquue: 12\n");
    String text = printed(1, Map.of(), models.toString(), "--config=" + file);
    assertTrue(text.contains("serve.yaml:2: quue: expected one of ["), text);
    Files.writeString(file, "print_config: true\n");
    assertTrue(
        printed(1, Map.of("JIFFY_CONFIG", file.toString())).contains("print_config: expected"));
    assertTrue(printed(1, Map.of(), "--config", folder + "/none").contains("cannot be read"));
    Files.writeString(file, "queue: [1, 2]\n");
    assertTrue(
        printed(2, Map.of(), models.toString(), "--config=" + file).contains("one word or number"));
    assertTrue(printed(2, Map.of()).contains("Missing what to serve"));
  }
}
