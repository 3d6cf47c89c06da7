package dev.jiffy.protocol;

import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.json.JsonFactory;

/// Reads the list of tensors of one message, and the raw bytes behind its JSON in step with it.
final class TensorReader {
  private static final String BINARY_SIZE = "binary_data_size";

  private final String kind;
  private final byte[] body;
  private final int jsonLength;
  private final Limits limits;
  private final SharedMemory memory;
  private final JsonFactory factory;
  private final Arena arena;
  private int position;
  private long allocated;

  /// @param kind what the tensors are to the model, "input" or "output"
  TensorReader(
      String kind,
      byte[] body,
      int jsonLength,
      Limits limits,
      SharedMemory memory,
      JsonFactory factory,
      Arena arena) {
    this.kind = kind;
    this.body = body;
    this.jsonLength = jsonLength;
    this.limits = limits;
    this.memory = memory;
    this.factory = factory;
    this.arena = arena;
    this.position = jsonLength;
  }

  /// {@return the tensors in the current array}
  List<InferTensor> read(JsonParser json) {
    List<InferTensor> tensors = new ArrayList<>();
    Set<String> names = new HashSet<>();
    Json.startArray(json, "'" + kind + "s'");
    while (json.nextToken() != JsonToken.END_ARRAY) {
      if (tensors.size() == limits.maxTensors()) {
        throw ProtocolException.badRequest("more than %d %ss", limits.maxTensors(), kind);
      }
      InferTensor tensor = tensor(json, tensors.size());
      if (!names.add(tensor.name())) {
        throw ProtocolException.badRequest(
            "%s '%s' is there twice", kind, ProtocolException.shortened(tensor.name()));
      }
      tensors.add(tensor);
    }
    return tensors;
  }

  /// Checks that nothing is left behind the last tensor.
  void end() {
    if (position != body.length) {
      throw ProtocolException.badRequest(
          "%d bytes are left behind the last %s", body.length - position, kind);
    }
  }

  private InferTensor tensor(JsonParser json, int index) {
    String name = null;
    Shape shape = null;
    DType dtype = null;
    Map<String, Parameter> parameters = Map.of();
    Tensor tensor = null;
    int dataOffset = -1;
    Json.startObject(json, "each of '" + kind + "s'");
    for (String field = json.nextName(); field != null; field = json.nextName()) {
      json.nextToken();
      switch (field) {
        case "name" -> name = Json.text(json, field, limits.maxNameLength());
        case "shape" -> shape = shape(json, label(name, index));
        case "datatype" -> dtype = Json.datatype(json, label(name, index));
        case "parameters" -> parameters = Json.parameters(json, limits);
        case "data" -> {
          dataOffset = Json.offset(json);
          if (shape != null && dtype != null) {
            tensor = elements(json, label(name, index), dtype, shape);
          } else {
            json.skipChildren();
          }
        }
        default -> json.skipChildren();
      }
    }
    String label = label(name, index);
    name = Json.required(name, "name", label);
    shape = Json.required(shape, "shape", label);
    dtype = Json.required(dtype, "datatype", label);
    Parameter size = parameters.get(BINARY_SIZE);
    SharedRange range = SharedRange.of(parameters, label);
    if (range != null) {
      if (dataOffset >= 0 || size != null) {
        throw ProtocolException.badRequest(
            "%s has both elements and '%s'", label, SharedRange.REGION);
      }
      return new InferTensor(name, shared(label, dtype, shape, range), false, parameters);
    }
    if (size != null) {
      if (dataOffset >= 0) {
        throw ProtocolException.badRequest("%s has both 'data' and '%s'", label, BINARY_SIZE);
      }
      parameters = new HashMap<>(parameters);
      parameters.remove(BINARY_SIZE);
      return new InferTensor(name, binary(label, dtype, shape, size), true, parameters);
    }
    if (dataOffset < 0) {
      throw ProtocolException.badRequest("%s lacks 'data' or '%s'", label, BINARY_SIZE);
    }
    if (tensor == null) {
      tensor = elementsAt(dataOffset, label, dtype, shape);
    }
    return new InferTensor(name, tensor, false, parameters);
  }

