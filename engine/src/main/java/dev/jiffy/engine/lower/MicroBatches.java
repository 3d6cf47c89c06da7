package dev.jiffy.engine.lower;

import dev.jiffy.engine.ModelException;
import dev.jiffy.engine.ir.Cost;
import dev.jiffy.engine.ir.Dim;
import dev.jiffy.engine.ir.Fact;
import dev.jiffy.engine.ir.Graph;
import dev.jiffy.engine.ir.Inference;
import dev.jiffy.engine.ir.Node;
import dev.jiffy.tensor.Shape;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Batches that are computed in micro-batches: where what layers leave for each other does not stay
/// in the second-level cache, and a part of the batch still computes long enough with each weight
/// that it reads.
public final class MicroBatches {
  /// From how many bytes on a value leaves the second-level cache before it is read.
  private static final long FAR_BYTES = 1 << 20;

  /// The bytes of the largest value of a micro-batch at least, so that steps are worth their calls.
  private static final long LEAST_BYTES = 128 << 10;

  /// The least operations for each byte of weights.
  private static final long LEAST_FLOPS = 48;

  /// From how many micro-batches for each thread on it does not matter that one has one more.
  private static final long MANY = 4;

  /// The most micro-batches.
  private static final long MOST = 1 << 16;

  private MicroBatches() {}

  /// {@return a plan that computes a batch in micro-batches, or null where it is better computed as
  /// a whole, or cannot be taken apart}
  ///
  /// @param graph the graph with what is known of all batches
  /// @param bound the same with concrete facts
  /// @param target the kernels and threads
  /// @param weights the packed weights of the model
  public static @Nullable Plan plan(Graph graph, Graph bound, Target target, Weights weights) {
    long batch = batch(graph, bound);
    int count;
    Graph part;
    try {
      count = batch > 1 ? count(bound, batch, target.threads()) : 1;
      if (count == 1) {
        return null;
      }
      part = Inference.bind(graph, shapes(bound, batch / count));
    } catch (ModelException _) { // such a model takes no part of a batch
      return null;
    } catch (ArithmeticException _) { // operations that no number counts
      return null;
    }
    Plan plan =
        BatchElements.areApart(bound, part, count)
            ? Lowering.plan(part, target.withThreads(1), weights)
            : null;
    return plan == null ? null : plan(bound, plan, count, target);
  }

  private static Plan plan(Graph bound, Plan part, int count, Target target) {
    PlanBuilder builder = new PlanBuilder();
    List<MicroBatchStep.Spread> reads = new ArrayList<>();
    List<MicroBatchStep.Spread> makes = new ArrayList<>();
    List<Plan.Port> inputs = ports(bound, part.inputs(), builder, reads);
    List<Plan.Port> outputs = ports(bound, part.outputs(), builder, makes);
    builder.add(new MicroBatchStep(target, part, count, reads, makes), List.of());
    return builder.build(inputs, outputs);
  }

  private static List<Plan.Port> ports(
      Graph bound, List<Plan.Port> parts, PlanBuilder builder, List<MicroBatchStep.Spread> values) {
    List<Plan.Port> ports = new ArrayList<>();
    for (Plan.Port part : parts) {
      int slot = builder.callers();
      ports.add(Plan.Port.of(part.name(), bound.fact(part.name()), slot));
      values.add(new MicroBatchStep.Spread(new Place(slot, 0), part.shape().bytes(part.dtype())));
    }
    return ports;
  }

  /// The extent of the dimension that comes first in all inputs and has one name, or 0.
  private static long batch(Graph graph, Graph bound) {
    Dim name = null;
    long batch = 0;
    for (String input : graph.inputs()) {
      List<Dim> dims = graph.fact(input).shape();
      Shape shape = bound.fact(input).concreteShape();
      if (dims == null || dims.isEmpty() || shape == null) {
        return 0;
      }
      Dim first = dims.getFirst();
      if (!(first instanceof Dim.Symbol) || (name != null && !name.equals(first))) {
        return 0;
      }
      name = first;
      batch = shape.dim(0);
    }
    return batch;
  }

  /// The bytes of the largest value that a node makes.
  private static long largest(Graph bound) {
    long largest = 0;
    for (Node node : bound.nodes()) {
      for (String output : node.outputs()) {
        Fact fact = output.isEmpty() ? null : bound.fact(output);
        Shape shape = fact == null ? null : fact.concreteShape();
        if (fact != null && shape != null) {
          largest = Math.max(largest, shape.bytes(fact.dtype()));
        }
      }
    }
    return largest;
  }

  /// The most parts into which the batch can be divided so that each computes enough with each
  /// weight and all threads have as much to do; 1 where that is the whole.
  private static int count(Graph bound, long batch, int threads) {
    long largest = largest(bound);
    if (largest <= FAR_BYTES) {
      return 1;
    }
    long flops = 0;
    long bytes = 0;
    for (Cost.NodeCost cost : Cost.of(bound).nodes()) {
      if (Packing.hasWeights(cost.node().op())) {
        Long operations = cost.flops();
        flops += operations == null ? 0 : operations;
        bytes += cost.parameterBytes();
      }
    }
    long most = Math.min(batch, largest / LEAST_BYTES);
    if (bytes > 0) {
      most = Math.min(most, flops / bytes / LEAST_FLOPS);
    }
    for (int count = (int) Math.min(most, MOST); count > 1; count--) {
      if (batch % count == 0 && (count % threads == 0 || count >= MANY * threads)) {
        return count;
      }
    }
    return 1;
  }

  private static Map<String, Shape> shapes(Graph bound, long size) {
    Map<String, Shape> shapes = new HashMap<>();
    for (String input : bound.inputs()) {
      Shape shape = bound.fact(input).concreteShape();
      if (shape != null) {
        long[] dims = shape.dims();
        dims[0] = size;
        shapes.put(input, Shape.of(dims));
      }
    }
    return shapes;
  }
}
