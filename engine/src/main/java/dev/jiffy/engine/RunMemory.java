package dev.jiffy.engine;

import dev.jiffy.engine.lower.Evaluation;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.util.function.LongFunction;

/// The memory for what a run makes beside its answers, from first to last: the next run uses it
/// again.
///
/// The first run tells how much that is, the second has it in one block. New memory would have to
/// be cleared by the system page by page, which takes longer than most operators do. What does not
/// fit the block is left to the garbage collector.
final class RunMemory {
  /// The largest block: loops may make more in a run than is held at any time.
  private static final long MOST = 128 << 20;

  private final LongFunction<MemorySegment> source;
  private MemorySegment block = MemorySegment.NULL;
  private long used;
  private long wanted;

  /// No memory yet.
  ///
  /// @param source from a size to a block of memory that the garbage collector frees
  RunMemory(LongFunction<MemorySegment> source) {
    this.source = source;
  }

  /// A run starts: what the last one made is gone.
  ///
  /// @return whether the block has become larger
  boolean start() {
    long size = block.byteSize();
    boolean grows = wanted > size && size < MOST;
    if (grows) {
      block = source.apply(Math.min(Math.max(wanted, size + size / 2), MOST));
    }
    used = 0;
    wanted = 0;
    return grows;
  }

  /// {@return a tensor that lives until the next run starts, its elements undefined}
  ///
  /// @param dtype the element type
  /// @param shape the extents
  Tensor allocate(DType dtype, Shape shape) {
    long bytes = shape.bytes(dtype);
    long room = (bytes + Tensor.ALIGNMENT - 1) & -Tensor.ALIGNMENT;
    wanted += room;
    if (dtype == DType.STRING || room > block.byteSize() - used) {
      return Evaluation.allocate(dtype, shape);
    }
    MemorySegment memory = block.asSlice(used, bytes);
    used += room;
    return Tensor.of(dtype, shape, memory);
  }

  /// {@return a tensor of zeros that lives until the next run starts}
  ///
  /// @param dtype the element type
  /// @param shape the extents
  Tensor zeroed(DType dtype, Shape shape) {
    Tensor tensor = allocate(dtype, shape);
    tensor.segment().fill((byte) 0);
    return tensor;
  }

  /// Lets go of the block.
  void close() {
    block = MemorySegment.NULL;
    used = 0;
    wanted = 0;
  }

  /// {@return the bytes of the block}
  long bytes() {
    return block.byteSize();
  }
}
