package dev.jiffy.engine.lower;

import dev.jiffy.engine.function.BinaryFunction;
import dev.jiffy.engine.function.UnaryFunction;
import dev.jiffy.engine.ir.Node;
import dev.jiffy.engine.ir.Op;
import dev.jiffy.engine.kernel.Combination;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.util.List;

/// Lowers elementwise operators outside of f32 chains, and unit vectors.
final class Numbers {
  private Numbers() {}

  static boolean lower(Node node, Op.Binary binary, Lowering lowering) {
    DType in = lowering.dtype(node.input(0));
    if (in != lowering.dtype(node.input(1))
        || !Combination.isSupported(binary.function(), in)
        || lowering.dtype(node.output()) != (binary.function().isPredicate() ? DType.BOOL : in)
        || lowering.shape(node.output()).elements() == 0) {
      return false;
    }
    combine(
        node,
        binary.function(),
        lowering.place(node.input(0)),
        lowering.place(node.input(1)),
        lowering.shape(node.input(1)),
        lowering);
    return true;
  }

  static boolean lower(Node node, Op.Unary unary, Lowering lowering) {
    if (unary.function() != UnaryFunction.NOT
        || lowering.dtype(node.input(0)) != DType.BOOL
        || lowering.shape(node.output()).elements() == 0) {
      return false;
    }
    Tensor yes = Tensor.of(new boolean[] {true});
    combine(
        node,
        BinaryFunction.XOR,
        lowering.place(node.input(0)),
        lowering.fixed(yes),
        yes.shape(),
        lowering);
    return true;
  }

  private static void combine(
      Node node, BinaryFunction function, Place x, Place y, Shape ofY, Lowering lowering) {
    Broadcast all =
        Broadcast.merge(lowering.shape(node.output()), List.of(lowering.shape(node.input(0)), ofY));
    Combination combination =
        new Combination(
            function,
            lowering.dtype(node.input(0)),
            lowering.dtype(node.output()),
            all.dims(),
            all.strides().get(0),
            all.strides().get(1));
    Place out = lowering.result(node.output());
    lowering.add(
        new CombineStep(Lowering.label(node), lowering.target(), combination, x, y, out),
        x,
        y,
        out);
  }

  static boolean lower(Node node, Op.OneHot oneHot, Lowering lowering) {
    Shape whole = lowering.shape(node.output());
    DType type = lowering.dtype(node.output());
    if (whole.elements() == 0 || type == DType.STRING) {
      return false;
    }
    int axis = Operands.axis(oneHot.axis(), whole.rank());
    Place indices = lowering.place(node.input(0));
    Place values = lowering.place(node.input(2));
    Place y = lowering.result(node.output());
    lowering.add(
        new OneHotStep(
            Lowering.label(node),
            lowering.target(),
            lowering.dtype(node.input(0)),
            whole.elements(0, axis),
            whole.dim(axis),
            whole.elements(axis + 1, whole.rank()),
            type.bytes(),
            indices,
            values,
            y),
        indices,
        values,
        y);
    return true;
  }

  static boolean lower(Node node, Op.OneHotDot dot, Lowering lowering) {
    Shape indexed = lowering.shape(node.output());
    if (lowering.dtype(node.output()) != DType.F32
        || indexed.elements() == 0
        || indexed.elements() > Integer.MAX_VALUE
        || dot.depth() > Integer.MAX_VALUE) {
      return false;
    }
    Place x = lowering.place(node.input(0));
    Place indices = lowering.place(node.input(1));
    Place y = lowering.result(node.output());
    lowering.add(
        new OneHotDotStep(
            Lowering.label(node),
            lowering.target(),
            (int) indexed.dim(0),
            (int) dot.depth(),
            lowering.dtype(node.input(1)),
            (int) indexed.dim(1),
            x,
            indices,
            y),
        x,
        indices,
        y);
    return true;
  }
}
