package dev.jiffy.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DemoModelTest {
  @Test
  void theCacheIsWhereTheUserWantsIt() {
    assertEquals(Path.of("/c/jiffy"), DemoModel.cache(Map.of("XDG_CACHE_HOME", "/c")));
    Path home = Path.of(System.getProperty("user.home"));
    assertEquals(home.resolve(".cache/jiffy"), DemoModel.cache(Map.of()));
    assertEquals(home.resolve(".cache/jiffy"), DemoModel.cache(Map.of("XDG_CACHE_HOME", "")));
  }

  @Test
  void digestsAreThoseOfTheStandard(@TempDir Path folder) throws IOException {
    Path file = folder.resolve("abc");
    Files.writeString(file, "abc");
    assertEquals(
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", DemoModel.sha256(file));
  }
}
