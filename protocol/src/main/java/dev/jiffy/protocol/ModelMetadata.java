package dev.jiffy.protocol;

import java.util.ArrayList;
import java.util.List;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;

/// What a server says of a model.
///
/// @param name the model's name
/// @param versions the versions that can be asked
/// @param platform the kind of model, such as `onnx_onnxv1`
/// @param inputs what it takes
/// @param outputs what it gives
public record ModelMetadata(
    String name,
    List<String> versions,
    String platform,
    List<TensorMetadata> inputs,
    List<TensorMetadata> outputs) {
  /// Copies the lists.
  public ModelMetadata {
    versions = List.copyOf(versions);
    inputs = List.copyOf(inputs);
    outputs = List.copyOf(outputs);
  }

  /// {@return the JSON form}
  public byte[] toJson() {
    return Json.bytes(json -> {
      json.writeStartObject();
      json.writeStringProperty("name", name);
      Json.writeTexts(json, "versions", versions);
      json.writeStringProperty("platform", platform);
      write(json, "inputs", inputs);
      write(json, "outputs", outputs);
      json.writeEndObject();
    });
  }

  private static void write(JsonGenerator json, String field, List<TensorMetadata> tensors) {
    json.writeArrayPropertyStart(field);
    for (TensorMetadata tensor : tensors) {
      tensor.write(json);
    }
    json.writeEndArray();
  }

  /// {@return what a body says}
  ///
  /// @param body the JSON
  /// @throws ProtocolException if it is no such JSON
  public static ModelMetadata fromJson(byte[] body) {
    return Json.read(body, body.length, Limits.defaults(), ModelMetadata::read);
  }

  private static ModelMetadata read(JsonParser json) {
    String what = "the model's metadata";
    String name = null;
    List<String> versions = List.of();
    String platform = null;
    List<TensorMetadata> inputs = List.of();
    List<TensorMetadata> outputs = List.of();
    Json.startObject(json, what);
    for (String field = json.nextName(); field != null; field = json.nextName()) {
      json.nextToken();
      switch (field) {
        case "name" -> name = Json.text(json, field, Json.ANY_LENGTH);
        case "versions" -> versions = Json.texts(json, field);
        case "platform" -> platform = Json.text(json, field, Json.ANY_LENGTH);
        case "inputs" -> inputs = tensors(json, field);
        case "outputs" -> outputs = tensors(json, field);
        default -> json.skipChildren();
      }
    }
    return new ModelMetadata(
        Json.required(name, "name", what),
        versions,
        Json.required(platform, "platform", what),
        inputs,
        outputs);
  }

  private static List<TensorMetadata> tensors(JsonParser json, String field) {
    List<TensorMetadata> tensors = new ArrayList<>();
    Json.startArray(json, field);
    while (json.nextToken() != JsonToken.END_ARRAY) {
      tensors.add(TensorMetadata.read(json));
    }
    return tensors;
  }
}
