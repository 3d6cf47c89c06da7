package dev.jiffy.engine.lower;

import dev.jiffy.engine.ir.Node;
import java.util.List;

/// Where a product or convolution with packed weights reads and writes.
///
/// @param x what is multiplied
/// @param packed the packed weights
/// @param bias what is added to each row or pixel of the product, or [Place#ABSENT]
/// @param residual what is added to the whole of it, or [Place#ABSENT]
/// @param y the result
record Layer(Place x, Place packed, Place bias, Place residual, Place y) {
  /// {@return where a node reads and writes}
  ///
  /// @param node the node, whose first input is multiplied
  /// @param packed the packed weights
  /// @param bias what is added to each row or pixel
  /// @param residual the value that is added to the whole, or empty
  static Layer of(Node node, Place packed, Place bias, String residual, Lowering lowering) {
    return new Layer(
        lowering.place(node.input(0)),
        packed,
        bias,
        lowering.place(residual),
        lowering.result(node.output()));
  }

  /// {@return all of them}
  List<Place> places() {
    return List.of(x, packed, bias, residual, y);
  }
}
