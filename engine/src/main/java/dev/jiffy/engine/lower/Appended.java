package dev.jiffy.engine.lower;

import dev.jiffy.engine.ModelException;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import dev.jiffy.tensor.Value;
import java.lang.foreign.MemorySegment;

/// A tensor and what is appended to it along the first dimension.
final class Appended implements LoopResult {
  private final Tensor first;
  private final long expected;
  private final Evaluation.Context context;

  /// What is there, in memory that may be larger.
  private MemorySegment memory;

  private long bytes;
  private long extent;
  private long parts;

  /// A tensor to which nothing is appended yet.
  ///
  /// @param first the tensor, which is not changed
  /// @param expected how many parts will come, 0 where that is not known
  /// @param context gives memory and knows the most bytes of a tensor
  /// @throws ModelException if the tensor has no dimension
  Appended(Tensor first, long expected, Evaluation.Context context) {
    if (first.shape().rank() == 0) {
      throw new ModelException(
          "nothing can be appended to %s, which has no dimension"
              .formatted(Evaluation.describe(first)));
    }
    this.first = first;
    this.expected = expected;
    this.context = context;
    this.memory = first.segment();
    this.bytes = memory.byteSize();
    this.extent = first.shape().dim(0);
  }

  /// Copies a tensor behind what is there.
  @Override
  public void add(Value made) {
    Tensor part = Evaluation.tensor(made, "what is appended");
    Shape shape = part.shape();
    if (part.dtype() != first.dtype()
        || shape.rank() != first.shape().rank()
        || !of(shape.dim(0)).equals(shape)) {
      throw new ModelException(
          "iteration %d: %s cannot be appended to %s"
              .formatted(parts, Evaluation.describe(part), Evaluation.describe(first)));
    }
    long more = part.segment().byteSize();
    if (parts == 0 || more > memory.byteSize() - bytes) {
      grow(more);
    }
    MemorySegment.copy(part.segment(), 0, memory, bytes, more);
    bytes += more;
    extent += shape.dim(0);
    parts++;
  }

  private void grow(long more) {
    long needed = bytes + more;
    if (needed > context.tensorBytes()) {
      throw new ModelException(
          "iteration %d: what is appended has %d bytes, the limit is %d"
              .formatted(parts, needed, context.tensorBytes()));
    }
    long ahead = Math.clamp(expected - parts, 0, Stack.MOST_AHEAD);
    long wanted =
        ahead > 0 && more <= (context.tensorBytes() - bytes) / ahead ? bytes + ahead * more : 0;
    long size = Math.max(needed, wanted > 0 ? wanted : Math.min(2 * needed, context.tensorBytes()));
    MemorySegment grown = context.allocate(DType.U8, Shape.of(size)).segment();
    MemorySegment.copy(memory, 0, grown, 0, bytes);
    memory = grown;
  }

  /// The shape with so many rows.
  private Shape of(long rows) {
    long[] dims = first.shape().dims();
    dims[0] = rows;
    return Shape.of(dims);
  }

  /// {@return all of it}
  @Override
  public Tensor value() {
    return parts == 0 ? first : Tensor.of(first.dtype(), of(extent), memory.asSlice(0, bytes));
  }
}
