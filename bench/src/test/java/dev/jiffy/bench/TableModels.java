package dev.jiffy.bench;

import dev.jiffy.engine.onnx.OnnxModel;
import dev.jiffy.engine.onnx.OnnxModel.AttributeProto;
import dev.jiffy.engine.onnx.OnnxModel.DimensionProto;
import dev.jiffy.engine.onnx.OnnxModel.GraphProto;
import dev.jiffy.engine.onnx.OnnxModel.NodeProto;
import dev.jiffy.engine.onnx.OnnxModel.TypeProto;
import dev.jiffy.engine.onnx.OnnxModel.ValueProto;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;

/// Models of one operator on tables, with an input for each.
final class TableModels {
  /// A model with its input.
  ///
  /// @param name what tells it from others
  /// @param model the model, whose input is `x`
  /// @param x the input
  record TableModel(String name, OnnxModel model, Tensor x) {
    @Override
    public String toString() {
      return name;
    }
  }

  private static final Map<DType, Integer> NUMBERS =
      Map.of(DType.F32, 1, DType.F64, 11, DType.I64, 7, DType.I32, 6, DType.STRING, 8);

  private final List<TableModel> models = new ArrayList<>();
  private final Random random = new Random(7);

  private TableModels() {}

  /// {@return all of them}
  static List<TableModel> all() {
    TableModels all = new TableModels();
    all.linear();
    all.supportVectors();
    all.preparation();
    all.dictionaries();
    return all.models;
  }

  /// Attributes by name.
  private static final class Attributes {
    private final Map<String, AttributeProto> map = new LinkedHashMap<>();

    Attributes reals(String name, float... values) {
      List<Float> list = new ArrayList<>();
      for (float value : values) {
        list.add(value);
      }
      map.put(name, new AttributeProto.Floats(list));
      return this;
    }

    Attributes integers(String name, Long... values) {
      map.put(name, new AttributeProto.Ints(List.of(values)));
      return this;
    }

    Attributes texts(String name, String... values) {
      map.put(name, new AttributeProto.Strings(List.of(values)));
      return this;
    }

    Attributes text(String name, String value) {
      map.put(name, new AttributeProto.StringValue(value));
      return this;
    }

    Attributes integer(String name, long value) {
      map.put(name, new AttributeProto.IntValue(value));
      return this;
    }

    Attributes real(String name, float value) {
      map.put(name, new AttributeProto.FloatValue(value));
      return this;
    }
  }

  private static ValueProto value(String name, DType dtype, int rank) {
    List<DimensionProto> shape = new ArrayList<>();
    for (int i = 0; i < rank; i++) {
      shape.add(new DimensionProto(null, name + i));
    }
    return new ValueProto(
        name, new TypeProto.TensorType(Objects.requireNonNull(NUMBERS.get(dtype)), shape));
  }

  private void add(String operator, String name, Attributes attributes, Tensor x, DType... out) {
    add(operator, name, 3, attributes, x, out);
  }

  private void add(
      String operator, String name, long opset, Attributes attributes, Tensor x, DType... out) {
    List<String> outputs = new ArrayList<>();
    List<ValueProto> values = new ArrayList<>();
    for (int i = 0; i < out.length; i++) {
      outputs.add("y" + i);
      int rank = out.length == 2 && i == 0 ? 1 : operator.equals("OneHotEncoder") ? 3 : 2;
      values.add(value("y" + i, out[i], rank));
    }
    NodeProto node =
        new NodeProto("node", operator, "ai.onnx.ml", List.of("x"), outputs, attributes.map);
    GraphProto graph =
        new GraphProto(
            "table",
            List.of(node),
            List.of(),
            List.of(),
            List.of(value("x", x.dtype(), 2)),
            values,
            List.of());
    OnnxModel model =
        new OnnxModel(8, "test", Map.of("", 13L, "ai.onnx.ml", opset), Map.of(), List.of(), graph);
    models.add(new TableModel(operator + " " + name + " " + x.dtype(), model, x));
  }

  private float[] numbers(int count) {
    float[] numbers = new float[count];
    for (int i = 0; i < count; i++) {
      numbers[i] = (random.nextInt(41) - 20) * 0.125f;
    }
    return numbers;
  }

