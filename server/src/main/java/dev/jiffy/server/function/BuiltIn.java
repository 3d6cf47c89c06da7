package dev.jiffy.server.function;

import dev.jiffy.engine.ModelException;
import dev.jiffy.engine.TensorSpec;
import dev.jiffy.engine.ir.Dim;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Tensor;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.UnaryOperator;

/// The functions that are always there. Each works row by row, so that requests can be computed
/// together.
final class BuiltIn {
  static final Map<String, Functions.Maker> MAKERS =
      Map.of(
          "mean_pooling", BuiltIn::meanPooling,
          "normalize", BuiltIn::normalize,
          "softmax", BuiltIn::softmax,
          "top_k", BuiltIn::topK);

  private static final int MOST_KEPT = 10_000;

  private BuiltIn() {}

  private static TensorSpec spec(String name, DType dtype, Dim... dims) {
    return new TensorSpec(name, dtype, List.of(dims));
  }

  private static Tensor input(Map<String, Tensor> inputs, String name) {
    return Objects.requireNonNull(inputs.get(name));
  }

  private static void allow(Map<String, List<String>> settings, String... known) {
    for (String key : settings.keySet()) {
      if (!Set.of(known).contains(key)) {
        throw new IllegalArgumentException(
            "expected settings of %s, got '%s'".formatted(List.of(known), key));
      }
    }
  }

  private static String only(Map<String, List<String>> settings, String key, String otherwise) {
    List<String> values = settings.getOrDefault(key, List.of(otherwise));
    if (values.size() != 1) {
      throw new IllegalArgumentException("%s: expected one value, got %s".formatted(key, values));
    }
    return values.getFirst();
  }

  private static boolean flag(Map<String, List<String>> settings, String key, boolean otherwise) {
    String value = only(settings, key, Boolean.toString(otherwise));
    if (!value.equals("true") && !value.equals("false")) {
      throw new IllegalArgumentException(
          "%s: expected true or false, got '%s'".formatted(key, value));
    }
    return value.equals("true");
  }

  /// The mean of the vectors of a text's tokens, where the mask is not 0; divided by its length
  /// where `normalize` says so.
  private static TensorFunction meanPooling(Map<String, List<String>> settings) {
    allow(settings, "normalize");
    boolean isUnit = flag(settings, "normalize", true);
    Dim texts = Dim.of("texts");
    Dim tokens = Dim.of("tokens");
    Dim width = Dim.of("width");
    return TensorFunction.of(
        List.of(
            spec("hidden", DType.F32, texts, tokens, width),
            spec("mask", DType.I64, texts, tokens)),
        List.of(spec("vectors", DType.F32, texts, width)),
        inputs -> {
          Tensor hidden = input(inputs, "hidden");
          int rows = (int) hidden.shape().dim(0);
          int length = (int) hidden.shape().dim(1);
          int columns = (int) hidden.shape().dim(2);
          if (length == 0) {
            throw new ModelException(
                "mean_pooling: expected at least one token, got hidden" + hidden.shape());
          }
          float[] values = hidden.toFloats();
          long[] mask = input(inputs, "mask").toLongs();
          float[] vectors = new float[Math.multiplyExact(rows, columns)];
          for (int row = 0; row < rows; row++) {
            pool(values, mask, row, length, columns, vectors);
            if (isUnit) {
              toUnit(vectors, row * columns, columns);
            }
          }
          return Map.of("vectors", Tensor.of(vectors, rows, columns));
        });
  }

  private static void pool(
      float[] values, long[] mask, int row, int length, int columns, float[] vectors) {
    int count = 0;
    int to = row * columns;
    for (int token = row * length; token < (row + 1) * length; token++) {
      if (mask[token] != 0) {
        count++;
        for (int i = 0; i < columns; i++) {
          vectors[to + i] += values[token * columns + i];
        }
      }
    }
    for (int i = 0; i < columns && count > 0; i++) {
      vectors[to + i] /= count;
    }
  }

  private static void toUnit(float[] values, int from, int count) {
    double sum = 0;
    for (int i = from; i < from + count; i++) {
      sum += (double) values[i] * values[i];
    }
    float length = (float) Math.sqrt(sum);
    for (int i = from; i < from + count && length > 0; i++) {
      values[i] /= length;
    }
  }

  /// Rows divided by their lengths.
  private static TensorFunction normalize(Map<String, List<String>> settings) {
    allow(settings);
    return ofRows(BuiltIn::toUnit);
  }

