package dev.jiffy.engine.onnx;

import dev.jiffy.engine.function.BinaryFunction;
import dev.jiffy.engine.function.ReduceFunction;
import dev.jiffy.engine.function.UnaryFunction;
import dev.jiffy.engine.ir.Op;
import dev.jiffy.engine.ir.Op.Binary;
import dev.jiffy.engine.ir.Op.Unary;
import dev.jiffy.tensor.DType;
import java.util.stream.LongStream;

/// Batch normalisation while a model is trained: by mean and variance of the input itself, which
/// also move the given ones.
final class BatchTraining {
  private static final Op ADD = new Binary(BinaryFunction.ADD);
  private static final Op SUBTRACT = new Binary(BinaryFunction.SUB);
  private static final Op MULTIPLY = new Binary(BinaryFunction.MUL);
  private static final Op DIVIDE = new Binary(BinaryFunction.DIV);
  private static final Op MEAN = new Op.Reduce(ReduceFunction.MEAN, true, false);

  private BatchTraining() {}

  /// Makes the three outputs: the result and what the mean and the variance become.
  ///
  /// @param node a node of `(x, scale, bias, mean, variance)`
  /// @param epsilon what is added to the variance
  /// @param momentum the share of the given mean and variance in what they become
  static void normalize(NodeScope node, float epsilon, float momentum) {
    String x = node.input(0);
    int rank = node.rank(x);
    if (rank < 2) {
      node.unsupported("training mode with an input of rank " + (rank < 0 ? "unknown" : rank));
      return;
    }
    long[] axes = LongStream.range(0, rank).filter(axis -> axis != 1).toArray();
    long[] channels = LongStream.range(0, rank - 1).map(axis -> axis == 0 ? -1 : 1).toArray();
    String mean = node.make(MEAN, x, node.longs(axes));
    String centred = node.make(SUBTRACT, x, mean);
    String square = node.make(MULTIPLY, centred, centred);
    String variance = node.make(MEAN, square, node.longs(axes));
    String shifted = node.make(ADD, variance, node.scalar(epsilon, x));
    String normal = node.make(DIVIDE, centred, node.make(new Unary(UnaryFunction.SQRT), shifted));
    String shape = node.longs(channels);
    String scale = as(node, node.make(new Op.Reshape(false), node.input(1), shape), x);
    String bias = as(node, node.make(new Op.Reshape(false), node.input(2), shape), x);
    node.result(ADD, node.make(MULTIPLY, normal, scale), bias);
    moved(node, 1, mean, momentum);
    moved(node, 2, variance, momentum);
  }

  private static void moved(NodeScope node, int output, String current, float momentum) {
    if (!node.wants(output)) {
      return;
    }
    String given = node.input(output + 2);
    String flat = as(node, node.make(new Op.Reshape(false), current, node.longs(-1)), given);
    String kept = node.make(MULTIPLY, given, node.scalar(momentum, given));
    String added = node.make(MULTIPLY, flat, node.scalar(1 - momentum, given));
    node.result(output, ADD, kept, added);
  }

  private static String as(NodeScope node, String value, String like) {
    DType to = node.dtype(like);
    return to == null || node.dtype(value) == to ? value : node.make(new Op.Cast(to, true), value);
  }
}