  private String label(@Nullable String name, int index) {
    return name == null
        ? kind + " " + index
        : kind + " '" + ProtocolException.shortened(name) + "'";
  }

  private Shape shape(JsonParser json, String label) {
    Json.startArray(json, "'shape' of " + label);
    long[] dims = new long[limits.maxRank()];
    int rank = 0;
    while (json.nextToken() != JsonToken.END_ARRAY) {
      if (rank == dims.length) {
        throw ProtocolException.badRequest(
            "%s has more than %d dimensions", label, limits.maxRank());
      }
      long dim = Json.whole(json, "shape");
      if (dim < 0 || dim > Integer.MAX_VALUE) {
        throw ProtocolException.badRequest(
            "%s: every dimension must be 0 to %d, got %d", label, Integer.MAX_VALUE, dim);
      }
      dims[rank++] = dim;
    }
    try {
      return Shape.of(Arrays.copyOf(dims, rank));
    } catch (IllegalArgumentException e) {
      throw new ProtocolException(400, label + ": " + e.getMessage(), e);
    }
  }

  /// {@return a tensor, allocated when its elements can be in the message at all}
  ///
  /// @param capacity the most elements that the message has room for
  private Tensor allocate(String label, DType dtype, Shape shape, long capacity) {
    if (shape.elements() > capacity) {
      throw ProtocolException.badRequest(
          "%s has shape %s of %d elements, more than the body has room for",
          label, shape, shape.elements());
    }
    allocated += shape.elements() * Math.max(dtype.bytes(), dtype == DType.STRING ? 8 : 1);
    if (allocated > limits.maxTensorBytes()) {
      throw new ProtocolException(
          413, "the %ss take more than %d bytes".formatted(kind, limits.maxTensorBytes()));
    }
    return Tensor.allocate(dtype, shape, arena);
  }

  private Tensor binary(String label, DType dtype, Shape shape, Parameter size) {
    int rest = body.length - position;
    if (!(size instanceof Parameter.Whole(long bytes)) || bytes < 0 || bytes > rest) {
      throw ProtocolException.badRequest(
          "%s: '%s' must be 0 to the %d bytes that the body has left", label, BINARY_SIZE, rest);
    }
    if (dtype != DType.STRING && (shape.elements() > bytes || shape.bytes(dtype) != bytes)) {
      throw ProtocolException.badRequest(
          "%s: shape %s has %d elements of %d bytes each, but '%s' says %d",
          label, shape, shape.elements(), dtype.bytes(), BINARY_SIZE, bytes);
    }
    Tensor tensor = allocate(label, dtype, shape, dtype == DType.STRING ? bytes / 4 : bytes);
    BinaryElements.read(body, position, (int) bytes, tensor, label);
    position += (int) bytes;
    return tensor;
  }

  private Tensor shared(String label, DType dtype, Shape shape, SharedRange range) {
    memory.locate(range);
    SharedRange.check(label, dtype, shape, range, limits);
    allocated += range.textBytes(dtype);
    Tensor tensor =
        allocate(label, dtype, shape, dtype == DType.STRING ? range.bytes() / 4 : range.bytes());
    range.read(memory, tensor, label);
    return tensor;
  }

  private Tensor elementsAt(int offset, String label, DType dtype, Shape shape) {
    try (JsonParser json =
        factory.createParser(ObjectReadContext.empty(), body, offset, jsonLength - offset)) {
      json.nextToken();
      return elements(json, label, dtype, shape);
    }
  }

  private Tensor elements(JsonParser json, String label, DType dtype, Shape shape) {
    if (!Datatypes.inJson(dtype)) {
      throw ProtocolException.badRequest(
          "%s: JSON has no form for %s, send it as binary data", label, Datatypes.name(dtype));
    }
    Tensor tensor = allocate(label, dtype, shape, jsonLength);
    new JsonElements(json, tensor, label).read();
    return tensor;
  }
}
