package dev.jiffy.protocol;

import dev.jiffy.tensor.DType;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;

/// What a model takes or gives under one name.
///
/// @param name the name
/// @param dtype the element type
/// @param shape the extents, -1 for those that the request decides
public record TensorMetadata(String name, DType dtype, List<Long> shape) {
  /// Copies the list.
  public TensorMetadata {
    shape = List.copyOf(shape);
  }

  void write(JsonGenerator json) {
    json.writeStartObject();
    json.writeStringProperty("name", name);
    json.writeStringProperty("datatype", Datatypes.name(dtype));
    json.writeArrayPropertyStart("shape");
    for (long dim : shape) {
      json.writeNumber(dim);
    }
    json.writeEndArray();
    json.writeEndObject();
  }

  static TensorMetadata read(JsonParser json) {
    String what = "the tensor's metadata";
    String name = null;
    DType dtype = null;
    List<Long> shape = null;
    Json.startObject(json, what);
    for (String field = json.nextName(); field != null; field = json.nextName()) {
      json.nextToken();
      switch (field) {
        case "name" -> name = Json.text(json, field, Json.ANY_LENGTH);
        case "datatype" -> dtype = Json.datatype(json, what);
        case "shape" -> {
          shape = new ArrayList<>();
          Json.startArray(json, field);
          while (json.nextToken() != JsonToken.END_ARRAY) {
            shape.add(Json.whole(json, field));
          }
        }
        default -> json.skipChildren();
      }
    }
    return new TensorMetadata(
        Json.required(name, "name", what),
        Json.required(dtype, "datatype", what),
        Json.required(shape, "shape", what));
  }
}
