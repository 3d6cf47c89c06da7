package dev.jiffy.engine.pass;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.jiffy.engine.ir.Graph;
import dev.jiffy.engine.ir.GraphText;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Objects;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Small networks end up exactly as recorded under `golden`: a change of the passes shows what it
/// does to them.
class GoldenTest {
  private static final int WIDTH = 8;

  @ParameterizedTest
  @EnumSource
  void endsAsRecorded(Network network) throws IOException {
    Graph graph = Rewritten.of(network.graph(WIDTH));
    String name = "golden/" + network.name().toLowerCase(java.util.Locale.ROOT) + ".txt";
    try (InputStream in =
        Objects.requireNonNull(GoldenTest.class.getResourceAsStream(name), name)) {
      String recorded = new String(in.readAllBytes(), StandardCharsets.UTF_8);
      assertEquals(recorded, GraphText.of(graph));
    }
  }
}
