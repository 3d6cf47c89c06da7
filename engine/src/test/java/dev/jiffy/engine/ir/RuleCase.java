package dev.jiffy.engine.ir;

import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Tensor;
import dev.jiffy.tensor.Value;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// An operator, facts as texts, and what inference makes of them.
///
/// A fact is `dtype[extent×…]`, with `=[element, …]` behind it where elements are known, or `_` for
/// an absent input; `f32[…]` has no known rank; `sequence(f32[2])` and `optional(…)` are no
/// tensors. Facts are separated by semicolons.
///
/// @param op the operator
/// @param inputs the facts of the inputs
/// @param outputs the number of outputs
/// @param expected the facts of the outputs, or the message of the failure
/// @param fails whether a failure is expected
record RuleCase(Op op, String inputs, int outputs, String expected, boolean fails) {
  static RuleCase good(Op op, String inputs, String expected) {
    return new RuleCase(op, inputs, expected.split(";", -1).length, expected, false);
  }

  static RuleCase bad(Op op, String inputs, String message) {
    return new RuleCase(op, inputs, 1, message, true);
  }

  /// The facts that inference finds, as text.
  String run() {
    List<@Nullable Fact> facts = new ArrayList<>();
    List<@Nullable Tensor> constants = new ArrayList<>();
    for (String input : inputs.isEmpty() ? new String[0] : inputs.split(";", -1)) {
      facts.add(fact(input.strip()));
      constants.add(constant(input.strip()));
    }
    List<Fact> out = Inference.infer(op, facts, constants, outputs, new NameSource());
    return String.join("; ", out.stream().map(Fact::toString).toList());
  }

  static @Nullable Fact fact(String text) {
    if (text.equals("_")) {
      return null;
    }
    if (text.startsWith("sequence(")) {
      return inner(text).as(Value.Kind.SEQUENCE);
    }
    if (text.startsWith("optional(")) {
      Fact inner = inner(text);
      return inner.as(inner.kind().optional());
    }
    int open = text.indexOf('[');
    int close = text.indexOf(']');
    DType dtype = DType.valueOf(text.substring(0, open).toUpperCase(Locale.ROOT));
    String extents = text.substring(open + 1, close);
    if (extents.equals("…")) {
      return Fact.unranked(dtype);
    }
    List<Dim> value = null;
    if (!dtype.isFloat() && close + 1 < text.length()) {
      value = dims(text.substring(close + 3, text.length() - 1), ", ");
    }
    return new Fact(dtype, dims(extents, "×"), value);
  }

  private static Fact inner(String text) {
    int open = text.indexOf('(');
    return Objects.requireNonNull(fact(text.substring(open + 1, text.length() - 1)));
  }

  private static List<Dim> dims(String text, String separator) {
    List<Dim> dims = new ArrayList<>();
    for (String dim : text.isEmpty() ? new String[0] : text.split(separator, -1)) {
      dims.add(dim.matches("-?[0-9]+") ? Dim.of(Long.parseLong(dim)) : Dim.of(dim));
    }
    return dims;
  }

  private static @Nullable Tensor constant(String text) {
    int value = text.indexOf("=[");
    if (value < 0 || !text.startsWith("f32")) {
      return null;
    }
    String[] elements = text.substring(value + 2, text.length() - 1).split(", ", -1);
    float[] floats = new float[elements.length];
    for (int i = 0; i < floats.length; i++) {
      floats[i] = Float.parseFloat(elements[i]);
    }
    return text.startsWith("f32[]") ? Tensor.of(floats) : Tensor.of(floats, floats.length);
  }
}
