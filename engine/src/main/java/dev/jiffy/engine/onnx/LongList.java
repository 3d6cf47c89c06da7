package dev.jiffy.engine.onnx;

import java.util.AbstractList;
import java.util.Arrays;
import java.util.List;
import java.util.RandomAccess;

/// An immutable list of integers that are not boxed: a forest has millions.
final class LongList extends AbstractList<Long> implements RandomAccess {
  private final long[] numbers;

  private LongList(long[] numbers) {
    this.numbers = numbers;
  }

  /// {@return the numbers of a list}
  ///
  /// @param list the list
  static long[] array(List<Long> list) {
    if (list instanceof LongList longs) {
      return longs.numbers.clone();
    }
    long[] numbers = new long[list.size()];
    for (int i = 0; i < numbers.length; i++) {
      numbers[i] = list.get(i);
    }
    return numbers;
  }

  @Override
  public Long get(int index) {
    return numbers[index];
  }

  @Override
  public int size() {
    return numbers.length;
  }

  /// A list that grows.
  static final class Builder {
    private long[] numbers = new long[8];
    private int size;

    void add(long number) {
      if (size == numbers.length) {
        numbers = Arrays.copyOf(numbers, 2 * size);
      }
      numbers[size++] = number;
    }

    LongList build() {
      return new LongList(Arrays.copyOf(numbers, size));
    }
  }
}
