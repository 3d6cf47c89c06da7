package dev.jiffy.engine.lower;

import dev.jiffy.engine.ir.Node;
import dev.jiffy.engine.kernel.Mixtures;
import dev.jiffy.engine.kernel.RowKernels;
import dev.jiffy.engine.kernel.scalar.ScalarResampling.Taps;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;

/// Resamples the middle dimension of `[outer, in, inner]`: each of its indices becomes a sum of
/// weighted rows.
final class MixStep extends Step {
  private final RowKernels kernels;
  private final Place begins;
  private final Place taps;
  private final long outer;
  private final long in;
  private final long out;
  private final long inner;
  private final Place x;
  private final Place y;

  private MixStep(
      String name,
      Target target,
      int parts,
      Place begins,
      Place taps,
      long outer,
      long in,
      long out,
      long inner,
      Place x,
      Place y) {
    super(name, parts);
    this.kernels = target.rows();
    this.begins = begins;
    this.taps = taps;
    this.outer = outer;
    this.in = in;
    this.out = out;
    this.inner = inner;
    this.x = x;
    this.y = y;
  }

  /// {@return a step}
  ///
  /// @param node the node that it is made for
  /// @param taps what each index of the result is made of
  /// @param outer extent of the first dimension
  /// @param in extent of the middle dimension
  /// @param inner extent of the last dimension
  /// @param x f32, fewer than 2^31 elements
  /// @param y the result
  static MixStep of(
      Node node, Taps taps, long outer, long in, long inner, Place x, Place y, Lowering lowering) {
    int[][] indices = taps.indices();
    int count = 0;
    for (int[] index : indices) {
      count = Math.addExact(count, index.length);
    }
    Tensor begins = Tensor.allocate(DType.I32, Shape.of(indices.length + 1L));
    Tensor all = Tensor.allocate(DType.I32, Shape.of(2L * count));
    long tap = all.segment().address();
    int begin = 0;
    for (int i = 0; i < indices.length; i++) {
      begins.setLong(i, begin);
      for (int t = 0; t < indices[i].length; t++, tap += Mixtures.TAP_BYTES) {
        Mixtures.setTap(tap, (int) (indices[i][t] * inner), (float) taps.weights()[i][t]);
      }
      begin += indices[i].length;
    }
    begins.setLong(indices.length, begin);
    double flops = 2.0 * outer * inner * count;
    int parts = (int) Math.min(outer * indices.length, lowering.target().parts(0, 4 * flops));
    return new MixStep(
        Lowering.label(node),
        lowering.target(),
        parts,
        lowering.fixed(begins),
        lowering.fixed(all),
        outer,
        in,
        indices.length,
        inner,
        x,
        y);
  }

  @Override
  public void run(Frame frame, int part) {
    long to = from(outer * out, part + 1);
    for (long row = from(outer * out, part); row < to; ) {
      long first = row % out;
      long count = Math.min(out - first, to - row);
      kernels.mix(
          frame.at(begins) + 4 * first,
          frame.at(taps),
          frame.at(x) + 4 * (row / out * in * inner),
          frame.at(y) + 4 * (row * inner),
          count,
          inner);
      row += count;
    }
  }
}
