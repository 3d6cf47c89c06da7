package dev.jiffy.protocol;

import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonGenerator;

/// Writes requests and answers to bytes.
public final class InferWriter {
  private static final int HEADS = 64;
  private static final AtomicReferenceArray<@Nullable ResponseHead> RESPONSES =
      new AtomicReferenceArray<>(HEADS);

  private InferWriter() {}

  /// {@return a request as it travels}
  ///
  /// @param request the request; its tensors are read during the call only
  /// @throws ProtocolException if a tensor that is to travel in JSON has an element for which JSON
  ///   has no form, or if the message is larger than 2 GiB
  public static Message request(InferRequest request) {
    byte[] json =
        Json.bytes(out -> {
          out.writeStartObject();
          if (request.id() != null) {
            out.writeStringProperty("id", request.id());
          }
          writeParameters(out, request.parameters());
          writeTensors(out, "input", request.inputs());
          if (!request.outputs().isEmpty()) {
            out.writeArrayPropertyStart("outputs");
            for (RequestedOutput output : request.outputs()) {
              out.writeStartObject();
              out.writeStringProperty("name", output.name());
              writeParameters(out, output.parameters());
              out.writeEndObject();
            }
            out.writeEndArray();
          }
          out.writeEndObject();
        });
    return message(json, request.inputs());
  }

  /// {@return an answer as it travels}
  ///
  /// @param response the answer; its tensors are read during the call only
  /// @throws ProtocolException if a tensor that is to travel in JSON has an element for which JSON
  ///   has no form, or if the message is larger than 2 GiB
  public static Message response(InferResponse response) {
    if (!ResponseHead.isOfKind(response)) {
      return message(head(response), response.outputs());
    }
    int slot = ResponseHead.hash(response) & HEADS - 1;
    ResponseHead head = RESPONSES.get(slot);
    if (head == null || !head.isOf(response)) {
      head = ResponseHead.of(response, head(response));
      RESPONSES.set(slot, head);
    }
    return message(head.json(), response.outputs());
  }

  private static byte[] head(InferResponse response) {
    return Json.bytes(out -> {
      out.writeStartObject();
      out.writeStringProperty("model_name", response.modelName());
      if (response.modelVersion() != null) {
        out.writeStringProperty("model_version", response.modelVersion());
      }
      if (response.id() != null) {
        out.writeStringProperty("id", response.id());
      }
      writeParameters(out, response.parameters());
      writeTensors(out, "output", response.outputs());
      out.writeEndObject();
    });
  }

  private static void writeParameters(JsonGenerator json, Map<String, Parameter> parameters) {
    if (!parameters.isEmpty()) {
      json.writeObjectPropertyStart("parameters");
      Json.writeParameters(json, parameters);
      json.writeEndObject();
    }
  }

  private static void writeTensors(JsonGenerator json, String kind, List<InferTensor> tensors) {
    json.writeArrayPropertyStart(kind + "s");
    for (InferTensor tensor : tensors) {
      json.writeStartObject();
      json.writeStringProperty("name", tensor.name());
      json.writeStringProperty("datatype", Datatypes.name(tensor.tensor().dtype()));
      json.writeArrayPropertyStart("shape");
      for (int axis = 0; axis < tensor.tensor().shape().rank(); axis++) {
        json.writeNumber(tensor.tensor().shape().dim(axis));
      }
      json.writeEndArray();
      if (tensor.isShared()) {
        writeParameters(json, tensor.parameters());
      } else if (tensor.binary()) {
        json.writeObjectPropertyStart("parameters");
        Json.writeParameters(json, tensor.parameters());
        json.writeNumberProperty("binary_data_size", BinaryElements.size(tensor.tensor()));
        json.writeEndObject();
      } else {
        writeParameters(json, tensor.parameters());
        json.writeName("data");
        JsonElements.write(json, tensor.tensor(), kind + " '" + tensor.name() + "'");
      }
      json.writeEndObject();
    }
    json.writeEndArray();
  }

  private static Message message(byte[] json, List<InferTensor> tensors) {
    long size = json.length;
    boolean binary = false;
    for (InferTensor tensor : tensors) {
      if (tensor.binary() && !tensor.isShared()) {
        size += BinaryElements.size(tensor.tensor());
        binary = true;
      }
    }
    if (!binary) {
      return new Message(json, json.length, false);
    }
    if (size > Integer.MAX_VALUE - 16) {
      throw ProtocolException.badRequest("the message would be larger than 2 GiB: %d bytes", size);
    }
    byte[] body = new byte[(int) size];
    System.arraycopy(json, 0, body, 0, json.length);
    int position = json.length;
    for (InferTensor tensor : tensors) {
      if (tensor.binary() && !tensor.isShared()) {
        position = BinaryElements.write(tensor.tensor(), body, position);
      }
    }
    return new Message(body, json.length, true);
  }
}
