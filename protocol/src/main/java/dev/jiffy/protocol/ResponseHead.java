package dev.jiffy.protocol;

import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// The JSON of an answer whose tensors are all raw bytes, written once for answers of a kind.
final class ResponseHead {
  private final String modelName;
  private final @Nullable String modelVersion;
  private final List<Output> outputs;
  private final byte[] json;

  /// One tensor.
  private record Output(String name, DType dtype, Shape shape) {}

  private ResponseHead(
      String modelName, @Nullable String modelVersion, List<Output> outputs, byte[] json) {
    this.modelName = modelName;
    this.modelVersion = modelVersion;
    this.outputs = outputs;
    this.json = json;
  }

  /// {@return the JSON; not copied}
  byte[] json() {
    return json;
  }

  /// {@return whether nothing but names, datatypes and shapes is in the JSON of an answer}
  static boolean isOfKind(InferResponse response) {
    if (response.id() != null || !response.parameters().isEmpty()) {
      return false;
    }
    for (InferTensor output : response.outputs()) {
      boolean isPlain = output.binary() && output.tensor().dtype() != DType.STRING;
      if (!isPlain || !output.parameters().isEmpty()) {
        return false;
      }
    }
    return true;
  }

  /// {@return the head of an answer that [#isOfKind]}
  static ResponseHead of(InferResponse response, byte[] json) {
    List<Output> outputs =
        response.outputs().stream()
            .map(output ->
                new Output(output.name(), output.tensor().dtype(), output.tensor().shape()))
            .toList();
    return new ResponseHead(response.modelName(), response.modelVersion(), outputs, json);
  }

  /// {@return a number that is the same for answers with the same head}
  static int hash(InferResponse response) {
    int hash = response.modelName().hashCode();
    for (InferTensor output : response.outputs()) {
      hash = 31 * hash + output.tensor().shape().hashCode();
    }
    return hash ^ hash >>> 16;
  }

  /// {@return whether this is the head of an answer that [#isOfKind]}
  boolean isOf(InferResponse response) {
    List<InferTensor> tensors = response.outputs();
    if (!modelName.equals(response.modelName())
        || !Objects.equals(modelVersion, response.modelVersion())
        || tensors.size() != outputs.size()) {
      return false;
    }
    for (int i = 0; i < tensors.size(); i++) {
      InferTensor tensor = tensors.get(i);
      Output output = outputs.get(i);
      if (!tensor.name().equals(output.name)
          || tensor.tensor().dtype() != output.dtype
          || !tensor.tensor().shape().equals(output.shape)) {
        return false;
      }
    }
    return true;
  }
}
