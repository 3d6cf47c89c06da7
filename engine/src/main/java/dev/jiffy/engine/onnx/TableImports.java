package dev.jiffy.engine.onnx;

import dev.jiffy.engine.function.BinaryFunction;
import dev.jiffy.engine.function.ClassChoice;
import dev.jiffy.engine.function.ReduceFunction;
import dev.jiffy.engine.function.ScoreTransform;
import dev.jiffy.engine.function.UnaryFunction;
import dev.jiffy.engine.ir.Op;
import dev.jiffy.engine.ir.Op.Binary;
import dev.jiffy.engine.ir.Op.Unary;
import dev.jiffy.engine.ir.TableOp;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// Linear models and the preparation of tables: what of the domain `ai.onnx.ml` is arithmetic.
final class TableImports {
  private TableImports() {}

  /// {@return an operator of the family, or null}
  ///
  /// @param name its name
  static @Nullable Operator find(String name) {
    return switch (name) {
      case "LinearClassifier" -> Operator.of(1, 1, 1, 2, TableImports::linearClassifier);
      case "LinearRegressor" -> Operator.of(1, 1, 1, TableImports::linearRegressor);
      case "Scaler" -> Operator.of(1, 1, 1, TableImports::scaler);
      case "Imputer" -> Operator.of(1, 1, 1, TableImports::imputer);
      case "Normalizer" -> Operator.of(1, 1, 1, TableImports::normalizer);
      case "Binarizer" -> Operator.of(1, 1, 1, TableImports::binarizer);
      case "ArrayFeatureExtractor" -> Operator.of(1, 2, 2, TableImports::extractor);
      case "FeatureVectorizer" -> Operator.of(1, 1, Operator.MANY, TableImports::vectorizer);
      case "ZipMap" -> Operator.of(1, 1, 1, TableImports::zipMap);
      default -> null;
    };
  }

  /// {@return the labels of classes, of which one of two attributes has some}
  ///
  /// @param node the node
  /// @param strings the attribute for texts
  /// @param integers the attribute for integers
  static Tensor labels(NodeScope node, String strings, String integers) {
    List<String> texts = node.texts(strings);
    List<Long> numbers = node.integers(integers);
    if (texts.isEmpty() == numbers.isEmpty()) {
      throw node.invalid(
          "expected either '%s' or '%s', got %s"
              .formatted(strings, integers, texts.isEmpty() ? "neither" : "both"));
    }
    return texts.isEmpty() ? integers(numbers) : Tensor.ofStrings(texts, texts.size());
  }

  /// {@return a vector of i64}
  ///
  /// @param numbers its elements
  static Tensor integers(List<Long> numbers) {
    return Tensor.of(numbers.stream().mapToLong(Long::longValue).toArray(), numbers.size());
  }

  /// {@return a tensor of f32}
  ///
  /// @param numbers its elements
  /// @param shape the extents
  static Tensor reals(List<Float> numbers, long... shape) {
    float[] values = new float[numbers.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = numbers.get(i);
    }
    return Tensor.of(values, shape);
  }

  /// {@return a value as f32}
  ///
  /// @param node the node
  /// @param value the value
  static String f32(NodeScope node, String value) {
    return node.dtype(value) == DType.F32 ? value : node.make(new Op.Cast(DType.F32, true), value);
  }

  /// {@return a table as f32; a vector is one row}
  ///
  /// @param node the node
  static String rows(NodeScope node) {
    String x = f32(node, node.input(0));
    return node.rank(node.input(0)) == 1 ? node.make(new Op.Unsqueeze(), x, node.longs(0)) : x;
  }

