package dev.jiffy.bench.fuzz;

import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.util.Random;

/// Tensors changed at random, towards what is seldom thought of.
final class Elements {
  private static final long[] INTEGERS = {
    0,
    1,
    -1,
    2,
    -2,
    3,
    5,
    -5,
    127,
    -128,
    1000,
    Integer.MAX_VALUE,
    Integer.MIN_VALUE,
    1L << 40,
    Long.MAX_VALUE,
    Long.MIN_VALUE
  };
  private static final double[] REALS = {
    0,
    -0.0,
    1,
    -1,
    0.5,
    2.5,
    -3.5,
    1e-30,
    88,
    -104,
    1e30,
    -1e30,
    Double.NaN,
    Double.POSITIVE_INFINITY,
    Double.NEGATIVE_INFINITY
  };
  private static final String[] TEXTS = {
    "", " ", "a", "ä", "1", "-2.5", "nan", "1e9", "x y", "x-y"
  };
  private static final int MOST_ELEMENTS = 4096;

  private Elements() {}

  static long integer(Random random) {
    return random.nextInt(3) == 0
        ? INTEGERS[random.nextInt(INTEGERS.length)]
        : random.nextInt(9) - 3;
  }

  static double real(Random random) {
    return random.nextInt(4) == 0 ? REALS[random.nextInt(REALS.length)] : random.nextGaussian();
  }

  static String text(Random random) {
    return TEXTS[random.nextInt(TEXTS.length)];
  }

  /// {@return the tensor, or one of the same type with other elements or another shape}
  static Tensor changed(Tensor tensor, Random random) {
    return switch (random.nextInt(6)) {
      case 0 -> some(tensor, random);
      case 1 -> random(tensor.dtype(), shape(tensor.shape(), random), random);
      case 2 -> random(tensor.dtype(), tensor.shape(), random);
      default -> tensor;
    };
  }

  /// {@return extents near those of a shape}
  static Shape shape(Shape shape, Random random) {
    long[] dims = shape.dims();
    if (random.nextInt(4) == 0) {
      dims = java.util.Arrays.copyOf(dims, Math.max(0, dims.length + random.nextInt(3) - 1));
    }
    for (int d = 0; d < dims.length; d++) {
      dims[d] =
          switch (random.nextInt(8)) {
            case 0 -> 0;
            case 1 -> 1;
            case 2 -> dims[d] + 1;
            case 3 -> random.nextInt(9);
            default -> dims[d];
          };
    }
    long elements = 1;
    for (long dim : dims) {
      elements *= dim;
    }
    return elements > MOST_ELEMENTS ? Shape.of(1) : Shape.of(dims);
  }

  private static Tensor some(Tensor tensor, Random random) {
    Tensor changed = tensor.copy();
    long elements = tensor.shape().elements();
    for (int i = 0; i < 1 + random.nextInt(3) && elements > 0; i++) {
      set(changed, random.nextLong(elements), random);
    }
    return changed;
  }

  private static Tensor random(DType dtype, Shape shape, Random random) {
    Tensor tensor = Tensor.allocate(dtype, shape);
    boolean small = random.nextBoolean();
    for (long i = 0; i < shape.elements(); i++) {
      if (small && dtype.isFloat()) {
        tensor.setDouble(i, random.nextGaussian());
      } else if (small && dtype != DType.STRING) {
        tensor.setLong(i, random.nextInt(4));
      } else {
        set(tensor, i, random);
      }
    }
    return tensor;
  }

  private static void set(Tensor tensor, long index, Random random) {
    switch (tensor.dtype()) {
      case F32, F64, F16, BF16 -> tensor.setDouble(index, real(random));
      case STRING -> tensor.setString(index, text(random));
      default -> tensor.setLong(index, integer(random));
    }
  }

  /// {@return the tensor as ONNX writes it}
  static Proto proto(String name, Tensor tensor) {
    Proto proto = new Proto(Proto.Kind.TENSOR);
    for (long dim : tensor.shape().dims()) {
      proto.add(1, dim);
    }
    proto.add(2, number(tensor.dtype())).add(8, name);
    if (tensor.dtype() == DType.STRING) {
      tensor.strings().forEach(text -> proto.add(6, text));
    } else {
      proto.add(9, tensor.segment().toArray(java.lang.foreign.ValueLayout.JAVA_BYTE));
    }
    return proto;
  }

  /// {@return the number of an element type in ONNX}
  static long number(DType dtype) {
    return switch (dtype.name()) {
      case "F32" -> 1;
      case "U8" -> 2;
      case "I8" -> 3;
      case "U16" -> 4;
      case "I16" -> 5;
      case "I32" -> 6;
      case "I64" -> 7;
      case "STRING" -> 8;
      case "BOOL" -> 9;
      case "F16" -> 10;
      case "F64" -> 11;
      case "U32" -> 12;
      case "U64" -> 13;
      case "BF16" -> 16;
      default -> 0;
    };
  }
}
