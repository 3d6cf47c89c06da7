package dev.jiffy.engine;

import dev.jiffy.engine.lower.Plan;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// What the runs of one plan in a session's own memory answer with, all in one block, so that a
/// single comparison tells whether an input lies in it.
final class ReusedAnswers {
  private final Map<String, Tensor> tensors;
  private final long address;
  private final long bytes;

  /// Where inputs lie that have lain in the block.
  private final @Nullable Tensor[] copies;

  /// Allocates the memory.
  ///
  /// @param plan what answers
  ReusedAnswers(Plan plan) {
    List<Plan.Port> ports = plan.outputs();
    long[] offsets = new long[ports.size() + 1];
    for (int i = 0; i < ports.size(); i++) {
      long size = ports.get(i).shape().bytes(ports.get(i).dtype());
      offsets[i + 1] = Math.addExact(offsets[i], (size + Tensor.ALIGNMENT - 1) & -Tensor.ALIGNMENT);
    }
    this.bytes = offsets[ports.size()];
    Tensor block = Tensor.allocate(DType.U8, Shape.of(bytes));
    this.address = block.segment().address();
    Map<String, Tensor> made = new LinkedHashMap<>();
    for (int i = 0; i < ports.size(); i++) {
      Plan.Port port = ports.get(i);
      long size = port.shape().bytes(port.dtype());
      made.put(
          port.name(),
          Tensor.of(port.dtype(), port.shape(), block.segment().asSlice(offsets[i], size)));
    }
    this.tensors = Collections.unmodifiableMap(made);
    this.copies = new @Nullable Tensor[plan.inputs().size()];
  }

  /// {@return the answers, which nobody can take out: the block lives as long as they do}
  Map<String, Tensor> tensors() {
    return tensors;
  }

  /// {@return where a run reads an input: where it is, or in a copy if the run writes there}
  ///
  /// @param index which input it is
  /// @param input the input
  long source(int index, Tensor input) {
    long at = input.segment().address();
    return Long.compareUnsigned(at - address, bytes) < 0 ? copy(index, input) : at;
  }

  private long copy(int index, Tensor input) {
    Tensor copy = copies[index];
    if (copy == null) {
      copy = Tensor.allocate(input.dtype(), input.shape());
      copies[index] = copy;
    }
    return copy.segment().copyFrom(input.segment()).address();
  }
}
