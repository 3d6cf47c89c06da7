package dev.jiffy.engine.lower;

import dev.jiffy.engine.ir.Graph;
import dev.jiffy.engine.ir.LoopOp;
import dev.jiffy.engine.ir.Node;
import dev.jiffy.engine.ir.Op;
import dev.jiffy.engine.ir.QuantizedOp;
import dev.jiffy.engine.ir.RecurrentOp;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ForkJoinTask;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/// Brings the weights of a graph into the forms that kernels read.
public final class Packing {
  private Packing() {}

  /// Packs all weights whose form does not depend on input shapes, on all processors.
  ///
  /// @param graph the graph as loaded
  /// @param weights where the packed forms go
  public static void all(Graph graph, Weights weights) {
    Map<String, Node> producers = graph.producers();
    AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
    List<ForkJoinTask<?>> tasks = new ArrayList<>();
    for (Node node : graph.nodes()) {
      if (node.op() instanceof LoopOp.Loop loop) {
        all(loop.body(), weights);
      }
      if (hasWeights(node.op())) {
        tasks.add(ForkJoinTask.adapt(() -> pack(graph, node, producers, weights, failure)));
      }
    }
    ForkJoinTask.invokeAll(tasks);
    Throwable thrown = failure.get();
    if (thrown instanceof RuntimeException e) {
      throw e;
    } else if (thrown instanceof Error e) {
      throw e;
    } else if (thrown != null) {
      throw new IllegalStateException(thrown);
    }
  }

  /// Packs a node's weights, and takes down a failure: a task that fails would end the wait for the
  /// others, whose memory is freed then.
  private static void pack(
      Graph graph,
      Node node,
      Map<String, Node> producers,
      Weights weights,
      AtomicReference<@Nullable Throwable> failure) {
    if (failure.get() == null) {
      try {
        pack(graph, node, producers, weights);
      } catch (Throwable e) { // thrown once all have ended
        failure.compareAndSet(null, e);
      }
    }
  }

  /// {@return whether an operator has weights that are packed}
  static boolean hasWeights(Op op) {
    return switch (op) {
      case Op.MatMul _,
          Op.QuantizedMatMul _,
          RecurrentOp.Recurrent _,
          Op.Conv _,
          Op.ConvTranspose _ ->
          true;
      case QuantizedOp.ByteMatMul _, QuantizedOp.ByteConv _, QuantizedOp.DynamicConv _ -> true;
      case QuantizedOp.ByteSums _, QuantizedOp.BlockMatMul _, RecurrentOp.DynamicRecurrent _ ->
          true;
      default -> false;
    };
  }

  private static void pack(Graph graph, Node node, Map<String, Node> producers, Weights weights) {
    switch (node.op()) {
      case Op.MatMul matMul -> Linear.pack(graph, node, matMul, producers, weights);
      case Op.QuantizedMatMul matMul -> Linear.pack(graph, node, matMul, weights);
      case RecurrentOp.Recurrent recurrent -> Recurrences.pack(graph, node, recurrent, weights);
      case RecurrentOp.DynamicRecurrent recurrent ->
          Recurrences.pack(graph, node, recurrent, weights);
      case Op.Conv conv -> Images.pack(graph, node, conv, weights);
      case Op.ConvTranspose conv -> Images.pack(graph, node, conv, weights);
      case QuantizedOp op -> Bytes.pack(graph, node, op, weights);
      default -> {}
    }
  }
}
