package dev.jiffy.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;

class ServingTest {
  private static String said(int code, String... args) {
    return said(code, Map.of(), args);
  }

  private static String said(int code, Map<String, String> variables, String... args) {
    StringWriter text = new StringWriter();
    CommandLine line = Main.commandLine(variables, args);
    line.setOut(new PrintWriter(text)).setErr(new PrintWriter(text));
    assertEquals(code, line.execute(args), text::toString);
    return text.toString();
  }

  @Test
  void howModelsWouldBeServedIsPrinted(@TempDir Path folder) throws IOException {
    Path file = Files.createDirectories(folder.resolve("halves")).resolve("model.onnx");
    ArchiveRun.writeText(file);
    Files.writeString(folder.resolve("halves/jiffy.yaml"), "queue: 17");
    String text = said(0, "serve", folder.toString(), "--print-config", "--max-batch", "4");
    assertTrue(text.contains("# halves: how it is served."), text);
    assertTrue(text.contains("\nqueue: 17 "), text);
    assertTrue(text.contains("\nmax_batch: 4 "), text);
  }

  @Test
  void whatCannotBeServedIsTold(@TempDir Path folder) throws IOException {
    assertTrue(said(1, "serve", folder + "/x.onnx").contains("no such file or folder"));
    assertTrue(said(1, "serve", folder.toString(), "--port", "0").contains("got no model"));
    Files.writeString(folder.resolve("x.onnx"), "no model");
    assertTrue(said(1, "serve", folder.toString(), "--port", "0").contains("malformed ONNX"));
    Path token = folder.resolve("token");
    Files.writeString(token, "short\n");
    assertTrue(
        said(1, "serve", folder.toString(), "--admin-port", "0", "--admin-token-file", "" + token)
            .contains("at least 16 characters, got 5"));
    assertTrue(
        said(1, "serve", folder.toString(), "--open-repository", "--host", "0.0.0.0")
            .contains("this machine's own addresses only"));
  }

  @ParameterizedTest
  @CsvSource({
    "--unix-mode 660, --unix",
    "--tls-cert c, --tls-key",
    "--tls-key k, --tls-cert",
    "--tls-client-ca c, --tls-cert",
    "--admin-port 0, --admin-token-file",
    "--admin-token-file t, --admin-port",
    "--admin-host localhost, --admin-port",
    "--cache-redis-timeout 1, --cache-redis",
    "--otlp-header A=1, --otlp",
    "--otlp-interval 1, --otlp",
    "--service-name s, --otlp",
    "--trace-sample 0.5, --otlp"
  })
  void anOptionThatMeansNothingWithoutAnotherIsAUsageError(String option, String other) {
    String[] words = option.split(" ", -1);
    String expected = words[0] + " needs " + other + ".";
    String line = said(2, "serve", "x.onnx", words[0], words[1]);
    assertTrue(line.startsWith(expected), line);
    String variable = "JIFFY_" + words[0].substring(2).replace('-', '_').toUpperCase(Locale.ROOT);
    String environment = said(2, Map.of(variable, words[1]), "serve", "x.onnx");
    assertTrue(environment.startsWith(expected), environment);
  }

  @Test
  void whatServingAddsIsMeasured(@TempDir Path folder) throws IOException {
    String echo = said(0, "overhead", "--seconds", "0.002", "--json");
    for (String field : List.of("echo_micros", "server_micros", "echo_rate", "server_rate")) {
      assertTrue(echo.matches("(?s).*\"" + field + "\" ?: ?[0-9]*[1-9].*"), echo);
    }
    Path file = folder.resolve("model.onnx");
    ArchiveRun.writeText(file);
    String model =
        said(
            0,
            "overhead",
            "" + file,
            "--dim",
            "batch=1,length=3",
            "--protocol",
            "grpc",
            "--seconds",
            "0.002");
    assertTrue(
        model.matches("(?s).*in process [0-9.]+ µs, server [0-9.]+ µs.* runs the model [0-9.]+.*"),
        model);
  }

  @Test
  void whatTheStagesLeaveIsHttp() {
    List<EmbeddingsClient.Answer> answers =
        List.of(
            new EmbeddingsClient.Answer(List.of(), Map.of("compute", 1.0), 1.5),
            new EmbeddingsClient.Answer(List.of(), Map.of("compute", 3.0), 4.0),
            new EmbeddingsClient.Answer(List.of(), Map.of("compute", 2.0), 2.25));
    assertEquals(Map.of("compute", 2.0, "http", 0.5, "total", 2.25), DemoCommand.medians(answers));
  }
}
