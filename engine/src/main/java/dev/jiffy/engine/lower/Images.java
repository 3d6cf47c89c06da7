package dev.jiffy.engine.lower;

import dev.jiffy.engine.function.ReduceFunction;
import dev.jiffy.engine.ir.Dim;
import dev.jiffy.engine.ir.Fact;
import dev.jiffy.engine.ir.Graph;
import dev.jiffy.engine.ir.Node;
import dev.jiffy.engine.ir.Op;
import dev.jiffy.engine.kernel.Affine;
import dev.jiffy.engine.kernel.ConvGeometry;
import dev.jiffy.engine.kernel.MatrixKernels;
import dev.jiffy.engine.kernel.PoolGeometry;
import dev.jiffy.engine.kernel.Product;
import dev.jiffy.engine.kernel.RowKernels;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Lowers convolutions and pooling over channels-last images of one to three spatial dimensions.
/// With three, images lie one behind the other.
final class Images {
  /// What an extent of an image is taken for where it is not known.
  private static final int LARGE = 64;

  private Images() {}

  static void pack(Graph graph, Node node, Op.Conv conv, Weights weights) {
    Tensor tensor = graph.constants().get(node.input(1));
    if (conv.layout() == Op.Layout.CHANNELS_LAST && tensor != null && isImages(tensor)) {
      int in = Math.toIntExact(tensor.shape().dim(1) * conv.groups());
      int out = (int) tensor.shape().dim(0);
      if (isPointwise(conv, tensor.shape())) {
        weights.matrix(pointwise(tensor, in), Linear.activation(conv.activation()));
      } else {
        Shape x = expected(graph.fact(node.input(0)), tensor.shape().rank(), in);
        Shape y = expected(graph.fact(node.output()), tensor.shape().rank(), out);
        ConvGeometry geometry = geometry(conv, tensor.shape(), x, y);
        weights.conv(group(graph, node, geometry, weights.target()), tensor);
      }
    }
  }

  static void pack(Graph graph, Node node, Op.ConvTranspose conv, Weights weights) {
    Tensor tensor = graph.constants().get(node.input(1));
    if (conv.layout() == Op.Layout.CHANNELS_LAST && tensor != null && isImages(tensor)) {
      int in = (int) tensor.shape().dim(0);
      int out = Math.toIntExact(tensor.shape().dim(1) * conv.groups());
      Shape x = expected(graph.fact(node.input(0)), tensor.shape().rank(), in);
      Shape y = expected(graph.fact(node.output()), tensor.shape().rank(), out);
      weights.convTranspose(geometry(conv, tensor.shape(), x, y), tensor);
    }
  }

  /// {@return the shape of images, as far as it is known at load; what is not, is taken for large}
  static Shape expected(Fact fact, int rank, int channels) {
    List<Dim> known = fact.shape();
    long[] dims = new long[rank];
    for (int i = 0; i < rank; i++) {
      Dim dim = known == null ? null : known.get(i);
      dims[i] = dim instanceof Dim.Known number ? number.value() : i == 0 ? 1 : LARGE;
    }
    dims[rank - 1] = channels;
    return Shape.of(dims);
  }

  private static boolean isImages(Tensor weights) {
    return weights.dtype() == DType.F32 && isImages(weights.shape());
  }

  private static boolean isImages(Shape weights) {
    int rank = weights.rank();
    return rank >= 3
        && rank <= 5
        && weights.elements() > 0
        && weights.elements() <= Integer.MAX_VALUE;
  }

  /// The weights of a convolution with a window of one element as a matrix.
  private static Columns pointwise(Tensor weights, int in) {
    return new Columns(List.of(weights), true, in, (int) weights.shape().dim(0));
  }

  private static boolean isPointwise(Op.Conv conv, Shape weights) {
    Op.Window window = conv.window();
    return conv.groups() == 1
        && weights.elements(2, weights.rank()) == 1
        && window.strides().stream().allMatch(stride -> stride == 1)
        && window.pads().stream().allMatch(pad -> pad == 0)
        && window.autoPad() != Op.AutoPad.SAME_LOWER;
  }

