package dev.jiffy.engine.lower;

import dev.jiffy.engine.Limits;
import dev.jiffy.engine.ModelException;
import dev.jiffy.engine.ir.Fact;
import dev.jiffy.engine.ir.Foreign;
import dev.jiffy.engine.ir.Graph;
import dev.jiffy.engine.ir.Inference;
import dev.jiffy.engine.ir.LoopOp;
import dev.jiffy.engine.ir.NameSource;
import dev.jiffy.engine.ir.Node;
import dev.jiffy.engine.ir.Op;
import dev.jiffy.engine.ir.SequenceOp;
import dev.jiffy.engine.kernel.OverlapSuppression;
import dev.jiffy.engine.kernel.RowKernels;
import dev.jiffy.engine.kernel.scalar.ScalarRowKernels;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.OptionalValue;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import dev.jiffy.tensor.TensorSequence;
import dev.jiffy.tensor.Value;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// One node computed from the values that it reads, on its own: what has no step.
///
/// Control flow and sequences are computed here, and operators on tensors whose shapes are not
/// known before the values are, on the scalar kernels. What is made has the memory that the context
/// gives, save for values that are passed on as they are.
public final class Evaluation {
  private static final RowKernels SCALAR = new ScalarRowKernels();

  private Evaluation() {}

  /// What a node that runs has around it.
  @FunctionalInterface
  public interface Context {
    /// {@return a graph within the node's operator, ready for one run of this}
    ///
    /// @param body the graph
    Body body(Graph body);

    /// {@return the body to run for a loop}
    ///
    /// @param loop the loop
    default Appends appends(LoopOp.Loop loop) {
      return Appends.none(loop);
    }

    /// {@return a zeroed tensor for what the node makes}
    ///
    /// @param dtype the element type
    /// @param shape the extents
    /// @throws ModelException if there is no memory for it
    default Tensor allocate(DType dtype, Shape shape) {
      return Evaluation.allocate(dtype, shape);
    }

    /// {@return the most bytes of a tensor that is computed}
    default long tensorBytes() {
      return Limits.DEFAULTS.tensorBytes();
    }

    /// {@return the kernels for what looks at many numbers}
    default RowKernels rows() {
      return SCALAR;
    }

    /// {@return what suppresses overlaps}
    default OverlapSuppression suppression() {
      return new OverlapSuppression();
    }
  }

  /// A graph within an operator, ready to run once or, in a loop, again and again.
  @FunctionalInterface
  public interface Body {
    /// {@return the outputs of the graph, in its order; valid until the run after the next one}
    ///
    /// @param inputs a value for each of its inputs
    /// @throws ModelException if the model has run too many bodies, or the thread is interrupted
    List<Value> run(List<Value> inputs);
  }

  /// {@return the outputs of a node; null for those that nobody reads}
  ///
  /// @param node the node
  /// @param in its inputs; null stands for an absent optional one
  /// @param context what it has around it
  /// @throws ModelException if the operator cannot compute with such inputs; names the node
  public static List<@Nullable Value> run(Node node, List<@Nullable Value> in, Context context) {
    boolean[] wanted = new boolean[node.outputs().size()];
    for (int k = 0; k < wanted.length; k++) {
      wanted[k] = !node.outputs().get(k).isEmpty();
    }
    try {
      return run(node.op(), in, wanted, context);
    } catch (ModelException e) {
      throw new ModelException(
          "node '%s' (%s): %s"
              .formatted(node.name(), node.op().getClass().getSimpleName(), e.getMessage()),
          e);
    }
  }

  static List<@Nullable Value> run(
      Op op, List<@Nullable Value> in, boolean[] wanted, Context context) {
    return switch (op) {
      case Op.If branches -> branch(branches, in, wanted, context);
      case Foreign foreign -> Foreigners.run(foreign, in);
      case LoopOp.Loop loop -> Loops.run(loop, in, wanted, context);
      case SequenceOp sequence -> {
        List<@Nullable Value> out = new ArrayList<>();
        out.add(Sequences.run(sequence, in, context));
        yield out;
      }
      case Op.Identity _ when !(in.getFirst() instanceof Tensor) -> List.copyOf(in);
      default -> compute(op, in, wanted, context);
    };
  }

