package dev.jiffy.engine.lower;

import dev.jiffy.engine.ModelException;
import dev.jiffy.engine.ir.Fact;
import dev.jiffy.engine.ir.Graph;
import dev.jiffy.engine.ir.Inference;
import dev.jiffy.engine.ir.LoopOp;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import dev.jiffy.tensor.Value;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Runs loops, whatever runs their bodies.
final class Loops {
  /// The condition of an iteration that runs.
  private static final Tensor TRUE = Tensor.of(new boolean[] {true});

  private Loops() {}

  static List<@Nullable Value> run(
      LoopOp.Loop op, List<@Nullable Value> in, boolean[] wanted, Evaluation.Context context) {
    long trips = isThere(in, 0) ? trips(Evaluation.tensor(in, 0)) : Long.MAX_VALUE;
    boolean goesOn = !isThere(in, 1) || Evaluation.isTrue(Evaluation.tensor(in, 1));
    List<Value> states = new ArrayList<>();
    for (int i = 2; i < in.size(); i++) {
      states.add(Evaluation.present(in, i));
    }
    List<Value> captured = List.copyOf(states.subList(op.states(), states.size()));
    states = states.subList(0, op.states());
    boolean runs = trips > 0 && goesOn;
    Graph graph = runs ? op.body() : bound(op.body(), inputs(0, states, captured));
    long expected = op.isCounted() ? trips : 0;
    List<@Nullable Stack> stacks = stacks(op, graph, wanted, expected, context);
    Appends appends = runs ? context.appends(op) : Appends.none(op);
    List<@Nullable Appended> appended = appended(appends, states, expected, context);
    boolean isAppending = appends.isAppended().contains(true);
    Evaluation.Body body = context.body(appends.body());
    for (long i = 0; i < trips && goesOn; i++) {
      List<Value> made = body.run(inputs(i, states, captured));
      goesOn = Evaluation.isTrue(made.getFirst());
      List<Value> next = made.subList(1, 1 + op.states());
      states = isAppending ? states(states, next, appended) : next;
      for (int k = 0; k < stacks.size(); k++) {
        Stack stack = stacks.get(k);
        if (stack != null) {
          stack.add(Evaluation.tensor(made.get(1 + op.states() + k), "a collected value"));
        }
      }
    }
    List<@Nullable Value> out = new ArrayList<>();
    for (int k = 0; k < wanted.length; k++) {
      Stack stack = k < op.states() ? null : stacks.get(k - op.states());
      Appended longer = k < op.states() ? appended.get(k) : null;
      out.add(
          stack != null
              ? stack.tensor()
              : longer != null ? longer.tensor() : wanted[k] ? states.get(k) : null);
    }
    return out;
  }

  /// {@return the states for the next iteration; one that is appended to stays what it was at
  /// first}
  private static List<Value> states(
      List<Value> before, List<Value> made, List<@Nullable Appended> appended) {
    List<Value> states = new ArrayList<>(before.size());
    for (int k = 0; k < before.size(); k++) {
      Appended longer = appended.get(k);
      if (longer != null) {
        longer.add(Evaluation.tensor(made.get(k), "what is appended"));
      }
      states.add(longer == null ? made.get(k) : before.get(k));
    }
    return states;
  }

  /// Takes what is appended; null for other states.
  private static List<@Nullable Appended> appended(
      Appends appends, List<Value> states, long expected, Evaluation.Context context) {
    List<@Nullable Appended> appended = new ArrayList<>();
    for (int k = 0; k < states.size(); k++) {
      appended.add(
          appends.isAppended().get(k)
              ? new Appended(Evaluation.tensor(states.get(k), "a state"), expected, context)
              : null);
    }
    return appended;
  }

  private static List<Value> inputs(long iteration, List<Value> states, List<Value> captured) {
    List<Value> inputs = new ArrayList<>(2 + states.size() + captured.size());
    inputs.add(Tensor.of(new long[] {iteration}));
    inputs.add(TRUE);
    inputs.addAll(states);
    inputs.addAll(captured);
    return inputs;
  }

  /// {@return a body that knows, as far as it can, which shapes it would make of some inputs}
  private static Graph bound(Graph body, List<Value> inputs) {
    Map<String, Shape> shapes = new HashMap<>();
    for (int i = 0; i < inputs.size(); i++) {
      if (!(inputs.get(i) instanceof Tensor tensor)) {
        return body;
      }
      shapes.put(body.inputs().get(i), tensor.shape());
    }
    try {
      return Inference.bind(body, shapes);
    } catch (ModelException _) {
      return body; // it does not run
    }
  }

  private static boolean isThere(List<@Nullable Value> in, int index) {
    return index < in.size() && in.get(index) != null;
  }

  private static long trips(Tensor trips) {
    if (trips.shape().elements() != 1) {
      throw new ModelException(
          "the number of iterations must be one element, got " + Evaluation.describe(trips));
    }
    return trips.getLong(0);
  }

  /// Takes what is collected; null for what nobody reads.
  private static List<@Nullable Stack> stacks(
      LoopOp.Loop op, Graph body, boolean[] wanted, long expected, Evaluation.Context context) {
    List<@Nullable Stack> stacks = new ArrayList<>();
    for (int k = 0; k < op.collected(); k++) {
      boolean isRead = op.states() + k < wanted.length && wanted[op.states() + k];
      Fact fact = body.fact(body.outputs().get(1 + op.states() + k));
      stacks.add(isRead ? new Stack(fact, expected, context) : null);
    }
    return stacks;
  }
}
