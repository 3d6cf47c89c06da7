package dev.jiffy.engine.pass;

import dev.jiffy.engine.function.RecurrentCell;
import dev.jiffy.engine.function.ReduceFunction;
import dev.jiffy.engine.function.UnaryFunction;
import dev.jiffy.engine.ir.Graph;
import dev.jiffy.engine.ir.Op;
import dev.jiffy.engine.ir.RecurrentOp;
import java.util.ArrayList;
import java.util.List;

/// Small networks of the usual kinds.
@SuppressWarnings("exports") // for tests of this module
public enum Network {
  /// Attention, feed-forward and two normalisations.
  TRANSFORMER_LAYER,
  /// A stem, a residual block, a gate, and a classifier.
  IMAGE_CLASSIFIER,
  /// A recurrent layer of both directions, one that only tells its last state, and a product.
  RECURRENT_LAYERS,
  /// Convolutions of few and many channels, for images of any extents.
  IMAGE_FILTER;

  /// {@return the network, as an exporter would write it}
  ///
  /// @param width the width of the transformer
  public Graph graph(int width) {
    Sketch sketch = new Sketch();
    return sketch.graph(
        switch (this) {
          case TRANSFORMER_LAYER -> transformerLayer(sketch, width);
          case IMAGE_CLASSIFIER -> imageClassifier(sketch);
          case RECURRENT_LAYERS -> recurrentLayers(sketch, width);
          case IMAGE_FILTER -> imageFilter(sketch);
        });
  }

  // ---- a layer of BERT

  private static String linear(Sketch s, String x, long in, long out) {
    return s.add(s.weights(out), s.matMul(x, s.weights(in, out)));
  }

  private static String heads(Sketch s, int width, String x, int... perm) {
    return s.transpose(s.reshape(x, 0, 0, 2, width / 2), perm);
  }

  private static String norm(Sketch s, int width, String x) {
    String d = s.sub(x, s.reduce(ReduceFunction.MEAN, x, -1));
    String variance = s.reduce(ReduceFunction.MEAN, s.mul(d, d), -1);
    String root = s.unary(UnaryFunction.SQRT, s.add(variance, s.number(1e-6)));
    return s.add(s.mul(s.div(d, root), s.weights(width)), s.weights(width));
  }

  private static String transformerLayer(Sketch s, int width) {
    String x = s.input("x", "batch", "seq", width);
    String mask = s.mul(s.sub(s.number(1), s.input("mask", "batch", 1, 1, "seq")), s.number(-1e4));
    String q = heads(s, width, linear(s, x, width, width), 0, 2, 1, 3);
    String k = heads(s, width, linear(s, x, width, width), 0, 2, 3, 1);
    String v = heads(s, width, linear(s, x, width, width), 0, 2, 1, 3);
    String scores = s.add(s.div(s.matMul(q, k), s.number(2)), mask);
    String context = s.matMul(s.op(new Op.Softmax(3, false), scores), v);
    String merged = s.reshape(s.transpose(context, 0, 2, 1, 3), 0, 0, width);
    String y = norm(s, width, s.add(linear(s, merged, width, width), x));
    String wide = linear(s, y, width, 2L * width);
    String erf = s.unary(UnaryFunction.ERF, s.div(wide, s.number(Math.sqrt(2))));
    String gelu = s.mul(s.mul(wide, s.add(erf, s.number(1))), s.number(0.5));
    return norm(s, width, s.add(linear(s, gelu, 2L * width, width), y));
  }

  // ---- a small image network

  private static String convolution(
      Sketch s, String x, long in, long out, long kernel, long stride) {
    String y =
        s.op(
            Sketch.conv(Sketch.window(kernel, stride, kernel / 2), 1),
            x,
            s.weights(out, in, kernel, kernel));
    return s.op(
        new Op.BatchNorm(1e-3f, Op.Layout.CHANNELS_FIRST),
        y,
        s.weights(out),
        s.weights(out),
        s.weights(out),
        s.weights(4.0, out));
  }

  private static String imageClassifier(Sketch s) {
    String x = s.input("image", "batch", 3, 16, 16);
    String stem = s.unary(UnaryFunction.RELU, convolution(s, x, 3, 8, 3, 2));
    Op pool =
        new Op.Pool(
            Op.PoolFunction.MAX, Sketch.window(2, 2, 0), false, false, 0, Op.Layout.CHANNELS_FIRST);
    String trunk = s.op(pool, stem);
    String left = s.unary(UnaryFunction.RELU, convolution(s, trunk, 8, 8, 3, 1));
    String block = s.unary(UnaryFunction.RELU, s.add(convolution(s, left, 8, 8, 3, 1), trunk));
    Op mean = new Op.GlobalPool(Op.PoolFunction.AVERAGE, 0, Op.Layout.CHANNELS_FIRST);
    String gate = convolution(s, s.op(mean, block), 8, 8, 1, 1);
    String gated = s.mul(block, s.clip(0, 1, gate));
    String flat = s.op(new Op.Flatten(1), gated);
    return s.op(
        new Op.Softmax(1, false),
        s.op(new Op.Gemm(1, 1, false, true), flat, s.weights(5, 128), s.weights(5)));
  }

  // ---- recurrent layers

  private static Op recurrent(RecurrentCell cell, RecurrentOp.Direction direction, long hidden) {
    List<Op.Unary> functions = new ArrayList<>();
    for (int i = 0; i < direction.count() * cell.functions(); i++) {
      boolean gate = i % cell.functions() == 0;
      functions.add(new Op.Unary(gate ? UnaryFunction.SIGMOID : UnaryFunction.TANH));
    }
    float unbounded = Float.POSITIVE_INFINITY;
    return new RecurrentOp.Recurrent(cell, direction, hidden, functions, unbounded, false, true);
  }

  private static String recurrentLayers(Sketch s, int width) {
    int hidden = width / 2 + 3;
    String x = s.transpose(s.input("x", "batch", "seq", width), 1, 0, 2);
    String both =
        s.op(
            recurrent(RecurrentCell.LSTM, RecurrentOp.Direction.BIDIRECTIONAL, hidden),
            x,
            s.weights(2, 4L * hidden, width),
            s.weights(2, 4L * hidden, hidden),
            s.weights(2, 8L * hidden));
    String joined = s.reshape(s.transpose(both, 0, 2, 1, 3), 0, 0, 2L * hidden);
    String last =
        s.second(
            recurrent(RecurrentCell.GRU, RecurrentOp.Direction.REVERSE, width),
            joined,
            s.weights(1, 3L * width, 2L * hidden),
            s.weights(1, 3L * width, width),
            s.weights(1, 6L * width));
    return linear(s, s.op(new Op.Squeeze(), last, s.vector(0)), width, 5);
  }

  // ---- convolutions of images of any extents

  private static String imageFilter(Sketch s) {
    String x = s.input("image", "batch", 3, "height", "width");
    String few = s.unary(UnaryFunction.RELU, convolution(s, x, 3, 8, 5, 1));
    String many = s.unary(UnaryFunction.RELU, convolution(s, few, 8, 16, 3, 1));
    String more = s.unary(UnaryFunction.RELU, convolution(s, many, 16, 16, 3, 1));
    return convolution(s, more, 16, 2, 3, 1);
  }
}
