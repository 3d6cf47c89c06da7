package dev.jiffy.bench;

import dev.jiffy.engine.function.BinaryFunction;
import dev.jiffy.engine.function.ReduceFunction;
import dev.jiffy.engine.function.UnaryFunction;
import dev.jiffy.engine.ir.GraphBuilder;
import dev.jiffy.engine.ir.LoopOp;
import dev.jiffy.engine.ir.Op;
import dev.jiffy.engine.ir.SelectionOp;
import dev.jiffy.engine.onnx.OnnxWriter;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;

/// Made-up models that no single plan computes: what their elements say decides how much there is
/// to do.
enum DynamicModels {
  /// The tail of a detector: 2,100 boxes with the scores of 80 classes become those that are sure
  /// and do not overlap.
  DETECTOR {
    @Override
    void build(GraphBuilder draft, Random random) {
      draft.input("boxes", DType.F32, 1, BOXES, 4);
      draft.input("logits", DType.F32, 1, BOXES, CLASSES);
      draft.constant("anchors", normal(random, 0.2f, 1, BOXES, 4));
      draft.constant("scale", Tensor.of(new float[] {0.05f}));
      draft.constant("most", Tensor.of(new long[] {100}, 1));
      draft.constant("overlap", Tensor.of(new float[] {0.45f}));
      draft.constant("threshold", Tensor.of(new float[] {0.25f}));
      draft.constant("zero", Tensor.of(new long[] {0}, 1));
      draft.constant("second", Tensor.of(new long[] {1}));
      draft.constant("third", Tensor.of(new long[] {2}));
      draft.node(new Op.Unary(UnaryFunction.SIGMOID), "p", "logits");
      draft.node(new Op.Transpose(List.of(0L, 2L, 1L)), "by_class", "p");
      draft.node(MUL, "scaled", "boxes", "scale");
      draft.node(ADD, "placed", "scaled", "anchors");
      draft.node(
          new SelectionOp.SuppressOverlaps(true),
          "picked",
          "placed",
          "by_class",
          "most",
          "overlap",
          "threshold");
      draft.node(new Op.Gather(1), "class", "picked", "second");
      draft.node(new Op.Gather(1), "box", "picked", "third");
      draft.node(new Op.Squeeze(), "all", "placed", "zero");
      draft.node(new Op.Gather(0), "found", "all", "box");
      draft.node(new Op.GatherNd(0), "score", "by_class", "picked");
      draft.outputs("found", "class", "score");
    }

    @Override
    Map<String, Tensor> inputs(Random random) {
      Tensor logits = normal(random, 2, 1, BOXES, CLASSES);
      for (long i = 0; i < logits.shape().elements(); i++) {
        logits.setDouble(i, logits.getDouble(i) - 7);
      }
      return Map.of("boxes", normal(random, 1, 1, BOXES, 4), "logits", logits);
    }
  },

  /// A loop of 8 to 39 iterations, each a network of two layers of 128 whose result is collected.
  LOOP {
    @Override
    void build(GraphBuilder draft, Random random) {
      GraphBuilder body = new GraphBuilder("step");
      body.input("i", DType.I64);
      body.input("goes_on", DType.BOOL);
      body.input("h", DType.F32, 1, WIDTH);
      body.constant("w", normal(random, 0.08f, WIDTH, WIDTH));
      body.constant("b", normal(random, 0.1f, WIDTH));
      body.constant("v", normal(random, 0.08f, WIDTH, WIDTH));
      body.node(new Op.MatMul(), "wide", "h", "w");
      body.node(ADD, "shifted", "wide", "b");
      body.node(RELU, "kept", "shifted");
      body.node(new Op.MatMul(), "narrow", "kept", "v");
      body.node(new Op.Unary(UnaryFunction.TANH), "next", "narrow");
      body.node(new Op.Identity(), "collected", "next");
      body.outputs("goes_on", "next", "collected");
      draft.input("trips", DType.I64);
      draft.input("x", DType.F32, 1, WIDTH);
      draft.constant("true", Tensor.of(new boolean[] {true}));
      draft.node(new LoopOp.Loop(body.build(), 1), List.of("last", "steps"), "trips", "true", "x");
      draft.outputs("last", "steps");
    }

    @Override
    Map<String, Tensor> inputs(Random random) {
      return Map.of(
          "trips",
          Tensor.of(new long[] {8 + random.nextInt(32)}),
          "x",
          normal(random, 1, 1, WIDTH));
    }
  },

