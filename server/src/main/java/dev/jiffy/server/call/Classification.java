package dev.jiffy.server.call;

import dev.jiffy.protocol.InferRequest;
import dev.jiffy.protocol.Parameter;
import dev.jiffy.protocol.ProtocolException;
import dev.jiffy.protocol.RequestedOutput;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The protocol's classification extension: instead of an output its greatest elements, each as a
/// text `value:index`, greatest first; for an output of several rows those of every row.
///
/// Source: Triton's extension `classification`.
final class Classification {
  private static final String NAME = "classification";

  private Classification() {}

  /// Checks what is said of an output.
  ///
  /// @throws ProtocolException if it asks for no positive number of elements
  static void check(RequestedOutput output) {
    Parameter count = output.parameters().get(NAME);
    if (count != null
        && !(count instanceof Parameter.Whole(long value)
            && value > 0
            && value <= Integer.MAX_VALUE)) {
      throw new ProtocolException(400, "parameter 'classification' must be a positive integer");
    }
  }

  /// {@return the output, or its greatest elements where they are asked for}
  static Tensor apply(InferRequest request, String name, Tensor tensor) {
    Parameter count = parameter(request, name);
    if (!(count instanceof Parameter.Whole(long most))) {
      return tensor;
    }
    if (tensor.dtype() == DType.STRING) {
      throw new ProtocolException(400, "output '%s' of texts cannot be classified".formatted(name));
    }
    int rank = tensor.shape().rank();
    long rows = rank > 1 ? tensor.shape().dim(0) : 1;
    long classes = rows == 0 ? 0 : tensor.shape().elements() / rows;
    int kept = (int) Math.min(most, classes);
    List<String> texts = new ArrayList<>();
    for (long row = 0; row < rows && kept > 0; row++) {
      greatest(tensor, row * classes, (int) classes, kept, texts);
    }
    return rank > 1 ? Tensor.ofStrings(texts, rows, kept) : Tensor.ofStrings(texts, kept);
  }

  private static @Nullable Parameter parameter(InferRequest request, String name) {
    for (RequestedOutput output : request.outputs()) {
      if (output.name().equals(name)) {
        return output.parameters().get(NAME);
      }
    }
    return null;
  }

  private static void greatest(
      Tensor tensor, long from, int classes, int kept, List<String> texts) {
    List<Integer> order = new ArrayList<>();
    for (int i = 0; i < classes; i++) {
      order.add(i);
    }
    order.sort((a, b) -> Double.compare(tensor.getDouble(from + b), tensor.getDouble(from + a)));
    for (int index : order.subList(0, kept)) {
      String value =
          tensor.dtype().isFloat()
              ? Float.toString((float) tensor.getDouble(from + index))
              : Long.toString(tensor.getLong(from + index));
      texts.add(value + ":" + index);
    }
  }
}
