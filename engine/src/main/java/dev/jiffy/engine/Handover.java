package dev.jiffy.engine;

import dev.jiffy.engine.ir.ForeignOp;
import dev.jiffy.engine.ir.Graph;
import dev.jiffy.engine.ir.Node;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import java.util.stream.Collectors;

/// What of a model another runtime computes.
///
/// @param runtime the runtime with its version
/// @param whole whether it computes the whole model
/// @param nodes the nodes of the file that it computes, in the order in which they run
/// @param total how many nodes the file has
public record Handover(String runtime, boolean whole, List<ForeignOp.Origin> nodes, int total) {
  private static final int SHOWN = 12;

  /// Copies the list.
  public Handover {
    nodes = List.copyOf(nodes);
  }

  /// {@return what leaves a graph, empty where nothing does}
  ///
  /// @param graph the graph as imported
  /// @param total how many nodes the file has
  static Optional<Handover> of(Graph graph, int total) {
    String runtime = "";
    List<ForeignOp.Origin> nodes = new ArrayList<>();
    for (Node node : graph.nodes()) {
      if (node.op() instanceof ForeignOp foreign) {
        runtime = foreign.model().runtime();
        nodes.addAll(foreign.nodes());
      }
    }
    return runtime.isEmpty()
        ? Optional.empty()
        : Optional.of(new Handover(runtime, graph.nodes().size() == 1, nodes, total));
  }

  /// {@return the same in a line}
  public String text() {
    if (whole) {
      return "%s computes the whole model: %s"
          .formatted(
              runtime,
              String.join(
                  "; ",
                  nodes.stream()
                      .map(ForeignOp.Origin::reason)
                      .collect(Collectors.toCollection(TreeSet::new))));
    }
    String names =
        nodes.stream()
            .limit(SHOWN)
            .map(node -> node.operator() + " '" + node.node() + "'")
            .collect(Collectors.joining(", "));
    return "%s computes %d of %d nodes, which Jiffy does not support: %s%s"
        .formatted(
            runtime,
            nodes.size(),
            total,
            names,
            nodes.size() > SHOWN ? " and " + (nodes.size() - SHOWN) + " more" : "");
  }
}
