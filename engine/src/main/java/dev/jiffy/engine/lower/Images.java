package dev.jiffy.engine.lower;

import dev.jiffy.engine.ir.Dim;
import dev.jiffy.engine.ir.Fact;
import dev.jiffy.engine.ir.Graph;
import dev.jiffy.engine.ir.Node;
import dev.jiffy.engine.ir.Op;
import dev.jiffy.engine.kernel.ConvGeometry;
import dev.jiffy.engine.kernel.Product;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Lowers convolutions over channels-last images of one to three spatial dimensions. With three,
/// images lie one behind the other.
final class Images {
  /// What an extent of an image is taken for where it is not known.
  private static final int LARGE = 64;

  /// The most pixels that may become of one by zeros between them.
  private static final int MOST_SPREAD = 16;

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
      WindowGeometry window = window(conv, tensor.shape(), x, y);
      ConvGeometry geometry = geometry(x, y, window, conv.groups(), conv.activation());
      if (isSpread(geometry, x)) {
        weights.conv(new PixelGroup(geometry.spread(), 1), weights.mirrored(tensor));
      } else {
        weights.convTranspose(geometry, tensor);
      }
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

  static int[] spatial(Shape shape) {
    int[] extents = new int[shape.rank() - 2];
    for (int axis = 0; axis < extents.length; axis++) {
      extents[axis] = WindowGeometry.within("an image", axis, shape.dim(1 + axis));
    }
    return extents;
  }

  static int height(Shape shape) {
    return shape.rank() == 3 ? 1 : (int) shape.dim(shape.rank() - 3);
  }

  /// The images that are computed at once: those of a depth are not.
  private static int batch(Shape shape) {
    return shape.rank() == 5 ? 1 : (int) shape.dim(0);
  }

  static int width(Shape shape) {
    return (int) shape.dim(shape.rank() - 2);
  }

  static int channels(Shape shape) {
    return (int) shape.dim(shape.rank() - 1);
  }

  private static boolean fits(Node node, Op.Layout layout, Lowering lowering) {
    return lowering.isF32(node.input(0), node.input(1))
        && hasShape(layout, node, lowering)
        && isImages(lowering.shape(node.input(1)));
  }

  /// {@return whether a node reads and makes images that kernels compute}
  static boolean hasShape(Op.Layout layout, Node node, Lowering lowering) {
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
    Shape shape = lowering.shape(node.input(1));
    Tensor weights = lowering.graph().constants().get(node.input(1));
    if (weights != null && isPointwise(conv, shape)) {
      addProduct(node, conv, weights, lowering);
      return true;
    }
    Shape x = lowering.shape(node.input(0));
    Shape y = lowering.shape(node.output());
    WindowGeometry window = window(conv, shape, x, y);
    ConvGeometry geometry = geometry(x, y, window, conv.groups(), conv.activation());
    if (weights == null) {
      return addPacking(node, window, geometry, false, lowering);
    }
    PixelGroup group = group(lowering.graph(), node, geometry, lowering.target());
    Place packed = lowering.fixed(lowering.weights().conv(group, weights));
    Tensor bias = lowering.graph().constants().get(node.input(2));
    Place added =
        group.size() == 1 || bias == null
            ? lowering.place(node.input(2))
            : lowering.fixed(group.bias(bias));
    return add(node, window, group.geometry(), false, packed, added, lowering);
  }

  private static PixelGroup group(Graph graph, Node node, ConvGeometry pixel, Target target) {
    boolean fixed =
        graph.fact(node.input(1)).rank() < 5
            && (!node.hasInput(2) || graph.constants().containsKey(node.input(2)));
    return fixed && !target.matrices().takesNarrowGroups(pixel)
        ? PixelGroup.of(pixel, target.matrices().lanes())
        : new PixelGroup(pixel, 1);
  }

  static boolean lower(Node node, Op.ConvTranspose conv, Lowering lowering) {
    if (!fits(node, conv.layout(), lowering)) {
      return false;
    }
    Shape x = lowering.shape(node.input(0));
    Shape y = lowering.shape(node.output());
    WindowGeometry window = window(conv, lowering.shape(node.input(1)), x, y);
    ConvGeometry geometry = geometry(x, y, window, conv.groups(), conv.activation());
    Tensor weights = lowering.graph().constants().get(node.input(1));
    if (weights == null) {
      return addPacking(node, window, geometry, true, lowering);
    }
    if (isSpread(geometry, x)) {
      addSpread(node, geometry, weights, lowering);
      return true;
    }
    Place packed = lowering.fixed(lowering.weights().convTranspose(geometry, weights));
    return add(node, window, geometry, true, packed, lowering.place(node.input(2)), lowering);
  }

  /// {@return whether a transposed convolution is computed as one of an input with zeros between
  /// its pixels: where each channel has its own filter, products have but one column}
  private static boolean isSpread(ConvGeometry g, Shape x) {
    ConvGeometry spread = g.spread();
    long pixels = (long) spread.inHeight() * spread.inWidth();
    return x.rank() < 5
        && g.groups() == g.inChannels()
        && g.groups() == g.outChannels()
        && g.strideHeight() * g.strideWidth() <= MOST_SPREAD
        && spread.padTop() >= 0
        && spread.padLeft() >= 0
        && pixels * g.batch() * g.inChannels() <= Integer.MAX_VALUE;
  }

