package dev.jiffy.server.http;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.ObjectWriteContext;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.core.util.ByteArrayBuilder;

/// The description of the HTTP interface in OpenAPI's form, and the page that shows it: one
/// resource that is written by hand, and what is made of it. The page needs nothing else, neither
/// another host nor another file.
final class OpenApi {
  private static final String STYLE = resource("docs.css");
  private static final String SCRIPT = resource("docs.js");

  /// What the page may do: run its own script, and ask this server.
  private static final String POLICY =
      """
      default-src 'none'; style-src '%s'; script-src '%s'; img-src data:; connect-src 'self'; \
      base-uri 'none'; form-action 'none'; frame-ancestors 'none'\
      """
          .formatted(hash(STYLE), hash(SCRIPT));

  private static final byte[] YAML = bytes(resource("openapi.yaml"));
  private static final byte[] JSON = json();
  private static final byte[] PAGE =
      bytes(resource("docs.html").replace("{style}", STYLE).replace("{script}", SCRIPT));

  private OpenApi() {}

  /// A form of the description.
  enum Form {
    /// As it was written.
    YAML,
    /// The same as JSON.
    JSON,
    /// A page for people.
    PAGE
  }

  /// {@return the description in a form}
  static Reply reply(Form form) {
    return switch (form) {
      case YAML -> Reply.text("application/yaml", YAML);
      case JSON -> Reply.json(200, JSON);
      case PAGE -> Reply.text("text/html; charset=utf-8", PAGE).policy(POLICY);
    };
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static String hash(String text) {
    try {
      byte[] digest = MessageDigest.getInstance("SHA-256").digest(bytes(text));
      return "sha256-" + Base64.getEncoder().encodeToString(digest);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  private static String resource(String name) {
    try (InputStream in = OpenApi.class.getResourceAsStream(name)) {
      if (in == null) {
        throw new IllegalStateException(name + " is not there");
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static byte[] json() {
    Object document =
        new Load(LoadSettings.builder().build())
            .loadFromString(new String(YAML, StandardCharsets.UTF_8));
    try (ByteArrayBuilder bytes = new ByteArrayBuilder();
        JsonGenerator json = new JsonFactory().createGenerator(ObjectWriteContext.empty(), bytes)) {
      write(json, document);
      json.flush();
      return bytes.toByteArray();
    }
  }

  private static void write(JsonGenerator json, Object value) {
    switch (value) {
      case Map<?, ?> map -> {
        json.writeStartObject();
        map.forEach((name, each) -> {
          json.writeName(String.valueOf(name));
          write(json, each);
        });
        json.writeEndObject();
      }
      case List<?> list -> {
        json.writeStartArray();
        list.forEach(each -> write(json, each));
        json.writeEndArray();
      }
      case String text -> json.writeString(text);
      case Integer number -> json.writeNumber(number);
      case Double number -> json.writeNumber(number);
      case Boolean flag -> json.writeBoolean(flag);
      default -> throw new IllegalStateException("not in the description: " + value);
    }
  }
}
