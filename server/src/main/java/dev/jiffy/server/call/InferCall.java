package dev.jiffy.server.call;

import dev.jiffy.engine.TensorSpec;
import dev.jiffy.engine.ir.Dim;
import dev.jiffy.protocol.Datatypes;
import dev.jiffy.protocol.InferRequest;
import dev.jiffy.protocol.InferResponse;
import dev.jiffy.protocol.InferTensor;
import dev.jiffy.protocol.Parameter;
import dev.jiffy.protocol.ProtocolException;
import dev.jiffy.protocol.RequestedOutput;
import dev.jiffy.protocol.SharedMemory;
import dev.jiffy.protocol.SharedRange;
import dev.jiffy.server.cache.Key;
import dev.jiffy.server.schedule.Answer;
import dev.jiffy.server.schedule.Question;
import dev.jiffy.server.schedule.Ticket;
import dev.jiffy.server.store.LoadedModel;
import dev.jiffy.server.store.Served;
import dev.jiffy.server.watch.Stage;
import dev.jiffy.server.watch.Stopwatch;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// A request for tensors, which fits its model.
///
/// Its parameters `priority` and `timeout`, in microseconds, say how it is scheduled; `timing` asks
/// for the time of each stage among the parameters of the answer; `cache` says whether an answer
/// that was kept will do. An output's parameter `classification` asks for its greatest elements.
public final class InferCall {
  private static final String PRIORITY = "priority";
  private static final String TIMEOUT = "timeout";
  private static final String TIMING = "timing";
  private static final String CACHE = "cache";

  private final LoadedModel model;
  private final InferRequest request;
  private final Map<String, Tensor> inputs;
  private final SharedMemory memory;
  private @Nullable Key key;

  private InferCall(
      LoadedModel model, InferRequest request, Map<String, Tensor> inputs, SharedMemory memory) {
    this.model = model;
    this.request = request;
    this.inputs = inputs;
    this.memory = memory;
  }

  /// {@return a request that was checked}
  ///
  /// @param model the model that is asked
  /// @param request what came
  /// @param memory where outputs lie that do not travel
  /// @throws ProtocolException if the request's inputs or outputs are not the model's, or a
  ///   parameter is not what it should be
  public static InferCall of(LoadedModel model, InferRequest request, SharedMemory memory) {
    InferCall call = new InferCall(model, request, inputs(model, request), memory);
    checkOutputs(model, request);
    checkPlaces(request, memory);
    whole(request, PRIORITY);
    whole(request, TIMEOUT);
    return call;
  }

