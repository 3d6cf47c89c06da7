package dev.jiffy.engine.lower;

import dev.jiffy.engine.ir.Fact;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.util.List;

/// A model made ready for concrete input shapes: steps in order, over slots of memory.
///
/// Immutable, shared by all sessions of a model.
///
/// @param steps what is computed, in order
/// @param inputs the model's inputs, in its order
/// @param outputs the model's outputs, in its order
/// @param slots where each slot lies
/// @param arenaBytes the size of the arena
/// @param scratchBytes the working memory of each part
/// @param parts the most parts of any step
public record Plan(
    List<Step> steps,
    List<Port> inputs,
    List<Port> outputs,
    List<Slot> slots,
    long arenaBytes,
    long scratchBytes,
    int parts) {
  /// Copies the lists.
  public Plan {
    steps = List.copyOf(steps);
    inputs = List.copyOf(inputs);
    outputs = List.copyOf(outputs);
    slots = List.copyOf(slots);
  }

  /// An input or output.
  ///
  /// @param name its name in the model
  /// @param dtype the element type
  /// @param shape the extents
  /// @param slot the slot that stands for the caller's memory
  public record Port(String name, DType dtype, Shape shape, int slot) {
    static Port of(String name, Fact fact, int slot) {
      Shape shape = fact.concreteShape();
      if (shape == null) {
        throw new IllegalStateException("'" + name + "' has no concrete shape: " + fact);
      }
      return new Port(name, fact.dtype(), shape, slot);
    }
  }

  /// Where a slot lies.
  public sealed interface Slot {
    /// In the session's arena.
    ///
    /// @param offset bytes behind its begin
    record Planned(long offset) implements Slot {
      @Override
      public long address(long base) {
        return base + offset;
      }
    }

    /// In a constant's own memory.
    ///
    /// @param tensor the constant, kept alive by the plan
    record Fixed(Tensor tensor) implements Slot {
      @Override
      public long address(long base) {
        return tensor.segment().address();
      }
    }

    /// In the caller's memory, told at each run.
    record Callers() implements Slot {
      @Override
      public long address(long base) {
        return 0;
      }
    }

    /// {@return the address, or 0 where it is not known yet}
    ///
    /// @param base the address of the session's arena
    long address(long base);
  }

  /// {@return the memory that a session needs for this plan}
  public long bytes() {
    return Math.addExact(arenaBytes, Math.multiplyExact(scratchBytes, (long) parts));
  }

  /// {@return this plan's memory at an address}
  ///
  /// @param base the address of [#bytes] bytes, 64-byte aligned
  public Frame frame(long base) {
    long[] addresses = new long[slots.size()];
    for (int i = 0; i < addresses.length; i++) {
      addresses[i] = slots.get(i).address(base);
    }
    return new Frame(addresses, base + arenaBytes, scratchBytes, parts);
  }
}
