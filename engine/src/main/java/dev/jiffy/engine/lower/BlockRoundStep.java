package dev.jiffy.engine.lower;

import dev.jiffy.engine.kernel.BlockProduct;
import dev.jiffy.engine.kernel.Memory;

/// Rounds each block of each row to multiples of a 127th of its greatest magnitude, for products
/// that are computed in f32 where bytes are asked for.
final class BlockRoundStep extends Step {
  private final BlockProduct product;
  private final Place x;
  private final Place y;

  BlockRoundStep(String name, Target target, BlockProduct product, Place x, Place y) {
    super(name, target.parts(4.0 * product.m() * product.k(), 8.0 * product.m() * product.k()));
    this.product = product;
    this.x = x;
    this.y = y;
  }

  @Override
  long flops() {
    return 4L * product.m() * product.k();
  }

  @Override
  long movedBytes() {
    return 8L * product.m() * product.k();
  }

  @Override
  public void run(Frame frame, int part) {
    int to = from(product.m(), 1, part + 1);
    for (long row = from(product.m(), 1, part); row < to; row++) {
      for (int first = 0; first < product.k(); first += product.block()) {
        long offset = 4 * (row * product.k() + first);
        int n = Math.min(product.block(), product.k() - first);
        round(frame.at(x) + offset, frame.at(y) + offset, n);
      }
    }
  }

  private static void round(long x, long y, int n) {
    float greatest = 0;
    for (int i = 0; i < n; i++) {
      greatest = Math.max(greatest, Math.abs(Memory.getFloat(x + 4L * i)));
    }
    float step = greatest / 127;
    if (step < Float.MIN_NORMAL) {
      Memory.copy(x, y, 4L * n);
      return;
    }
    float inverse = 1 / step;
    for (int i = 0; i < n; i++) {
      Memory.setFloat(y + 4L * i, (float) Math.rint(Memory.getFloat(x + 4L * i) * inverse) * step);
    }
  }
}
