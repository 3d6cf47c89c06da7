package dev.jiffy.engine.lower;

import dev.jiffy.engine.kernel.AttentionGeometry;
import dev.jiffy.engine.kernel.AttentionKernels;
import dev.jiffy.engine.kernel.Format;

/// Attention of all heads over all sequences of a batch.
final class AttentionStep extends Step {
  private final AttentionKernels kernels;
  private final Format format;
  private final AttentionGeometry geometry;
  private final int batch;
  private final int heads;
  private final long maskBatchStride;
  private final long maskHeadStride;
  private final Place q;
  private final Place k;
  private final Place v;
  private final Place mask;
  private final Place out;

  /// @param maskBatchStride bytes from sequence to sequence of the mask, 0 where one serves all
  /// @param maskHeadStride bytes from head to head of the mask, 0 where one serves all
  AttentionStep(
      String name,
      Target target,
      AttentionGeometry geometry,
      int batch,
      int heads,
      long maskBatchStride,
      long maskHeadStride,
      Place q,
      Place k,
      Place v,
      Place mask,
      Place out) {
    super(
        name,
        Math.min(
            batch * heads,
            target.parts(
                4.0
                    * batch
                    * heads
                    * geometry.queries()
                    * geometry.keys()
                    * (geometry.headSize() + 8),
                0)));
    AttentionKernels bf16 = target.bf16Attention();
    this.kernels = bf16 == null ? target.matrices() : bf16;
    this.format = bf16 == null ? Format.F32 : Format.BF16;
    this.geometry = geometry;
    this.batch = batch;
    this.heads = heads;
    this.maskBatchStride = maskBatchStride;
    this.maskHeadStride = maskHeadStride;
    this.q = q;
    this.k = k;
    this.v = v;
    this.mask = mask;
    this.out = out;
  }

  @Override
  Format format() {
    return format;
  }

  @Override
  long scratchBytes() {
    return kernels.attentionScratchBytes(geometry);
  }

  @Override
  public void run(Frame frame, int part) {
    long headBytes = 4L * geometry.headSize();
    long addressMask = frame.at(mask);
    int to = from(batch * heads, part + 1);
    for (int i = from(batch * heads, part); i < to; i++) {
      long sequence = i / heads;
      long head = i % heads;
      long keyRow = sequence * geometry.keys();
      long queryRow = sequence * geometry.queries();
      kernels.attend(
          geometry,
          frame.at(q) + 4 * queryRow * geometry.queryStride() + head * headBytes,
          frame.at(k) + 4 * keyRow * geometry.keyStride() + head * headBytes,
          frame.at(v) + 4 * keyRow * geometry.valueStride() + head * headBytes,
          addressMask == 0 ? 0 : addressMask + sequence * maskBatchStride + head * maskHeadStride,
          frame.at(out) + 4 * queryRow * geometry.outStride() + head * headBytes,
          frame.scratch(part));
    }
  }
}
