package dev.jiffy.protocol;

import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;

/// Requests and answers of `inference.GRPCInferenceService` from and to the bytes of their protocol
/// buffers, `ModelInferRequest` and `ModelInferResponse`. Immutable and shared between threads.
///
/// Tensors are written as raw bytes; they are read as raw bytes and as typed contents. Fields that
/// the protocol does not know are skipped.
///
/// Source: the Open Inference Protocol specification (`inference_grpc.md`).
public final class InferWire {
  private final Limits limits;
  private final SharedMemory memory;

  /// A request and the model that it is for.
  ///
  /// @param modelName the model
  /// @param modelVersion its version, empty for the one that the server chooses
  /// @param request the request
  public record Call(String modelName, String modelVersion, InferRequest request) {}

  /// A reader and writer.
  ///
  /// @param limits how much is taken
  public InferWire(Limits limits) {
    this(limits, SharedMemory.NONE);
  }

  /// A reader and writer.
  ///
  /// @param limits how much is taken
  /// @param memory where elements lie that do not travel
  public InferWire(Limits limits, SharedMemory memory) {
    this.limits = limits;
    this.memory = memory;
  }

  /// {@return where elements lie that do not travel}
  public SharedMemory memory() {
    return memory;
  }

  /// {@return the bytes of a request}
  ///
  /// @param call the request; its tensors are read during the call only
  /// @throws ProtocolException if the message is larger than 2 GiB
  public static byte[] request(Call call) {
    InferRequest request = call.request();
    WireWriter message = new WireWriter(WireTensors.sizeOf(request.inputs()));
    message.text(1, call.modelName());
    message.text(2, call.modelVersion());
    message.text(3, request.id() == null ? "" : request.id());
    WireParameters.write(message, 4, request.parameters());
    for (RequestedOutput output : request.outputs()) {
      WireWriter wanted = new WireWriter(64);
      wanted.text(1, output.name());
      WireParameters.write(wanted, 2, output.parameters());
      message.message(6, wanted);
    }
    WireTensors.write(message, 5, 7, request.inputs(), false);
    return message.toBytes();
  }

  /// {@return the bytes of an answer}
  ///
  /// @param response the answer; its tensors are read during the call only
  /// @throws ProtocolException if the message is larger than 2 GiB
  public static byte[] response(InferResponse response) {
    return write(response).toBytes();
  }

  /// {@return the bytes of an answer in a stream, `ModelStreamInferResponse`}
  ///
  /// @param response the answer; its tensors are read during the call only
  /// @throws ProtocolException if the message is larger than 2 GiB
  public static byte[] streamResponse(InferResponse response) {
    WireWriter answer = write(response);
    WireWriter message = new WireWriter(answer.size() + 16);
    message.message(2, answer);
    return message.toBytes();
  }

  /// {@return the bytes of a failure in a stream, `ModelStreamInferResponse`}
  ///
  /// @param error what went wrong
  /// @param id the request's id, empty where it had none
  public static byte[] streamError(String error, String id) {
    WireWriter message = new WireWriter(error.length() + 16);
    message.text(1, error);
    if (!id.isEmpty()) {
      WireWriter answer = new WireWriter(id.length() + 16);
      answer.text(3, id);
      message.message(2, answer);
    }
    return message.toBytes();
  }

  private static WireWriter write(InferResponse response) {
    WireWriter message = new WireWriter(WireTensors.sizeOf(response.outputs()));
    message.text(1, response.modelName());
    message.text(2, response.modelVersion() == null ? "" : response.modelVersion());
    message.text(3, response.id() == null ? "" : response.id());
    WireParameters.write(message, 4, response.parameters());
    WireTensors.write(message, 5, 6, response.outputs(), true);
    return message;
  }

  /// {@return the request in a message}
  ///
  /// @param bytes the message
  /// @param arena where the tensors' memory comes from; with it ends their life
  /// @throws ProtocolException if the message is malformed or breaks the limits
  public Call readRequest(byte[] bytes, Arena arena) {
    return readRequest(bytes, arena, id -> {});
  }

