package dev.jiffy.protocol;

import java.util.ArrayList;
import java.util.List;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;

/// A model that there is, and whether it takes requests: the protocol's extension
/// `model_repository`.
///
/// @param name the model's name
/// @param version its version
/// @param state such as `READY`, `LOADING` or `UNAVAILABLE`
/// @param reason why it is in that state, empty where that goes without saying
public record ModelState(String name, String version, String state, String reason) {
  /// The state of a model that takes requests.
  public static final String READY = "READY";

  /// The state of a model that will take requests.
  public static final String LOADING = "LOADING";

  /// The state of a model that takes none.
  public static final String UNAVAILABLE = "UNAVAILABLE";

  /// {@return the JSON form of an index}
  ///
  /// @param models the models
  public static byte[] toJson(List<ModelState> models) {
    return Json.bytes(json -> {
      json.writeStartArray();
      for (ModelState model : models) {
        json.writeStartObject();
        json.writeStringProperty("name", model.name());
        json.writeStringProperty("version", model.version());
        json.writeStringProperty("state", model.state());
        json.writeStringProperty("reason", model.reason());
        json.writeEndObject();
      }
      json.writeEndArray();
    });
  }

  /// {@return the models of an index}
  ///
  /// @param body the JSON
  /// @throws ProtocolException if it is no such JSON
  public static List<ModelState> fromJson(byte[] body) {
    return Json.read(
        body,
        body.length,
        Limits.defaults(),
        json -> {
          List<ModelState> models = new ArrayList<>();
          Json.startArray(json, "the index");
          while (json.nextToken() != JsonToken.END_ARRAY) {
            models.add(read(json));
          }
          return List.copyOf(models);
        });
  }

  private static ModelState read(JsonParser json) {
    String name = null;
    String version = "";
    String state = "";
    String reason = "";
    Json.startObject(json, "a model of the index");
    for (String field = json.nextName(); field != null; field = json.nextName()) {
      json.nextToken();
      switch (field) {
        case "name" -> name = Json.text(json, field, Json.ANY_LENGTH);
        case "version" -> version = Json.text(json, field, Json.ANY_LENGTH);
        case "state" -> state = Json.text(json, field, Json.ANY_LENGTH);
        case "reason" -> reason = Json.text(json, field, Json.ANY_LENGTH);
        default -> json.skipChildren();
      }
    }
    return new ModelState(
        Json.required(name, "name", "a model of the index"), version, state, reason);
  }

  /// {@return the bytes of the gRPC message `RepositoryIndexResponse`}
  ///
  /// @param models the models
  public static byte[] toWire(List<ModelState> models) {
    WireWriter message = new WireWriter(256);
    for (ModelState model : models) {
      WireWriter each = new WireWriter(64);
      each.text(1, model.name());
      each.text(2, model.version());
      each.text(3, model.state());
      each.text(4, model.reason());
      message.message(1, each);
    }
    return message.toBytes();
  }

  /// {@return whether a request for an index, as JSON, asks for ready models only}
  ///
  /// @param body the JSON, or nothing
  /// @throws ProtocolException if it is no such JSON
  public static boolean readyOnly(byte[] body) {
    if (body.length == 0) {
      return false;
    }
    return Json.read(
        body,
        body.length,
        Limits.defaults(),
        json -> {
          boolean isReady = false;
          Json.startObject(json, "the request");
          for (String field = json.nextName(); field != null; field = json.nextName()) {
            json.nextToken();
            if (field.equals("ready")) {
              isReady = json.getBooleanValue();
            } else {
              json.skipChildren();
            }
          }
          return isReady;
        });
  }
}