  /// The window as numbers for the last two spatial dimensions; one-dimensional images have height
  /// 1.
  ///
  /// @param pads top, left, bottom, right
  @SuppressWarnings("ArrayRecordComponent")
  private record Extent(int[] kernel, int[] strides, int[] dilations, int[] pads) {
    static Extent of(WindowGeometry window) {
      int[] begins = planar(window.begins(), 0);
      int[] ends = planar(window.ends(), 0);
      return new Extent(
          planar(window.kernel(), 1),
          planar(window.strides(), 1),
          planar(window.dilations(), 1),
          new int[] {begins[0], begins[1], ends[0], ends[1]});
    }

    private static int[] planar(int[] values, int missing) {
      int last = values.length - 1;
      return new int[] {last == 0 ? missing : values[last - 1], values[last]};
    }
  }

  private static int[] ints(long[] values, int from, int to) {
    int[] ints = new int[to - from];
    for (int i = 0; i < ints.length; i++) {
      ints[i] = Math.toIntExact(values[from + i]);
    }
    return ints;
  }

  private static int[] spatial(Shape shape) {
    return ints(shape.dims(), 1, shape.rank() - 1);
  }

  private static int height(Shape shape) {
    return shape.rank() == 3 ? 1 : (int) shape.dim(shape.rank() - 3);
  }

  /// The images that are computed at once: those of a depth are not.
  private static int batch(Shape shape) {
    return shape.rank() == 5 ? 1 : (int) shape.dim(0);
  }

  private static int width(Shape shape) {
    return (int) shape.dim(shape.rank() - 2);
  }

  private static int channels(Shape shape) {
    return (int) shape.dim(shape.rank() - 1);
  }

  private static boolean fits(Node node, Op.Layout layout, Lowering lowering) {
    return lowering.isF32(node.input(0), node.input(1))
        && hasShape(layout, node, lowering)
        && isImages(lowering.shape(node.input(1)));
  }

  private static boolean hasShape(Op.Layout layout, Node node, Lowering lowering) {
    Shape x = lowering.shape(node.input(0));
    Shape y = lowering.shape(node.output());
    return layout == Op.Layout.CHANNELS_LAST
        && x.rank() >= 3
        && x.rank() <= 5
        && x.elements() > 0
        && y.elements() > 0
        && x.elements() <= Integer.MAX_VALUE
        && y.elements() <= Integer.MAX_VALUE;
  }

  static boolean lower(Node node, Op.Conv conv, Lowering lowering) {
    if (!fits(node, conv.layout(), lowering)) {
      return false;
    }
    Shape x = lowering.shape(node.input(0));
    Shape y = lowering.shape(node.output());
    Shape window = lowering.shape(node.input(1));
    Tensor weights = lowering.graph().constants().get(node.input(1));
    if (weights == null) {
      return x.rank() < 5 && addPacking(node, geometry(conv, window, x, y), false, lowering);
    }
    if (isPointwise(conv, window)) {
      return lowerPointwise(node, conv, weights, lowering);
    }
    PixelGroup group =
        group(lowering.graph(), node, geometry(conv, window, x, y), lowering.target());
    Tensor bias = lowering.graph().constants().get(node.input(2));
    Place added =
        group.size() == 1 || bias == null
            ? lowering.place(node.input(2))
            : lowering.fixed(group.bias(bias));
    Place packed = lowering.fixed(lowering.weights().conv(group, weights));
    if (x.rank() < 5) {
      return add(node, group.geometry(), false, packed, added, lowering);
    }
    WindowGeometry volume =
        WindowGeometry.of(conv.window(), kernel(window), spatial(x), spatial(y));
    return addDepth(node, volume, false, group.geometry(), packed, lowering);
  }

  private static PixelGroup group(Graph graph, Node node, ConvGeometry pixel, Target target) {
    boolean fixed =
        graph.fact(node.input(1)).rank() < 5
            && (!node.hasInput(2) || graph.constants().containsKey(node.input(2)));
    return PixelGroup.of(pixel, fixed ? target.matrices().lanes() : 1);
  }

  static ConvGeometry geometry(Op.Conv conv, Shape weights, Shape x, Shape y) {
    WindowGeometry window =
        WindowGeometry.of(conv.window(), kernel(weights), spatial(x), spatial(y));
    return geometry(x, y, window, conv.groups(), conv.activation());
  }

