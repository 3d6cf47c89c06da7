package dev.jiffy.engine.ir;

import dev.jiffy.engine.ModelException;
import dev.jiffy.tensor.DType;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Rules of the operators that slide a window over an image: convolutions and pools.
final class WindowRules {
  private WindowRules() {}

  static Fact conv(Op.Conv op, Operands in) {
    in.expect(2, 4, 1);
    if (in.dtype(0) != DType.I32) {
      in.floating(0);
    }
    for (int i = 1; i < 4; i++) {
      in.same(i, 0);
    }
    ElementwiseRules.activation(op.activation(), in.dtype(0));
    List<Dim> w = in.shape(1);
    List<Dim> shape = convolved(op, in);
    if (w == null || shape == null) {
      return Fact.of(in.dtype(0), in.has(3) ? in.shape(3) : null);
    }
    checkVector("bias", 2, w.get(0), in);
    return Fact.of(in.dtype(0), in.has(3) ? Dims.merge("residual", shape, in.shape(3)) : shape);
  }

  /// The shape of a convolution's result, or null where those of the operands are not known.
  static @Nullable List<Dim> convolved(Op.Conv op, Operands in) {
    List<Dim> x = in.shape(0);
    List<Dim> w = in.shape(1);
    if (x == null || w == null) {
      return null;
    }
    checkImage(x, in);
    if (w.size() != x.size()) {
      throw new ModelException("weights: expected rank " + x.size() + ", got " + in.fact(1));
    }
    checkGroups(op.groups());
    Dim channels = x.get(channelAxis(op.layout(), x.size()));
    if (Dims.merge(channels, Dims.multiply(w.get(1), op.groups())) == null) {
      throw new ModelException(
          "weights: expected "
              + channels
              + " input channels in "
              + op.groups()
              + " groups, got "
              + in.fact(1));
    }
    checkDivides(op.groups(), w.get(0), in.fact(1));
    List<Dim> kernel = kernel(op.window(), w.subList(2, w.size()), x.size() - 2);
    List<Dim> spatial = slide(op.window(), kernel, spatial(op.layout(), x), in);
    return image(op.layout(), x.get(0), w.get(0), spatial);
  }

  private static void checkImage(List<Dim> x, Operands in) {
    if (x.size() < 3) {
      throw new ModelException(
          "input 0: expected batch, channels and spatial dimensions, got " + in.fact(0));
    }
  }

  private static void checkGroups(long groups) {
    if (groups < 1) {
      throw new ModelException("groups: expected at least 1, got " + groups);
    }
  }

  private static void checkDivides(long groups, Dim channels, Fact got) {
    if (channels instanceof Dim.Known c && c.value() % groups != 0) {
      throw new ModelException(
          "weights: expected channels that " + groups + " groups divide, got " + got);
    }
  }

  private static void checkVector(String what, int input, Dim extent, Operands in) {
    if (in.has(input)) {
      Dims.merge(what, List.of(extent), in.shape(input));
    }
  }

  static int channelAxis(Op.Layout layout, int rank) {
    return switch (layout) {
      case CHANNELS_FIRST -> 1;
      case CHANNELS_LAST -> rank - 1;
    };
  }

  static List<Dim> spatial(Op.Layout layout, List<Dim> x) {
    return switch (layout) {
      case CHANNELS_FIRST -> x.subList(2, x.size());
      case CHANNELS_LAST -> x.subList(1, x.size() - 1);
    };
  }

  private static List<Dim> image(Op.Layout layout, Dim batch, Dim channels, List<Dim> spatial) {
    List<Dim> shape = new ArrayList<>(spatial.size() + 2);
    shape.add(batch);
    if (layout == Op.Layout.CHANNELS_FIRST) {
      shape.add(channels);
      shape.addAll(spatial);
    } else {
      shape.addAll(spatial);
      shape.add(channels);
    }
    return List.copyOf(shape);
  }

  /// The window's extents: those of the weights, which must be those of the attribute.
  private static List<Dim> kernel(Op.Window window, @Nullable List<Dim> weights, int rank) {
    List<Dim> given = null;
    if (!window.kernel().isEmpty()) {
      given =
          Dims.of(numbers("kernel", window.kernel(), window.kernel().size(), 1, Long.MIN_VALUE));
    }
    List<Dim> kernel = weights == null ? given : Dims.merge("kernel", weights, given);
    if (kernel == null || kernel.size() != rank) {
      throw new ModelException("kernel: expected " + rank + " extents, got " + Dims.text(kernel));
    }
    for (Dim dim : kernel) {
      if (dim instanceof Dim.Known known && known.value() < 1) {
        throw new ModelException(
            "kernel: expected extents of at least 1, got " + Dims.text(kernel));
      }
    }
    return kernel;
  }

