package dev.jiffy.engine.lower;

import dev.jiffy.engine.function.ReduceFunction;
import dev.jiffy.engine.ir.Node;
import dev.jiffy.engine.ir.Op;
import dev.jiffy.engine.kernel.Affine;
import dev.jiffy.engine.kernel.PoolGeometry;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import java.util.List;

/// Lowers pooling over channels-last images of one to three spatial dimensions, and over whole
/// images of any.
final class Pools {
  private Pools() {}

  static boolean lower(Node node, Op.Pool pool, Lowering lowering) {
    List<String> outputs = node.outputs();
    if (outputs.size() > 1 && !outputs.get(1).isEmpty()) {
      return lowerPositions(node, pool, lowering);
    }
    if (!isPooled(node, pool, lowering) || pool.function() == Op.PoolFunction.LP) {
      return false;
    }
    Shape x = lowering.shape(node.input(0));
    Shape y = lowering.shape(node.output());
    WindowGeometry window = window(pool, Images.spatial(x), Images.spatial(y));
    String label = Lowering.label(node);
    Place from = lowering.floats(label, node.input(0));
    Place to = lowering.result(node.output());
    if (lowering.isF32(node.input(0))) {
      addPool(label, pool, window, x, y, from, to, lowering);
      return true;
    }
    Affine whole = new Affine(lowering.dtype(node.input(0)), 1, 0);
    Place made = lowering.planned(4 * y.elements());
    addPool(label, pool, window, x, y, from, made, lowering);
    Bytes.asBytes(label, whole, made, to, y, lowering);
    return true;
  }

  private static WindowGeometry window(Op.Pool pool, int[] in, int[] out) {
    int[] kernel = pool.window().kernel().stream().mapToInt(Math::toIntExact).toArray();
    return WindowGeometry.of(pool.window(), kernel, in, out);
  }

  /// Lowers pooling that also tells where elements were found: of images whose channels come first,
  /// since positions count the elements of these. Each channel is an image.
  private static boolean lowerPositions(Node node, Op.Pool pool, Lowering lowering) {
    Shape x = lowering.shape(node.input(0));
    String result = node.outputs().getFirst();
    Shape y = lowering.shape(node.outputs().get(1));
    if (result.isEmpty()
        || pool.layout() != Op.Layout.CHANNELS_FIRST
        || pool.storageColumnMajor()
        || !lowering.isF32(node.input(0))
        || x.rank() < 3
        || x.rank() > 4
        || x.elements() == 0
        || y.elements() == 0
        || x.elements() > Integer.MAX_VALUE
        || y.elements() > Integer.MAX_VALUE) {
      return false;
    }
    Shape read = asPlanes(x);
    Shape made = asPlanes(y);
    WindowGeometry window = window(pool, Images.spatial(read), Images.spatial(made)).planar();
    Place from = lowering.place(node.input(0));
    Place to = lowering.result(result);
    Place positions = lowering.result(node.outputs().get(1));
    PoolGeometry geometry = geometry(pool, window, read, made);
    lowering.add(
        new PoolStep(Lowering.label(node), lowering.target(), geometry, from, to, positions),
        from,
        to,
        positions);
    return true;
  }

  /// {@return images of one channel, channels last}
  private static Shape asPlanes(Shape shape) {
    Shape line = Shape.of(shape.elements(0, 2), shape.dim(shape.rank() - 1), 1);
    return shape.rank() == 3 ? line : Shape.of(line.dim(0), shape.dim(2), line.dim(1), line.dim(2));
  }

  /// Adds the pooling of images; then, with three spatial dimensions, that of the pixels that lie
  /// behind each other, as maxima are those of maxima and means those of means.
  private static void addPool(
      String label,
      Op.Pool pool,
      WindowGeometry window,
      Shape x,
      Shape y,
      Place from,
      Place to,
      Lowering lowering) {
    if (x.rank() < 5) {
      addPlanar(label, pool, window.planar(), x, y, from, to, lowering);
      return;
    }
    Shape images = Shape.of(x.dim(0) * x.dim(1), x.dim(2), x.dim(3), x.dim(4));
    Shape pooled = Shape.of(images.dim(0), y.dim(2), y.dim(3), y.dim(4));
    Place between = lowering.planned(4 * pooled.elements());
    addPlanar(label, pool, window.planar(), images, pooled, from, between, lowering);
    long pixels = y.dim(2) * y.dim(3);
    Shape read = Shape.of(x.dim(0), x.dim(1), pixels, x.dim(4));
    Shape made = Shape.of(x.dim(0), y.dim(1), pixels, x.dim(4));
    addPlanar(label, pool, window.first(), read, made, between, to, lowering);
  }

  private static void addPlanar(
      String label,
      Op.Pool pool,
      WindowGeometry window,
      Shape x,
      Shape y,
      Place from,
      Place to,
      Lowering lowering) {
    PoolGeometry geometry = geometry(pool, window, x, y);
    lowering.add(
        new PoolStep(label, lowering.target(), geometry, from, to, Place.ABSENT), from, to);
  }

  private static PoolGeometry geometry(Op.Pool pool, WindowGeometry window, Shape x, Shape y) {
    return new PoolGeometry(
        (int) x.dim(0),
        Images.height(x),
        Images.width(x),
        Images.channels(x),
        Images.height(y),
        Images.width(y),
        window.kernel()[0],
        window.kernel()[1],
        window.strides()[0],
        window.strides()[1],
        window.dilations()[0],
        window.dilations()[1],
        window.begins()[0],
        window.begins()[1],
        window.ends()[0],
        window.ends()[1],
        pool.function() == Op.PoolFunction.MAX,
        pool.countPadding());
  }

  /// Bytes are exact in f32.
  private static boolean isPooled(Node node, Op.Pool pool, Lowering lowering) {
    boolean isMaximum = pool.function() == Op.PoolFunction.MAX;
    return Images.hasShape(pool.layout(), node, lowering)
        && (lowering.isF32(node.input(0)) || (isMaximum && lowering.isReal(node.input(0))));
  }

  static boolean lower(Node node, Op.GlobalPool pool, Lowering lowering) {
    Shape x = lowering.shape(node.input(0));
    if (!lowering.isF32(node.input(0))
        || x.elements() == 0
        || x.elements() > Integer.MAX_VALUE
        || pool.function() == Op.PoolFunction.LP) {
      return false;
    }
    boolean last = pool.layout() == Op.Layout.CHANNELS_LAST;
    int rank = x.rank();
    long n = last ? x.elements(1, rank - 1) : x.elements(2, rank);
    long inner = last ? x.dim(rank - 1) : 1;
    Reals from = ReduceStep.source(node, n * inner, lowering);
    Place to = lowering.result(node.output());
    ReduceFunction function =
        pool.function() == Op.PoolFunction.MAX ? ReduceFunction.MAX : ReduceFunction.MEAN;
    lowering.add(
        Rows.reduction(
            Lowering.label(node),
            lowering.target(),
            function,
            DType.F32,
            last ? x.dim(0) : x.elements(0, 2),
            n,
            inner,
            from,
            to),
        from.place(),
        to);
    return true;
  }
}
