package dev.jiffy.engine.ir;

import dev.jiffy.engine.ModelException;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Tensor;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LongSummaryStatistics;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// A dictionary from numbers or strings to numbers or strings.
///
/// Immutable. NaN is a key like others, the two zeros are one; of equal keys the first counts.
public final class Lookup {
  /// The longest range of integers that is looked up by index.
  private static final int RANGE = 1 << 16;

  private final Tensor keys;
  private final Tensor values;
  private final @Nullable Tensor otherwise;
  private final Map<Object, Integer> places = new HashMap<>();

  /// The least key, where keys are integers in a short range.
  private final long least;

  /// For each integer of that range the place of the key, or -1; empty where there is no such
  /// range.
  private final int[] range;

  /// A dictionary.
  ///
  /// @param keys the keys
  /// @param values a value for each key
  /// @param otherwise one element of the type of the values, for what is no key; null where that is
  ///   an error
  public Lookup(Tensor keys, Tensor values, @Nullable Tensor otherwise) {
    long count = keys.shape().elements();
    if (count != values.shape().elements() || count > Integer.MAX_VALUE) {
      throw new ModelException(
          "expected as many keys as values, got %d and %d"
              .formatted(count, values.shape().elements()));
    }
    if (otherwise != null
        && (otherwise.dtype() != values.dtype() || otherwise.shape().elements() != 1)) {
      throw new ModelException(
          "the default: expected one element of type %s, got %s"
              .formatted(values.dtype(), otherwise));
    }
    this.keys = keys;
    this.values = values;
    this.otherwise = otherwise;
    for (int i = 0; i < count; i++) {
      places.putIfAbsent(key(keys, i), i);
    }
    LongSummaryStatistics statistics =
        keys.dtype().isInteger()
            ? Arrays.stream(keys.toLongs()).summaryStatistics()
            : new LongSummaryStatistics();
    least = statistics.getMin();
    long extent = statistics.getCount() == 0 ? -1 : statistics.getMax() - least;
    range = new int[extent >= 0 && extent < RANGE ? (int) extent + 1 : 0];
    Arrays.setAll(range, i -> places.getOrDefault(least + i, -1));
  }

  /// {@return the keys}
  public Tensor keys() {
    return keys;
  }

  /// {@return a value for each key}
  public Tensor values() {
    return values;
  }

  /// {@return the value of what is no key, or null where that is an error}
  public @Nullable Tensor otherwise() {
    return otherwise;
  }

  private static Object key(Tensor tensor, long index) {
    DType type = tensor.dtype();
    if (type == DType.STRING) {
      return tensor.getString(index);
    }
    return type.isFloat() ? (Object) (tensor.getDouble(index) + 0.0) : tensor.getLong(index);
  }

  /// Looks up every element of a tensor.
  ///
  /// @param x elements of the type of the keys
  /// @param y takes the values, in the shape of `x`
  /// @throws ModelException if an element is no key and there is no default
  public void apply(Tensor x, Tensor y) {
    for (long i = 0; i < x.shape().elements(); i++) {
      int place = place(x, i);
      Tensor from = place < 0 ? otherwise : values;
      if (from == null) {
        throw new ModelException(
            "'" + key(x, i) + "' is none of the " + places.size() + " categories");
      }
      long at = Math.max(place, 0);
      switch (y.dtype()) {
        case STRING -> y.setString(i, from.getString(at));
        case F32, F64, F16, BF16 -> y.setDouble(i, from.getDouble(at));
        case I4, I8, I16, I32, I64, U4, U8, U16, U32, U64, BOOL -> y.setLong(i, from.getLong(at));
      }
    }
  }

  /// {@return the place of an element among the keys, or -1}
  private int place(Tensor x, long index) {
    if (range.length == 0) {
      return places.getOrDefault(key(x, index), -1);
    }
    long at = x.getLong(index) - least;
    return at >= 0 && at < range.length ? range[(int) at] : -1;
  }

  @Override
  public String toString() {
    return "%d keys of type %s".formatted(places.size(), Dtypes.name(keys.dtype()));
  }
}
