package dev.jiffy.engine;

import dev.jiffy.engine.lower.Evaluation;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import dev.jiffy.tensor.Value;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongFunction;
import org.jspecify.annotations.Nullable;

/// The memory for what a run, or an iteration of a loop, makes beside its answers, from first to
/// last: the next one uses it again.
///
/// The first run tells how much that is, the second has it in one block. New memory would have to
/// be cleared by the system page by page, which takes longer than most operators do. A tensor that
/// is asked for again at the same place is the same object.
final class RunMemory {
  /// What may lie in blocks: loops may make more in a run than is held at any time. The rest is
  /// left to the garbage collector, tensor by tensor.
  private static final long MOST = 128 << 20;

  /// The same for one iteration, nearly all of which is held at the same time.
  private static final long MOST_OF_ITERATION = 1 << 30;

  /// The least that is asked for at a time.
  private static final long LEAST = 1 << 14;

  /// The most tensors that are remembered.
  private static final int REMEMBERED = 4096;

  /// The most loops of a run, and of an iteration, whose iterations have memory of their own.
  private static final int LOOPS = 32;

  private final LongFunction<MemorySegment> source;
  private final long most;
  private final Loops loops = new Loops();
  private Block block = new Block(MemorySegment.NULL);

  /// What the run has asked for so far.
  private long wanted;

  /// No memory yet.
  ///
  /// @param source from a size to a block of memory that the garbage collector frees
  RunMemory(LongFunction<MemorySegment> source) {
    this(source, MOST);
  }

  private RunMemory(LongFunction<MemorySegment> source, long most) {
    this.source = source;
    this.most = most;
  }

  /// A run or iteration starts: what the last one made is gone.
  void start() {
    if (wanted > block.bytes() && block.bytes() < most) {
      replace(Math.min(wanted, most));
    }
    block.start();
    wanted = 0;
    loops.begun = 0;
  }

  /// Takes a new block, which is larger by half at least; the old one is left to what lies in it.
  private void replace(long bytes) {
    long size = block.bytes();
    long next = Math.max(Math.max(bytes, LEAST), Math.min(size + size / 2, most));
    block = new Block(source.apply(next));
  }

  /// {@return the memory for the next loop's iterations, or null where there are too many loops}
  @Nullable Turns loop() {
    return loops.next();
  }

  /// {@return whether any of these lies here, or may}
  ///
  /// @param values the values
  boolean holdsAny(Value[] values) {
    for (Value value : values) {
      if (!(value instanceof Tensor tensor) || holds(tensor.segment().address())) {
        return true;
      }
    }
    return false;
  }

  private boolean holds(long address) {
    return block.holds(address) || loops.hold(address);
  }

  /// {@return a tensor that lives until the next run starts, its elements undefined}
  ///
  /// @param dtype the element type
  /// @param shape the extents
  Tensor allocate(DType dtype, Shape shape) {
    long bytes = shape.bytes(dtype);
    long room = (bytes + Tensor.ALIGNMENT - 1) & -Tensor.ALIGNMENT;
    if (dtype == DType.STRING || room > most - wanted) {
      return Evaluation.allocate(dtype, shape);
    }
    wanted += room;
    if (room > block.bytes() - block.used) {
      replace(room);
    }
    return block.next(dtype, shape, bytes, room);
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

  /// Lets go of all memory.
  void close() {
    block = new Block(MemorySegment.NULL);
    wanted = 0;
    loops.all.clear();
    loops.begun = 0;
  }

  /// {@return the bytes of all blocks}
  long bytes() {
    return block.bytes() + loops.bytes();
  }

  /// Memory that is filled from its start on, and the tensors that lie in it.
  private static final class Block {
    private final MemorySegment memory;
    private long used;

    /// What was made, in order, and how many of these have been made again.
    private final List<Tensor> made = new ArrayList<>();

    private int again;

    Block(MemorySegment memory) {
      this.memory = memory;
    }

    long bytes() {
      return memory.byteSize();
    }

    boolean holds(long address) {
      return Long.compareUnsigned(address - memory.address(), memory.byteSize()) < 0;
    }

    void start() {
      used = 0;
      again = 0;
    }

    Tensor next(DType dtype, Shape shape, long bytes, long room) {
      Tensor tensor = again < made.size() ? made.get(again) : null;
      if (tensor == null
          || tensor.dtype() != dtype
          || tensor.segment().address() != memory.address() + used
          || !tensor.shape().equals(shape)) {
        tensor = Tensor.of(dtype, shape, memory.asSlice(used, bytes));
        remember(tensor);
      }
      again++;
      used += room;
      return tensor;
    }

    private void remember(Tensor tensor) {
      if (again < made.size()) {
        made.set(again, tensor);
      } else if (again < REMEMBERED) {
        made.add(tensor);
      }
    }
  }

  /// The memory of a loop's iterations, which take turns: what one makes is read by the next.
  record Turns(RunMemory even, RunMemory odd) {}

  /// The memory of the loops of a run, or of an iteration, in the order in which they begin.
  private final class Loops {
    private final List<Turns> all = new ArrayList<>();
    private int begun;

    @Nullable Turns next() {
      if (begun == LOOPS) {
        return null;
      }
      if (begun == all.size()) {
        all.add(
            new Turns(
                new RunMemory(source, MOST_OF_ITERATION),
                new RunMemory(source, MOST_OF_ITERATION)));
      }
      return all.get(begun++);
    }

    boolean hold(long address) {
      for (int i = 0; i < all.size(); i++) {
        if (all.get(i).even.holds(address) || all.get(i).odd.holds(address)) {
          return true;
        }
      }
      return false;
    }

    long bytes() {
      return all.stream().mapToLong(turns -> turns.even.bytes() + turns.odd.bytes()).sum();
    }
  }
}
