package dev.jiffy.engine.onnx;

import dev.jiffy.engine.ir.Dim;
import dev.jiffy.engine.ir.Fact;
import dev.jiffy.engine.ir.Graph;
import dev.jiffy.engine.ir.LoopOp;
import dev.jiffy.engine.onnx.OnnxModel.GraphProto;
import dev.jiffy.tensor.DType;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Loops.
///
/// What a body reads from around it becomes inputs of the node; of constants it gets its own.
final class LoopImports {
  private LoopImports() {}

  /// {@return an operator of the family, or null}
  ///
  /// @param name its name
  static @Nullable Operator find(String name) {
    return switch (name) {
      case "Loop" -> Operator.of(1, 0, Operator.MANY, Operator.MANY, LoopImports::loop);
      case "Scan" -> Operator.of(8, 0, Operator.MANY, Operator.MANY, ScanImports::scan);
      case "SequenceMap" ->
          Operator.of(17, 1, Operator.MANY, Operator.MANY, ScanImports::sequenceMap);
      default -> null;
    };
  }

  private static void loop(NodeScope node) {
    GraphProto proto = node.graph("body");
    int states = Math.max(0, node.inputs() - 2);
    if (proto.inputs().size() != 2 + states
        || proto.outputs().size() < 1 + states
        || node.outputs() > proto.outputs().size() - 1) {
      throw node.invalid(
          "a body with %d inputs and %d outputs does not go with %d inputs and %d outputs"
              .formatted(
                  proto.inputs().size(), proto.outputs().size(), node.inputs(), node.outputs()));
    }
    List<Fact> given = new ArrayList<>();
    given.add(Fact.of(DType.I64));
    given.add(Fact.of(DType.BOOL));
    for (int i = 0; i < states; i++) {
      node.require(2 + i);
      Fact fact = node.fact(node.input(2 + i));
      if (fact == null) {
        return;
      }
      given.add(fact);
    }
    List<String> captured = captured(node, proto);
    Graph body = body(node, proto, given, captured, new States(2, 1, states));
    if (body == null) {
      return;
    }
    List<String> inputs = new ArrayList<>();
    for (int i = 0; i < 2 + states; i++) {
      inputs.add(node.input(i));
    }
    inputs.addAll(captured);
    node.results(new LoopOp.Loop(body, states), inputs.toArray(String[]::new));
  }

  /// The values that a body reads from around it and that are no constants.
  static List<String> captured(NodeScope node, GraphProto body) {
    return node.free(body).stream().filter(name -> node.known(name) == null).toList();
  }

  /// Which inputs and outputs of a body are states.
  ///
  /// @param firstInput the first of its inputs that is
  /// @param firstOutput the first of its outputs that is
  /// @param count how many are
  record States(int firstInput, int firstOutput, int count) {}

  /// The body of a loop, of whose states only that is known which holds in every iteration; null
  /// where it is not supported.
  static @Nullable Graph body(
      NodeScope node, GraphProto proto, List<Fact> given, List<String> captured, States states) {
    List<Fact> facts = new ArrayList<>(given);
    for (int i = 0; i < states.count(); i++) {
      int at = states.firstInput() + i;
      Fact first = facts.get(at);
      facts.set(at, Fact.of(first.dtype(), first.shape()).as(first.kind()));
    }
    Set<Dim> free = new HashSet<>();
    while (true) {
      Graph body = node.body(proto, facts, captured);
      if (node.isRefused()) {
        return null;
      }
      boolean isStable = true;
      for (int i = 0; i < states.count(); i++) {
        int at = states.firstInput() + i;
        Fact before = facts.get(at);
        Fact after = body.fact(body.outputs().get(states.firstOutput() + i));
        Fact always = always(node, i, before, after, free);
        isStable &= always.equals(before);
        facts.set(at, always);
      }
      if (isStable) {
        return body;
      }
    }
  }

  private static Fact always(NodeScope node, int state, Fact before, Fact after, Set<Dim> free) {
    boolean isOptional = after.kind() == before.kind().optional();
    if (before.dtype() != after.dtype()
        || (before.kind() != after.kind().optional()
            && before.kind() != after.kind()
            && !isOptional)) {
      throw node.invalid("state %d begins as %s and becomes %s".formatted(state, before, after));
    }
    List<Dim> x = before.shape();
    List<Dim> y = after.shape();
    List<Dim> dims = null;
    if (x != null && y != null && x.size() == y.size()) {
      dims = new ArrayList<>();
      for (int i = 0; i < x.size(); i++) {
        Dim dim = x.get(i);
        if (!dim.equals(y.get(i)) && !free.contains(dim)) {
          dim = node.freshDim("state");
          free.add(dim);
        }
        dims.add(dim);
      }
    }
    return Fact.of(before.dtype(), dims).as(isOptional ? after.kind() : before.kind());
  }
}
