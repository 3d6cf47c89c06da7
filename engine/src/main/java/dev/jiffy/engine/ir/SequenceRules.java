package dev.jiffy.engine.ir;

import dev.jiffy.engine.ModelException;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Value;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The rules of sequences and optional values.
///
/// How many tensors there are is not followed: it is known when the model runs.
final class SequenceRules {
  private SequenceRules() {}

  static Fact infer(SequenceOp op, Operands in) {
    return switch (op) {
      case SequenceOp.SequenceConstruct _ -> construct(in);
      case SequenceOp.SequenceEmpty(DType dtype) -> {
        in.expect(0, 0, 1);
        yield Fact.unranked(dtype).as(Value.Kind.SEQUENCE);
      }
      case SequenceOp.SequenceInsert _ -> insert(in);
      case SequenceOp.SequenceErase _ -> {
        in.expect(1, 2, 1);
        position(in, 1);
        yield sequence(in, 0);
      }
      case SequenceOp.SequenceAt _ -> {
        in.expect(2, 2, 1);
        position(in, 1);
        yield sequence(in, 0).as(Value.Kind.TENSOR);
      }
      case SequenceOp.SequenceLength _ -> {
        in.expect(1, 1, 1);
        sequence(in, 0);
        yield Fact.of(DType.I64);
      }
      case SequenceOp.ConcatFromSequence concat -> concat(concat, in);
      case SequenceOp.SplitToSequence split -> split(split, in);
      case SequenceOp.OptionalOf _ -> {
        in.expect(1, 1, 1);
        yield in.fact(0).as(in.fact(0).kind().optional());
      }
      case SequenceOp.OptionalNone none -> {
        in.expect(0, 0, 1);
        yield Fact.unranked(none.dtype()).as(none.kind().optional());
      }
      case SequenceOp.OptionalGetElement _ -> {
        in.expect(1, 1, 1);
        yield in.fact(0).as(in.fact(0).kind().present());
      }
      case SequenceOp.OptionalHasElement _ -> {
        in.expect(0, 1, 1);
        yield Fact.of(DType.BOOL);
      }
    };
  }

  private static Fact construct(Operands in) {
    in.expect(1, Integer.MAX_VALUE, 1);
    in.expectTensor(0);
    List<Dim> shape = in.fact(0).shape();
    for (int i = 1; i < in.count(); i++) {
      in.expectTensor(i);
      in.expect(i, in.dtype(0));
      shape = common(shape, in.fact(i).shape(), "either", in);
    }
    return Fact.of(in.dtype(0), shape).as(Value.Kind.SEQUENCE);
  }

  /// What holds of tensors of two shapes.
  static @Nullable List<Dim> common(
      @Nullable List<Dim> x, @Nullable List<Dim> y, String hint, Operands in) {
    if (x == null || y == null || x.size() != y.size()) {
      return null;
    }
    List<Dim> dims = new ArrayList<>();
    for (int i = 0; i < x.size(); i++) {
      dims.add(x.get(i).equals(y.get(i)) ? x.get(i) : in.fresh(hint));
    }
    return dims;
  }

  private static Fact insert(Operands in) {
    in.expect(2, 3, 1);
    Fact sequence = sequence(in, 0);
    in.expectTensor(1);
    in.expect(1, sequence.dtype());
    position(in, 2);
    return Fact.unranked(sequence.dtype()).as(Value.Kind.SEQUENCE);
  }

  private static Fact concat(SequenceOp.ConcatFromSequence op, Operands in) {
    in.expect(1, 1, 1);
    Fact sequence = sequence(in, 0);
    List<Dim> shape = sequence.shape();
    if (shape == null) {
      return Fact.unranked(sequence.dtype());
    }
    int axis = Operands.axis(op.axis(), shape.size() + (op.isNew() ? 1 : 0));
    List<Dim> dims = new ArrayList<>(shape);
    if (op.isNew()) {
      dims.add(axis, in.fresh("parts"));
    } else {
      dims.set(axis, in.fresh("parts"));
    }
    return Fact.of(sequence.dtype(), dims);
  }

  private static Fact split(SequenceOp.SplitToSequence op, Operands in) {
    in.expect(1, 2, 1);
    in.expectTensor(0);
    if (in.has(1)) {
      in.expectTensor(1);
      in.index(1);
    }
    List<Dim> shape = in.shape(0);
    if (shape == null) {
      return Fact.unranked(in.dtype(0)).as(Value.Kind.SEQUENCE);
    }
    int axis = Operands.axis(op.axis(), shape.size());
    List<Dim> dims = new ArrayList<>(shape);
    if (in.has(1)) {
      dims.set(axis, in.fresh("part"));
    } else if (op.keepDims()) {
      dims.set(axis, Dims.ONE);
    } else {
      dims.remove(axis);
    }
    return Fact.of(in.dtype(0), dims).as(Value.Kind.SEQUENCE);
  }

  private static Fact sequence(Operands in, int input) {
    Fact fact = in.fact(input);
    if (fact.kind() != Value.Kind.SEQUENCE) {
      throw new ModelException("input " + input + ": expected a sequence, got " + fact);
    }
    return fact;
  }

  private static void position(Operands in, int input) {
    if (in.has(input)) {
      in.expectTensor(input);
      in.index(input);
    }
  }
}
