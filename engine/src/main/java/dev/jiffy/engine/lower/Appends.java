package dev.jiffy.engine.lower;

import dev.jiffy.engine.ir.Graph;
import dev.jiffy.engine.ir.LoopOp;
import dev.jiffy.engine.ir.Node;
import dev.jiffy.engine.ir.Op;
import dev.jiffy.tensor.DType;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A loop's body without the states to which every iteration only appends: those that nothing reads
/// but the `Concat` along the first dimension that makes the next one of them.
///
/// Where the parts are collected instead, no iteration copies those before it, and all find the
/// same shapes.
///
/// @param body the body that makes the parts in place of such states; it takes them still, and does
///   not read them
/// @param isAppended for each state whether it is such a one
public record Appends(Graph body, List<Boolean> isAppended) {
  /// Copies the list.
  public Appends {
    isAppended = List.copyOf(isAppended);
  }

  /// {@return a loop's body as it is}
  ///
  /// @param loop the loop
  static Appends none(LoopOp.Loop loop) {
    return new Appends(
        loop.body(),
        loop.body().inputs().subList(0, loop.states()).stream().map(_ -> false).toList());
  }

  /// {@return what a loop appends to}
  ///
  /// @param loop the loop
  public static Appends of(LoopOp.Loop loop) {
    Graph body = loop.body();
    List<String> outputs = new ArrayList<>(body.outputs());
    List<Node> nodes = new ArrayList<>(body.nodes());
    List<Boolean> isAppended = new ArrayList<>();
    for (int k = 0; k < loop.states(); k++) {
      String state = body.inputs().get(2 + k);
      String next = body.outputs().get(1 + k);
      Node made = appending(body, state, next);
      isAppended.add(made != null);
      if (made != null) {
        outputs.set(1 + k, made.input(1));
        nodes.remove(made);
      }
    }
    return isAppended.contains(true)
        ? new Appends(
            new Graph(body.name(), body.inputs(), outputs, nodes, body.constants(), body.facts()),
            isAppended)
        : none(loop);
  }

  /// {@return the node that appends to a state, null where it does more or something else is done}
  private static @Nullable Node appending(Graph body, String state, String next) {
    Node made = body.producers().get(next);
    boolean isIt =
        made != null
            && made.op() instanceof Op.Concat(long axis)
            && axis == 0
            && made.inputs().size() == 2
            && made.input(0).equals(state)
            && body.fact(next).dtype() != DType.STRING
            && reads(body, state) == 1
            && reads(body, next) == 1;
    return isIt ? made : null;
  }

  /// {@return how often a value is read, being an output counted}
  private static long reads(Graph graph, String value) {
    long reads = graph.outputs().stream().filter(value::equals).count();
    for (Node node : graph.nodes()) {
      reads += node.inputs().stream().filter(value::equals).count();
    }
    return reads;
  }
}
