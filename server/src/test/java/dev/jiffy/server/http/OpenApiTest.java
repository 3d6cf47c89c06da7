package dev.jiffy.server.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.jiffy.server.ExampleServer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;

/// The description of the interface against the interface: it names every path, and what it says of
/// answers is so.
class OpenApiTest {
  private static final Map<?, ?> DOCUMENT = map(read(body(OpenApi.reply(OpenApi.Form.JSON))));

  @TempDir static Path folder;
  private static ExampleServer server;
  private static Path memory;

  @BeforeAll
  static void start() throws Exception {
    server = ExampleServer.start(folder);
    memory =
        Files.write(Files.createTempFile(Path.of("/dev/shm"), "jiffy-test-", ""), new byte[64]);
  }

  @AfterAll
  static void stop() throws IOException {
    server.close();
    Files.delete(memory);
  }

  private static String body(Reply reply) {
    return new String(reply.body(), StandardCharsets.UTF_8);
  }

  /// {@return what JSON, which is YAML too, says}
  private static Object read(String json) {
    return new Load(LoadSettings.builder().setCodePointLimit(10_000_000).build())
        .loadFromString(json);
  }

  private static Map<?, ?> map(@Nullable Object value) {
    return value instanceof Map<?, ?> map ? map : Map.of();
  }

  /// {@return what a pointer such as `#/components/schemas/Error` points at}
  private static Map<?, ?> resolved(@Nullable Object value) {
    Map<?, ?> found = map(value);
    if (!(found.get("$ref") instanceof String pointer)) {
      return found;
    }
    Object target = DOCUMENT;
    for (String part : pointer.substring(2).split("/", -1)) {
      target = map(target).get(part);
    }
    assertNotNull(target, pointer);
    return resolved(target);
  }

  @Test
  void everyPathIsDescribedAndNoOther() {
    assertEquals(
        new TreeSet<>(Paths.all()),
        new TreeSet<>(map(DOCUMENT.get("paths")).keySet().stream().map(String::valueOf).toList()));
  }

  @Test
  void methodsThatAreNotDescribedAreRefused() throws Exception {
    for (Map.Entry<?, ?> entry : map(DOCUMENT.get("paths")).entrySet()) {
      for (String method : List.of("get", "post", "put", "delete")) {
        if (!map(entry.getValue()).containsKey(method)) {
          assertEquals(405, server.ask(method, asked(entry), "").status(), method + entry);
        }
      }
    }
  }

  private static String asked(Map.Entry<?, ?> path) {
    return path.getKey()
        .toString()
        .replace("{model}", "twice")
        .replace("{version}", "1")
        .replace("{region}", "r");
  }

  @Test
  void parametersOfPathsAreDescribed() {
    map(DOCUMENT.get("paths"))
        .forEach((path, item) -> {
          List<String> described = new ArrayList<>();
          if (map(item).get("parameters") instanceof List<?> parameters) {
            parameters.forEach(each -> described.add("{" + resolved(each).get("name") + "}"));
          }
          List<String> named = new ArrayList<>();
          Matcher name = Pattern.compile("\\{\\w+}").matcher(path.toString());
          while (name.find()) {
            named.add(name.group());
          }
          assertEquals(named, described, path.toString());
        });
  }

  @Test
  void whatIsPointedAtIsThere() {
    Matcher pointer =
        Pattern.compile("\"\\$ref\":\"(#[^\"]+)\"").matcher(body(OpenApi.reply(OpenApi.Form.JSON)));
    int count = 0;
    while (pointer.find()) {
      assertFalse(resolved(Map.of("$ref", pointer.group(1))).isEmpty(), pointer.group(1));
      count++;
    }
    assertTrue(count > 100, count + " pointers");
  }

  /// Sends every request that is described, with its example, and holds the answer against its
  /// schema.
  @Test
  void answersAreAsDescribed() throws Exception {
    int compared = 0;
    List<Map.Entry<?, ?>> paths = new ArrayList<>(map(DOCUMENT.get("paths")).entrySet());
    paths.sort(Comparator.comparing(path -> asked(path).endsWith("/unload"))); // that comes last
    for (Map.Entry<?, ?> path : paths) {
      for (Map.Entry<?, ?> each : map(path.getValue()).entrySet()) {
        if (!each.getKey().equals("parameters")) {
          compared += compared(each.getKey().toString(), asked(path), map(each.getValue()));
        }
      }
    }
    server.ask("post", "/v2/repository/models/twice/load", "{}"); // for the other tests
    assertTrue(compared >= 25, compared + " answers");
  }

  private static int compared(String method, String path, Map<?, ?> operation) throws Exception {
    Object example =
        map(map(map(operation.get("requestBody")).get("content")).get("application/json"))
            .get("example");
    String body = text(example).replace("my-memory", memory.getFileName().toString());
    ExampleServer.Answer answer = server.ask(method, path, method.equals("post") ? body : "");
    String what = method + " " + path + ": " + answer.status() + " " + answer.body();
    Map.Entry<?, ?> first = map(operation.get("responses")).entrySet().iterator().next();
    assertEquals(first.getKey().toString(), "" + answer.status(), what);
    String type = answer.header("content-type").split(";", 2)[0];
    Map<?, ?> content = map(resolved(first.getValue()).get("content"));
    assertTrue(content.containsKey(type), what);
    if (!type.equals("application/json")) {
      return 0;
    }
    check(read(answer.body()), map(content.get(type)).get("schema"), what);
    return 1;
  }