  private static void addSpread(
      Node node, ConvGeometry geometry, Tensor weights, Lowering lowering) {
    ConvGeometry spread = geometry.spread();
    String label = Lowering.label(node);
    long pixel = 4L * geometry.inChannels();
    long row = pixel * spread.inWidth();
    long bytes = row * spread.inHeight() * geometry.batch();
    Place x = lowering.place(node.input(0));
    if (geometry.strideHeight() * geometry.strideWidth() > 1) {
      Place to = lowering.planned(bytes);
      lowering.add(new FillStep(label, lowering.target(), 0, bytes, to), to);
      long[] dims = {
        geometry.batch(), geometry.inHeight(), geometry.inWidth(), geometry.inChannels()
      };
      long[] apart = {
        row * spread.inHeight(), row * geometry.strideHeight(), pixel * geometry.strideWidth(), 4
      };
      Movement.copy(label, dims, x, Movement.dense(dims, 4), to, apart, 4, lowering);
      x = to;
    }
    Weights packed = lowering.weights();
    Tensor mirrored = packed.conv(new PixelGroup(spread, 1), packed.mirrored(weights));
    Layer layer =
        new Layer(
            x,
            lowering.fixed(mirrored),
            lowering.place(node.input(2)),
            lowering.place(node.input(3)),
            lowering.result(node.output()));
    lowering.add(new ConvStep(label, lowering.target(), spread, false, layer), layer.places());
  }

  // ---- geometry

  private static WindowGeometry window(Op.Conv conv, Shape weights, Shape x, Shape y) {
    return WindowGeometry.of(conv.window(), kernel(weights), spatial(x), spatial(y));
  }

  private static WindowGeometry window(Op.ConvTranspose conv, Shape weights, Shape x, Shape y) {
    return WindowGeometry.transposed(conv, kernel(weights), spatial(x), spatial(y));
  }

  private static int[] kernel(Shape weights) {
    return Arrays.stream(weights.dims()).skip(2).mapToInt(Math::toIntExact).toArray();
  }

  static ConvGeometry geometry(Op.Conv conv, Shape weights, Shape x, Shape y) {
    return geometry(x, y, window(conv, weights, x, y), conv.groups(), conv.activation());
  }

  private static ConvGeometry geometry(
      Shape x, Shape y, WindowGeometry window, long groups, Op.@Nullable Unary activation) {
    WindowGeometry planar = window.planar();
    return new ConvGeometry(
        batch(x),
        height(x),
        width(x),
        channels(x),
        height(y),
        width(y),
        channels(y),
        planar.kernel()[0],
        planar.kernel()[1],
        planar.strides()[0],
        planar.strides()[1],
        planar.dilations()[0],
        planar.dilations()[1],
        planar.begins()[0],
        planar.begins()[1],
        (int) groups,
        Linear.activation(activation));
  }

  // ---- steps

  /// Adds a convolution whose weights are computed at run time and packed just before.
  private static boolean addPacking(
      Node node,
      WindowGeometry window,
      ConvGeometry geometry,
      boolean transposed,
      Lowering lowering) {
    if (lowering.shape(node.input(0)).rank() == 5) {
      return false;
    }
    Target target = lowering.target();
    Place packed =
        lowering.planned(PackConvStep.packedBytes(target.matrices(), geometry, transposed));
    Place weights = lowering.place(node.input(1));
    lowering.add(
        new PackConvStep(Lowering.label(node), target, geometry, transposed, weights, packed),
        weights,
        packed);
    Place bias = lowering.place(node.input(2));
    return add(node, window, geometry, transposed, packed, bias, lowering);
  }

  /// Adds a convolution.
  ///
  /// @param geometry that of an image where there are three spatial dimensions
  private static boolean add(
      Node node,
      WindowGeometry window,
      ConvGeometry geometry,
      boolean transposed,
      Place packed,
      Place bias,
      Lowering lowering) {
    Shape x = lowering.shape(node.input(0));
    Depth depth =
        x.rank() < 5 ? null : Depth.of(window, x, lowering.shape(node.output()), transposed);
    if (depth != null && !depth.isWithin(transposed ? 1 : depth.kernel())) {
      return false;
    }
    String label = Lowering.label(node);
    Target target = lowering.target();
    Layer layer = Layer.of(node, packed, bias, node.input(3), lowering);
    lowering.add(
        depth == null
            ? new ConvStep(label, target, geometry, transposed, layer)
            : new DepthConvStep(label, target, (int) x.dim(0), geometry, depth, layer),
        layer.places());
    return true;
  }

  /// Adds a convolution with a window of one element: a product over all pixels.
  private static void addProduct(Node node, Op.Conv conv, Tensor weights, Lowering lowering) {
    Shape x = lowering.shape(node.input(0));
    int k = channels(x);
    int n = (int) weights.shape().dim(0);
    Product product =
        new Product(
            (int) (x.elements() / k),
            k,
            n,
            k,
            n,
            node.hasInput(3) ? n : 0,
            1,
            Linear.activation(conv.activation()));
    Linear.lower(node, product, pointwise(weights, k), lowering);
  }
}
