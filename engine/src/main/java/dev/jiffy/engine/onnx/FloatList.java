package dev.jiffy.engine.onnx;

import java.util.AbstractList;
import java.util.Arrays;
import java.util.List;
import java.util.RandomAccess;

/// An immutable list of floats that are not boxed: a forest has millions.
final class FloatList extends AbstractList<Float> implements RandomAccess {
  private final float[] numbers;

  private FloatList(float[] numbers) {
    this.numbers = numbers;
  }

  /// {@return the numbers of a list}
  ///
  /// @param list the list
  static float[] array(List<Float> list) {
    if (list instanceof FloatList floats) {
      return floats.numbers.clone();
    }
    float[] numbers = new float[list.size()];
    for (int i = 0; i < numbers.length; i++) {
      numbers[i] = list.get(i);
    }
    return numbers;
  }

  @Override
  public Float get(int index) {
    return numbers[index];
  }

  @Override
  public int size() {
    return numbers.length;
  }

  /// A list that grows.
  static final class Builder {
    private float[] numbers = new float[8];
    private int size;

    void add(float number) {
      if (size == numbers.length) {
        numbers = Arrays.copyOf(numbers, 2 * size);
      }
      numbers[size++] = number;
    }

    FloatList build() {
      return new FloatList(Arrays.copyOf(numbers, size));
    }
  }
}