  /// One number of 32 bits for each dimension, checked against a lower bound; a default where none
  /// are given.
  private static long[] numbers(
      String what, List<Long> given, int count, long fallback, long bound) {
    long[] numbers = new long[count];
    if (given.isEmpty()) {
      java.util.Arrays.fill(numbers, fallback);
      return numbers;
    }
    boolean fits = given.size() == count;
    for (int i = 0; fits && i < count; i++) {
      numbers[i] = given.get(i);
      fits = numbers[i] >= bound;
    }
    if (!fits) {
      throw new ModelException(
          what + ": expected " + count + " numbers of at least " + bound + ", got " + given);
    }
    for (long number : numbers) {
      if (number != (int) number) {
        throw new ModelException(what + ": expected numbers of 32 bits, got " + given);
      }
    }
    return numbers;
  }

  /// The number of windows along each dimension.
  static List<Dim> windows(Op.Window window, List<Dim> kernel, List<Dim> spatial, Operands in) {
    return slide(window, kernel(window, kernel, spatial.size()), spatial, in);
  }

  /// The extents of what a window leaves of an image.
  private static List<Dim> slide(
      Op.Window window, List<Dim> kernel, List<Dim> spatial, Operands in) {
    int rank = spatial.size();
    long[] strides = numbers("strides", window.strides(), rank, 1, 1);
    long[] dilations = numbers("dilations", window.dilations(), rank, 1, 1);
    long[] pads = numbers("pads", window.pads(), 2 * rank, 0, 0);
    Dim[] dims = new Dim[rank];
    for (int i = 0; i < rank; i++) {
      Dim extent = spatial.get(i);
      Dim reach = Dims.add(Dims.multiply(Dims.add(kernel.get(i), -1), dilations[i]), 1);
      dims[i] =
          switch (window.autoPad()) {
            case SAME_UPPER, SAME_LOWER -> Dims.ceilDivide(extent, strides[i]);
            case VALID -> positions(extent, 0, reach, strides[i], 0, window.ceilMode(), i, in);
            case NOTSET ->
                positions(
                    extent,
                    Math.addExact(pads[i], pads[rank + i]),
                    reach,
                    strides[i],
                    pads[rank + i],
                    window.ceilMode(),
                    i,
                    in);
          };
    }
    return List.of(dims);
  }

  /// The number of positions of a window on an extent with padding.
  private static Dim positions(
      Dim extent,
      long padding,
      Dim reach,
      long stride,
      long padEnd,
      boolean ceil,
      int axis,
      Operands in) {
    if (extent instanceof Dim.Symbol && reach instanceof Dim.Known known && !ceil && stride == 1) {
      return Dims.add(extent, Math.addExact(padding, 1 - known.value()));
    }
    if (stride == 1 && padding == 0 && reach.equals(Dims.ONE)) {
      return extent; // which may be empty
    }
    Dim padded = Dims.add(extent, padding);
    Dim room =
        reach instanceof Dim.Known known
            ? Dims.add(extent, Math.subtractExact(padding, known.value()))
            : Dims.subtract(padded, reach);
    // rounded up, a window may reach over the end by less than a stride
    long missing = ceil ? stride : 1;
    if (room instanceof Dim.Known known && known.value() <= -missing) {
      throw new ModelException(
          "spatial dimension "
              + axis
              + " of "
              + in.fact(0)
              + ": expected at least "
              + Dims.add(reach, 1 - missing)
              + " elements with padding, got "
              + padded);
    }
    if (!ceil) {
      return Dims.add(Dims.floorDivide(room, Dim.of(stride)), 1);
    }
    Dim steps = Dims.ceilDivide(room, stride);
    // a last window that would begin in the end padding does not count
    if (steps instanceof Dim.Known n && padded instanceof Dim.Known p) {
      boolean beyond = Math.multiplyExact(n.value(), stride) >= p.value() - padEnd;
      return beyond ? steps : Dims.add(steps, 1);
    }
    boolean never = Dims.atLeast(reach, Math.addExact(padEnd, stride));
    return never ? Dims.add(steps, 1) : in.fresh("pooled");
  }

