package dev.jiffy.server.http;

import dev.jiffy.engine.TensorSpec;
import dev.jiffy.engine.ir.Dim;
import dev.jiffy.protocol.Datatypes;
import dev.jiffy.protocol.InferReader;
import dev.jiffy.protocol.InferRequest;
import dev.jiffy.protocol.InferResponse;
import dev.jiffy.protocol.InferTensor;
import dev.jiffy.protocol.InferWriter;
import dev.jiffy.protocol.Message;
import dev.jiffy.protocol.ProtocolException;
import dev.jiffy.protocol.RequestedOutput;
import dev.jiffy.server.schedule.ModelSessions;
import dev.jiffy.server.store.LoadedModel;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// `POST /v2/models/{model}/infer`: tensors in, tensors out. A body of which nothing is JSON is the
/// only tensor of a model of one input.
///
/// @param reader reads requests
/// @param jsonLengthHeader the header that says how much of the body is JSON, null where not given
record InferEndpoint(InferReader reader, @Nullable String jsonLengthHeader) implements Endpoint {
  @Override
  public Reply reply(ModelSessions sessions, byte[] body, Stopwatch stopwatch) {
    LoadedModel model = sessions.model();
    try (Arena arena = Arena.ofConfined()) {
      int jsonLength = Message.jsonLength(jsonLengthHeader, body.length);
      InferRequest request =
          jsonLength == 0 && jsonLengthHeader != null
              ? RawBody.request(model, body, arena)
              : reader.request(body, jsonLength, arena);
      Map<String, Tensor> inputs = inputs(model, request);
      checkOutputs(model, request);
      stopwatch.lap("decode");
      Map<String, Tensor> outputs = sessions.session().runReusing(inputs);
      stopwatch.lap("compute");
      Message message = InferWriter.response(response(model, request, outputs));
      stopwatch.lap("encode");
      return Reply.message(message, stopwatch);
    }
  }

  private static Map<String, Tensor> inputs(LoadedModel model, InferRequest request) {
    Map<String, Tensor> inputs = HashMap.newHashMap(request.inputs().size());
    for (InferTensor input : request.inputs()) {
      inputs.put(input.name(), input.tensor());
    }
    for (TensorSpec spec : model.model().inputs()) {
      Tensor tensor = inputs.get(spec.name());
      if (tensor == null) {
        throw new ProtocolException(400, "input '%s' is missing".formatted(spec.name()));
      }
      check(spec, tensor);
    }
    if (inputs.size() > model.model().inputs().size()) {
      for (InferTensor input : request.inputs()) {
        if (model.model().inputs().stream().noneMatch(spec -> spec.name().equals(input.name()))) {
          throw new ProtocolException(
              400, "model '%s' has no input '%s'".formatted(model.name(), shortened(input.name())));
        }
      }
    }
    return inputs;
  }

  private static void check(TensorSpec spec, Tensor tensor) {
    if (tensor.dtype() != spec.dtype()) {
      throw new ProtocolException(
          400,
          "input '%s' must be %s, got %s"
              .formatted(
                  spec.name(), Datatypes.name(spec.dtype()), Datatypes.name(tensor.dtype())));
    }
    List<Dim> dims = spec.shape();
    Shape shape = tensor.shape();
    boolean fits = dims == null || dims.size() == shape.rank();
    for (int i = 0; fits && dims != null && i < dims.size(); i++) {
      fits = !(dims.get(i) instanceof Dim.Known(long extent)) || extent == shape.dim(i);
    }
    if (!fits) {
      throw new ProtocolException(
          400, "input '%s' must have shape %s, got %s".formatted(spec.name(), dims, shape));
    }
  }

  private static void checkOutputs(LoadedModel model, InferRequest request) {
    for (RequestedOutput output : request.outputs()) {
      if (model.model().outputs().stream().noneMatch(spec -> spec.name().equals(output.name()))) {
        throw new ProtocolException(
            400, "model '%s' has no output '%s'".formatted(model.name(), shortened(output.name())));
      }
    }
  }

  private static String shortened(String text) {
    return text.length() <= 64 ? text : text.substring(0, 64) + "…";
  }

  private static InferResponse response(
      LoadedModel model, InferRequest request, Map<String, Tensor> outputs) {
    List<InferTensor> tensors = new ArrayList<>();
    for (TensorSpec spec : model.model().outputs()) {
      if (request.wants(spec.name())) {
        Tensor tensor = outputs.get(spec.name());
        if (tensor == null) {
          throw new IllegalStateException("the model gave no " + spec.name());
        }
        tensors.add(new InferTensor(spec.name(), tensor, request.wantsBinary(spec.name())));
      }
    }
    return new InferResponse(model.name(), model.version(), request.id(), Map.of(), tensors);
  }
}
