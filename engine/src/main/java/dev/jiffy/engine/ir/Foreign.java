package dev.jiffy.engine.ir;

import dev.jiffy.engine.foreign.ForeignModel;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// Nodes of a model's file that another runtime computes, as one operator.
///
/// Inputs and outputs are those of the foreign model, in its order. It may draw random numbers, so
/// that it is never folded.
///
/// @param nodes the nodes that it stands for, in the order in which they run
/// @param model what computes them, closed with the model that holds this graph
public record Foreign(List<Origin> nodes, ForeignModel model) implements Op.Special {
  private static final int SHOWN = 4;

  /// Copies the list.
  public Foreign {
    nodes = List.copyOf(nodes);
  }

  /// {@return the first few nodes that it stands for, as text}
  public String names() {
    int more = nodes.size() - SHOWN;
    return nodes.stream()
        .limit(SHOWN)
        .map(node -> node.operator() + " '" + node.node() + "'")
        .collect(Collectors.joining(", ", "", more > 0 ? " and " + more + " more" : ""));
  }

  /// A node of the file.
  ///
  /// @param node the node's name
  /// @param operator its operator, after the domain where that is not ONNX's own
  /// @param refusal why Jiffy does not compute it, or null where it leaves along with others
  public record Origin(String node, String operator, @Nullable String refusal) {}
}