  private Tensor table(DType dtype, int rows, int features) {
    Tensor x = Tensor.allocate(dtype, Shape.of(rows, features));
    float[] numbers = numbers(rows * features);
    for (int i = 0; i < numbers.length; i++) {
      x.setDouble(i, dtype.isFloat() ? numbers[i] : Math.rint(4 * numbers[i]));
    }
    return x;
  }

  private void linear() {
    for (DType dtype : List.of(DType.F32, DType.F64, DType.I64, DType.I32)) {
      for (String transform : List.of("NONE", "LOGISTIC", "SOFTMAX", "SOFTMAX_ZERO")) {
        Attributes three =
            new Attributes()
                .reals("coefficients", numbers(12))
                .reals("intercepts", numbers(3))
                .integers("classlabels_ints", 4L, 7L, -1L)
                .text("post_transform", transform);
        add("LinearClassifier", transform, three, table(dtype, 5, 4), DType.I64, DType.F32);
        Attributes two =
            new Attributes()
                .reals("coefficients", numbers(4))
                .reals("intercepts", numbers(1))
                .texts("classlabels_strings", "no", "yes")
                .text("post_transform", transform);
        Tensor x = table(dtype, 5, 4);
        add("LinearClassifier", "of two, " + transform, two, x, DType.STRING, DType.F32);
      }
    }
    for (String transform : List.of("NONE", "LOGISTIC", "SOFTMAX")) {
      Attributes attributes =
          new Attributes()
              .reals("coefficients", numbers(8))
              .reals("intercepts", numbers(2))
              .integer("targets", 2)
              .text("post_transform", transform);
      add("LinearRegressor", transform, attributes, table(DType.F32, 3, 4), DType.F32);
    }
  }

  private void supportVectors() {
    for (String kernel : List.of("LINEAR", "POLY", "RBF", "SIGMOID")) {
      for (boolean hasProbabilities : new boolean[] {false, true}) {
        for (int classes : new int[] {2, 3}) {
          add(
              "SVMClassifier",
              "%s of %d%s".formatted(kernel, classes, hasProbabilities ? ", probabilities" : ""),
              votes(kernel, classes, hasProbabilities),
              table(DType.F32, 6, 3),
              DType.I64,
              DType.F32);
        }
      }
      for (long oneClass : new long[] {0, 1}) {
        Attributes attributes =
            new Attributes()
                .text("kernel_type", kernel)
                .reals("kernel_params", 0.25f, 0.5f, 3)
                .integer("n_supports", 4)
                .reals("support_vectors", numbers(12))
                .reals("coefficients", numbers(4))
                .reals("rho", 0.375f)
                .integer("one_class", oneClass);
        String name = kernel + (oneClass == 1 ? ", one class" : "");
        add("SVMRegressor", name, attributes, table(DType.F32, 6, 3), DType.F32);
      }
    }
    for (int classes : new int[] {2, 3}) {
      Attributes attributes =
          new Attributes()
              .reals("kernel_params", 0, 0, 0)
              .reals("coefficients", numbers(3 * classes))
              .reals("rho", 0.25f)
              .integers(
                  "classlabels_ints", classes == 2 ? new Long[] {3L, 9L} : new Long[] {3L, 9L, 1L})
              .text("post_transform", "LOGISTIC");
      Tensor x = table(DType.F64, 6, 3);
      add("SVMClassifier", "linear of " + classes, attributes, x, DType.I64, DType.F32);
    }
  }

  private Attributes votes(String kernel, int classes, boolean hasProbabilities) {
    int pairs = classes * (classes - 1) / 2;
    Attributes attributes =
        new Attributes()
            .text("kernel_type", kernel)
            .reals("kernel_params", 0.25f, 0.5f, 2)
            .reals("support_vectors", numbers(3 * 2 * classes))
            .reals("coefficients", numbers((classes - 1) * 2 * classes))
            .reals("rho", numbers(pairs))
            .text("post_transform", classes == 2 ? "NONE" : "SOFTMAX")
            .integers(
                "vectors_per_class", classes == 2 ? new Long[] {3L, 1L} : new Long[] {1L, 3L, 2L})
            .integers(
                "classlabels_ints", classes == 2 ? new Long[] {3L, 9L} : new Long[] {3L, 9L, 1L});
    return hasProbabilities
        ? attributes.reals("prob_a", numbers(pairs)).reals("prob_b", numbers(pairs))
        : attributes;
  }

