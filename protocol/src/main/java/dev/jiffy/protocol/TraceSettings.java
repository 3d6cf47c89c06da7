package dev.jiffy.protocol;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;

/// Which requests a server traces: the protocol's extension `trace`.
///
/// @param model the model that is meant, empty for all, or where the path says it
/// @param values what is said, by name, such as `trace_rate`: one text, or several for
///   `trace_level`; in a request only what is to change, and no text for what no longer is to be
///   said
public record TraceSettings(String model, Map<String, List<String>> values) {
  /// The setting that may have several values.
  public static final String LEVEL = "trace_level";

  private static final int MOST = 64;

  /// Copies the map, in its order.
  public TraceSettings {
    Map<String, List<String>> copy = new LinkedHashMap<>();
    values.forEach((name, texts) -> copy.put(name, List.copyOf(texts)));
    values = Collections.unmodifiableMap(copy);
  }

  /// {@return what a body says}
  ///
  /// @param body the JSON
  /// @throws ProtocolException if it is no object of texts, numbers, lists of texts, and null
  public static TraceSettings fromJson(byte[] body) {
    return new TraceSettings(
        "", Json.read(body, body.length, Limits.defaults(), TraceSettings::read));
  }

  private static Map<String, List<String>> read(JsonParser json) {
    Map<String, List<String>> values = new LinkedHashMap<>();
    Json.startObject(json, "the request");
    for (String field = json.nextName(); field != null; field = json.nextName()) {
      List<String> texts = new ArrayList<>();
      if (json.nextToken() == JsonToken.START_ARRAY) {
        while (json.nextToken() != JsonToken.END_ARRAY) {
          add(texts, text(json, field));
        }
      } else if (json.currentToken() != JsonToken.VALUE_NULL) {
        texts.add(text(json, field));
      }
      values.put(field, texts);
      check(values.size());
    }
    return values;
  }

  private static String text(JsonParser json, String field) {
    return json.currentToken() == JsonToken.VALUE_NUMBER_INT
        ? Long.toString(Json.whole(json, field))
        : Json.text(json, field, Limits.defaults().maxNameLength());
  }

  private static void add(List<String> texts, String text) {
    texts.add(text);
    check(texts.size());
  }

  private static void check(int count) {
    if (count > MOST) {
      throw ProtocolException.badRequest("more than %d settings, or values of one", MOST);
    }
  }

  /// {@return what a message `TraceSettingRequest` or `TraceSettingResponse` says}
  ///
  /// @param bytes the message
  /// @throws ProtocolException if it is malformed
  public static TraceSettings fromWire(byte[] bytes) {
    WireReader message = new WireReader(bytes);
    String model = "";
    Map<String, List<String>> values = new LinkedHashMap<>();
    for (int tag = message.tag(); tag != 0; tag = message.tag()) {
      switch (WireReader.field(tag)) {
        case 1 -> {
          message.expect(tag, WireReader.LENGTH, "settings");
          entry(message.message(), values);
          check(values.size());
        }
        case 2 -> model = text(message, tag, "model_name");
        default -> message.skip(tag);
      }
    }
    return new TraceSettings(model, values);
  }

  private static void entry(WireReader entry, Map<String, List<String>> values) {
    String name = "";
    List<String> texts = new ArrayList<>();
    for (int tag = entry.tag(); tag != 0; tag = entry.tag()) {
      switch (WireReader.field(tag)) {
        case 1 -> name = text(entry, tag, "settings");
        case 2 -> {
          entry.expect(tag, WireReader.LENGTH, "settings");
          WireReader value = entry.message();
          for (int part = value.tag(); part != 0; part = value.tag()) {
            if (WireReader.field(part) == 1) {
              add(texts, text(value, part, "value"));
            } else {
              value.skip(part);
            }
          }
        }
        default -> entry.skip(tag);
      }
    }
    values.put(name, texts);
  }

  private static String text(WireReader message, int tag, String name) {
    message.expect(tag, WireReader.LENGTH, name);
    return message.text(name, Limits.defaults().maxNameLength());
  }

  /// {@return the JSON form}
  public byte[] toJson() {
    return Json.bytes(json -> {
      json.writeStartObject();
      values.forEach((name, texts) -> {
        if (name.equals(LEVEL)) {
          Json.writeTexts(json, name, texts);
        } else if (texts.isEmpty()) {
          json.writeNullProperty(name);
        } else {
          json.writeStringProperty(name, texts.getFirst());
        }
      });
      json.writeEndObject();
    });
  }

  /// {@return the bytes of the gRPC message `TraceSettingResponse`}
  public byte[] toWire() {
    WireWriter message = new WireWriter(256);
    values.forEach((name, texts) -> {
      WireWriter value = new WireWriter(32);
      texts.forEach(text -> value.presentText(1, text));
      WireWriter entry = new WireWriter(64);
      entry.text(1, name);
      entry.message(2, value);
      message.message(1, entry);
    });
    return message.toBytes();
  }
}
