package dev.jiffy.engine.pass;

import dev.jiffy.engine.ir.Dim;
import dev.jiffy.engine.ir.Fact;
import dev.jiffy.engine.ir.Node;
import dev.jiffy.engine.ir.Op;
import dev.jiffy.tensor.Shape;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Shapes computed at run time become constants wherever the facts prove them, for every value of
/// the named dimensions.
final class ShapeArithmetic {
  private ShapeArithmetic() {}

  /// As [Rule#apply].
  static boolean apply(Draft draft, Node node) {
    Op op = node.op();
    if (knownValue(draft, node)) {
      return true;
    }
    return op instanceof Op.Gather ? extent(draft, node) : reshape(draft, node);
  }

  /// A small integer value whose every element is known.
  private static boolean knownValue(Draft draft, Node node) {
    if (node.outputs().size() != 1) {
      return false;
    }
    Fact fact = draft.fact(node.output());
    long[] value = fact.concreteValue();
    Shape shape = value == null ? null : fact.concreteShape();
    if (value == null || shape == null || !fact.dtype().isInteger()) {
      return false;
    }
    return draft.replace(
        node, draft.constant(node.output(), Constants.ofIntegers(fact.dtype(), shape, value)));
  }

  /// Reshape, Flatten, Squeeze and Unsqueeze become Reshape with a constant target, unless the run
  /// has to check extents that only have names.
  private static boolean reshape(Draft draft, Node node) {
    Op op = node.op();
    boolean isReshape =
        op instanceof Op.Flatten
            || op instanceof Op.Squeeze
            || op instanceof Op.Unsqueeze
            || (op instanceof Op.Reshape(boolean allowZero)
                && (allowZero || draft.constant(node.input(1)) == null));
    if (!isReshape) {
      return false;
    }
    List<Dim> to = draft.fact(node.output()).shape();
    long[] target = target(draft.fact(node.input(0)).shape(), to);
    if (target == null) {
      return false;
    }
    String shape = draft.vector(node.output() + "/shape", target);
    return to != null
        && to.equals(reshaped(draft, node.input(0), shape))
        && draft.replace(node, new Op.Reshape(false), node.input(0), shape);
  }

  /// {@return the shape that Reshape would give a value: -1 takes what is left, also where the run
  /// would find that it is not what was wanted}
  ///
  /// @param draft the graph
  /// @param value the value
  /// @param target the constant that says the shape
  static @Nullable List<Dim> reshaped(Draft draft, String value, String target) {
    return draft.made(new Op.Reshape(false), value, target).shape();
  }

  /// {@return whether a reshape has as many elements as its input whatever the named dimensions
  /// are: nothing is left for the run to check}
  ///
  /// @param draft the graph
  /// @param reshape the node
  static boolean keepsElements(Draft draft, Node reshape) {
    String all = draft.vector("all", -1);
    List<Dim> before = reshaped(draft, reshape.input(0), all);
    return before != null && before.equals(reshaped(draft, reshape.output(), all));
  }

  /// {@return a reshape's target: 0 where an extent is copied, -1 where one follows from the
  /// others, or null where that cannot be said}
  ///
  /// @param from the shape before
  /// @param to the shape after
  static long @Nullable [] target(@Nullable List<Dim> from, @Nullable List<Dim> to) {
    if (to == null) {
      return null;
    }
    long[] target = new long[to.size()];
    boolean hasRest = false;
    for (int i = 0; i < target.length; i++) {
      Dim dim = to.get(i);
      if (from != null && i < from.size() && from.get(i).equals(dim)) {
        target[i] = dim instanceof Dim.Known(long known) && known != 0 ? known : 0;
      } else if (dim instanceof Dim.Known(long known)) {
        if (known == 0) {
          return null;
        }
        target[i] = known;
      } else if (hasRest) {
        return null;
      } else {
        hasRest = true;
        target[i] = -1;
      }
    }
    return target;
  }

  /// One extent of a shape: `Gather(Shape(x), i)` reads no more of the shape than it needs.
  private static boolean extent(Draft draft, Node node) {
    Node shape =
        node.op() instanceof Op.Gather(long axis) && (axis == 0 || axis == -1)
            ? draft.producer(node.input(0), Op.ShapeOf.class)
            : null;
    long[] index = shape == null ? null : draft.integers(node.input(1));
    if (shape == null
        || index == null
        || index.length != 1
        || !(shape.op() instanceof Op.ShapeOf(long start, Long end))
        || start != 0
        || end != null) {
      return false;
    }
    int rank = draft.fact(shape.input(0)).rank();
    int indexRank = draft.fact(node.input(1)).rank();
    if (rank < 0 || indexRank < 0 || indexRank > 1) {
      return false;
    }
    long axis = Axes.normal(index[0], rank);
    String extent = draft.add(node, new Op.ShapeOf(axis, axis + 1), shape.input(0));
    if (indexRank == 1) {
      return draft.replace(node, extent);
    }
    return draft.replace(
        node, new Op.Reshape(false), extent, draft.vector(node.output() + "/shape"));
  }
}
