package dev.jiffy.engine.lower;

import dev.jiffy.engine.kernel.Memory;
import dev.jiffy.engine.kernel.RowKernels;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Tensor;
import java.lang.foreign.ValueLayout;

/// One number of at most 32 bits stored in every element.
final class FillStep extends Step {
  private final RowKernels kernels;
  private final int word;
  private final long bytes;
  private final Place y;

  /// A step.
  ///
  /// @param word four bytes of elements
  /// @param bytes the bytes of all elements
  FillStep(String name, Target target, int word, long bytes, Place y) {
    super(name, 1);
    this.kernels = target.rows();
    this.word = word;
    this.bytes = bytes;
    this.y = y;
  }

  /// {@return whether elements of a type can be stored}
  static boolean stores(DType dtype) {
    return switch (dtype) {
      case F32, I32, U32, U8, I8, BOOL -> true;
      default -> false;
    };
  }

  /// {@return four bytes of elements}
  ///
  /// @param number a tensor of one element
  static int word(Tensor number) {
    return switch (number.dtype()) {
      case F32 -> Float.floatToRawIntBits((float) number.getDouble(0));
      case U8, I8, BOOL -> 0x01010101 * (int) (number.getLong(0) & 0xff);
      default -> (int) number.getLong(0);
    };
  }

  @Override
  long flops() {
    return 0;
  }

  @Override
  long movedBytes() {
    return bytes;
  }

  @Override
  public void run(Frame frame, int part) {
    long to = frame.at(y);
    kernels.fill(Float.intBitsToFloat(word), to, bytes / 4);
    for (long i = bytes & -4; i < bytes; i++) {
      Memory.ALL.set(ValueLayout.JAVA_BYTE, to + i, (byte) (word >> (8 * (i % 4))));
    }
  }
}
