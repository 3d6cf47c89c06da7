package dev.jiffy.protocol;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/// The messages of the extensions `logging` and `trace`.
class SettingsTest {
  private static byte[] json(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  @Test
  void traceSettingsInJson() {
    TraceSettings read =
        TraceSettings.fromJson(
            json("{\"trace_level\":[\"A\",\"B\"],\"trace_rate\":5,\"x\":\"y\",\"z\":null}"));
    assertEquals("", read.model());
    assertEquals(
        Map.of(
            "trace_level",
            List.of("A", "B"),
            "trace_rate",
            List.of("5"),
            "x",
            List.of("y"),
            "z",
            List.of()),
        read.values());
    assertEquals(
        "{\"trace_level\":[\"A\",\"B\"],\"trace_rate\":\"5\",\"x\":\"y\",\"z\":null}",
        new String(read.toJson(), StandardCharsets.UTF_8));
  }

  @Test
  void traceSettingsOnTheWire() {
    Map<String, List<String>> values = new LinkedHashMap<>();
    values.put("trace_level", List.of("A", "B"));
    values.put("z", List.of());
    byte[] wire = new TraceSettings("", values).toWire();
    assertEquals(
        // settings = {key 1: "trace_level", value 2: {1: "A", 1: "B"}}, {1: "z", 2: {}}
        "0a150a0b74726163655f6c6576656c12060a01410a0142" + "0a050a017a1200",
        HexFormat.of().formatHex(wire));
    assertEquals(values, TraceSettings.fromWire(wire).values());
    byte[] ofModel = HexFormat.of().parseHex("12016d" + "0a030a017a");
    assertEquals(new TraceSettings("m", Map.of("z", List.of())), TraceSettings.fromWire(ofModel));
  }

  @Test
  void logSettings() {
    LogSettings read =
        LogSettings.fromJson(
            json("{\"log_info\":false,\"log_verbose_level\":2,\"log_format\":\"default\"}"));
    byte[] wire = read.toWire();
    assertEquals(
        // {1: "log_info", 2: {1: 0}}, {1: "log_verbose_level", 2: {2: 2}}, …
        "0a0e0a086c6f675f696e666f12020800"
            + "0a170a116c6f675f766572626f73655f6c6576656c12021002"
            + "0a170a0a6c6f675f666f726d617412091a0764656661756c74",
        HexFormat.of().formatHex(wire));
    assertEquals(read.values(), LogSettings.fromWire(wire).values());
    assertEquals(
        "{\"log_info\":false,\"log_verbose_level\":2,\"log_format\":\"default\"}",
        new String(read.toJson(), StandardCharsets.UTF_8));
  }

  @Test
  void malformedMessagesAreRefused() {
    for (String hex : List.of("0a", "0a02", "0a0312", "08", "0a040a027a", "12020a", "ffff")) {
      byte[] wire = HexFormat.of().parseHex(hex);
      assertThrows(ProtocolException.class, () -> TraceSettings.fromWire(wire), hex);
    }
    StringBuilder many = new StringBuilder("{\"trace_level\":[\"\"");
    many.append(",\"\"".repeat(100)).append("]}");
    assertThrows(ProtocolException.class, () -> TraceSettings.fromJson(json(many.toString())));
  }
}
