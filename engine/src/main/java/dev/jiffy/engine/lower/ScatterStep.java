package dev.jiffy.engine.lower;

import dev.jiffy.engine.ModelException;
import dev.jiffy.engine.kernel.Combination;
import dev.jiffy.engine.kernel.Combinations;
import dev.jiffy.engine.kernel.IndexedSlices;
import dev.jiffy.engine.kernel.RowKernels;
import dev.jiffy.engine.kernel.Scattering;
import org.jspecify.annotations.Nullable;

/// Slices of a tensor updated where tuples of indices say, in the order of the updates.
final class ScatterStep extends Step {
  private final IndexedSlices slices;
  private final int elementBytes;
  private final @Nullable Combination combination;
  private final RowKernels.@Nullable PreparedCombination prepared;
  private final Place indices;
  private final Place updates;
  private final Place y;

  /// A step.
  ///
  /// @param combination how an update combines with what is there, or null where it replaces
  /// @param y what is updated
  ScatterStep(
      String name,
      Target target,
      IndexedSlices slices,
      int elementBytes,
      @Nullable Combination combination,
      Place indices,
      Place updates,
      Place y) {
    super(name, 1);
    this.slices = slices;
    this.elementBytes = elementBytes;
    this.combination = combination;
    this.prepared = combination == null ? null : target.rows().prepare(combination);
    this.indices = indices;
    this.updates = updates;
    this.y = y;
  }

  @Override
  long scratchBytes() {
    return combination == null ? 0 : Combinations.SCRATCH_BYTES;
  }

  @Override
  long movedBytes() {
    long perTuple = (long) slices.extents().length * slices.indexType().bytes();
    return slices.tuples() * (2 * slices.count() * elementBytes + perTuple);
  }

  @Override
  public void run(Frame frame, int part) {
    long from = frame.at(updates);
    long named = frame.at(indices);
    long to = frame.at(y);
    try {
      if (combination == null || prepared == null) {
        Scattering.scatter(slices, elementBytes, from, named, to);
      } else {
        long scratch = frame.scratch(part);
        Scattering.combine(slices, combination, prepared, from, named, to, scratch);
      }
    } catch (IndexOutOfBoundsException e) {
      throw new ModelException(name() + ": " + e.getMessage(), e);
    }
  }
}