  private void preparation() {
    for (DType dtype : List.of(DType.F32, DType.F64, DType.I64, DType.I32)) {
      Attributes each = new Attributes().reals("offset", numbers(3)).reals("scale", numbers(3));
      add("Scaler", "of each", each, table(dtype, 4, 3), DType.F32);
      Attributes one = new Attributes().reals("offset", 0.5f).reals("scale", 1.5f);
      add("Scaler", "of all", one, table(dtype, 4, 3), DType.F32);
      for (String norm : List.of("MAX", "L1", "L2")) {
        Tensor x = table(dtype, 4, 3);
        for (int i = 0; i < 3; i++) {
          x.setDouble(i, 0);
        }
        add("Normalizer", norm, new Attributes().text("norm", norm), x, DType.F32);
      }
    }
    Tensor holes = table(DType.F32, 4, 3);
    holes.setDouble(1, Double.NaN);
    holes.setDouble(8, Double.NaN);
    for (float[] imputed : new float[][] {{7}, {1, 2, 3}}) {
      Attributes nan =
          new Attributes()
              .reals("imputed_value_floats", imputed)
              .real("replaced_value_float", Float.NaN);
      add("Imputer", imputed.length + " for NaN", nan, holes, DType.F32);
    }
    Attributes integers =
        new Attributes()
            .integers("imputed_value_int64s", 1L, 2L, 3L)
            .integer("replaced_value_int64", 2);
    add("Imputer", "3 for 2", integers, table(DType.I64, 6, 3), DType.I64);
    add(
        "Binarizer",
        "",
        new Attributes().real("threshold", 0.25f),
        table(DType.F32, 4, 3),
        DType.F32);
    Attributes vectorizer = new Attributes().integers("inputdimensions", 2L);
    add("FeatureVectorizer", "cut", vectorizer, table(DType.I64, 4, 3), DType.F32);
  }

  private void dictionaries() {
    Tensor words = Tensor.ofStrings(List.of("a", "b", "c", "z"), 2, 2);
    Tensor numbers = Tensor.of(new long[] {1, 2, 3, 9}, 2, 2);
    Attributes toInt =
        new Attributes()
            .texts("keys_strings", "a", "b", "c")
            .integers("values_int64s", 1L, 2L, 3L)
            .integer("default_int64", -7);
    add("LabelEncoder", "to integers", toInt, words, DType.I64);
    Attributes toText =
        new Attributes().integers("keys_int64s", 1L, 2L).texts("values_strings", "x", "y");
    add("LabelEncoder", "to texts", toText, numbers, DType.STRING);
    Attributes toReal =
        new Attributes().integers("keys_int64s", 1L, 2L).reals("values_floats", 0.5f, 1.5f);
    add("LabelEncoder", "to reals", toReal, numbers, DType.F32);
    Tensor reals = Tensor.of(new float[] {0, -0.0f, Float.NaN, 3}, 2, 2);
    Attributes fromReal =
        new Attributes().reals("keys_floats", 0, Float.NaN).integers("values_int64s", 5L, 6L);
    add("LabelEncoder", "from reals", 4, fromReal, reals, DType.I64);
    add("CategoryMapper", "to integers", categories(), words, DType.I64);
    add("CategoryMapper", "to texts", categories(), numbers, DType.STRING);
    for (Tensor x : List.of(numbers, table(DType.F32, 3, 2), table(DType.F64, 3, 2))) {
      Attributes attributes = new Attributes().integers("cats_int64s", 1L, 2L, 0L);
      add("OneHotEncoder", "of integers", attributes, x, DType.F32);
    }
    Attributes strings = new Attributes().texts("cats_strings", "b", "a");
    add("OneHotEncoder", "of texts", strings, words, DType.F32);
  }

  private static Attributes categories() {
    return new Attributes()
        .texts("cats_strings", "a", "b", "c")
        .integers("cats_int64s", 1L, 2L, 3L)
        .text("default_string", "none")
        .integer("default_int64", -3);
  }
}
