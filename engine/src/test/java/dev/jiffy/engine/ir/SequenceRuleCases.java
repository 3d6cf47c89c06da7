package dev.jiffy.engine.ir;

import static dev.jiffy.engine.ir.RuleCase.bad;
import static dev.jiffy.engine.ir.RuleCase.good;

import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Value;
import java.util.List;

/// Cases of sequences and optional values.
final class SequenceRuleCases {
  private static final Op CONSTRUCT = new SequenceOp.SequenceConstruct();
  private static final Op INSERT = new SequenceOp.SequenceInsert();
  private static final Op ERASE = new SequenceOp.SequenceErase();
  private static final Op AT = new SequenceOp.SequenceAt();
  private static final Op LENGTH = new SequenceOp.SequenceLength();
  private static final Op GET = new SequenceOp.OptionalGetElement();
  private static final Op HAS = new SequenceOp.OptionalHasElement();
  private static final Op OF = new SequenceOp.OptionalOf();
  private static final Op EMPTY = new SequenceOp.SequenceEmpty(DType.I64);
  private static final Op NONE = new SequenceOp.OptionalNone(Value.Kind.SEQUENCE, DType.F32);

  static final List<RuleCase> CASES =
      List.of(
          good(CONSTRUCT, "f32[2×a]; f32[2×b]", "sequence(f32[2×either])"),
          good(CONSTRUCT, "f32[2]; f32[2×b]", "sequence(f32[…])"),
          bad(CONSTRUCT, "f32[2]; i64[2]", "input 1: expected f32, got i64[2]"),
          bad(CONSTRUCT, "sequence(f32[2])", "input 0: expected a tensor, got sequence(f32[2])"),
          good(EMPTY, "", "sequence(i64[…])"),
          bad(EMPTY, "f32[2]", "expected 0 inputs, got 1"),
          good(INSERT, "sequence(f32[2]); f32[3]; i64[]", "sequence(f32[…])"),
          bad(INSERT, "f32[2]; f32[3]", "input 0: expected a sequence, got f32[2]"),
          bad(INSERT, "sequence(f32[2]); i64[3]", "input 1: expected f32, got i64[3]"),
          bad(INSERT, "sequence(f32[2]); f32[3]; f32[]", "input 2: expected i64 or i32, got f32[]"),
          good(ERASE, "sequence(f32[2]); i32[]", "sequence(f32[2])"),
          bad(ERASE, "f32[2]", "input 0: expected a sequence, got f32[2]"),
          good(AT, "sequence(f32[2]); i64[]", "f32[2]"),
          bad(AT, "sequence(f32[2])", "expected 2 inputs, got 1"),
          good(LENGTH, "sequence(f32[…])", "i64[]"),
          bad(LENGTH, "f32[2]", "input 0: expected a sequence, got f32[2]"),
          good(concat(0, false), "sequence(f32[2×3])", "f32[parts×3]"),
          good(concat(-1, true), "sequence(f32[2×3])", "f32[2×3×parts]"),
          good(concat(0, true), "sequence(f32[…])", "f32[…]"),
          bad(concat(2, false), "sequence(f32[2×3])", "axis 2: expected -2 to 1 for rank 2"),
          good(split(0, true), "f32[4×3]", "sequence(f32[1×3])"),
          good(split(0, false), "f32[4×3]", "sequence(f32[3])"),
          good(split(1, false), "f32[4×3]; i64[]", "sequence(f32[4×part])"),
          bad(split(3, true), "f32[4×3]", "axis 3: expected -2 to 1 for rank 2"),
          good(OF, "sequence(f32[2])", "optional(sequence(f32[2]))"),
          bad(OF, "", "expected 1 inputs, got 0"),
          good(NONE, "", "optional(sequence(f32[…]))"),
          bad(NONE, "f32[]", "expected 0 inputs, got 1"),
          good(GET, "optional(f32[2])", "f32[2]"),
          good(GET, "sequence(f32[2])", "sequence(f32[2])"),
          bad(GET, "", "expected 1 inputs, got 0"),
          good(HAS, "optional(f32[2])", "bool[]"),
          good(HAS, "", "bool[]"),
          bad(HAS, "f32[]; f32[]", "expected 0 to 1 inputs, got 2"),
          bad(
              new Op.Size(),
              "sequence(f32[2])",
              "input 0: expected a tensor, got sequence(f32[2])"));

  private SequenceRuleCases() {}

  private static Op concat(long axis, boolean isNew) {
    return new SequenceOp.ConcatFromSequence(axis, isNew);
  }

  private static Op split(long axis, boolean keepDims) {
    return new SequenceOp.SplitToSequence(axis, keepDims);
  }
}