  private static List<@Nullable Value> branch(
      Op.If op, List<@Nullable Value> in, boolean[] wanted, Context context) {
    Graph branch = isTrue(present(in, 0)) ? op.then() : op.otherwise();
    List<Value> inputs = new ArrayList<>();
    for (int i = 1; i < in.size(); i++) {
      inputs.add(present(in, i));
    }
    List<Value> results = context.body(branch).run(inputs);
    List<@Nullable Value> out = new ArrayList<>();
    for (int k = 0; k < wanted.length; k++) {
      out.add(wanted[k] ? results.get(k) : null);
    }
    return out;
  }

  static boolean isTrue(Value value) {
    if (!(value instanceof Tensor condition) || condition.shape().elements() != 1) {
      throw new ModelException("the condition must be one element, got " + describe(value));
    }
    return condition.getLong(0) != 0;
  }

  /// {@return an input that must be there}
  static Value present(List<@Nullable Value> in, int index) {
    Value value = index < in.size() ? in.get(index) : null;
    if (value == null) {
      throw new ModelException("input " + index + " is missing");
    }
    return value;
  }

  /// {@return an input that must be a tensor}
  static Tensor tensor(List<@Nullable Value> in, int index) {
    return tensor(present(in, index), "input " + index);
  }

  /// {@return a value that must be a tensor}
  static Tensor tensor(Value value, String what) {
    if (value instanceof Tensor tensor) {
      return tensor;
    }
    throw new ModelException(what + ": expected a tensor, got " + describe(value));
  }

  static String describe(Value value) {
    return switch (value) {
      case Tensor tensor -> tensor.dtype() + "" + tensor.shape();
      case TensorSequence sequence -> "a sequence of %d tensors".formatted(sequence.size());
      case OptionalValue optional -> {
        Value inner = optional.value();
        yield inner == null ? "nothing" : "optionally " + describe(inner);
      }
    };
  }

  private static List<@Nullable Value> compute(
      Op op, List<@Nullable Value> in, boolean[] wanted, Context context) {
    List<@Nullable Tensor> tensors = new ArrayList<>();
    List<@Nullable Fact> facts = new ArrayList<>();
    for (int i = 0; i < in.size(); i++) {
      Tensor tensor = in.get(i) == null ? null : tensor(in, i);
      tensors.add(tensor);
      facts.add(tensor == null ? null : Fact.of(tensor.dtype(), tensor.shape().dims()));
    }
    List<Fact> made = Inference.infer(op, facts, tensors, wanted.length, new NameSource());
    if (ScalarOps.isSizedByElements(op)) {
      return new ArrayList<>(
          ScalarOps.sizedByElements(op, tensors, context).subList(0, wanted.length));
    }
    List<@Nullable Tensor> out = new ArrayList<>();
    for (int k = 0; k < wanted.length; k++) {
      out.add(wanted[k] ? allocate(op, made.get(k), context) : null);
    }
    ScalarOps.run(op, tensors, out);
    return new ArrayList<>(out);
  }

  private static Tensor allocate(Op op, Fact fact, Context context) {
    Shape shape = fact.concreteShape();
    if (shape == null) {
      throw new IllegalStateException("inference left open the shape " + fact + " of " + op);
    }
    if (shape.bytes(fact.dtype()) > context.tensorBytes()) {
      throw new ModelException(
          "the result %s has %d bytes, the limit is %d"
              .formatted(fact, shape.bytes(fact.dtype()), context.tensorBytes()));
    }
    return context.allocate(fact.dtype(), shape);
  }

  /// {@return a value equal to another one, in memory of its own}
  ///
  /// @param value the other one
  public static Value copy(Value value) {
    return switch (value) {
      case Tensor tensor -> tensor.copy();
      case TensorSequence sequence ->
          new TensorSequence(
              sequence.dtype(), sequence.tensors().stream().map(Tensor::copy).toList());
      case OptionalValue(@Nullable Value inner) ->
          inner == null ? value : new OptionalValue(copy(inner));
    };
  }

  /// {@return a zeroed tensor}
  ///
  /// @param dtype the element type
  /// @param shape the extents
  /// @throws ModelException if there is no memory for it
  public static Tensor allocate(DType dtype, Shape shape) {
    try {
      return Tensor.allocate(dtype, shape);
    } catch (OutOfMemoryError e) {
      throw new ModelException(
          "there is no memory for %s%s: %d bytes".formatted(dtype, shape, shape.bytes(dtype)), e);
    }
  }
}