  @Test
  void examplesFitTheirSchemas() {
    List<String> wrong = new ArrayList<>();
    examples(DOCUMENT, "", wrong);
    assertEquals(List.of(), wrong);
  }

  private static void examples(Object node, String at, List<String> wrong) {
    if (node instanceof Map<?, ?> map) {
      Object example = map.get("example");
      if (example != null && map.containsKey("schema")) {
        try {
          check(example, map.get("schema"), at);
        } catch (AssertionError e) {
          wrong.add(at + ": " + e.getMessage());
        }
      }
      map.forEach((name, each) -> examples(each, at + "/" + name, wrong));
    } else if (node instanceof List<?> list) {
      list.forEach(each -> examples(each, at, wrong));
    }
  }

  /// {@return an example as JSON}
  private static String text(@Nullable Object example) {
    return switch (example) {
      case null -> "";
      case Map<?, ?> map ->
          "{"
              + String.join(
                  ",",
                  map.entrySet().stream()
                      .map(each -> "\"" + each.getKey() + "\":" + text(each.getValue()))
                      .toList())
              + "}";
      case List<?> list ->
          "[" + String.join(",", list.stream().map(OpenApiTest::text).toList()) + "]";
      case String string -> "\"" + string + "\"";
      default -> example.toString();
    };
  }

  /// Holds a value against the part of JSON Schema that the document uses; what a schema does not
  /// name may not be there.
  private static void check(Object value, @Nullable Object described, String what) {
    Map<?, ?> schema = resolved(described);
    if (schema.get("anyOf") instanceof List<?> choices) {
      assertTrue(choices.stream().anyMatch(each -> fits(value, each, what)), what);
      return;
    }
    if (schema.get("enum") instanceof List<?> values) {
      assertTrue(values.contains(value), () -> what + ": " + value + " is none of " + values);
    }
    switch (String.valueOf(schema.get("type"))) {
      case "object" -> object(value, schema, what);
      case "array" -> {
        List<?> list = value instanceof List<?> some ? some : List.of();
        assertTrue(value instanceof List, () -> what + ": no array: " + value);
        if (schema.containsKey("items")) {
          list.forEach(each -> check(each, schema.get("items"), what));
        }
      }
      case "string" -> assertTrue(value instanceof String, () -> what + ": no text: " + value);
      case "boolean" -> assertTrue(value instanceof Boolean, () -> what + ": no flag: " + value);
      case "integer" ->
          assertTrue(
              value instanceof Integer || value instanceof Long,
              () -> what + ": not whole: " + value);
      case "number" -> assertTrue(value instanceof Number, () -> what + ": no number: " + value);
      default -> assertTrue(schema.containsKey("enum"), () -> what + ": no type: " + schema);
    }
    if (schema.get("minimum") instanceof Number least) {
      assertTrue(((Number) value).doubleValue() >= least.doubleValue(), what);
    }
  }

  private static boolean fits(Object value, Object schema, String what) {
    try {
      check(value, schema, what);
      return true;
    } catch (AssertionError e) {
      return false;
    }
  }

  private static void object(Object value, Map<?, ?> schema, String what) {
    assertTrue(value instanceof Map, () -> what + ": no object: " + value);
    Map<?, ?> fields = map(value);
    if (schema.get("required") instanceof List<?> required) {
      required.forEach(
          name -> assertTrue(fields.containsKey(name), () -> what + ": " + name + " is missing"));
    }
    if (schema.containsKey("properties")) {
      fields.forEach((name, field) -> {
        Object property = map(schema.get("properties")).get(name);
        assertNotNull(property, () -> what + ": " + name + " is not described");
        check(field, property, what + "." + name);
      });
    }
  }

  /// A page whose script would not run is no use: the policy must name its very bytes.
  @Test
  void thePageMayRunItsOwnScriptAndNothingElse() throws Exception {
    ExampleServer.Answer answer = server.ask("get", "/docs", "");
    assertEquals(200, answer.status());
    String policy = answer.header("content-security-policy");
    assertTrue(policy.startsWith("default-src 'none';"), policy);
    assertFalse(policy.contains("unsafe"), policy);
    for (String element : List.of("style", "script")) {
      String content =
          answer
              .body()
              .substring(
                  answer.body().indexOf("<" + element + ">") + element.length() + 2,
                  answer.body().indexOf("</" + element + ">"));
      byte[] digest =
          MessageDigest.getInstance("SHA-256").digest(content.getBytes(StandardCharsets.UTF_8));
      String hash = "'sha256-" + Base64.getEncoder().encodeToString(digest) + "'";
      assertTrue(policy.contains(element + "-src " + hash), policy);
    }
    for (String elsewhere : List.of("http:", "https:", "//cdn", "@import", "innerHTML", "eval(")) {
      assertFalse(answer.body().contains(elsewhere), elsewhere);
    }
    assertEquals("nosniff", answer.header("x-content-type-options"));
  }

  @Test
  void bothFormsSayTheSame() {
    assertEquals(DOCUMENT, read(body(OpenApi.reply(OpenApi.Form.YAML))));
  }
}
