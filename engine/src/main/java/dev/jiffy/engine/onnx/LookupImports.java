package dev.jiffy.engine.onnx;

import dev.jiffy.engine.ir.Lookup;
import dev.jiffy.engine.ir.Op;
import dev.jiffy.engine.ir.TableOp;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.util.List;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;

/// Dictionaries: labels and categories.
final class LookupImports {
  private LookupImports() {}

  /// {@return an operator of the family, or null}
  ///
  /// @param name its name
  static @Nullable Operator find(String name) {
    return switch (name) {
      case "LabelEncoder" -> Operator.of(1, 1, 1, LookupImports::labels);
      case "CategoryMapper" -> Operator.of(1, 1, 1, LookupImports::categories);
      case "OneHotEncoder" -> Operator.of(1, 1, 1, LookupImports::oneHot);
      default -> null;
    };
  }

  private static void labels(NodeScope node) {
    if (node.opset() < 2) {
      List<String> classes = node.texts("classes_strings");
      map(node, classes, LongStream.range(0, classes.size()).boxed().toList());
      return;
    }
    Tensor keys = either(node, "keys");
    Tensor values = either(node, "values");
    node.result(
        new TableOp.MapValues(new Lookup(keys, values, otherwise(node, values))), node.input(0));
  }

  private static void categories(NodeScope node) {
    map(node, node.texts("cats_strings"), node.integers("cats_int64s"));
  }

  /// Strings to integers, or integers to strings, as the input's type says.
  private static void map(NodeScope node, List<String> strings, List<Long> integers) {
    if (strings.size() != integers.size() || strings.isEmpty()) {
      throw node.invalid(
          "expected as many strings as integers, got %d and %d"
              .formatted(strings.size(), integers.size()));
    }
    Tensor texts = Tensor.ofStrings(strings, strings.size());
    Tensor numbers = TableImports.integers(integers);
    Tensor text = Tensor.ofStrings(List.of(node.text("default_string", "_Unused")), 1);
    Tensor number = Tensor.of(new long[] {node.integer("default_int64", -1)}, 1);
    boolean isText = node.dtype(node.input(0)) == DType.STRING;
    Lookup lookup = isText ? new Lookup(texts, numbers, number) : new Lookup(numbers, texts, text);
    node.result(new TableOp.MapValues(lookup), node.input(0));
  }

  /// The keys or values, of whatever type they are.
  private static Tensor either(NodeScope node, String kind) {
    List<String> texts = node.texts(kind + "_strings");
    List<Long> integers = node.integers(kind + "_int64s");
    List<Float> reals = node.reals(kind + "_floats");
    Tensor tensor = node.tensor(kind + "_tensor");
    Tensor found = tensor == null ? null : tensor.reshape(tensor.shape().elements());
    found = texts.isEmpty() ? found : Tensor.ofStrings(texts, texts.size());
    found = integers.isEmpty() ? found : TableImports.integers(integers);
    found = reals.isEmpty() ? found : TableImports.reals(reals, reals.size());
    if (found == null) {
      throw node.invalid("there is no attribute with the " + kind);
    }
    return found;
  }

  private static Tensor otherwise(NodeScope node, Tensor values) {
    Tensor tensor = node.tensor("default_tensor");
    String text = node.text("default_string", "_Unused");
    long integer = node.integer("default_int64", -1);
    float real = node.real("default_float", -0.0f);
    if (tensor != null && tensor.shape().elements() == 1) {
      return tensor.reshape(1);
    }
    Tensor otherwise = Tensor.allocate(values.dtype(), Shape.of(1));
    switch (values.dtype()) {
      case STRING -> otherwise.setString(0, text);
      case F32, F64, F16, BF16 -> otherwise.setDouble(0, (double) real);
      case I4, I8, I16, I32, I64, U4, U8, U16, U32, U64, BOOL -> otherwise.setLong(0, integer);
    }
    return otherwise;
  }

  /// Looks up the position of each category, and makes it a unit vector.
  private static void oneHot(NodeScope node) {
    List<Long> integers = node.integers("cats_int64s");
    List<String> strings = node.texts("cats_strings");
    if (integers.isEmpty() == strings.isEmpty()) {
      throw node.invalid("expected either 'cats_int64s' or 'cats_strings'");
    }
    Tensor keys =
        strings.isEmpty()
            ? TableImports.integers(integers)
            : Tensor.ofStrings(strings, strings.size());
    long count = keys.shape().elements();
    Tensor places = Tensor.of(LongStream.range(0, count).toArray(), count);
    @Nullable Tensor none = node.flag("zeros", true) ? Tensor.of(new long[] {count}, 1) : null;
    String x = node.input(0);
    if (strings.isEmpty() && node.dtype(x) != DType.I64) {
      x = node.make(new Op.Cast(DType.I64, true), x);
    }
    String place = node.make(new TableOp.MapValues(new Lookup(keys, places, none)), x);
    String values = node.constant(Tensor.of(new float[] {0, 1}, 2));
    node.result(new Op.OneHot(-1), place, node.longs(count), values);
  }
}
