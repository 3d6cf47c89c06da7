package dev.jiffy.protocol;

import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The JSON of a request whose tensors are all raw bytes, and what it says. A client that asks
/// again and again sends the same JSON, which is then compared instead of read.
final class RequestHead {
  /// Longer ones are not kept.
  private static final int MOST_BYTES = 2048;

  private final byte[] json;
  private final Map<String, Parameter> parameters;
  private final List<Input> inputs;
  private final List<RequestedOutput> outputs;

  /// The length of the whole body in bytes.
  private final int size;

  /// One tensor.
  private record Input(
      String name, DType dtype, Shape shape, int bytes, Map<String, Parameter> parameters) {}

  private RequestHead(
      byte[] json,
      Map<String, Parameter> parameters,
      List<Input> inputs,
      List<RequestedOutput> outputs,
      int size) {
    this.json = json;
    this.parameters = parameters;
    this.inputs = inputs;
    this.outputs = outputs;
    this.size = size;
  }

  /// {@return the head of a request; null if it cannot be the head of another one}
  ///
  /// @param body a body
  /// @param jsonLength how many of its bytes are JSON
  /// @param request what was read of it
  static @Nullable RequestHead of(byte[] body, int jsonLength, InferRequest request) {
    if (request.id() != null || jsonLength > MOST_BYTES) {
      return null;
    }
    List<Input> inputs = new ArrayList<>();
    for (InferTensor input : request.inputs()) {
      Tensor tensor = input.tensor();
      boolean isPlain = tensor.dtype() != DType.STRING && tensor.dtype() != DType.BOOL;
      if (!input.binary() || input.isShared() || !isPlain) {
        return null;
      }
      inputs.add(
          new Input(
              input.name(),
              tensor.dtype(),
              tensor.shape(),
              (int) tensor.shape().bytes(tensor.dtype()),
              input.parameters()));
    }
    return new RequestHead(
        Arrays.copyOf(body, jsonLength),
        request.parameters(),
        List.copyOf(inputs),
        request.outputs(),
        body.length);
  }

  /// {@return whether a body begins with this JSON and is as long}
  boolean isOf(byte[] body, int jsonLength) {
    return body.length == size
        && jsonLength == json.length
        && Arrays.mismatch(body, 0, jsonLength, json, 0, jsonLength) < 0;
  }

  /// {@return the request in a body that [#isOf] this head}
  InferRequest request(byte[] body, Arena arena) {
    List<InferTensor> tensors = new ArrayList<>(inputs.size());
    int position = json.length;
    for (Input input : inputs) {
      Tensor tensor = Tensor.allocate(input.dtype, input.shape, arena);
      BinaryElements.read(body, position, input.bytes, tensor, "input");
      tensors.add(new InferTensor(input.name, tensor, true, input.parameters));
      position += input.bytes;
    }
    return new InferRequest(null, parameters, tensors, outputs);
  }
}
