package dev.jiffy.engine.lower;

import dev.jiffy.engine.kernel.Affine;
import dev.jiffy.engine.kernel.Memory;
import dev.jiffy.engine.kernel.RowKernels;

/// Numbers quantized to unsigned bytes by their range: bytes, or these less their zero point as
/// f32.
final class DynamicBytesStep extends Step {
  /// The bytes of scale, an f32, and zero point, an i32.
  static final int NUMBERS = 8;

  private static final int GRAIN = 64;

  /// The bytes that are made numbers at a time.
  private static final int BLOCK = 4096;

  private final RowKernels kernels;
  private final int elements;
  private final int rangeParts;
  private final boolean toBytes;
  private final Place x;
  private final Place ranges;
  private final Place y;
  private final Place numbers;

  /// A step.
  ///
  /// @param parts how many threads it is cut for
  /// @param rangeParts how many parts of the range there are
  /// @param toBytes whether the result are bytes, else bytes less the zero point as f32
  /// @param ranges as [RangeStep] leaves them
  /// @param numbers where scale and zero point go
  DynamicBytesStep(
      String name,
      Target target,
      int parts,
      int rangeParts,
      boolean toBytes,
      int elements,
      Place x,
      Place ranges,
      Place y,
      Place numbers) {
    super(name, parts);
    this.kernels = target.rows();
    this.elements = elements;
    this.rangeParts = rangeParts;
    this.toBytes = toBytes;
    this.x = x;
    this.ranges = ranges;
    this.y = y;
    this.numbers = numbers;
  }

  @Override
  long flops() {
    return 5L * elements;
  }

  @Override
  long movedBytes() {
    return (toBytes ? 5L : 8L) * elements;
  }

  @Override
  long scratchBytes() {
    return toBytes ? 0 : BLOCK;
  }

  @Override
  public void run(Frame frame, int part) {
    float least = 0;
    float greatest = 0;
    for (int i = 0; i < rangeParts; i++) {
      long range = frame.at(ranges) + (long) RangeStep.LINE * i;
      least = Math.min(least, Memory.getFloat(range));
      greatest = Math.max(greatest, Memory.getFloat(range + 4));
    }
    float scale = Affine.scale(least, greatest);
    int zero = Affine.zero(least, scale);
    if (part == 0) {
      Memory.setFloat(frame.at(numbers), scale);
      Memory.ALL.set(Memory.INT, frame.at(numbers) + 4, zero);
    }
    int from = from(elements, GRAIN, part);
    int to = from(elements, GRAIN, part + 1);
    if (toBytes) {
      kernels.quantize(scale, zero, frame.at(x) + 4L * from, frame.at(y) + from, to - from);
    } else {
      long bytes = frame.scratch(part);
      int n;
      for (int at = from; at < to; at += n) {
        n = Math.min(BLOCK, to - at);
        kernels.quantize(scale, zero, frame.at(x) + 4L * at, bytes, n);
        kernels.dequantize(1, zero, bytes, frame.at(y) + 4L * at, n);
      }
    }
  }
}
