package dev.jiffy.engine.ir;

import dev.jiffy.engine.ModelException;
import dev.jiffy.tensor.DType;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Rules of the operators on images that look where other inputs tell them to.
final class ImageRules {
  private static final long MAX_SAMPLES = 1 << 16;

  private ImageRules() {}

  static Fact infer(ImageOp op, Operands in) {
    return switch (op) {
      case ImageOp.SampleGrid _ -> sampleGrid(in);
      case ImageOp.AlignRegions o -> alignRegions(o, in);
      case ImageOp.PoolRegions o -> poolRegions(o, in);
      case ImageOp.DeformConv o -> deformConv(o, in);
      case ImageOp.Fold o -> fold(o, in);
      case ImageOp.Resize o -> ResizeRule.resize(o, in);
    };
  }

  private static Fact sampleGrid(Operands in) {
    in.expect(2, 2, 1);
    in.numericOrBool(0);
    in.floating(1);
    List<Dim> x = in.shape(0);
    List<Dim> grid = in.shape(1);
    if (x == null || grid == null) {
      return Fact.unranked(in.dtype(0));
    }
    int rank = x.size();
    if (rank < 3 || rank > 5) {
      throw new ModelException("input 0: expected rank 3 to 5, got " + in.fact(0));
    }
    in.shape(1, rank);
    if (Dims.merge(x.getFirst(), grid.getFirst()) == null) {
      throw new ModelException("grid: expected batch " + x.getFirst() + ", got " + in.fact(1));
    }
    if (Dims.merge(grid.getLast(), Dim.of(rank - 2)) == null) {
      throw new ModelException("grid: expected " + (rank - 2) + " coordinates, got " + in.fact(1));
    }
    List<Dim> shape = new ArrayList<>(x.subList(0, 2));
    shape.addAll(grid.subList(1, rank - 1));
    return Fact.of(in.dtype(0), shape);
  }

  private static Fact alignRegions(ImageOp.AlignRegions op, Operands in) {
    in.expect(3, 3, 1);
    in.floating(0);
    in.same(1, 0);
    in.integer(2);
    List<Dim> images = in.shape(2, 1);
    Dim count = regions(4, in);
    if (images != null && Dims.merge(count, images.getFirst()) == null) {
      throw new ModelException("images: expected " + count + " indices, got " + in.fact(2));
    }
    if (op.samples() < 0 || op.samples() > MAX_SAMPLES) {
      throw new ModelException("samples: expected 0 to " + MAX_SAMPLES + ", got " + op.samples());
    }
    return bins(op.height(), op.width(), count, in);
  }

  private static Fact poolRegions(ImageOp.PoolRegions op, Operands in) {
    in.expect(2, 2, 1);
    in.floating(0);
    in.same(1, 0);
    return bins(op.height(), op.width(), regions(5, in), in);
  }

  /// The number of regions, each of so many numbers.
  private static Dim regions(int numbers, Operands in) {
    List<Dim> regions = in.shape(1, 2);
    if (regions == null) {
      return in.fresh("regions");
    }
    if (Dims.merge(regions.getLast(), Dim.of(numbers)) == null) {
      throw new ModelException("regions: expected " + numbers + " numbers, got " + in.fact(1));
    }
    return regions.getFirst();
  }

  private static Fact bins(long height, long width, Dim count, Operands in) {
    List<Dim> x = in.shape(0, 4);
    if (height < 1 || width < 1) {
      throw new ModelException("bins: expected at least 1×1, got " + height + "×" + width);
    }
    Dim channels = x == null ? in.fresh("channels") : x.get(1);
    return Fact.of(in.dtype(0), List.of(count, channels, Dim.of(height), Dim.of(width)));
  }

  private static Fact deformConv(ImageOp.DeformConv op, Operands in) {
    in.expect(3, 5, 1);
    in.floating(0);
    for (int i = 1; i < 5; i++) {
      in.same(i, 0);
    }
    // bias and weights obey the rules of a convolution whose image is not moved
    List<@Nullable Fact> facts = new ArrayList<>(List.of(in.fact(0), in.fact(1)));
    facts.add(in.has(3) ? in.fact(3) : null);
    Op.Conv plain = new Op.Conv(op.window(), op.groups(), Op.Layout.CHANNELS_FIRST, null);
    Fact result = WindowRules.conv(plain, new Operands(facts, List.of(), 1, in.names()));
    List<Dim> x = in.shape(0);
    List<Dim> w = in.shape(1);
    List<Dim> shape = result.shape();
    if (x == null || w == null || shape == null) {
      return result;
    }
    if (op.offsetGroups() < 1) {
      throw new ModelException("groups of offsets: expected at least 1, got " + op.offsetGroups());
    }
    Dim taps = Dims.multiply(Dims.product(w.subList(2, w.size())), op.offsetGroups());
    moved("offsets", 2, Dims.multiply(taps, x.size() - 2), shape, in);
    if (in.has(4)) {
      moved("mask", 4, taps, shape, in);
    }
    return result;
  }

  private static void moved(String what, int input, Dim channels, List<Dim> result, Operands in) {
    List<Dim> expected = new ArrayList<>(result);
    expected.set(1, channels);
    Dims.merge(what, expected, in.shape(input));
  }

  private static Fact fold(ImageOp.Fold op, Operands in) {
    in.expect(3, 3, 1);
    DType dtype = in.dtype(0);
    in.numericOrBool(0);
    in.index(1);
    in.index(2);
    List<Dim> x = in.shape(0, 3);
    int rank = Math.max(in.length(1), in.length(2));
    List<Dim> image = in.value(1);
    List<Dim> block = in.value(2);
    if (rank < 0) {
      return Fact.unranked(dtype);
    }
    if (image != null) {
      ShapeRules.extents("image", image);
    }
    if (in.length(1) >= 0 && in.length(2) >= 0 && in.length(1) != in.length(2)) {
      throw new ModelException("block: expected " + in.length(1) + " extents, got " + in.fact(2));
    }
    Dim channels = in.fresh("channels");
    if (x != null && block != null) {
      channels = Dims.floorDivide(x.get(1), Dims.product(block));
      if (channels instanceof Dim.Known c
          && Dims.merge(x.get(1), Dims.multiply(Dims.product(block), c.value())) == null) {
        throw new ModelException(
            "input 0: expected blocks of " + Dims.text(block) + ", got " + in.fact(0));
      }
    }
    if (x != null && block != null && image != null) {
      List<Dim> windows = WindowRules.windows(op.window(), block, image, in);
      if (Dims.merge(Dims.product(windows), x.get(2)) == null) {
        throw new ModelException(
            "input 0: expected "
                + Dims.text(windows)
                + " blocks in an image of "
                + Dims.text(image)
                + ", got "
                + in.fact(0));
      }
    }
    List<Dim> shape = new ArrayList<>();
    shape.add(x == null ? in.fresh("batch") : x.getFirst());
    shape.add(channels);
    shape.addAll(image == null ? in.fresh("extent", rank) : image);
    return Fact.of(dtype, shape);
  }
}
