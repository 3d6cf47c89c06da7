package dev.jiffy.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A server in a process of its own, which is told to end.
class SignalTest {
  private static final String CONTINUE = "HTTP/1.1 100 Continue\r\n\r\n";
  private static final String BODY =
      "{\"inputs\":[{\"name\":\"ids\",\"shape\":[1,2],\"datatype\":\"INT64\",\"data\":[1,2]}]}";

  private static Process start(Path model, String manager) throws IOException {
    String path =
        Stream.of("jdk.module.path", "java.class.path")
            .map(System::getProperty)
            .filter(Objects::nonNull)
            .filter(each -> !each.isEmpty())
            .collect(Collectors.joining(File.pathSeparator));
    ProcessBuilder builder =
        new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-XX:+UseSerialGC",
            "--add-modules",
            "jdk.incubator.vector",
            "--enable-native-access=ALL-UNNAMED",
            "-cp",
            path,
            Main.class.getName(),
            "serve",
            model.toString(),
            "--port",
            "0",
            "--unix",
            model.resolveSibling("socket").toString());
    builder.environment().put("NOTIFY_SOCKET", manager);
    return builder.redirectError(ProcessBuilder.Redirect.DISCARD).start();
  }

  private static Socket connect(int port) throws IOException {
    Socket socket = new Socket(InetAddress.getLoopbackAddress(), port);
    socket.setSoTimeout(60_000);
    return socket;
  }

  private static boolean isListening(int port) throws IOException {
    try (Socket socket = connect(port)) {
      return socket.isConnected();
    } catch (ConnectException e) {
      return false;
    }
  }

  @Test
  void aServerThatIsToldToEndAnswersWhatHasBegun(@TempDir Path folder) throws Throwable {
    Path model = folder.resolve("text.onnx");
    ArchiveRun.writeText(model);
    String manager = folder.resolve("manager").toString();
    Process process = start(model, manager);
    try (NotifySocket notified = new NotifySocket(manager);
        BufferedReader lines =
            new BufferedReader(
                new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
      Matcher url =
          Pattern.compile("serving at http://127.0.0.1:(\\d+) and unix:/")
              .matcher(String.valueOf(lines.readLine()));
      assertTrue(url.find());
      Path unix = folder.resolve("socket");
      assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(unix)));
      int port = Integer.parseInt(url.group(1));
      try (Socket socket = connect(port)) {
        String head =
            "POST /v2/models/text/infer HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: %d\r\n\r\n{"
                .formatted(BODY.length());
        socket.getOutputStream().write(head.getBytes(StandardCharsets.ISO_8859_1));
        byte[] goOn = socket.getInputStream().readNBytes(CONTINUE.length());
        assertEquals(CONTINUE, new String(goOn, StandardCharsets.ISO_8859_1));
        process.toHandle().destroy(); // SIGTERM
        assertFalse(process.waitFor(500, TimeUnit.MILLISECONDS));
        socket.getOutputStream().write(BODY.substring(1).getBytes(StandardCharsets.ISO_8859_1));
        String answer =
            new String(socket.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
        assertTrue(answer.startsWith("HTTP/1.1 200"), answer);
        assertTrue(answer.contains("\"model_name\":\"text\""), answer);
      }
      assertTrue(process.waitFor(60, TimeUnit.SECONDS));
      assertEquals(0, process.exitValue());
      assertFalse(isListening(port));
      assertFalse(Files.exists(unix));
      String ready = "READY=1\nSTATUS=serving at http://127.0.0.1:" + port + " and unix:" + unix;
      assertEquals(List.of(ready, "STOPPING=1"), notified.told());
    } finally {
      process.destroyForcibly();
    }
  }
}