  static Fact convTranspose(Op.ConvTranspose op, Operands in) {
    in.expect(2, 3, 1);
    in.floating(0);
    in.same(1, 0);
    in.same(2, 0);
    ElementwiseRules.activation(op.activation(), in.dtype(0));
    List<Dim> x = in.shape(0);
    List<Dim> w = in.shape(1);
    if (x == null || w == null) {
      return Fact.unranked(in.dtype(0));
    }
    checkImage(x, in);
    if (w.size() != x.size()) {
      throw new ModelException("weights: expected rank " + x.size() + ", got " + in.fact(1));
    }
    checkGroups(op.groups());
    Dim channels = x.get(channelAxis(op.layout(), x.size()));
    if (Dims.merge(channels, w.get(0)) == null) {
      throw new ModelException(
          "weights: expected " + channels + " input channels, got " + in.fact(1));
    }
    checkDivides(op.groups(), w.get(0), in.fact(1));
    Dim made = Dims.multiply(w.get(1), op.groups());
    checkVector("bias", 2, made, in);
    List<Dim> kernel = kernel(op.window(), w.subList(2, w.size()), x.size() - 2);
    List<Dim> spatial = spread(op, kernel, spatial(op.layout(), x));
    return Fact.of(in.dtype(0), image(op.layout(), x.get(0), made, spatial));
  }

  private static List<Dim> spread(Op.ConvTranspose op, List<Dim> kernel, List<Dim> spatial) {
    int rank = spatial.size();
    Op.Window window = op.window();
    long[] strides = numbers("strides", window.strides(), rank, 1, 1);
    long[] dilations = numbers("dilations", window.dilations(), rank, 1, 1);
    long[] pads = numbers("pads", window.pads(), 2 * rank, 0, 0);
    long[] extra = numbers("outputPadding", op.outputPadding(), rank, 0, 0);
    long[] wanted = numbers("outputShape", op.outputShape(), rank, -1, 1);
    Dim[] dims = new Dim[rank];
    for (int i = 0; i < rank; i++) {
      Dim extent = spatial.get(i);
      boolean same =
          window.autoPad() == Op.AutoPad.SAME_UPPER || window.autoPad() == Op.AutoPad.SAME_LOWER;
      if (wanted[i] >= 0) {
        dims[i] = Dim.of(wanted[i]);
      } else if (same) {
        dims[i] = Dims.multiply(extent, strides[i]);
      } else {
        Dim reach = Dims.add(Dims.multiply(Dims.add(kernel.get(i), -1), dilations[i]), 1);
        long cut =
            window.autoPad() == Op.AutoPad.VALID ? 0 : Math.addExact(pads[i], pads[rank + i]);
        Dim full = Dims.add(Dims.multiply(Dims.add(extent, -1), strides[i]), reach);
        dims[i] = Dims.add(full, Math.subtractExact(extra[i], cut));
      }
      if (dims[i] instanceof Dim.Known known && known.value() < 1) {
        throw new ModelException(
            "spatial dimension " + i + ": expected a result of at least 1, got " + known);
      }
    }
    return List.of(dims);
  }

  static List<Fact> pool(Op.Pool op, Operands in) {
    boolean max = op.function() == Op.PoolFunction.MAX;
    in.expect(1, 1, max ? 2 : 1);
    DType dtype = poolType(max, in);
    checkPower(op.function(), op.p());
    List<Dim> x = in.shape(0);
    List<Dim> shape = null;
    if (x != null) {
      checkImage(x, in);
      List<Dim> kernel = kernel(op.window(), null, x.size() - 2);
      List<Dim> spatial = slide(op.window(), kernel, spatial(op.layout(), x), in);
      shape = image(op.layout(), x.get(0), x.get(channelAxis(op.layout(), x.size())), spatial);
    }
    Fact y = Fact.of(dtype, shape);
    return in.outputs() == 1 ? List.of(y) : List.of(y, Fact.of(DType.I64, shape));
  }

  private static DType poolType(boolean max, Operands in) {
    DType dtype = in.dtype(0);
    return max && (dtype == DType.I8 || dtype == DType.U8) ? dtype : in.floating(0);
  }

  private static void checkPower(Op.PoolFunction function, long p) {
    if (function == Op.PoolFunction.LP && p < 1) {
      throw new ModelException("p: expected at least 1, got " + p);
    }
  }

  static Fact globalPool(Op.GlobalPool op, Operands in) {
    in.expect(1, 1, 1);
    DType dtype = in.floating(0);
    checkPower(op.function(), op.p());
    List<Dim> x = in.shape(0);
    if (x == null) {
      return Fact.unranked(dtype);
    }
    if (x.size() < 2) {
      throw new ModelException("input 0: expected batch and channels, got " + in.fact(0));
    }
    List<Dim> ones = java.util.Collections.nCopies(x.size() - 2, Dims.ONE);
    Dim channels = x.get(channelAxis(op.layout(), x.size()));
    return Fact.of(dtype, image(op.layout(), x.get(0), channels, ones));
  }
}
