package dev.jiffy.server.call;

import dev.jiffy.engine.TensorSpec;
import dev.jiffy.engine.ir.Dim;
import dev.jiffy.protocol.InferRequest;
import dev.jiffy.protocol.InferTensor;
import dev.jiffy.protocol.Parameter;
import dev.jiffy.protocol.ProtocolException;
import dev.jiffy.server.store.LoadedModel;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Map;

/// A body that is the elements of a model's only input, without JSON. The answer is binary too.
public final class RawBody {
  private RawBody() {}

  /// {@return the request that a body stands for}
  ///
  /// @param model the model that is asked
  /// @param body the elements
  /// @param arena where the tensor's memory comes from
  /// @throws ProtocolException if the model has other inputs, or its shape does not fit the body
  public static InferRequest request(LoadedModel model, byte[] body, Arena arena) {
    List<TensorSpec> inputs = model.inputs();
    TensorSpec spec = inputs.size() == 1 ? inputs.getFirst() : null;
    if (spec == null || spec.dtype() == DType.STRING || spec.dtype() == DType.BOOL) {
      throw new ProtocolException(
          400,
          "a body without JSON needs a model of one numeric input, not '%s'"
              .formatted(model.name()));
    }
    Tensor tensor = Tensor.allocate(spec.dtype(), shape(spec, body.length), arena);
    MemorySegment.copy(body, 0, tensor.segment(), ValueLayout.JAVA_BYTE, 0, body.length);
    return new InferRequest(
        null,
        Map.of(InferRequest.BINARY, new Parameter.Flag(true)),
        List.of(new InferTensor(spec.name(), tensor, true)),
        List.of());
  }

  /// {@return the input's shape, in which one extent may follow from the number of bytes; a first
  /// one besides it is 1}
  private static Shape shape(TensorSpec spec, int bytes) {
    List<Dim> dims = spec.shape() == null ? List.of() : spec.shape();
    long[] shape = new long[dims.size()];
    int open = -1;
    boolean fits = spec.shape() != null;
    long known = spec.dtype().bytes();
    for (int axis = 0; axis < shape.length; axis++) {
      shape[axis] = dims.get(axis) instanceof Dim.Known(long value) ? value : 1;
      known = Math.multiplyExact(known, shape[axis]);
      if (dims.get(axis) instanceof Dim.Symbol) {
        fits &= open <= 0;
        open = axis;
      }
    }
    if (fits && open >= 0 && known > 0) {
      shape[open] = bytes / known;
      known *= shape[open];
    }
    if (!fits || bytes == 0 || known != bytes) {
      throw new ProtocolException(
          400,
          "a body of %d bytes does not decide the shape of input '%s', %s of %s"
              .formatted(bytes, spec.name(), spec.shape(), spec.dtype()));
    }
    return Shape.of(shape);
  }
}
