package dev.jiffy.engine.lower;

import dev.jiffy.engine.ir.AttentionOp;
import dev.jiffy.engine.ir.Node;
import dev.jiffy.engine.ir.Op;
import dev.jiffy.engine.kernel.GatherGeometry;
import dev.jiffy.engine.kernel.StridedCopy;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Lowers operators that only move elements: each becomes a view where its result lies dense in its
/// input already, else strided copies.
final class Movement {
  private Movement() {}

  /// Elements of a tensor as seen by an operator: where they begin, in bytes, and the bytes from
  /// one to the next of each dimension.
  @SuppressWarnings("ArrayRecordComponent")
  private record View(long offset, long[] dims, long[] strides) {
    static View of(Shape shape, int elementBytes) {
      return new View(0, shape.dims(), dense(shape.dims(), elementBytes));
    }

    boolean isDense(int elementBytes) {
      long expected = elementBytes;
      for (int axis = dims.length - 1; axis >= 0; axis--) {
        if (dims[axis] != 1 && strides[axis] != expected) {
          return false;
        }
        expected *= dims[axis];
      }
      return true;
    }
  }

  static long[] dense(long[] dims, int elementBytes) {
    long[] strides = new long[dims.length];
    long stride = elementBytes;
    for (int axis = dims.length - 1; axis >= 0; axis--) {
      strides[axis] = stride;
      stride *= dims[axis];
    }
    return strides;
  }

  static boolean lower(Node node, Lowering lowering) {
    Shape x = lowering.shape(node.input(0));
    int bytes = lowering.dtype(node.input(0)).bytes();
    for (String output : node.outputs()) {
      if (!output.isEmpty() && lowering.shape(output).elements() == 0) {
        return false;
      }
    }
    return switch (node.op()) {
      case Op.Transpose transpose -> {
        View view = View.of(x, bytes);
        int rank = x.rank();
        long[] dims = new long[rank];
        long[] strides = new long[rank];
        for (int axis = 0; axis < rank; axis++) {
          int from =
              transpose.perm().isEmpty() ? rank - 1 - axis : transpose.perm().get(axis).intValue();
          dims[axis] = view.dims[from];
          strides[axis] = view.strides[from];
        }
        yield copyOrView(node, new View(0, dims, strides), bytes, lowering);
      }
      case Op.Expand _ -> {
        Shape whole = lowering.shape(node.output());
        long[] strides = Broadcast.strides(whole, x);
        for (int axis = 0; axis < strides.length; axis++) {
          strides[axis] *= bytes;
        }
        yield copyOrView(node, new View(0, whole.dims(), strides), bytes, lowering);
      }
      case Op.Slice _ -> {
        View view = slice(node, x, bytes, lowering);
        yield view != null && copyOrView(node, view, bytes, lowering);
      }
      case Op.Split split -> {
        lowerSplit(node, split, x, bytes, lowering);
        yield true;
      }
      case Op.Concat concat -> {
        lowerConcat(node, concat, bytes, lowering);
        yield true;
      }
      case Op.Pad pad -> Pads.lower(node, pad, x, bytes, lowering);
      case Op.Tile _ -> lowerTile(node, x, bytes, lowering);
      case Op.DepthToSpace depth -> {
        long b = depth.block();
        long c = x.dim(1) / (b * b);
        yield x.rank() == 4
            && regroup(
                node,
                depth.columnRowDepth()
                    ? new long[] {x.dim(0), c, b, b, x.dim(2), x.dim(3)}
                    : new long[] {x.dim(0), b, b, c, x.dim(2), x.dim(3)},
                depth.columnRowDepth()
                    ? new int[] {0, 1, 4, 2, 5, 3}
                    : new int[] {0, 3, 4, 1, 5, 2},
                bytes,
                lowering);
      }
      case Op.SpaceToDepth space -> {
        long b = space.block();
        yield x.rank() == 4
            && regroup(
                node,
                new long[] {x.dim(0), x.dim(1), x.dim(2) / b, b, x.dim(3) / b, b},
                new int[] {0, 3, 5, 1, 2, 4},
                bytes,
                lowering);
      }
      default -> throw new IllegalStateException("not a movement: " + node.op());
    };
  }

  /// A transpose of the input under other extents.
  private static boolean regroup(Node node, long[] dims, int[] perm, int bytes, Lowering lowering) {
    long[] from = dense(dims, bytes);
    long[] extents = new long[perm.length];
    long[] strides = new long[perm.length];
    for (int axis = 0; axis < perm.length; axis++) {
      extents[axis] = dims[perm[axis]];
      strides[axis] = from[perm[axis]];
    }
    return copyOrView(node, new View(0, extents, strides), bytes, lowering);
  }

