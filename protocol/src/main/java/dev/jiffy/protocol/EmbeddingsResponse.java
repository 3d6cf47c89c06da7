package dev.jiffy.protocol;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Base64;
import java.util.List;

/// The vectors of texts, in the form of OpenAI's embeddings API.
///
/// @param model the model's name
/// @param vectors one per text, in the request's order
/// @param tokens the tokens of all texts together
public record EmbeddingsResponse(String model, List<float[]> vectors, long tokens) {
  /// Copies the list, not the vectors.
  public EmbeddingsResponse {
    vectors = List.copyOf(vectors);
  }

  /// {@return the JSON form}
  ///
  /// @param base64 whether vectors travel as base64 of little-endian f32 instead of numbers
  /// @throws ProtocolException if a vector holds NaN or an infinity and is to travel as numbers
  public byte[] toJson(boolean base64) {
    return Json.bytes(json -> {
      json.writeStartObject();
      json.writeStringProperty("object", "list");
      json.writeArrayPropertyStart("data");
      for (int i = 0; i < vectors.size(); i++) {
        json.writeStartObject();
        json.writeStringProperty("object", "embedding");
        json.writeNumberProperty("index", i);
        if (base64) {
          json.writeStringProperty("embedding", base64(vectors.get(i)));
        } else {
          json.writeArrayPropertyStart("embedding");
          for (float x : vectors.get(i)) {
            JsonElements.checkFinite((double) x, "the vector");
            json.writeNumber(x);
          }
          json.writeEndArray();
        }
        json.writeEndObject();
      }
      json.writeEndArray();
      json.writeStringProperty("model", model);
      json.writeObjectPropertyStart("usage");
      json.writeNumberProperty("prompt_tokens", tokens);
      json.writeNumberProperty("total_tokens", tokens);
      json.writeEndObject();
      json.writeEndObject();
    });
  }

  private static String base64(float[] vector) {
    ByteBuffer bytes =
        ByteBuffer.allocate(vector.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asFloatBuffer().put(vector);
    return Base64.getEncoder().encodeToString(bytes.array());
  }

  /// {@return the body of an error}
  ///
  /// @param message what went wrong
  /// @param type the kind of error, such as `invalid_request_error`
  public static byte[] error(String message, String type) {
    return Json.bytes(json -> {
      json.writeStartObject();
      json.writeObjectPropertyStart("error");
      json.writeStringProperty("message", message);
      json.writeStringProperty("type", type);
      json.writeNullProperty("param");
      json.writeNullProperty("code");
      json.writeEndObject();
      json.writeEndObject();
    });
  }

  /// {@return the list of models}
  ///
  /// @param models their names
  public static byte[] models(List<String> models) {
    return Json.bytes(json -> {
      json.writeStartObject();
      json.writeStringProperty("object", "list");
      json.writeArrayPropertyStart("data");
      for (String model : models) {
        json.writeStartObject();
        json.writeStringProperty("id", model);
        json.writeStringProperty("object", "model");
        json.writeNumberProperty("created", 0);
        json.writeStringProperty("owned_by", "jiffy");
        json.writeEndObject();
      }
      json.writeEndArray();
      json.writeEndObject();
    });
  }
}
