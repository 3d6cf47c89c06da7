package dev.jiffy.protocol;

import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.json.JsonFactory;

/// Reads requests and answers from bytes, in one pass and within limits. Shared between threads.
///
/// Elements in JSON may be nested like the shape or flat; fields that the protocol does not know
/// are skipped. A tensor's values are exactly those that were sent: an integer that its datatype
/// cannot hold, a number beyond the range of a float and a fraction for an integer are failures.
public final class InferReader {
  private static final int HEADS = 64;

  private final Limits limits;
  private final SharedMemory memory;
  private final JsonFactory factory;
  private final AtomicReferenceArray<@Nullable RequestHead> heads =
      new AtomicReferenceArray<>(HEADS);

  /// A reader.
  ///
  /// @param limits how much is taken
  public InferReader(Limits limits) {
    this(limits, SharedMemory.NONE);
  }

  /// A reader.
  ///
  /// @param limits how much is taken
  /// @param memory where elements lie that do not travel
  public InferReader(Limits limits, SharedMemory memory) {
    this.limits = limits;
    this.memory = memory;
    this.factory = Json.factory(limits);
  }

  /// {@return the limits}
  public Limits limits() {
    return limits;
  }

  /// {@return where elements lie that do not travel}
  public SharedMemory memory() {
    return memory;
  }

  /// {@return the request in a body}
  ///
  /// @param body the body; JSON, and behind it the raw bytes of tensors
  /// @param jsonLength how many of the bytes are JSON
  /// @param arena where the tensors' memory comes from; with it ends their life
  /// @throws ProtocolException if the body breaks the protocol or the limits
  public InferRequest request(byte[] body, int jsonLength, Arena arena) {
    int slot = slot(body, jsonLength);
    RequestHead known = slot < 0 ? null : heads.get(slot);
    if (known != null && known.isOf(body, jsonLength)) {
      return known.request(body, arena);
    }
    TensorReader tensors =
        new TensorReader("input", body, jsonLength, limits, memory, factory, arena);
    InferRequest request = Json.read(factory, body, jsonLength, json -> request(json, tensors));
    tensors.end();
    RequestHead head = slot < 0 ? null : RequestHead.of(body, jsonLength, request);
    if (head != null) {
      heads.set(slot, head);
    }
    return request;
  }

  /// {@return where the head of a body is kept, -1 where nothing stands behind its JSON}
  private static int slot(byte[] body, int jsonLength) {
    if (jsonLength >= body.length) {
      return -1;
    }
    CRC32C sum = new CRC32C();
    sum.update(body, 0, jsonLength);
    return (int) (sum.getValue() & HEADS - 1);
  }

  private InferRequest request(JsonParser json, TensorReader tensors) {
    String id = null;
    Map<String, Parameter> parameters = Map.of();
    List<InferTensor> inputs = null;
    List<RequestedOutput> outputs = List.of();
    Json.startObject(json, "the request");
    for (String field = json.nextName(); field != null; field = json.nextName()) {
      json.nextToken();
      switch (field) {
        case "id" -> id = Json.textOrNull(json, field, limits.maxNameLength());
        case "parameters" -> parameters = Json.parameters(json, limits);
        case "inputs" -> inputs = tensors.read(json);
        case "outputs" -> outputs = outputs(json);
        default -> json.skipChildren();
      }
    }
    flag(parameters, InferRequest.BINARY);
    return new InferRequest(
        id, parameters, Json.required(inputs, "inputs", "the request"), outputs);
  }

  private List<RequestedOutput> outputs(JsonParser json) {
    if (json.currentToken() == JsonToken.VALUE_NULL) {
      return List.of();
    }
    List<RequestedOutput> outputs = new ArrayList<>();
    Set<String> names = new HashSet<>();
    Json.startArray(json, "'outputs'");
    while (json.nextToken() != JsonToken.END_ARRAY) {
      if (outputs.size() == limits.maxTensors()) {
        throw ProtocolException.badRequest("more than %d outputs", limits.maxTensors());
      }
      RequestedOutput output = output(json);
      if (!names.add(output.name())) {
        throw ProtocolException.badRequest(
            "output '%s' is asked for twice", ProtocolException.shortened(output.name()));
      }
      outputs.add(output);
    }
    return outputs;
  }

  private RequestedOutput output(JsonParser json) {
    String name = null;
    Map<String, Parameter> parameters = Map.of();
    Json.startObject(json, "each of 'outputs'");
    for (String field = json.nextName(); field != null; field = json.nextName()) {
      json.nextToken();
      switch (field) {
        case "name" -> name = Json.text(json, field, limits.maxNameLength());
        case "parameters" -> parameters = Json.parameters(json, limits);
        default -> json.skipChildren();
      }
    }
    flag(parameters, RequestedOutput.BINARY);
    RequestedOutput output =
        new RequestedOutput(Json.required(name, "name", "an output"), parameters);
    output.locate(memory);
    return output;
  }

  private static void flag(Map<String, Parameter> parameters, String name) {
    Parameter value = parameters.get(name);
    if (value != null && !(value instanceof Parameter.Flag)) {
      throw ProtocolException.badRequest("parameter '%s' must be true or false", name);
    }
  }

  /// {@return the answer in a body}
  ///
  /// @param body the body; JSON, and behind it the raw bytes of tensors
  /// @param jsonLength how many of the bytes are JSON
  /// @param arena where the tensors' memory comes from; with it ends their life
  /// @throws ProtocolException if the body breaks the protocol or the limits
  public InferResponse response(byte[] body, int jsonLength, Arena arena) {
    TensorReader tensors =
        new TensorReader("output", body, jsonLength, limits, memory, factory, arena);
    InferResponse response = Json.read(factory, body, jsonLength, json -> response(json, tensors));
    tensors.end();
    return response;
  }

  private InferResponse response(JsonParser json, TensorReader tensors) {
    String what = "the answer";
    String modelName = null;
    @Nullable String modelVersion = null;
    @Nullable String id = null;
    Map<String, Parameter> parameters = Map.of();
    List<InferTensor> outputs = null;
    Json.startObject(json, what);
    for (String field = json.nextName(); field != null; field = json.nextName()) {
      json.nextToken();
      switch (field) {
        case "model_name" -> modelName = Json.text(json, field, limits.maxNameLength());
        case "model_version" -> modelVersion = Json.textOrNull(json, field, limits.maxNameLength());
        case "id" -> id = Json.textOrNull(json, field, limits.maxNameLength());
        case "parameters" -> parameters = Json.parameters(json, limits);
        case "outputs" -> outputs = tensors.read(json);
        default -> json.skipChildren();
      }
    }
    return new InferResponse(
        Json.required(modelName, "model_name", what),
        modelVersion,
        id,
        parameters,
        Json.required(outputs, "outputs", what));
  }
}
