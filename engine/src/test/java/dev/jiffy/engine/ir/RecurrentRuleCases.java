package dev.jiffy.engine.ir;

import static dev.jiffy.engine.ir.RuleCase.bad;
import static dev.jiffy.engine.ir.RuleCase.good;

import dev.jiffy.engine.function.RecurrentCell;
import dev.jiffy.engine.function.UnaryFunction;
import dev.jiffy.engine.ir.RecurrentOp.Direction;
import java.util.Collections;
import java.util.List;

/// Cases of recurrent layers.
final class RecurrentRuleCases {
  private static final Op DYNAMIC =
      new RecurrentOp.DynamicRecurrent(op(RecurrentCell.LSTM, Direction.BIDIRECTIONAL, 3));
  private static final Op LSTM = op(RecurrentCell.LSTM, Direction.FORWARD, 3);
  private static final Op GRU = op(RecurrentCell.GRU, Direction.BIDIRECTIONAL, 4);

  static final List<RuleCase> CASES =
      List.of(
          good(
              LSTM, "f32[t×b×5]; f32[1×12×5]; f32[1×12×3]", "f32[t×1×b×3]; f32[1×b×3]; f32[1×b×3]"),
          good(
              LSTM,
              "f32[t×b×5]; f32[1×12×5]; f32[1×12×3]; f32[1×24]; i32[b]; f32[1×b×3]; f32[1×b×3];"
                  + " f32[1×9]",
              "f32[t×1×b×3]"),
          good(LSTM, "f32[…]; f32[1×12×5]; f32[1×12×3]", "f32[time×1×batch×3]"),
          good(GRU, "f32[t×1×5]; f32[2×12×5]; f32[2×12×4]; f32[2×24]", "f32[t×2×1×4]; f32[2×1×4]"),
          bad(LSTM, "f32[t×5]; f32[1×12×5]; f32[1×12×3]", "input 0: expected rank 3, got f32[t×5]"),
          bad(
              LSTM,
              "f32[t×b×5]; f32[1×12×6]; f32[1×12×3]",
              "weights of the input: expected shape [1×12×5], got [1×12×6]"),
          bad(
              LSTM,
              "f32[t×b×5]; f32[1×12×5]; f32[1×12×4]",
              "weights of the state: expected shape [1×12×3], got [1×12×4]"),
          bad(
              LSTM,
              "f32[t×b×5]; f32[1×12×5]; f32[1×12×3]; f32[1×12]",
              "bias: expected shape [1×24], got [1×12]"),
          bad(
              LSTM,
              "f32[t×2×5]; f32[1×12×5]; f32[1×12×3]; _; i32[3]",
              "lengths: expected shape [2], got [3]"),
          bad(
              LSTM,
              "f32[t×2×5]; f32[1×12×5]; f32[1×12×3]; _; f32[2]",
              "input 4: expected i64 or i32, got f32[2]"),
          bad(
              LSTM,
              "f32[t×2×5]; f32[1×12×5]; f32[1×12×3]; _; _; f32[1×1×3]",
              "first state: expected shape [1×2×3], got [1×1×3]"),
          bad(
              LSTM,
              "f32[t×2×5]; f32[1×12×5]; f32[1×12×3]; _; _; _; _; f32[1×3]",
              "peepholes: expected shape [1×9], got [1×3]"),
          bad(
              GRU,
              "f32[t×1×5]; f32[2×12×5]; f32[2×12×4]; _; _; _; f32[2×1×4]",
              "expected 3 to 6 inputs, got 7"),
          bad(
              op(RecurrentCell.RNN, Direction.FORWARD, 0),
              "f32[t×1×5]; f32[1×0×5]; f32[1×0×0]",
              "extent of the state: expected at least 1, got 0"),
          bad(
              op(RecurrentCell.RNN, Direction.FORWARD, Long.MAX_VALUE / 2),
              "f32[t×1×5]; f32[1×3×5]; f32[1×3×3]",
              "weights of the input: expected shape [1×4611686018427387903×5], got [1×3×5]"),
          bad(
              new RecurrentOp.Recurrent(
                  RecurrentCell.RNN, Direction.FORWARD, 3, List.of(), 1, false, false),
              "f32[t×1×5]; f32[1×3×5]; f32[1×3×3]",
              "activations: expected 1, got 0"),
          bad(
              new RecurrentOp.Recurrent(
                  RecurrentCell.RNN,
                  Direction.FORWARD,
                  3,
                  List.of(new Op.Unary(UnaryFunction.TANH)),
                  0,
                  false,
                  false),
              "f32[t×1×5]; f32[1×3×5]; f32[1×3×3]",
              "clip: expected a positive number, got 0.0"),
          good(
              DYNAMIC,
              "f32[t×b×24]; i8[3×12]; f32[12]; i16[3×12]; f32[12]",
              "f32[t×2×b×3]; f32[2×b×3]"),
          good(
              DYNAMIC,
              "f32[…]; i8[3×12]; f32[12]; i8[3×12]; f32[12]; _; f32[2×b×3]; f32[2×9]",
              "f32[time×2×batch×3]"),
          bad(DYNAMIC, "f32[t×b×24]; i8[3×12]; f32[12]", "expected 5 to 8 inputs, got 3"),
          bad(
              DYNAMIC,
              "f32[t×b×12]; i8[3×12]; f32[12]; i8[3×12]; f32[12]",
              "sums: expected shape [t×b×24], got [t×b×12]"),
          bad(
              DYNAMIC,
              "f32[t×b×24]; u8[3×12]; f32[12]; i8[3×12]; f32[12]",
              "input 1: expected i8 or i16, got u8[3×12]"),
          bad(
              DYNAMIC,
              "f32[t×b×24]; i8[3×12]; f32[12]; i8[3×12]; f32[1]",
              "scale: expected shape [12], got [1]"),
          bad(
              DYNAMIC,
              "f32[t×b×24]; i8[3×12]; f32[12]; i8[12×3]; f32[12]",
              "weights of the state: expected shape [3×12], got [12×3]"),
          bad(
              new RecurrentOp.DynamicRecurrent(op(RecurrentCell.GRU, Direction.FORWARD, 3)),
              "f32[t×b×12]; i8[3×12]; f32[12]",
              "cell: expected LSTM, got GRU"));

  private RecurrentRuleCases() {}

  private static RecurrentOp.Recurrent op(RecurrentCell cell, Direction direction, long hidden) {
    int functions = direction.count() * cell.functions();
    return new RecurrentOp.Recurrent(
        cell,
        direction,
        hidden,
        Collections.nCopies(functions, new Op.Unary(UnaryFunction.TANH)),
        Float.POSITIVE_INFINITY,
        false,
        false);
  }
}
