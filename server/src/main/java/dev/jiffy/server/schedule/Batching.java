package dev.jiffy.server.schedule;

import dev.jiffy.engine.Model;
import dev.jiffy.engine.TensorSpec;
import dev.jiffy.engine.ir.Dim;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// How requests of a model can be computed together, derived from the names of its dimensions.
///
/// Rows can be joined where every input and every output begins with the same named dimension, and
/// so does what lies between. Texts of different lengths can be padded where every input is
/// integers `[rows, length]` of the same two names, one of them the attention mask, and every
/// output's second extent is that length or a number, and those behind it are numbers: another
/// extent may happen to be as long as the padded texts, and would be cut like them. Whether joining
/// changes bits is not told by names: see [Line]. Immutable.
///
/// @param rows the name of the dimension that is joined, null where none is
/// @param length the name of the dimension that may be padded, null where none may
/// @param inputs what the model takes
/// @param outputs what it gives
/// @param reason why rows can be joined or not, for people
record Batching(
    @Nullable String rows,
    @Nullable String length,
    List<TensorSpec> inputs,
    List<TensorSpec> outputs,
    String reason) {
  /// The name of the input that says which tokens count.
  static final String MASK = "attention_mask";

  /// {@return how requests of a model can be computed together}
  static Batching of(Model model) {
    return of(Computation.of(model));
  }

  /// {@return how requests can be computed together}
  static Batching of(Computation computation) {
    List<TensorSpec> inputs = computation.inputs();
    List<TensorSpec> outputs = computation.outputs();
    String rows = inputs.isEmpty() ? null : name(inputs.getFirst(), 0);
    if (rows == null) {
      return new Batching(
          null, null, inputs, outputs, "the first input does not begin with a named dimension");
    }
    List<TensorSpec> all = new ArrayList<>(inputs);
    all.addAll(outputs);
    all.addAll(computation.between());
    for (TensorSpec spec : all) {
      if (!rows.equals(name(spec, 0)) || spec.dtype() == DType.STRING) {
        return new Batching(
            null,
            null,
            inputs,
            outputs,
            "'%s' is %s%s, which does not begin with '%s'"
                .formatted(spec.name(), spec.dtype(), spec.shape(), rows));
      }
      if (dims(spec).stream().filter(dim -> dim.equals(dims(spec).getFirst())).count() > 1) {
        return new Batching(
            null, null, inputs, outputs, "'%s' has '%s' twice".formatted(spec.name(), rows));
      }
    }
    return new Batching(
        rows,
        length(inputs, outputs),
        inputs,
        outputs,
        "every input and output begins with the dimension '%s'".formatted(rows));
  }

  private static List<Dim> dims(TensorSpec spec) {
    return spec.shape() == null ? List.of() : spec.shape();
  }

  private static @Nullable String name(TensorSpec spec, int axis) {
    List<Dim> dims = dims(spec);
    return dims.size() > axis && dims.get(axis) instanceof Dim.Symbol(String name) ? name : null;
  }

  private static @Nullable String length(List<TensorSpec> inputs, List<TensorSpec> outputs) {
    String length = name(inputs.getFirst(), 1);
    if (length == null) {
      return null;
    }
    boolean isMasked = false;
    for (TensorSpec input : inputs) {
      boolean isInteger = input.dtype() == DType.I64 || input.dtype() == DType.I32;
      if (!isInteger || dims(input).size() != 2 || !length.equals(name(input, 1))) {
        return null;
      }
      isMasked |= input.name().equals(MASK);
    }
    for (TensorSpec output : outputs) {
      List<Dim> dims = dims(output);
      boolean isCut = dims.size() > 1 && length.equals(name(output, 1));
      if (!dims.stream().skip(isCut ? 2 : 1).allMatch(Dim.Known.class::isInstance)) {
        return null;
      }
    }
    return isMasked ? length : null;
  }

  /// {@return whether the second dimension of an output is a number, so that padding cannot reach
  /// it}
  boolean isFixed(String output) {
    return outputs.stream()
        .anyMatch(spec ->
            spec.name().equals(output)
                && dims(spec).size() > 1
                && dims(spec).get(1) instanceof Dim.Known);
  }

  /// Says of a request what it can be computed with. One whose inputs are not what the model takes
  /// is computed alone, so that the model says what is wrong with it.
  void place(Ticket ticket) {
    ticket.bucket = Bucket.ALONE;
    ticket.rows = 1;
    switch (ticket.question()) {
      case Question.Tensors(Map<String, Tensor> tensors) -> place(ticket, tensors);
      case Question.Texts(List<String> texts) -> {
        ticket.rows = Math.max(1, texts.size());
        long characters = texts.stream().mapToLong(String::length).sum();
        ticket.bucket = Bucket.ofTexts(ticket.rows, characters);
      }
      case Question.Tokens(List<int[]> texts) -> {
        ticket.rows = Math.max(1, texts.size());
        long tokens = texts.stream().mapToLong(text -> text.length).sum();
        ticket.bucket = Bucket.ofTokens(ticket.rows, tokens);
      }
    }
  }

  private void place(Ticket ticket, Map<String, Tensor> tensors) {
    int size = 0;
    for (TensorSpec input : inputs) {
      Tensor tensor = tensors.get(input.name());
      if (tensor == null || tensor.dtype() != input.dtype()) {
        return;
      }
      size += 1 + tensor.shape().rank();
    }
    long[] shapes = new long[size];
    int at = 0;
    long count = -1;
    long extent = -1;
    for (TensorSpec input : inputs) {
      Shape shape = tensors.getOrDefault(input.name(), EMPTY).shape();
      shapes[at++] = shape.rank();
      for (int axis = 0; axis < shape.rank(); axis++) {
        long dim = shape.dim(axis);
        if (rows != null && axis == 0) {
          if (count >= 0 && count != dim) {
            return;
          }
          count = dim;
        } else if (length != null && axis == 1) {
          if (extent >= 0 && extent != dim) {
            return;
          }
          extent = dim;
        } else {
          shapes[at] = dim;
        }
        at++;
      }
    }
    if (rows != null && (count < 1 || count > Integer.MAX_VALUE)) {
      return;
    }
    ticket.rows = rows == null ? 1 : (int) count;
    ticket.bucket = new Bucket(shapes, rows == null ? -1 : (int) Math.max(0, extent));
  }

  private static final Tensor EMPTY = Tensor.allocate(DType.U8, Shape.of(0));
}
