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
    states.subList(op.states(), states.size()).clear();
    boolean runs = trips > 0 && goesOn;
    Graph graph = runs ? op.body() : bound(op.body(), inputs(0, states, captured));
    Appends appends = runs ? context.appends(op) : Appends.none(op);
    long expected = op.isCounted() ? trips : 0;
    List<LoopResult> results = new ArrayList<>();
    for (int k = 0; k < op.states(); k++) {
      results.add(
          appends.isAppended().get(k)
              ? new Appended(Evaluation.tensor(states.get(k), "a state"), expected, context)
              : new Latest(states, k));
    }
    for (int k = op.states(); k < op.states() + op.collected(); k++) {
      Fact fact = graph.fact(graph.outputs().get(1 + k));
      boolean isRead = k < wanted.length && wanted[k];
      results.add(isRead ? new Stack(fact, expected, context) : new Unread());
    }
    Evaluation.Body body = context.body(appends.body());
    for (long i = 0; i < trips && goesOn; i++) {
      List<Value> made = body.run(inputs(i, states, captured));
      goesOn = Evaluation.isTrue(made.getFirst());
      for (int k = 0; k < results.size(); k++) {
        results.get(k).add(made.get(1 + k));
      }
    }
    List<@Nullable Value> out = new ArrayList<>();
    for (int k = 0; k < wanted.length; k++) {
      out.add(wanted[k] ? results.get(k).value() : null);
    }
    return out;
  }

  /// A state that the next iteration reads.
  private record Latest(List<Value> states, int index) implements LoopResult {
    @Override
    public void add(Value made) {
      states.set(index, made);
    }

    @Override
    public Value value() {
      return states.get(index);
    }
  }

  /// What is collected and nobody reads.
  private record Unread() implements LoopResult {
    @Override
    public void add(Value made) {}

    @Override
    public Value value() {
      throw new IllegalStateException("nobody reads it");
    }
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
}
