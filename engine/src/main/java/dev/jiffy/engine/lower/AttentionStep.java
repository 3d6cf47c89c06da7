package dev.jiffy.engine.lower;

import dev.jiffy.engine.kernel.AttentionGeometry;
import dev.jiffy.engine.kernel.AttentionKernels;
import dev.jiffy.engine.kernel.Format;
import dev.jiffy.engine.kernel.Memory;

/// Attention of all heads over all sequences of a batch.
final class AttentionStep extends Step {
  private final AttentionKernels kernels;
  private final Format format;
  private final AttentionGeometry geometry;
  private final Heads heads;
  private final Operand q;
  private final Operand k;
  private final Operand v;
  private final Operand mask;
  private final Place starts;
  private final Operand out;

  /// Where the rows of all heads lie.
  ///
  /// @param place where those of the first sequence's first head begin
  /// @param sequenceBytes from sequence to sequence, 0 where one serves all
  /// @param headBytes from head to head, 0 where one serves all
  record Operand(Place place, long sequenceBytes, long headBytes) {
    private long at(Frame frame, long sequence, long head) {
      return frame.at(place) + sequence * sequenceBytes + head * headBytes;
    }
  }

  /// How many heads there are.
  ///
  /// @param batch how many sequences
  /// @param count how many heads of queries each has
  /// @param shared how many of them, one after another, share a head of keys and values
  record Heads(int batch, int count, int shared) {
    private int all() {
      return batch * count;
    }
  }

  /// A step.
  ///
  /// @param mask what is added to the scores, or [Place#ABSENT] without strides
  /// @param starts for each sequence the last key that its first query sees; absent where all do
  AttentionStep(
      String name,
      Target target,
      AttentionGeometry geometry,
      Heads heads,
      Operand q,
      Operand k,
      Operand v,
      Operand mask,
      Place starts,
      Operand out) {
    super(
        name,
        Math.min(
            heads.all(),
            target.parts(
                4.0
                    * heads.all()
                    * geometry.queries()
                    * geometry.keys()
                    * (geometry.headSize() + 8),
                0)));
    AttentionKernels bf16 = target.bf16Attention();
    this.kernels = bf16 == null ? target.matrices() : bf16;
    this.format = bf16 == null ? Format.F32 : Format.BF16;
    this.geometry = geometry;
    this.heads = heads;
    this.q = q;
    this.k = k;
    this.v = v;
    this.mask = mask;
    this.starts = starts;
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
    long firstStart = frame.at(starts);
    int to = from(heads.all(), part + 1);
    for (int i = from(heads.all(), part); i < to; i++) {
      long sequence = i / heads.count;
      long head = i % heads.count;
      int seen = geometry.keys();
      if (firstStart != 0) {
        long start = Memory.ALL.get(Memory.LONG, firstStart + 8 * sequence);
        seen = Math.clamp(start, Integer.MIN_VALUE, geometry.keys() - 1) + 1;
      }
      kernels.attend(
          geometry,
          seen,
          q.at(frame, sequence, head),
          k.at(frame, sequence, head / heads.shared),
          v.at(frame, sequence, head / heads.shared),
          mask.at(frame, sequence, head),
          out.at(frame, sequence, head),
          frame.scratch(part));
    }
  }
}
