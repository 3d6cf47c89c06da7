package dev.jiffy.engine.lower;

import dev.jiffy.engine.ModelException;
import dev.jiffy.engine.ir.Op;
import dev.jiffy.engine.ir.SequenceOp;
import dev.jiffy.tensor.OptionalValue;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import dev.jiffy.tensor.TensorSequence;
import dev.jiffy.tensor.Value;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongUnaryOperator;
import org.jspecify.annotations.Nullable;

/// Computes the operators on sequences and optional values.
final class Sequences {
  /// The most tensors of a sequence.
  private static final int MOST = 1 << 20;

  private Sequences() {}

  static Value run(SequenceOp op, List<@Nullable Value> in, Evaluation.Context context) {
    return switch (op) {
      case SequenceOp.SequenceConstruct _ -> construct(in);
      case SequenceOp.SequenceEmpty empty -> new TensorSequence(empty.dtype(), List.of());
      case SequenceOp.SequenceInsert _ -> insert(in);
      case SequenceOp.SequenceErase _ -> {
        TensorSequence sequence = sequence(in);
        List<Tensor> tensors = new ArrayList<>(sequence.tensors());
        tensors.remove(position(in, 1, sequence.size() - 1, sequence.size() - 1));
        yield new TensorSequence(sequence.dtype(), tensors);
      }
      case SequenceOp.SequenceAt _ -> {
        TensorSequence sequence = sequence(in);
        yield sequence.tensors().get(position(in, 1, 0, sequence.size() - 1));
      }
      case SequenceOp.SequenceLength _ -> Tensor.of(new long[] {sequence(in).size()});
      case SequenceOp.ConcatFromSequence concat -> concat(concat, sequence(in), context);
      case SequenceOp.SplitToSequence split -> split(split, in, context);
      case SequenceOp.OptionalOf _ -> {
        Value value = Evaluation.present(in, 0);
        yield value instanceof OptionalValue ? value : new OptionalValue(value);
      }
      case SequenceOp.OptionalNone _ -> OptionalValue.EMPTY;
      case SequenceOp.OptionalGetElement _ -> {
        Value value = Evaluation.present(in, 0);
        Value inner = value instanceof OptionalValue optional ? optional.value() : value;
        if (inner == null) {
          throw new ModelException("input 0: expected a value, got nothing");
        }
        yield inner;
      }
      case SequenceOp.OptionalHasElement _ -> {
        Value value = in.isEmpty() ? null : in.getFirst();
        boolean isThere =
            value instanceof OptionalValue optional ? optional.value() != null : value != null;
        yield Tensor.of(new boolean[] {isThere});
      }
    };
  }

  private static TensorSequence sequence(List<@Nullable Value> in) {
    if (Evaluation.present(in, 0) instanceof TensorSequence sequence) {
      return sequence;
    }
    throw new ModelException(
        "input 0: expected a sequence, got " + Evaluation.describe(Evaluation.present(in, 0)));
  }

  private static TensorSequence construct(List<@Nullable Value> in) {
    List<Tensor> tensors = new ArrayList<>();
    for (int i = 0; i < in.size(); i++) {
      tensors.add(Evaluation.tensor(in, i));
    }
    return new TensorSequence(tensors.getFirst().dtype(), tensors);
  }

  private static TensorSequence insert(List<@Nullable Value> in) {
    TensorSequence sequence = sequence(in);
    int size = sequence.size();
    if (size >= MOST) {
      throw new ModelException("a sequence holds at most " + MOST + " tensors");
    }
    Tensor tensor = Evaluation.tensor(in, 1);
    if (tensor.dtype() != sequence.dtype()) {
      throw new ModelException(
          "input 1: expected %s, got %s".formatted(sequence.dtype(), Evaluation.describe(tensor)));
    }
    List<Tensor> tensors = new ArrayList<>(size + 1);
    tensors.addAll(sequence.tensors());
    tensors.add(position(in, 2, size, size), tensor);
    return new TensorSequence(sequence.dtype(), tensors);
  }

