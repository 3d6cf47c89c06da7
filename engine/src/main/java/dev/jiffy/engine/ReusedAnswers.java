package dev.jiffy.engine;

import dev.jiffy.engine.lower.Plan;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import dev.jiffy.tensor.Value;
import java.lang.foreign.MemorySegment;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// The memory in which a session answers, whatever the shapes: two blocks, of which a run writes to
/// the one where none of its inputs lies, so that answers may be inputs of the next run, as states
/// are. A block that is too small is left to whoever still holds an answer in it.
final class ReusedAnswers {
  private final MemorySegment[] blocks = {MemorySegment.NULL, MemorySegment.NULL};
  private volatile long bytes;

  /// The answers of one plan in one block.
  ///
  /// @param block the block
  /// @param tensors the answers by name, in the plan's order
  record Placed(MemorySegment block, Map<String, Tensor> tensors) {}

  /// {@return what a run answers with}
  ///
  /// @param prepared remembers the answers in either block
  /// @param plan the plan that runs
  /// @param inputs what it reads
  Map<String, Tensor> tensors(Execution.Prepared prepared, Plan plan, Value[] inputs) {
    int b = holdsAny(blocks[0], inputs) ? 1 : 0;
    Placed placed = prepared.answers[b];
    if (placed == null || !placed.block.equals(blocks[b])) {
      placed = place(plan.outputs(), b);
      prepared.answers[b] = placed;
    }
    return placed.tensors;
  }

  /// {@return copies of what a run has made, as its answers}
  ///
  /// @param made what it has made, by name
  /// @param inputs what it read
  Map<String, Tensor> copies(Map<String, Tensor> made, Value[] inputs) {
    int b = holdsAny(blocks[0], inputs) ? 1 : 0;
    long bytes = 0;
    for (Tensor tensor : made.values()) {
      bytes = Math.addExact(bytes, room(tensor.segment().byteSize()));
    }
    MemorySegment rest = block(b, bytes);
    Map<String, Tensor> answers = new LinkedHashMap<>();
    for (Map.Entry<String, Tensor> each : made.entrySet()) {
      Tensor tensor = each.getValue();
      if (tensor.dtype() == DType.STRING) {
        answers.put(each.getKey(), tensor.copy());
      } else {
        long size = tensor.segment().byteSize();
        MemorySegment memory = rest.asSlice(0, size).copyFrom(tensor.segment());
        answers.put(each.getKey(), Tensor.of(tensor.dtype(), tensor.shape(), memory));
        rest = rest.asSlice(room(size));
      }
    }
    return Collections.unmodifiableMap(answers);
  }

  /// {@return the bytes that so many take}
  private static long room(long bytes) {
    return (bytes + Tensor.ALIGNMENT - 1) & -Tensor.ALIGNMENT;
  }

  private static boolean holdsAny(MemorySegment block, Value[] inputs) {
    for (Value input : inputs) {
      long distance = ((Tensor) input).segment().address() - block.address();
      if (Long.compareUnsigned(distance, block.byteSize()) < 0) {
        return true;
      }
    }
    return false;
  }

  private Placed place(List<Plan.Port> ports, int b) {
    long[] offsets = new long[ports.size() + 1];
    for (int i = 0; i < ports.size(); i++) {
      long size = ports.get(i).shape().bytes(ports.get(i).dtype());
      offsets[i + 1] = Math.addExact(offsets[i], room(size));
    }
    MemorySegment block = block(b, offsets[ports.size()]);
    Map<String, Tensor> made = new LinkedHashMap<>();
    for (int i = 0; i < ports.size(); i++) {
      Plan.Port port = ports.get(i);
      long size = port.shape().bytes(port.dtype());
      made.put(port.name(), Tensor.of(port.dtype(), port.shape(), block.asSlice(offsets[i], size)));
    }
    return new Placed(block, Collections.unmodifiableMap(made));
  }

  /// {@return a block of so many bytes at least; it grows by half, as caches of keys and values do
  /// by one row in each run}
  private MemorySegment block(int b, long needed) {
    long size = blocks[b].byteSize();
    if (size < needed) {
      long grown = Math.max(needed, size + size / 2);
      blocks[b] = Tensor.allocate(DType.U8, Shape.of(grown)).segment();
      bytes = blocks[0].byteSize() + blocks[1].byteSize();
    }
    return blocks[b];
  }

  /// {@return the size of both blocks; any thread may ask}
  long bytes() {
    return bytes;
  }
}