  /// Three convolutions over 128 by 128 pixels, of whose results those above a threshold are
  /// multiplied by a matrix.
  PIXELS {
    @Override
    void build(GraphBuilder draft, Random random) {
      draft.input("image", DType.F32, 1, 3, SIDE, SIDE);
      draft.constant("w0", normal(random, 0.3f, CHANNELS, 3, 3, 3));
      draft.constant("w1", normal(random, 0.1f, CHANNELS, CHANNELS, 3, 3));
      draft.constant("w2", normal(random, 0.1f, CHANNELS, CHANNELS, 3, 3));
      draft.constant("head", normal(random, 0.2f, CHANNELS, 8));
      draft.constant("channels", Tensor.of(new long[] {1}, 1));
      draft.constant("threshold", Tensor.of(new float[] {0.22f}));
      draft.node(conv(2), "c0", "image", "w0");
      draft.node(RELU, "r0", "c0");
      draft.node(conv(1), "c1", "r0", "w1");
      draft.node(RELU, "r1", "c1");
      draft.node(conv(1), "c2", "r1", "w2");
      draft.node(new Op.Reduce(ReduceFunction.MEAN, false, false), "mean", "c2", "channels");
      draft.node(new Op.Binary(BinaryFunction.GREATER), "good", "mean", "threshold");
      draft.node(new Op.NonZero(), "columns", "good");
      draft.node(new Op.Transpose(List.of(1L, 0L)), "where", "columns");
      draft.node(new Op.Transpose(List.of(0L, 2L, 3L, 1L)), "pixels", "c2");
      draft.node(new Op.GatherNd(0), "chosen", "pixels", "where");
      draft.node(new Op.MatMul(), "product", "chosen", "head");
      draft.node(new Op.Softmax(-1, false), "kinds", "product");
      draft.outputs("where", "kinds");
    }

    @Override
    Map<String, Tensor> inputs(Random random) {
      return Map.of("image", normal(random, 1, 1, 3, SIDE, SIDE));
    }
  };

  private static final long OPSET = 17;
  private static final long SEED = 1;
  private static final int BOXES = 2100;
  private static final int CLASSES = 80;
  private static final int WIDTH = 128;
  private static final int SIDE = 128;
  private static final int CHANNELS = 16;
  private static final Op ADD = new Op.Binary(BinaryFunction.ADD);
  private static final Op MUL = new Op.Binary(BinaryFunction.MUL);
  private static final Op RELU = new Op.Unary(UnaryFunction.RELU);

  abstract void build(GraphBuilder draft, Random random);

  /// {@return inputs for one run}
  ///
  /// @param random makes them
  abstract Map<String, Tensor> inputs(Random random);

  /// Writes the model.
  ///
  /// @param file where it goes
  void write(Path file) throws IOException {
    GraphBuilder draft = new GraphBuilder(name());
    build(draft, new Random(SEED));
    OnnxWriter.write(draft.build(), OPSET, file);
  }

  private static Op conv(long stride) {
    List<Long> pads = List.of(1L, 1L, 1L, 1L);
    List<Long> strides = List.of(stride, stride);
    Op.Window window = new Op.Window(List.of(), strides, pads, List.of(), Op.AutoPad.NOTSET, false);
    return new Op.Conv(window, 1, Op.Layout.CHANNELS_FIRST, null);
  }

  private static Tensor normal(Random random, float deviation, long... dims) {
    Tensor tensor = Tensor.allocate(DType.F32, Shape.of(dims));
    for (long i = 0; i < tensor.shape().elements(); i++) {
      tensor.setDouble(i, deviation * random.nextGaussian());
    }
    return tensor;
  }
}
