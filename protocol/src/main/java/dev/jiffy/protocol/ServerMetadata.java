package dev.jiffy.protocol;

import java.util.List;
import tools.jackson.core.JsonParser;

/// What a server says of itself.
///
/// @param name the server's name
/// @param version the server's version
/// @param extensions the protocol extensions that it speaks
public record ServerMetadata(String name, String version, List<String> extensions) {
  /// Copies the list.
  public ServerMetadata {
    extensions = List.copyOf(extensions);
  }

  /// {@return the JSON form}
  public byte[] toJson() {
    return Json.bytes(json -> {
      json.writeStartObject();
      json.writeStringProperty("name", name);
      json.writeStringProperty("version", version);
      Json.writeTexts(json, "extensions", extensions);
      json.writeEndObject();
    });
  }

  /// {@return what a body says}
  ///
  /// @param body the JSON
  /// @throws ProtocolException if it is no such JSON
  public static ServerMetadata fromJson(byte[] body) {
    return Json.read(body, body.length, Limits.defaults(), ServerMetadata::read);
  }

  private static ServerMetadata read(JsonParser json) {
    String what = "the server's metadata";
    String name = null;
    String version = null;
    List<String> extensions = List.of();
    Json.startObject(json, what);
    for (String field = json.nextName(); field != null; field = json.nextName()) {
      json.nextToken();
      switch (field) {
        case "name" -> name = Json.text(json, field, Json.ANY_LENGTH);
        case "version" -> version = Json.text(json, field, Json.ANY_LENGTH);
        case "extensions" -> extensions = Json.texts(json, field);
        default -> json.skipChildren();
      }
    }
    return new ServerMetadata(
        Json.required(name, "name", what), Json.required(version, "version", what), extensions);
  }
}
