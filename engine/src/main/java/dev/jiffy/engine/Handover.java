package dev.jiffy.engine;

import dev.jiffy.engine.ir.Foreign;
import dev.jiffy.engine.ir.Graph;
import dev.jiffy.engine.ir.Node;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/// What of a model another runtime computes.
///
/// @param runtime the runtime with its version
/// @param whole whether it computes the whole model
/// @param nodes the nodes of the file that it computes, in the order in which they run
/// @param total how many nodes the file has
public record Handover(String runtime, boolean whole, List<Foreign.Origin> nodes, int total) {
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
    List<Foreign.Origin> nodes = new ArrayList<>();
    for (Node node : graph.nodes()) {
      if (node.op() instanceof Foreign foreign) {
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
    List<Foreign.Origin> refused = nodes.stream().filter(node -> node.refusal() != null).toList();
    if (whole && refused.isEmpty()) {
      return runtime + " computes the whole model, as was asked for";
    }
    String names =
        refused.stream()
            .limit(SHOWN)
            .map(node -> node.operator() + " '" + node.node() + "'")
            .collect(Collectors.joining(", "));
    int more = refused.size() - SHOWN;
    int along = nodes.size() - refused.size();
    return "%s computes %s, as Jiffy does not support %s%s%s"
        .formatted(
            runtime,
            whole ? "the whole model" : "%d of %d nodes".formatted(nodes.size(), total),
            names,
            more > 0 ? " and " + more + " more" : "",
            along > 0 && !whole ? "; %d lie between them".formatted(along) : "");
  }
}