  /// {@return the products of rows with the rows of a matrix}
  ///
  /// @param node the node
  /// @param coefficients the elements of the matrix
  /// @param targets its rows
  static String products(NodeScope node, List<Float> coefficients, long targets) {
    if (targets < 1 || coefficients.isEmpty() || coefficients.size() % targets != 0) {
      throw node.invalid(
          "attribute 'coefficients' has %d elements for %d targets"
              .formatted(coefficients.size(), targets));
    }
    long features = coefficients.size() / targets;
    Tensor transposed = Tensor.allocate(DType.F32, Shape.of(features, targets));
    for (int i = 0; i < coefficients.size(); i++) {
      transposed.setDouble(i % features * targets + i / features, coefficients.get(i));
    }
    return node.make(new Op.MatMul(), rows(node), node.constant(transposed));
  }

  private static String sum(NodeScope node, String x, List<Float> numbers) {
    return node.make(
        new Binary(BinaryFunction.ADD), x, node.constant(reals(numbers, numbers.size())));
  }

  private static void linearClassifier(NodeScope node) {
    node.ignore("multi_class");
    Tensor labels = labels(node, "classlabels_strings", "classlabels_ints");
    List<Float> intercepts = node.reals("intercepts");
    List<Float> coefficients = node.reals("coefficients");
    int classes = intercepts.isEmpty() ? (int) labels.shape().elements() : intercepts.size();
    if (classes > 1 && classes > labels.shape().elements()) {
      throw node.invalid("%d classes, but %d labels".formatted(classes, labels.shape().elements()));
    }
    String scores = products(node, coefficients, classes);
    if (!intercepts.isEmpty()) {
      scores = sum(node, scores, intercepts);
    }
    ClassChoice choice = classes == 1 ? ClassChoice.SIGN : ClassChoice.GREATEST;
    ScoreTransform transform = node.choice("post_transform", ScoreTransform.NONE);
    node.results(new TableOp.Classify(choice, transform, labels), scores);
  }

  private static void linearRegressor(NodeScope node) {
    long targets = node.integer("targets", 1);
    List<Float> intercepts = node.reals("intercepts");
    String scores = products(node, node.reals("coefficients"), targets);
    if (intercepts.size() == targets) {
      scores = sum(node, scores, intercepts);
    }
    node.result(new TableOp.Scores(node.choice("post_transform", ScoreTransform.NONE)), scores);
  }

  /// The offsets and factors are f32, the arithmetic is that of the input, of f32 for integers.
  private static void scaler(NodeScope node) {
    List<Float> offset = node.reals("offset");
    List<Float> scale = node.reals("scale");
    if (scale.isEmpty() || scale.size() != offset.size()) {
      throw node.invalid(
          "attributes 'scale' and 'offset': expected as many elements, got %d and %d"
              .formatted(scale.size(), offset.size()));
    }
    boolean isDouble = node.dtype(node.input(0)) == DType.F64;
    String x = isDouble ? node.input(0) : f32(node, node.input(0));
    Tensor subtracted = reals(offset, offset.size());
    Tensor factor = reals(scale, scale.size());
    String shifted =
        node.make(
            new Binary(BinaryFunction.SUB),
            x,
            node.constant(
                isDouble ? Tensor.of(subtracted.toDoubles(), offset.size()) : subtracted));
    Op multiply = new Binary(BinaryFunction.MUL);
    if (isDouble) {
      String factors = node.constant(Tensor.of(factor.toDoubles(), scale.size()));
      node.result(new Op.Cast(DType.F32, true), node.make(multiply, shifted, factors));
    } else {
      node.result(multiply, shifted, node.constant(factor));
    }
  }