  static boolean lower(Node node, Op.ConvTranspose conv, Lowering lowering) {
    if (!fits(node, conv.layout(), lowering)) {
      return false;
    }
    Shape x = lowering.shape(node.input(0));
    Shape y = lowering.shape(node.output());
    ConvGeometry geometry = geometry(conv, lowering.shape(node.input(1)), x, y);
    Tensor weights = lowering.graph().constants().get(node.input(1));
    if (weights == null) {
      return x.rank() < 5 && addPacking(node, geometry, true, lowering);
    }
    Place packed = lowering.fixed(lowering.weights().convTranspose(geometry, weights));
    if (x.rank() == 5) {
      WindowGeometry volume =
          WindowGeometry.transposed(
              conv, kernel(lowering.shape(node.input(1))), spatial(x), spatial(y));
      return addDepth(node, volume, true, geometry, packed, lowering);
    }
    return add(node, geometry, true, packed, lowering.place(node.input(2)), lowering);
  }

  private static ConvGeometry geometry(Op.ConvTranspose conv, Shape weights, Shape x, Shape y) {
    WindowGeometry window =
        WindowGeometry.transposed(conv, kernel(weights), spatial(x), spatial(y));
    return geometry(x, y, window, conv.groups(), conv.activation());
  }

  private static int[] kernel(Shape weights) {
    return ints(weights.dims(), 2, weights.rank());
  }

  private static ConvGeometry geometry(
      Shape x, Shape y, WindowGeometry window, long groups, Op.@Nullable Unary activation) {
    Extent extent = Extent.of(window);
    return new ConvGeometry(
        batch(x),
        height(x),
        width(x),
        channels(x),
        height(y),
        width(y),
        channels(y),
        extent.kernel[0],
        extent.kernel[1],
        extent.strides[0],
        extent.strides[1],
        extent.dilations[0],
        extent.dilations[1],
        extent.pads[0],
        extent.pads[1],
        (int) groups,
        Linear.activation(activation));
  }

  /// Adds a convolution whose weights are computed at run time and packed just before.
  private static boolean addPacking(
      Node node, ConvGeometry geometry, boolean transposed, Lowering lowering) {
    MatrixKernels kernels = lowering.target().matrices();
    Place packed = lowering.planned(PackConvStep.packedBytes(kernels, geometry, transposed));
    Place weights = lowering.place(node.input(1));
    lowering.add(
        new PackConvStep(
            Lowering.label(node), lowering.target(), geometry, transposed, weights, packed),
        weights,
        packed);
    return add(node, geometry, transposed, packed, lowering.place(node.input(2)), lowering);
  }

  private static boolean add(
      Node node,
      ConvGeometry geometry,
      boolean transposed,
      Place packed,
      Place bias,
      Lowering lowering) {
    Place x = lowering.place(node.input(0));
    Place residual = lowering.place(node.input(3));
    Place y = lowering.result(node.output());
    lowering.add(
        new ConvStep(
            Lowering.label(node),
            lowering.target(),
            geometry,
            transposed,
            x,
            packed,
            bias,
            residual,
            y),
        x,
        packed,
        bias,
        residual,
        y);
    return true;
  }

  /// Adds a convolution with three spatial dimensions.
  ///
  /// @param geometry the convolution of an image
  private static boolean addDepth(
      Node node,
      WindowGeometry window,
      boolean transposed,
      ConvGeometry geometry,
      Place packed,
      Lowering lowering) {
    Shape shape = lowering.shape(node.input(0));
    Depth depth =
        new Depth(
            (int) shape.dim(1),
            (int) lowering.shape(node.output()).dim(1),
            window.kernel()[0],
            window.strides()[0],
            window.dilations()[0],
            window.begins()[0],
            transposed);
    if (!depth.isWithin(transposed ? 1 : window.kernel()[0])) {
      return false;
    }
    Place x = lowering.place(node.input(0));
    Place bias = lowering.place(node.input(2));
    Place residual = lowering.place(node.input(3));
    Place y = lowering.result(node.output());
    lowering.add(
        new DepthConvStep(
            Lowering.label(node),
            lowering.target(),
            (int) shape.dim(0),
            geometry,
            depth,
            x,
            packed,
            bias,
            residual,
            y),
        x,
        packed,
        bias,
        residual,
        y);
    return true;
  }

