package dev.jiffy.bench.fuzz;

import static dev.jiffy.bench.fuzz.Sketch.array;
import static dev.jiffy.bench.fuzz.Sketch.integer;
import static dev.jiffy.bench.fuzz.Sketch.integers;
import static dev.jiffy.bench.fuzz.Sketch.real;
import static dev.jiffy.bench.fuzz.Sketch.text;

import dev.jiffy.bench.fuzz.Sketch.Value;
import dev.jiffy.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.stream.LongStream;

/// What is done with images: values of three to five dimensions.
final class Images {
  private Images() {}

  /// A value as images, three to five dimensions.
  static Value image(Sketch s, Value x) {
    if (x.rank() >= 3 && x.rank() <= 5) {
      return x;
    }
    List<Long> dims = s.dims((int) s.any(3, 4));
    Value image = new Value("", dims);
    return s.wire(
        image.elements() == x.elements()
            ? s.node("Reshape", List.of(x.name(), s.longs(array(dims))), integer("allowzero", 1))
            : s.constant(s.tensor(dims)),
        dims);
  }

  /// A window.
  ///
  /// @param attributes what describes it
  /// @param kernel its extents
  /// @param extents the number of its positions along each dimension
  private record Window(List<Proto> attributes, List<Long> kernel, List<Long> extents) {}

  /// A window with as many positions as it leaves along each dimension, or none where it does not
  /// fit.
  private static Window window(Sketch s, Value x, boolean transposed, boolean padded) {
    int rank = x.rank() - 2;
    long[] kernel = new long[rank];
    long[] strides = new long[rank];
    long[] dilations = new long[rank];
    long[] pads = new long[2 * rank];
    List<Long> extents = new ArrayList<>();
    boolean square = s.coin();
    for (int d = 0; d < rank; d++) {
      boolean same = square && d > 0;
      kernel[d] = same ? kernel[0] : s.any(1, s.random.nextInt(4) == 0 ? 7 : 3);
      strides[d] = same ? strides[0] : s.random.nextInt(3) == 0 ? s.any(1, 3) : 1;
      dilations[d] = same ? dilations[0] : s.random.nextInt(4) == 0 ? s.any(1, 3) : 1;
      // each window sees some of the image
      for (int end : new int[] {d, rank + d}) {
        pads[end] =
            padded && s.coin()
                ? Math.min(s.any(0, 2), Math.max(0, Math.min(kernel[d], x.dim(2 + d)) - 1))
                : 0;
      }
      long reach = (kernel[d] - 1) * dilations[d] + 1;
      long cut = pads[d] + pads[rank + d];
      long extent = x.dim(2 + d);
      extents.add(
          transposed
              ? (extent - 1) * strides[d] + reach - cut
              : Math.floorDiv(extent + cut - reach, strides[d]) + 1);
    }
    List<Proto> attributes = new ArrayList<>();
    attributes.add(integers("kernel_shape", kernel));
    attributes.add(integers("strides", strides));
    attributes.add(integers("dilations", dilations));
    attributes.add(integers("pads", pads));
    return new Window(attributes, LongStream.of(kernel).boxed().toList(), extents);
  }

  private static boolean isThere(Window window) {
    return window.extents.stream().allMatch(extent -> extent > 0);
  }

  private static List<Long> images(long batch, long channels, List<Long> extents) {
    List<Long> dims = new ArrayList<>(List.of(batch, channels));
    dims.addAll(extents);
    return dims;
  }