  /// Rows of scores to rows of probabilities.
  private static TensorFunction softmax(Map<String, List<String>> settings) {
    allow(settings);
    return ofRows((values, from, count) -> {
      float most = Float.NEGATIVE_INFINITY;
      for (int i = from; i < from + count; i++) {
        most = Math.max(most, values[i]);
      }
      double sum = 0;
      for (int i = from; i < from + count; i++) {
        values[i] = (float) Math.exp((double) values[i] - most);
        sum += values[i];
      }
      for (int i = from; i < from + count; i++) {
        values[i] = (float) (values[i] / sum);
      }
    });
  }

  private interface Row {
    void change(float[] values, int from, int count);
  }

  private static TensorFunction ofRows(Row row) {
    Dim rows = Dim.of("rows");
    Dim columns = Dim.of("columns");
    UnaryOperator<Map<String, Tensor>> body =
        inputs -> {
          Tensor x = input(inputs, "x");
          float[] values = x.toFloats();
          int count = (int) x.shape().dim(1);
          for (int i = 0; count > 0 && i < x.shape().dim(0); i++) {
            row.change(values, i * count, count);
          }
          return Map.of("y", Tensor.of(values, x.shape().dims()));
        };
    return TensorFunction.of(
        List.of(spec("x", DType.F32, rows, columns)),
        List.of(spec("y", DType.F32, rows, columns)),
        body);
  }

  /// The greatest scores of each row, the greatest first, of equal ones the first; with what they
  /// are called where `labels` says so.
  private static TensorFunction topK(Map<String, List<String>> settings) {
    allow(settings, "k", "labels");
    int kept;
    try {
      kept = Integer.parseInt(only(settings, "k", "1"));
    } catch (NumberFormatException e) {
      kept = 0;
    }
    if (kept < 1 || kept > MOST_KEPT) {
      throw new IllegalArgumentException(
          "k: expected a whole number from 1 to %d, got '%s'"
              .formatted(MOST_KEPT, only(settings, "k", "1")));
    }
    List<String> labels = settings.getOrDefault("labels", List.of());
    if (!labels.isEmpty() && labels.size() < kept) {
      throw new IllegalArgumentException(
          "labels: expected at least k, %d, got %d".formatted(kept, labels.size()));
    }
    Dim rows = Dim.of("rows");
    Dim columns = labels.isEmpty() ? Dim.of("columns") : Dim.of(labels.size());
    List<TensorSpec> outputs = new ArrayList<>();
    outputs.add(spec("values", DType.F32, rows, Dim.of(kept)));
    outputs.add(spec("indices", DType.I64, rows, Dim.of(kept)));
    if (!labels.isEmpty()) {
      outputs.add(spec("labels", DType.STRING, rows, Dim.of(kept)));
    }
    int most = kept;
    return TensorFunction.of(
        List.of(spec("scores", DType.F32, rows, columns)),
        outputs,
        inputs -> greatest(input(inputs, "scores"), most, labels));
  }

  private static Map<String, Tensor> greatest(Tensor scores, int kept, List<String> labels) {
    int rows = (int) scores.shape().dim(0);
    int columns = (int) scores.shape().dim(1);
    if (columns < kept) {
      throw new ModelException("the %d greatest of %d are asked for".formatted(kept, columns));
    }
    float[] all = scores.toFloats();
    float[] values = new float[Math.multiplyExact(rows, kept)];
    long[] indices = new long[values.length];
    List<String> names = new ArrayList<>();
    for (int row = 0; row < rows; row++) {
      int from = row * columns;
      List<Integer> order = new ArrayList<>();
      for (int i = 0; i < columns; i++) {
        order.add(i);
      }
      order.sort((a, b) -> Float.compare(all[from + b], all[from + a]));
      for (int i = 0; i < kept; i++) {
        int index = order.get(i);
        values[row * kept + i] = all[from + index];
        indices[row * kept + i] = index;
        if (!labels.isEmpty()) {
          names.add(labels.get(index));
        }
      }
    }
    Map<String, Tensor> outputs = new LinkedHashMap<>();
    outputs.put("values", Tensor.of(values, rows, kept));
    outputs.put("indices", Tensor.of(indices, rows, kept));
    if (!labels.isEmpty()) {
      outputs.put("labels", Tensor.ofStrings(names, rows, kept));
    }
    return outputs;
  }
}
