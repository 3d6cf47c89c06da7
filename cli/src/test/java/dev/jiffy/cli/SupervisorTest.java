package dev.jiffy.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.NullAndEmptySource;
import org.junit.jupiter.params.provider.ValueSource;

/// What a service manager hears.
@EnabledOnOs(OS.LINUX)
class SupervisorTest {
  private final List<String> said = new ArrayList<>();

  private List<String> told(String name) {
    try (NotifySocket socket = new NotifySocket(name)) {
      Supervisor manager = new Supervisor(name, said::add);
      manager.ready("serving");
      manager.stopping();
      return socket.told();
    }
  }

  @Test
  void aSocketWithAPathIsTold(@TempDir Path folder) {
    assertEquals(
        List.of("READY=1\nSTATUS=serving", "STOPPING=1"), told(folder.resolve("n").toString()));
    assertEquals(List.of(), said);
  }

  @Test
  void aSocketWithoutAFileIsTold() {
    String name = "@jiffy-test-" + ProcessHandle.current().pid();
    assertEquals(List.of("READY=1\nSTATUS=serving", "STOPPING=1"), told(name));
    assertEquals(List.of(), said);
  }

  @ParameterizedTest
  @NullAndEmptySource
  void whoDidNotAskIsNotTold(String name) {
    new Supervisor(name, said::add).ready("serving");
    assertEquals(List.of(), said);
  }

  @ParameterizedTest
  @ValueSource(strings = {"vsock:2:1234", "relative", "/no/such/socket"})
  void whatCannotBeToldIsSaid(String name) {
    new Supervisor(name, said::add).ready("serving");
    assertEquals(1, said.size());
    assertTrue(said.getFirst().contains(name), said.getFirst());
  }

  @Test
  void aPathThatIsTooLongIsSaid() {
    new Supervisor("/" + "x".repeat(107), said::add).stopping();
    assertEquals(
        List.of("jiffy: the service manager is not told, as its socket's path is too long"), said);
  }
}