  static Value convolve(Sketch s, Value x) {
    boolean transposed = s.random.nextInt(3) == 0;
    Window window = window(s, x, transposed, true);
    long channels = x.dim(1);
    if (!isThere(window) || channels == 0 || x.elements() == 0) {
      return x;
    }
    long groups = s.coin() ? 1 : s.coin() ? channels : channels % 2 == 0 ? 2 : 1;
    long each = s.random.nextInt(3) == 0 ? s.any(1, 17) : s.any(1, 2);
    long made = groups * each;
    List<Long> shape =
        transposed
            ? images(channels, each, window.kernel)
            : images(made, channels / groups, window.kernel);
    List<String> in =
        new ArrayList<>(List.of(x.name(), Products.kernel(s, shape, transposed ? 1 : 0)));
    if (s.coin()) {
      in.add(s.weights(made));
    }
    window.attributes.add(integer("group", groups));
    Value y =
        s.wire(
            s.node(
                transposed ? "ConvTranspose" : "Conv", in, window.attributes.toArray(Proto[]::new)),
            images(x.dim(0), made, window.extents));
    return Elementwise.settled(s, y);
  }

  static Value pool(Sketch s, Value x) {
    boolean max = s.exact || s.coin();
    Window window = window(s, x, false, max || s.coin());
    if (!isThere(window) || x.elements() == 0) {
      return x;
    }
    if (s.random.nextInt(5) == 0) {
      return s.wire(
          s.node(max ? "GlobalMaxPool" : "GlobalAveragePool", List.of(x.name())),
          images(x.dim(0), x.dim(1), Collections.nCopies(x.rank() - 2, 1L)));
    }
    if (!max) {
      window.attributes.add(integer("count_include_pad", s.any(0, 1)));
    }
    Proto[] attributes = window.attributes.toArray(Proto[]::new);
    return s.wire(
        s.node(max ? "MaxPool" : "AveragePool", List.of(x.name()), attributes),
        images(x.dim(0), x.dim(1), window.extents));
  }

  /// What is done for each channel, or changes the extents of images.
  static Value scaled(Sketch s, Value x) {
    long channels = x.dim(1);
    return switch (s.random.nextInt(s.exact ? 3 : 6)) {
      case 0 -> {
        Long[] dims = new Long[x.rank() - 1];
        Arrays.fill(dims, 1L);
        dims[0] = channels;
        yield Elementwise.settled(
            s, s.like(x, s.coin() ? "Mul" : "Add", List.of(x.name(), s.weights(dims))));
      }
      case 1 -> {
        if (x.rank() != 4 || channels % 4 != 0) {
          yield x;
        }
        yield s.wire(
            s.node(
                "DepthToSpace",
                List.of(x.name()),
                integer("blocksize", 2),
                text("mode", s.coin() ? "DCR" : "CRD")),
            List.of(x.dim(0), channels / 4, x.dim(2) * 2, x.dim(3) * 2));
      }
      case 2 -> {
        float[] scales = new float[x.rank()];
        Arrays.fill(scales, 1);
        List<Long> dims = new ArrayList<>(x.dims());
        for (int d = 2; d < x.rank(); d++) {
          scales[d] = s.any(1, 3);
          dims.set(d, dims.get(d) * (long) scales[d]);
        }
        if (x.elements() == 0) {
          yield x;
        }
        String mode = s.exact || x.rank() == 5 ? "nearest" : s.any(List.of("nearest", "linear"));
        yield s.wire(
            s.node(
                "Resize",
                List.of(x.name(), "", s.constant(Tensor.of(scales, scales.length))),
                text("mode", mode),
                text(
                    "coordinate_transformation_mode",
                    s.any(List.of("asymmetric", "half_pixel", "align_corners"))),
                text("nearest_mode", s.any(List.of("floor", "ceil", "round_prefer_floor")))),
            dims);
      }
      case 3 -> {
        String variance = s.node("Abs", List.of(s.weights(channels)));
        yield s.like(
            x,
            "BatchNormalization",
            List.of(
                x.name(), s.weights(channels), s.weights(channels), s.weights(channels), variance),
            real("epsilon", 0.125f));
      }
      case 4 ->
          s.like(
              x,
              "InstanceNormalization",
              List.of(x.name(), s.weights(channels), s.weights(channels)),
              real("epsilon", 0.125f));
      default ->
          s.like(x, "LRN", List.of(x.name()), integer("size", s.any(1, 5)), real("alpha", 0.5f));
    };
  }
}