  private static boolean copyOrView(Node node, View view, int bytes, Lowering lowering) {
    Place x = lowering.place(node.input(0)).plus(view.offset);
    if (view.isDense(bytes)) {
      lowering.view(node.output(), x);
      return true;
    }
    Place y = lowering.result(node.output());
    copy(
        Lowering.label(node),
        view.dims,
        x,
        view.strides,
        y,
        dense(view.dims, bytes),
        bytes,
        lowering);
    return true;
  }

  static void copy(
      String name,
      long[] dims,
      Place x,
      long[] sourceStrides,
      Place y,
      long[] targetStrides,
      int bytes,
      Lowering lowering) {
    StridedCopy copy = StridedCopy.of(bytes, dims, sourceStrides, targetStrides);
    lowering.add(new CopyStep(name, lowering.target(), copy, x, y), x, y);
  }

  private static @Nullable View slice(Node node, Shape x, int bytes, Lowering lowering) {
    long[] starts = Rows.longs(node.input(1), lowering);
    long[] steps = node.hasInput(4) ? Rows.longs(node.input(4), lowering) : null;
    long[] axes = node.hasInput(3) ? Rows.longs(node.input(3), lowering) : null;
    if (starts == null
        || (node.hasInput(3) && axes == null)
        || (node.hasInput(4) && steps == null)) {
      return null;
    }
    View view = View.of(x, bytes);
    long offset = 0;
    for (int i = 0; i < starts.length; i++) {
      long named = axes == null ? i : axes[i];
      int axis = (int) (named < 0 ? named + x.rank() : named);
      long step = steps == null ? 1 : steps[i];
      long dim = x.dim(axis);
      long start = starts[i] < 0 ? starts[i] + dim : starts[i];
      start = step > 0 ? Math.clamp(start, 0, dim) : Math.clamp(start, 0, dim - 1);
      offset += start * view.strides[axis];
      view.strides[axis] *= step;
    }
    return new View(offset, lowering.shape(node.output()).dims(), view.strides);
  }

  private static void lowerSplit(Node node, Op.Split split, Shape x, int bytes, Lowering lowering) {
    int axis = (int) (split.axis() < 0 ? split.axis() + x.rank() : split.axis());
    long[] strides = View.of(x, bytes).strides;
    Place whole = lowering.place(node.input(0));
    long offset = 0;
    for (String output : node.outputs()) {
      if (output.isEmpty()) {
        throw new IllegalStateException("a split cannot leave out a part: " + node);
      }
      Shape part = lowering.shape(output);
      View view = new View(offset, part.dims(), strides);
      if (view.isDense(bytes)) {
        lowering.view(output, whole.plus(offset));
      } else if (!isReadInPlace(output, lowering)) {
        Place y = lowering.result(output);
        copy(
            Lowering.label(node),
            part.dims(),
            whole.plus(offset),
            strides,
            y,
            dense(part.dims(), bytes),
            bytes,
            lowering);
      }
      offset += part.dim(axis) * strides[axis];
    }
  }

  /// {@return where a part of a split along the last axis begins within the whole, or null where
  /// the value is no such part}
  static @Nullable Place lastAxisPart(String value, Lowering lowering) {
    Node producer = lowering.producer(value);
    if (producer == null || !(producer.op() instanceof Op.Split split)) {
      return null;
    }
    Shape whole = lowering.shape(producer.input(0));
    if (split.axis() != whole.rank() - 1 && split.axis() != -1) {
      return null;
    }
    long offset = 0;
    for (String output : producer.outputs()) {
      if (output.equals(value)) {
        return lowering.place(producer.input(0)).plus(offset * lowering.dtype(value).bytes());
      }
      Shape part = lowering.shape(output);
      offset += part.dim(part.rank() - 1);
    }
    return null;
  }

  private static void lowerConcat(Node node, Op.Concat concat, int bytes, Lowering lowering) {
    Shape whole = lowering.shape(node.output());
    int axis = (int) (concat.axis() < 0 ? concat.axis() + whole.rank() : concat.axis());
    long[] strides = dense(whole.dims(), bytes);
    Place y = lowering.result(node.output());
    long offset = 0;
    for (String input : node.inputs()) {
      Shape part = lowering.shape(input);
      if (part.elements() > 0) {
        copy(
            Lowering.label(node),
            part.dims(),
            lowering.place(input),
            dense(part.dims(), bytes),
            y.plus(offset),
            strides,
            bytes,
            lowering);
      }
      offset += part.dim(axis) * strides[axis];
    }
  }

  private static boolean lowerTile(Node node, Shape x, int bytes, Lowering lowering) {
    Shape whole = lowering.shape(node.output());
    int rank = x.rank();
    long[] dims = new long[2 * rank];
    long[] source = new long[2 * rank];
    long[] strides = dense(x.dims(), bytes);
    for (int axis = 0; axis < rank; axis++) {
      dims[2 * axis] = whole.dim(axis) / x.dim(axis);
      dims[2 * axis + 1] = x.dim(axis);
      source[2 * axis + 1] = strides[axis];
    }
    return copyOrView(node, new View(0, dims, source), bytes, lowering);
  }

