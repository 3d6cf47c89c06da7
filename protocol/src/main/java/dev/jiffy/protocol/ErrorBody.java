package dev.jiffy.protocol;

import tools.jackson.core.JsonParser;

/// The body of every answer that is an error.
///
/// @param error what went wrong
public record ErrorBody(String error) {
  /// {@return the JSON form}
  public byte[] toJson() {
    return Json.bytes(json -> {
      json.writeStartObject();
      json.writeStringProperty("error", error);
      json.writeEndObject();
    });
  }

  /// {@return what a body says}
  ///
  /// @param body the JSON
  /// @throws ProtocolException if it is no such JSON
  public static ErrorBody fromJson(byte[] body) {
    return Json.read(body, body.length, Limits.defaults(), ErrorBody::read);
  }

  private static ErrorBody read(JsonParser json) {
    String error = null;
    Json.startObject(json, "the error");
    for (String field = json.nextName(); field != null; field = json.nextName()) {
      json.nextToken();
      if (field.equals("error")) {
        error = Json.text(json, field, Json.ANY_LENGTH);
      } else {
        json.skipChildren();
      }
    }
    return new ErrorBody(Json.required(error, "error", "the error"));
  }
}
