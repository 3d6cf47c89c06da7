package dev.jiffy.engine.lower;

import dev.jiffy.engine.ModelException;
import dev.jiffy.engine.ir.Op;
import dev.jiffy.engine.kernel.Memory;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// An operator run by the scalar kernels: for what no faster kernel covers.
///
/// Allocates views of its operands on the Java heap at each run.
final class ScalarStep extends Step {
  /// An operand, or null where an optional one is absent.
  ///
  /// @param dtype the element type
  /// @param shape the extents
  /// @param place where it lies
  record Operand(DType dtype, Shape shape, Place place) {
    Tensor in(Frame frame) {
      return Tensor.of(dtype, shape, Memory.ALL.asSlice(frame.at(place), shape.bytes(dtype)));
    }
  }

  private final Op op;
  private final List<@Nullable Operand> inputs;
  private final List<@Nullable Operand> outputs;

  ScalarStep(String name, Op op, List<@Nullable Operand> inputs, List<@Nullable Operand> outputs) {
    super(name, 1);
    this.op = op;
    this.inputs = inputs;
    this.outputs = outputs;
  }

  @Override
  public void run(Frame frame, int part) {
    try {
      ScalarOps.run(op, tensors(inputs, frame), tensors(outputs, frame));
    } catch (ModelException e) {
      throw new ModelException(name() + ": " + e.getMessage(), e);
    }
  }

  private static List<@Nullable Tensor> tensors(List<@Nullable Operand> operands, Frame frame) {
    List<@Nullable Tensor> tensors = new ArrayList<>(operands.size());
    for (Operand operand : operands) {
      tensors.add(operand == null ? null : operand.in(frame));
    }
    return tensors;
  }
}