  private static Map<String, Tensor> inputs(LoadedModel model, InferRequest request) {
    Map<String, Tensor> inputs = HashMap.newHashMap(request.inputs().size());
    for (InferTensor input : request.inputs()) {
      inputs.put(input.name(), input.tensor());
    }
    for (TensorSpec spec : model.inputs()) {
      Tensor tensor = inputs.get(spec.name());
      if (tensor == null) {
        throw new ProtocolException(400, "input '%s' is missing".formatted(spec.name()));
      }
      check(spec, tensor);
    }
    if (inputs.size() > model.inputs().size()) {
      for (InferTensor input : request.inputs()) {
        if (model.inputs().stream().noneMatch(spec -> spec.name().equals(input.name()))) {
          throw new ProtocolException(
              400,
              "model '%s' has no input '%s'"
                  .formatted(model.name(), ProtocolException.shortened(input.name())));
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
      if (model.outputs().stream().noneMatch(spec -> spec.name().equals(output.name()))) {
        throw new ProtocolException(
            400,
            "model '%s' has no output '%s'"
                .formatted(model.name(), ProtocolException.shortened(output.name())));
      }
      Classification.check(output);
    }
  }

  /// Checks that outputs in shared memory have places of their own.
  private static void checkPlaces(InferRequest request, SharedMemory memory) {
    List<SharedMemory.Span> taken = new ArrayList<>();
    for (RequestedOutput output : request.outputs()) {
      SharedMemory.Span span = output.locate(memory);
      if (span != null) {
        if (taken.stream().anyMatch(span::overlaps)) {
          throw new ProtocolException(
              400, "%s and another one overlap in shared memory".formatted(output.label()));
        }
        taken.add(span);
      }
    }
  }

  private static long whole(InferRequest request, String name) {
    return switch (request.parameters().get(name)) {
      case null -> 0;
      case Parameter.Whole(long value) when value >= 0 -> value;
      case Parameter.Whole _, Parameter.Text _, Parameter.Real _, Parameter.Flag _ ->
          throw new ProtocolException(
              400, "parameter '%s' must be an integer of at least 0".formatted(name));
    };
  }

  /// {@return this call, with the key under which its answer may be kept; made where the request is
  /// read, as that takes time}
  ///
  /// @param served who is asked
  /// @throws ProtocolException if the parameter `cache` is neither true nor false
  public InferCall keyed(Served served) {
    boolean isWanted =
        switch (request.parameters().get(CACHE)) {
          case null -> true;
          case Parameter.Flag(boolean value) -> value;
          case Parameter.Whole _, Parameter.Text _, Parameter.Real _ ->
              throw new ProtocolException(
                  400, "parameter '%s' must be true or false".formatted(CACHE));
        };
    if (isWanted) {
      key =
          served.key(
              question(),
              model.outputs().stream().map(TensorSpec::name).filter(request::wants).toList());
    }
    return this;
  }

  /// {@return the key under which the answer may be kept, null where it is computed anew}
  public @Nullable Key key() {
    return key;
  }

  /// {@return what is asked of the scheduler}
  public Question question() {
    return new Question.Tensors(inputs);
  }

  /// {@return the class of the request, 0 where it names none}
  public int priority() {
    return (int) Math.min(whole(request, PRIORITY), Ticket.LAST);
  }

  /// {@return when the answer is worth nothing any more, or [Ticket#NEVER]}
  ///
  /// @param arrivedNanos when the request came
  /// @param timeoutNanos what the transport says of the time that the client waits, 0 for nothing
  public long deadlineNanos(long arrivedNanos, long timeoutNanos) {
    long micros = Math.min(whole(request, TIMEOUT), Long.MAX_VALUE / 4000);
    long nanos = micros * 1000;
    if (timeoutNanos > 0) {
      nanos = nanos == 0 ? timeoutNanos : Math.min(nanos, timeoutNanos);
    }
    return nanos == 0 ? Ticket.NEVER : arrivedNanos + nanos;
  }

  /// {@return the answer of the protocol; its tensors are the model's}
  ///
  /// @param answer what the model gave
  /// @param stopwatch where the time went
  public InferResponse response(Answer answer, Stopwatch stopwatch) {
    if (!(answer instanceof Answer.Tensors(Map<String, Tensor> outputs))) {
      throw new IllegalStateException("tensors were asked for, not " + answer);
    }
    List<InferTensor> tensors = new ArrayList<>();
    for (TensorSpec spec : model.outputs()) {
      if (request.wants(spec.name())) {
        Tensor tensor = outputs.get(spec.name());
        if (tensor == null) {
          throw new IllegalStateException("the model gave no " + spec.name());
        }
        tensors.add(output(spec.name(), Classification.apply(request, spec.name(), tensor)));
      }
    }
    return new InferResponse(
        model.name(), model.version(), request.id(), parameters(stopwatch), tensors);
  }

  /// {@return an output, which travels or has been copied into shared memory}
  private InferTensor output(String name, Tensor tensor) {
    for (RequestedOutput output : request.outputs()) {
      SharedRange range = output.name().equals(name) ? output.range() : null;
      if (range != null) {
        SharedRange taken = range.write(memory, tensor, output.label());
        return new InferTensor(name, tensor, false, taken.parameters());
      }
    }
    return new InferTensor(name, tensor, request.wantsBinary(name));
  }

  private Map<String, Parameter> parameters(Stopwatch stopwatch) {
    if (!(request.parameters().get(TIMING) instanceof Parameter.Flag(boolean isWanted))
        || !isWanted) {
      return Map.of();
    }
    Map<String, Parameter> parameters = new LinkedHashMap<>();
    for (Stage stage : List.of(Stage.DECODE, Stage.QUEUE, Stage.COMPUTE)) {
      parameters.put(stage.label() + "_us", new Parameter.Whole(stopwatch.nanos(stage) / 1000));
    }
    parameters.put("batch_size", new Parameter.Whole(stopwatch.batchRows()));
    return parameters;
  }
}