  /// {@return the request in a message}
  ///
  /// @param bytes the message
  /// @param arena where the tensors' memory comes from; with it ends their life
  /// @param named is told the request's id as soon as it is read, before tensors are, so that a
  ///   failure can say whose it is
  /// @throws ProtocolException if the message is malformed or breaks the limits
  public Call readRequest(byte[] bytes, Arena arena, Consumer<String> named) {
    WireReader message = new WireReader(bytes);
    WireTensors tensors = new WireTensors("input", limits, memory, arena);
    String modelName = "";
    String modelVersion = "";
    String id = "";
    Map<String, Parameter> parameters = Map.of();
    List<RequestedOutput> outputs = new ArrayList<>();
    for (int tag = message.tag(); tag != 0; tag = message.tag()) {
      switch (WireReader.field(tag)) {
        case 1 -> modelName = text(message, tag, "model_name");
        case 2 -> modelVersion = text(message, tag, "model_version");
        case 3 -> {
          id = text(message, tag, "id");
          named.accept(id);
        }
        case 4 -> parameters = WireParameters.add(parameters, part(message, tag), limits);
        case 5 -> tensors.head(part(message, tag));
        case 6 -> {
          if (outputs.size() == limits.maxTensors()) {
            throw ProtocolException.badRequest("more than %d outputs", limits.maxTensors());
          }
          outputs.add(output(part(message, tag)));
        }
        case 7 -> tensors.raw(part(message, tag));
        default -> message.skip(tag);
      }
    }
    Set<String> names = new HashSet<>();
    for (RequestedOutput output : outputs) {
      if (!names.add(output.name())) {
        throw ProtocolException.badRequest(
            "output '%s' is asked for twice", ProtocolException.shortened(output.name()));
      }
    }
    return new Call(
        modelName,
        modelVersion,
        new InferRequest(id.isEmpty() ? null : id, parameters, tensors.read(), outputs));
  }

  /// {@return the answer in a message}
  ///
  /// @param bytes the message
  /// @param arena where the tensors' memory comes from; with it ends their life
  /// @throws ProtocolException if the message is malformed or breaks the limits
  public InferResponse readResponse(byte[] bytes, Arena arena) {
    return readResponse(new WireReader(bytes), arena);
  }

  /// {@return the answer in a message of a stream}
  ///
  /// @param bytes the message, a `ModelStreamInferResponse`
  /// @param arena where the tensors' memory comes from; with it ends their life
  /// @throws ProtocolException if the message is malformed, breaks the limits, or tells of a
  ///   failure
  public InferResponse readStreamResponse(byte[] bytes, Arena arena) {
    WireReader message = new WireReader(bytes);
    String error = "";
    WireReader answer = new WireReader(new byte[0]);
    for (int tag = message.tag(); tag != 0; tag = message.tag()) {
      switch (WireReader.field(tag)) {
        case 1 -> {
          message.expect(tag, WireReader.LENGTH, "error_message");
          error = message.text("error_message", Json.ANY_LENGTH);
        }
        case 2 -> answer = part(message, tag);
        default -> message.skip(tag);
      }
    }
    if (!error.isEmpty()) {
      throw new ProtocolException(500, error);
    }
    return readResponse(answer, arena);
  }

  private InferResponse readResponse(WireReader message, Arena arena) {
    WireTensors tensors = new WireTensors("output", limits, memory, arena);
    String modelName = "";
    String modelVersion = "";
    String id = "";
    Map<String, Parameter> parameters = Map.of();
    for (int tag = message.tag(); tag != 0; tag = message.tag()) {
      switch (WireReader.field(tag)) {
        case 1 -> modelName = text(message, tag, "model_name");
        case 2 -> modelVersion = text(message, tag, "model_version");
        case 3 -> id = text(message, tag, "id");
        case 4 -> parameters = WireParameters.add(parameters, part(message, tag), limits);
        case 5 -> tensors.head(part(message, tag));
        case 6 -> tensors.raw(part(message, tag));
        default -> message.skip(tag);
      }
    }
    return new InferResponse(
        modelName,
        modelVersion.isEmpty() ? null : modelVersion,
        id.isEmpty() ? null : id,
        parameters,
        tensors.read());
  }

  private RequestedOutput output(WireReader message) {
    String name = "";
    Map<String, Parameter> parameters = Map.of();
    for (int tag = message.tag(); tag != 0; tag = message.tag()) {
      switch (WireReader.field(tag)) {
        case 1 -> name = text(message, tag, "name");
        case 2 -> parameters = WireParameters.add(parameters, part(message, tag), limits);
        default -> message.skip(tag);
      }
    }
    RequestedOutput output = new RequestedOutput(name, parameters);
    output.locate(memory);
    return output;
  }

  private String text(WireReader message, int tag, String name) {
    message.expect(tag, WireReader.LENGTH, name);
    return message.text(name, limits.maxNameLength());
  }

  private static WireReader part(WireReader message, int tag) {
    message.expect(tag, WireReader.LENGTH, "field " + WireReader.field(tag));
    return message.message();
  }
}
