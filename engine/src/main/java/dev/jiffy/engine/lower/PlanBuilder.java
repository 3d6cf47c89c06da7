package dev.jiffy.engine.lower;

import dev.jiffy.tensor.Tensor;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Collects the steps and slots of a plan and then lays out its memory.
///
/// Slot 0 stands for absent operands. A slot lives from the first step that touches it to the last.
/// A part of a plan has slots that go on behind those of another.
final class PlanBuilder {
  private static final Plan.Slot.Callers CALLERS = new Plan.Slot.Callers();

  private final List<Step> steps = new ArrayList<>();
  private final List<Plan.Slot> slots = new ArrayList<>();

  /// For each slot how long it lives, null for those that are not in the session's arena.
  private final List<@Nullable Lifetime> lifetimes = new ArrayList<>();

  private final IdentityHashMap<Tensor, Integer> fixed = new IdentityHashMap<>();

  /// The slots that are not of this builder.
  private final int before;

  PlanBuilder() {
    this(0);
    add(CALLERS, null);
  }

  private PlanBuilder(int before) {
    this.before = before;
  }

  /// {@return a builder of a part of a plan, which may touch the slots of another}
  ///
  /// @param plan the other, whose slots are laid out
  static PlanBuilder behind(Plan plan) {
    return new PlanBuilder(plan.slots().size());
  }

  private int add(Plan.Slot slot, @Nullable Lifetime lifetime) {
    slots.add(slot);
    lifetimes.add(lifetime);
    return before + slots.size() - 1;
  }

  private static final class Lifetime {
    private final long bytes;
    private int first = Integer.MAX_VALUE;
    private int last = -1;

    Lifetime(long bytes) {
      this.bytes = bytes;
    }
  }

  /// {@return a slot of the session's arena}
  ///
  /// @param bytes its size
  int planned(long bytes) {
    return add(new Plan.Slot.Planned(0), new Lifetime(Math.max(bytes, 1)));
  }

  /// {@return the slot of a constant}
  int fixed(Tensor tensor) {
    return fixed.computeIfAbsent(tensor, constant -> add(new Plan.Slot.Fixed(constant), null));
  }

  /// {@return a slot for memory of the caller}
  int callers() {
    return add(CALLERS, null);
  }

  /// Adds a step that touches some places.
  void add(Step step, List<Place> places) {
    for (Place place : places) {
      int slot = place.slot() - before;
      Lifetime lifetime = slot < 0 ? null : lifetimes.get(slot);
      if (lifetime != null) {
        lifetime.first = Math.min(lifetime.first, steps.size());
        lifetime.last = Math.max(lifetime.last, steps.size());
      }
    }
    steps.add(step);
  }

  /// {@return how many steps there are so far}
  int size() {
    return steps.size();
  }

  /// {@return the finished plan}
  Plan build(List<Plan.Port> inputs, List<Plan.Port> outputs) {
    List<Integer> planned = new ArrayList<>();
    List<MemoryPlan.Buffer> buffers = new ArrayList<>();
    for (int slot = 0; slot < lifetimes.size(); slot++) {
      Lifetime lifetime = lifetimes.get(slot);
      if (lifetime != null && lifetime.last >= 0) {
        planned.add(slot);
        buffers.add(new MemoryPlan.Buffer(lifetime.bytes, lifetime.first, lifetime.last));
      }
    }
    MemoryPlan memory = MemoryPlan.of(buffers);
    for (int i = 0; i < planned.size(); i++) {
      slots.set(planned.get(i), new Plan.Slot.Planned(memory.offsets()[i]));
    }
    long scratch = 0;
    int parts = 1;
    for (Step step : steps) {
      scratch = Math.max(scratch, step.scratchBytes());
      parts = Math.max(parts, step.parts());
    }
    return new Plan(
        steps, inputs, outputs, slots, memory.bytes(), MemoryPlan.align(scratch), parts);
  }
}
