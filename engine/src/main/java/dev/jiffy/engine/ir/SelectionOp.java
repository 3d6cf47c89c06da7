package dev.jiffy.engine.ir;

import org.jspecify.annotations.Nullable;

/// An operator that picks so much as the elements themselves decide.
public sealed interface SelectionOp extends Op.Special {
  /// The boxes of highest score that do not overlap others: `(boxes, scores, most?, overlap?,
  /// threshold?)`; results are rows of batch, class and box.
  ///
  /// @param centred whether boxes are centre and extents instead of two corners
  record SuppressOverlaps(boolean centred) implements SelectionOp {}

  /// Each element or slice once: `(x)`; outputs are those, for each the index of the first of them,
  /// for each element or slice of the input which it is, and how often each occurs.
  ///
  /// @param axis the dimension of slices, or null for elements
  /// @param sorted whether they are sorted instead of in the order in which they occur
  record Unique(@Nullable Long axis, boolean sorted) implements SelectionOp {}
}
