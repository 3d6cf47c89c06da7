package dev.jiffy.engine.ir;

import dev.jiffy.engine.ModelException;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LongSummaryStatistics;
import java.util.Map;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;

/// A dictionary from numbers or strings to numbers or strings.
///
/// Immutable. NaN is a key like others, the two zeros are one; of equal keys the first counts.
public final class Lookup {
  /// The most elements of a table.
  private static final long LONGEST = 1 << 16;

  private final Tensor keys;
  private final Tensor values;
  private final @Nullable Tensor otherwise;
  private final Map<Object, Integer> places = new HashMap<>();

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
      Object key = key(x, i);
      Integer place = places.get(key);
      Tensor from = place == null ? otherwise : values;
      if (from == null) {
        throw new ModelException("'" + key + "' is none of the " + places.size() + " categories");
      }
      long at = place == null ? 0 : place;
      switch (y.dtype()) {
        case STRING -> y.setString(i, from.getString(at));
        case F32, F64, F16, BF16 -> y.setDouble(i, from.getDouble(at));
        case I4, I8, I16, I32, I64, U4, U8, U16, U32, U64, BOOL -> y.setLong(i, from.getLong(at));
      }
    }
  }

  /// The values of consecutive integers: of one that is no key, of those from the least key to the
  /// greatest, and of another one that is no key.
  ///
  /// @param first the first of the integers
  /// @param values their values
  public record Table(long first, Tensor values) {}

  /// {@return the values as a table, or null where keys are not integers close to each other,
  /// values are strings, or there is no default}
  public @Nullable Table table() {
    if (keys.dtype() != DType.I64 || values.dtype() == DType.STRING || otherwise == null) {
      return null;
    }
    LongSummaryStatistics all = Arrays.stream(keys.toLongs()).summaryStatistics();
    long first = all.getMin() - 1;
    long end = all.getMax() + 2;
    long count = end - first;
    if (first >= end || count < 0 || count > LONGEST) {
      return null;
    }
    Tensor table = Tensor.allocate(values.dtype(), Shape.of(count));
    apply(Tensor.of(LongStream.range(first, end).toArray(), count), table);
    return new Table(first, table);
  }

  @Override
  public String toString() {
    return "%d keys of type %s".formatted(places.size(), Dtypes.name(keys.dtype()));
  }
}