  /// A convolution with a window of one element is a product over all pixels.
  private static boolean lowerPointwise(
      Node node, Op.Conv conv, Tensor weights, Lowering lowering) {
    Shape shape = lowering.shape(node.input(0));
    int k = channels(shape);
    int n = (int) weights.shape().dim(0);
    Product product =
        new Product(
            (int) (shape.elements() / k),
            k,
            n,
            k,
            n,
            node.hasInput(3) ? n : 0,
            1,
            Linear.activation(conv.activation()));
    Weights.Matrix form = lowering.weights().matrix(pointwise(weights, k), product.activation());
    Place packed = lowering.fixed(form.tensor());
    Place x = lowering.place(node.input(0));
    Place bias = lowering.place(node.input(2));
    Place residual = lowering.place(node.input(3));
    Place y = lowering.result(node.output());
    lowering.add(
        new MultiplyStep(
            Lowering.label(node),
            lowering.target(),
            product,
            form.prepare(lowering.target(), product),
            x,
            packed,
            bias,
            residual,
            y),
        x,
        bias,
        residual,
        y);
    return true;
  }

  static boolean lower(Node node, Op.Pool pool, Lowering lowering) {
    List<String> outputs = node.outputs();
    if (!isPooled(node, pool, lowering)
        || pool.function() == Op.PoolFunction.LP
        || (outputs.size() > 1 && !outputs.get(1).isEmpty())) {
      return false;
    }
    Shape x = lowering.shape(node.input(0));
    Shape y = lowering.shape(node.output());
    int[] kernel = pool.window().kernel().stream().mapToInt(Math::toIntExact).toArray();
    WindowGeometry window = WindowGeometry.of(pool.window(), kernel, spatial(x), spatial(y));
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
    Extent extent = Extent.of(window);
    if (x.rank() < 5) {
      addPool(label, geometry(pool, extent, x, y), from, to, lowering);
      return;
    }
    Shape images = Shape.of(x.dim(0) * x.dim(1), x.dim(2), x.dim(3), x.dim(4));
    Shape pooled = Shape.of(images.dim(0), y.dim(2), y.dim(3), y.dim(4));
    Place between = lowering.planned(4 * pooled.elements());
    addPool(label, geometry(pool, extent, images, pooled), from, between, lowering);
    long pixels = y.dim(2) * y.dim(3);
    Extent behind =
        new Extent(
            new int[] {window.kernel()[0], 1},
            new int[] {window.strides()[0], 1},
            new int[] {window.dilations()[0], 1},
            new int[] {window.begins()[0], 0, window.ends()[0], 0});
    Shape read = Shape.of(x.dim(0), x.dim(1), pixels, x.dim(4));
    Shape made = Shape.of(x.dim(0), y.dim(1), pixels, x.dim(4));
    addPool(label, geometry(pool, behind, read, made), between, to, lowering);
  }

  private static PoolGeometry geometry(Op.Pool pool, Extent extent, Shape x, Shape y) {
    return new PoolGeometry(
        (int) x.dim(0),
        height(x),
        width(x),
        channels(x),
        height(y),
        width(y),
        extent.kernel[0],
        extent.kernel[1],
        extent.strides[0],
        extent.strides[1],
        extent.dilations[0],
        extent.dilations[1],
        extent.pads[0],
        extent.pads[1],
        extent.pads[2],
        extent.pads[3],
        pool.function() == Op.PoolFunction.MAX,
        pool.countPadding());
  }

  private static void addPool(
      String label, PoolGeometry geometry, Place from, Place to, Lowering lowering) {
    lowering.add(new PoolStep(label, lowering.target(), geometry, from, to), from, to);
  }

  /// Bytes are exact in f32.
  private static boolean isPooled(Node node, Op.Pool pool, Lowering lowering) {
    boolean isMaximum = pool.function() == Op.PoolFunction.MAX;
    return hasShape(pool.layout(), node, lowering)
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
    RowKernels kernels = lowering.target().rows();
    ReduceFunction function =
        pool.function() == Op.PoolFunction.MAX ? ReduceFunction.MAX : ReduceFunction.MEAN;
    lowering.add(
        new ReduceStep(
            Lowering.label(node),
            lowering.target(),
            (source, result, o, _, _) -> kernels.reduce(function, source, result, o, n, inner),
            4,
            (int) (last ? x.dim(0) : x.elements(0, 2)),
            n,
            inner,
            from,
            to),
        from.place(),
        to);
    return true;
  }

  static boolean lower(Node node, Op.Resize resize, Lowering lowering) {
    return Resampling.lower(node, resize, lowering);
  }
}
