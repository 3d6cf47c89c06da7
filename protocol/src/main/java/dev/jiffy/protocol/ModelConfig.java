package dev.jiffy.protocol;

import dev.jiffy.tensor.DType;
import java.util.List;
import tools.jackson.core.JsonGenerator;

/// How a model is served, as far as clients ask: the protocol's extension `model_configuration`.
///
/// @param name the model's name
/// @param platform the kind of model, such as `onnx_onnxv1`
/// @param maxBatchSize the most rows of a batch, 0 where the model takes no batches
/// @param isBatching whether requests may be computed together
/// @param isCaching whether answers may be kept and given again
/// @param inputs what it takes, without the rows where `maxBatchSize` is not 0
/// @param outputs what it gives, without the rows where `maxBatchSize` is not 0
public record ModelConfig(
    String name,
    String platform,
    int maxBatchSize,
    boolean isBatching,
    boolean isCaching,
    List<TensorMetadata> inputs,
    List<TensorMetadata> outputs) {
  /// Copies the lists.
  public ModelConfig {
    inputs = List.copyOf(inputs);
    outputs = List.copyOf(outputs);
  }

  private static String type(DType dtype) {
    return dtype == DType.STRING ? "TYPE_STRING" : "TYPE_" + Datatypes.name(dtype);
  }

  /// {@return the JSON form}
  public byte[] toJson() {
    return Json.bytes(json -> {
      json.writeStartObject();
      json.writeStringProperty("name", name);
      json.writeStringProperty("platform", platform);
      json.writeNumberProperty("max_batch_size", maxBatchSize);
      write(json, "input", inputs);
      write(json, "output", outputs);
      if (isBatching) {
        json.writeObjectPropertyStart("dynamic_batching");
        json.writeEndObject();
      }
      if (isCaching) {
        json.writeObjectPropertyStart("response_cache");
        json.writeBooleanProperty("enable", true);
        json.writeEndObject();
      }
      json.writeObjectPropertyStart("model_transaction_policy");
      json.writeBooleanProperty("decoupled", false);
      json.writeEndObject();
      json.writeEndObject();
    });
  }

  private static void write(JsonGenerator json, String field, List<TensorMetadata> tensors) {
    json.writeArrayPropertyStart(field);
    for (TensorMetadata tensor : tensors) {
      json.writeStartObject();
      json.writeStringProperty("name", tensor.name());
      json.writeStringProperty("data_type", type(tensor.dtype()));
      json.writeArrayPropertyStart("dims");
      for (long dim : tensor.shape()) {
        json.writeNumber(dim);
      }
      json.writeEndArray();
      json.writeEndObject();
    }
    json.writeEndArray();
  }

  /// {@return the bytes of the gRPC message `ModelConfigResponse`}
  public byte[] toWire() {
    WireWriter config = new WireWriter(256);
    config.text(1, name);
    config.text(2, platform);
    config.number(4, maxBatchSize);
    inputs.forEach(input -> config.message(5, tensor(input, 4)));
    outputs.forEach(output -> config.message(6, tensor(output, 3)));
    if (isBatching) {
      config.message(11, new WireWriter(0));
    }
    if (isCaching) {
      WireWriter cache = new WireWriter(4);
      cache.flag(1, true);
      config.message(24, cache);
    }
    WireWriter message = new WireWriter(config.size() + 16);
    message.message(1, config);
    return message.toBytes();
  }

  private static WireWriter tensor(TensorMetadata tensor, int dimsField) {
    WireWriter message = new WireWriter(64);
    message.text(1, tensor.name());
    message.number(2, wireType(tensor.dtype()));
    if (!tensor.shape().isEmpty()) {
      WireWriter dims = new WireWriter(32);
      tensor.shape().forEach(dims::element);
      message.message(dimsField, dims);
    }
    return message;
  }

  private static int wireType(DType dtype) {
    return switch (dtype) {
      case I4, U4 -> 0; // it has no name for them
      case BOOL -> 1;
      case U8 -> 2;
      case U16 -> 3;
      case U32 -> 4;
      case U64 -> 5;
      case I8 -> 6;
      case I16 -> 7;
      case I32 -> 8;
      case I64 -> 9;
      case F16 -> 10;
      case F32 -> 11;
      case F64 -> 12;
      case STRING -> 13;
      case BF16 -> 14;
    };
  }
}
