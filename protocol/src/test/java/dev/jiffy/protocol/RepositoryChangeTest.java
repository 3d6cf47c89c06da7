package dev.jiffy.protocol;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;

class RepositoryChangeTest {
  private static RepositoryChange json(String text) {
    return RepositoryChange.fromJson(text.getBytes(StandardCharsets.UTF_8));
  }

  private static RepositoryChange wire(String hex) {
    return RepositoryChange.fromWire(HexFormat.of().parseHex(hex));
  }

  @Test
  void whatAnUnloadMayTakeAlong() {
    assertEquals(new RepositoryChange("", false), json(""));
    assertEquals(new RepositoryChange("", false), json("{}"));
    assertEquals(
        new RepositoryChange("", true), json("{\"parameters\":{\"unload_dependents\":true}}"));
    String dependents =
        "0a11"
            + HexFormat.of().formatHex("unload_dependents".getBytes(StandardCharsets.ISO_8859_1));
    // {2: "m", 3: {1: "unload_dependents", 2: {1: true}}}
    assertEquals(
        new RepositoryChange("m", true), wire("12016d" + "1a17" + dependents + "12020801"));
    assertEquals(400, status(() -> wire("1a17" + dependents + "12021001")));
    assertEquals(400, status(() -> json("{\"parameters\":{\"unload_dependents\":1}}")));
  }

  private static int status(Runnable reading) {
    return assertThrows(ProtocolException.class, reading::run).status();
  }

  @Test
  void anIndexIsReadAsItWasWritten() {
    List<ModelState> models =
        List.of(
            new ModelState("one", "1", ModelState.READY, ""),
            new ModelState("two", "3", ModelState.UNAVAILABLE, "no memory"));
    assertEquals(models, ModelState.fromJson(ModelState.toJson(models)));
    for (String text : List.of("{}", "[1]", "[{}]", "[{\"name\":1}]", "[{\"name\":\"m\"}")) {
      byte[] body = text.getBytes(StandardCharsets.UTF_8);
      assertEquals(400, status(() -> ModelState.fromJson(body)), text);
    }
  }

  /// Files come as bytes, which no parameter is besides, or as texts longer than any.
  @Test
  void filesAreNotSupported() {
    // {3: {1: "file:m", 2: {4: "abc"}}}, and the value before the name
    for (String hex :
        List.of(
            "1a0f" + "0a0666696c653a6d" + "12052203616263",
            "1a0f" + "12052203616263" + "0a0666696c653a6d")) {
      assertEquals(501, status(() -> wire(hex)), hex);
    }
    for (String value : List.of("\"" + "x".repeat(2000) + "\"", "{}", "[1]", "null", "\"\"")) {
      assertEquals(501, status(() -> json("{\"parameters\":{\"file:m\":" + value + "}}")), value);
    }
  }
}