  static boolean lower(Node node, Op.Gather gather, Lowering lowering) {
    Shape x = lowering.shape(node.input(0));
    int axis = Operands.axis(gather.axis(), x.rank());
    GatherGeometry geometry =
        new GatherGeometry(
            x.elements(0, axis),
            x.dim(axis),
            1,
            x.elements(axis + 1, x.rank()) * lowering.dtype(node.input(0)).bytes(),
            lowering.dtype(node.input(1)),
            lowering.shape(node.input(1)).elements(),
            true);
    return gather(node, geometry, lowering);
  }

  static boolean lower(Node node, Op.GatherElements gather, Lowering lowering) {
    Shape x = lowering.shape(node.input(0));
    Shape indices = lowering.shape(node.input(1));
    DType type = lowering.dtype(node.output());
    int axis = Operands.axis(gather.axis(), x.rank());
    if (type == DType.STRING || !equalBut(axis, x, indices)) {
      return false;
    }
    GatherGeometry geometry =
        new GatherGeometry(
            x.elements(0, axis),
            x.dim(axis),
            x.elements(axis + 1, x.rank()),
            type.bytes(),
            lowering.dtype(node.input(1)),
            indices.dim(axis),
            false);
    return gather(node, geometry, lowering);
  }

  private static boolean gather(Node node, GatherGeometry geometry, Lowering lowering) {
    if (lowering.shape(node.output()).elements() == 0) {
      return false;
    }
    Place x = lowering.place(node.input(0));
    Place indices = lowering.place(node.input(1));
    Place y = lowering.result(node.output());
    lowering.add(
        new GatherStep(Lowering.label(node), lowering.target(), geometry, x, indices, y),
        x,
        indices,
        y);
    return true;
  }

  private static boolean equalBut(int axis, Shape a, Shape b) {
    for (int i = 0; i < a.rank(); i++) {
      if (i != axis && a.dim(i) != b.dim(i)) {
        return false;
      }
    }
    return true;
  }

  static boolean lowerFill(Node node, Op.ConstantOfShape fill, Lowering lowering) {
    DType dtype = fill.value().dtype();
    if (!FillStep.stores(dtype)) {
      return false;
    }
    Place y = lowering.result(node.output());
    int word = FillStep.word(fill.value());
    long bytes = lowering.shape(node.output()).bytes(dtype);
    lowering.add(new FillStep(Lowering.label(node), lowering.target(), word, bytes, y), y);
    return true;
  }

  static boolean lower(Node node, AttentionOp.AppendRows append, Lowering lowering) {
    Shape rows = lowering.shape(node.input(0));
    Shape whole = lowering.shape(node.output());
    if (whole.elements() == 0 || lowering.dtype(node.output()).bytes() % 4 != 0) {
      return false;
    }
    Place added = lowering.place(node.input(0));
    Place starts = lowering.place(node.input(1));
    Place earlier = lowering.place(node.input(3));
    Place y = lowering.result(node.output());
    lowering.add(
        new AppendStep(
            Lowering.label(node),
            lowering.target(),
            Math.multiplyExact(whole.dim(0), whole.dim(1)),
            whole.dim(1),
            rows.dim(2),
            node.hasInput(3) ? lowering.shape(node.input(3)).dim(2) : 0,
            whole.dim(2),
            whole.dim(3) * lowering.dtype(node.output()).bytes(),
            append.keepsRest(),
            added,
            starts,
            earlier,
            y),
        added,
        starts,
        earlier,
        y);
    return true;
  }

  static boolean lowerCast(Node node, Lowering lowering) {
    DType from = lowering.dtype(node.input(0));
    DType to = lowering.dtype(node.output());
    if (from == to) {
      return Views.lowerWhole(node, lowering);
    }
    Place x = lowering.place(node.input(0));
    Place y = lowering.result(node.output());
    long elements = lowering.shape(node.output()).elements();
    lowering.add(
        new CastStep(Lowering.label(node), lowering.target(), from, to, elements, x, y), x, y);
    return true;
  }

  /// {@return whether all readers of a value take it where it lies within a larger one}
  private static boolean isReadInPlace(String value, Lowering lowering) {
    List<Node> readers = lowering.readers(value);
    for (Node reader : readers) {
      if (!(reader.op() instanceof AttentionOp.Attention attention)
          || reader.input(3).equals(value)
          || !Linear.suits(reader, attention, lowering)) {
        return false;
      }
    }
    return !readers.isEmpty() && lastAxisPart(value, lowering) != null;
  }
}