  private static void imputer(NodeScope node) {
    List<Float> reals = node.reals("imputed_value_floats");
    List<Long> integers = node.integers("imputed_value_int64s");
    float replaced = node.real("replaced_value_float", 0);
    long replacedInteger = node.integer("replaced_value_int64", 0);
    String x = node.input(0);
    DType dtype = node.dtype(x);
    if (dtype == null) {
      return;
    }
    Tensor imputed = dtype.isFloat() ? reals(reals, reals.size()) : integers(integers);
    long count = imputed.shape().elements();
    Long features = node.extent(x, Math.max(0, node.rank(x) - 1));
    if (count == 0 || (count != 1 && features != null && features != count)) {
      throw node.invalid(
          "%d imputed values for %s features of type %s".formatted(count, features, dtype));
    }
    Tensor typed = Tensor.allocate(dtype, imputed.shape());
    for (long i = 0; i < count; i++) {
      if (dtype.isFloat()) {
        typed.setDouble(i, imputed.getDouble(i));
      } else {
        typed.setLong(i, imputed.getLong(i));
      }
    }
    String isMissing =
        dtype.isFloat() && Float.isNaN(replaced)
            ? node.make(new Unary(UnaryFunction.IS_NAN), x)
            : node.make(
                new Binary(BinaryFunction.EQUAL),
                x,
                node.scalar(dtype.isFloat() ? (double) replaced : (double) replacedInteger, x));
    node.result(new Op.Where(), isMissing, node.constant(typed), x);
  }

  /// A row whose norm is zero stays as it is.
  private static void normalizer(NodeScope node) {
    String norm = node.text("norm", "MAX").toUpperCase(Locale.ROOT);
    ReduceFunction function =
        switch (norm) {
          case "MAX" -> ReduceFunction.MAX;
          case "L1" -> ReduceFunction.L1;
          case "L2" -> ReduceFunction.L2;
          default -> throw node.invalid("norm '" + norm + "', which ONNX does not define");
        };
    String x = f32(node, node.input(0));
    String size = node.make(new Op.Reduce(function, true, false), x, node.longs(-1));
    String isZero = node.make(new Binary(BinaryFunction.EQUAL), size, node.scalar(0, x));
    String divisor = node.make(new Op.Where(), isZero, node.scalar(1, x), size);
    node.result(new Binary(BinaryFunction.DIV), x, divisor);
  }

  private static void binarizer(NodeScope node) {
    String x = node.input(0);
    DType dtype = node.dtype(x);
    if (dtype == null) {
      return;
    }
    double given = node.real("threshold", 0);
    double threshold = dtype.isInteger() ? Math.floor(given) : given;
    String isMore = node.make(new Binary(BinaryFunction.GREATER), x, node.scalar(threshold, x));
    node.result(new Op.Cast(dtype, true), isMore);
  }

  /// A vector gives a matrix of one row.
  private static void extractor(NodeScope node) {
    String indices = node.make(new Op.Reshape(false), node.input(1), node.longs(-1));
    Op gather = new Op.Gather(-1);
    if (node.rank(node.input(0)) == 1) {
      String picked = node.make(gather, node.input(0), indices);
      node.result(new Op.Unsqueeze(), picked, node.longs(0));
    } else {
      node.result(gather, node.input(0), indices);
    }
  }

  /// Inputs side by side as f32, each cut or filled up with zeros to the extent that is given.
  private static void vectorizer(NodeScope node) {
    List<Long> extents = node.integers("inputdimensions");
    if (extents.size() != node.inputs()) {
      throw node.invalid(
          "attribute 'inputdimensions' has %d elements for %d inputs"
              .formatted(extents.size(), node.inputs()));
    }
    List<String> parts = new ArrayList<>();
    for (int i = 0; i < node.inputs(); i++) {
      String x = f32(node, node.input(i));
      boolean isRow = node.rank(node.input(i)) == 1;
      String table = node.make(new Op.Flatten(isRow ? 0 : 1), x);
      long extent = extents.get(i);
      String pads = node.longs(0, 0, 0, extent);
      String filled = node.make(new Op.Pad(Op.PadMode.CONSTANT), table, pads);
      parts.add(
          node.make(new Op.Slice(), filled, node.longs(0), node.longs(extent), node.longs(1)));
    }
    node.result(new Op.Concat(1), parts.toArray(String[]::new));
  }

  private static void zipMap(NodeScope node) {
    Tensor labels = labels(node, "classlabels_strings", "classlabels_int64s");
    node.result(new TableOp.ZipMap(labels), node.input(0));
  }
}
