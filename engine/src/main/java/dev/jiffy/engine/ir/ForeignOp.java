package dev.jiffy.engine.ir;

import dev.jiffy.engine.foreign.ForeignModel;
import java.util.List;

/// Nodes of a model's file that another runtime computes, as one operator.
///
/// Inputs and outputs are those of the foreign model, in its order. It may draw random numbers, so
/// that it is never folded.
///
/// @param nodes the nodes that it stands for, in the order in which they run
/// @param model what computes them, closed with the model that holds this graph
public record ForeignOp(List<Origin> nodes, ForeignModel model) implements Op.Special {
  /// Copies the list.
  public ForeignOp {
    nodes = List.copyOf(nodes);
  }

  /// A node of the file.
  ///
  /// @param node the node's name
  /// @param operator its operator, after the domain where that is not ONNX's own
  /// @param reason why it leaves
  public record Origin(String node, String operator, String reason) {}
}