  /// A position from 0 to `last`.
  private static int position(List<@Nullable Value> in, int index, int otherwise, int last) {
    long position = otherwise;
    if (index < in.size() && in.get(index) != null) {
      Tensor given = Evaluation.tensor(in, index);
      if (given.shape().elements() != 1) {
        throw new ModelException(
            "the position must be one element, got " + Evaluation.describe(given));
      }
      position = given.getLong(0);
    }
    long size = sequence(in).size();
    long at = position < 0 ? position + size : position;
    if (at < 0 || at > last) {
      throw new ModelException(
          "position %d is out of range for a sequence of %d tensors".formatted(position, size));
    }
    return (int) at;
  }

  private static Tensor concat(
      SequenceOp.ConcatFromSequence op, TensorSequence sequence, Evaluation.Context context) {
    if (sequence.size() == 0) {
      throw new ModelException("an empty sequence has no tensors to lay end to end");
    }
    List<@Nullable Value> parts = new ArrayList<>();
    int rank = sequence.tensors().getFirst().shape().rank() + (op.isNew() ? 1 : 0);
    int axis = Operands.axis(op.axis(), rank);
    for (Tensor tensor : sequence.tensors()) {
      parts.add(op.isNew() ? widened(tensor, axis) : tensor);
    }
    return tensor(new Op.Concat(axis), parts, context);
  }

  private static Tensor widened(Tensor tensor, int axis) {
    Shape shape = tensor.shape();
    if (axis > shape.rank()) {
      throw new ModelException("tensors of a sequence that are stacked must have one shape");
    }
    long[] dims = new long[shape.rank() + 1];
    for (int i = 0; i < dims.length; i++) {
      dims[i] = i == axis ? 1 : shape.dim(i < axis ? i : i - 1);
    }
    return tensor.reshape(dims);
  }

  private static Tensor tensor(Op op, List<@Nullable Value> in, Evaluation.Context context) {
    return Evaluation.tensor(Evaluation.run(op, in, new boolean[] {true}, context), 0);
  }

  private static TensorSequence split(
      SequenceOp.SplitToSequence op, List<@Nullable Value> in, Evaluation.Context context) {
    Tensor x = Evaluation.tensor(in, 0);
    int axis = Operands.axis(op.axis(), x.shape().rank());
    long extent = x.shape().dim(axis);
    Tensor sizes = in.size() > 1 && in.get(1) != null ? Evaluation.tensor(in, 1) : null;
    List<Tensor> parts = new ArrayList<>();
    if (sizes != null && sizes.shape().rank() > 0) {
      cut(x, axis, sizes.shape().elements(), sizes::getLong, parts, context);
      return new TensorSequence(x.dtype(), parts);
    }
    long size = sizes == null ? 1 : sizes.getLong(0);
    if (size < 1) {
      throw new ModelException("the size of parts must be at least 1, got " + size);
    }
    cut(
        x,
        axis,
        (extent + size - 1) / size,
        i -> Math.min(size, extent - i * size),
        parts,
        context);
    if (sizes == null && !op.keepDims()) {
      parts.replaceAll(part -> part.reshape(without(part.shape(), axis)));
    }
    return new TensorSequence(x.dtype(), parts);
  }

  private static void cut(
      Tensor x,
      int axis,
      long count,
      LongUnaryOperator size,
      List<Tensor> parts,
      Evaluation.Context context) {
    if (count > MOST) {
      throw new ModelException("a sequence holds at most " + MOST + " tensors, not " + count);
    }
    long extent = x.shape().dim(axis);
    long from = 0;
    for (long i = 0; i < count; i++) {
      long to = from + size.applyAsLong(i);
      if (to < from || to > extent) {
        throw new ModelException(
            "part %d from %d to %d does not fit the extent %d".formatted(i, from, to, extent));
      }
      List<@Nullable Value> slice = new ArrayList<>();
      slice.add(x);
      slice.add(Tensor.of(new long[] {from}, 1));
      slice.add(Tensor.of(new long[] {to}, 1));
      slice.add(Tensor.of(new long[] {axis}, 1));
      parts.add(tensor(new Op.Slice(), slice, context));
      from = to;
    }
    if (from != extent) {
      throw new ModelException("the parts cover %d of the extent %d".formatted(from, extent));
    }
  }

  private static long[] without(Shape shape, int axis) {
    long[] dims = new long[shape.rank() - 1];
    for (int i = 0; i < dims.length; i++) {
      dims[i] = shape.dim(i < axis ? i : i + 1);
    }
    return dims;
  }
}
