package dev.jiffy.engine.ir;

import dev.jiffy.engine.ModelException;
import dev.jiffy.engine.function.RecurrentCell;
import dev.jiffy.tensor.DType;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The rule of recurrent layers.
final class RecurrentRule {
  private RecurrentRule() {}

  static List<Fact> recurrent(RecurrentOp.Recurrent op, Operands in) {
    boolean lstm = op.cell() == RecurrentCell.LSTM;
    in.expect(3, lstm ? 8 : 6, lstm ? 3 : 2);
    DType dtype = in.floating(0);
    for (int input : new int[] {1, 2, 3, 5, 6, 7}) {
      in.same(input, 0);
    }
    if (in.has(4)) {
      in.index(4);
    }
    attributes(op, dtype);
    List<Dim> x = in.shape(0, 3);
    Dim time = x == null ? in.fresh("time") : x.get(0);
    Dim batch = x == null ? in.fresh("batch") : x.get(1);
    Dim inputs = x == null ? in.fresh("inputs") : x.get(2);
    Dim directions = Dim.of(op.direction().count());
    Dim hidden = Dim.of(op.hidden());
    long gates = Math.multiplyExact(op.cell().gates(), op.hidden());
    check("weights of the input", in, 1, directions, Dim.of(gates), inputs);
    check("weights of the state", in, 2, directions, Dim.of(gates), hidden);
    check("bias", in, 3, directions, Dim.of(Math.multiplyExact(2, gates)));
    check("lengths", in, 4, batch);
    check("first state", in, 5, directions, batch, hidden);
    check("first state of cells", in, 6, directions, batch, hidden);
    check("peepholes", in, 7, directions, Dim.of(Math.multiplyExact(3, op.hidden())));
    return states(op, dtype, time, batch, in);
  }

  private static List<Fact> states(
      RecurrentOp.Recurrent op, DType dtype, Dim time, Dim batch, Operands in) {
    Dim directions = Dim.of(op.direction().count());
    Dim hidden = Dim.of(op.hidden());
    Fact all = Fact.of(dtype, List.of(time, directions, batch, hidden));
    Fact last = Fact.of(dtype, List.of(directions, batch, hidden));
    return List.of(all, last, last).subList(0, in.outputs());
  }

  static List<Fact> dynamic(RecurrentOp.DynamicRecurrent op, Operands in) {
    RecurrentOp.Recurrent layer = op.layer();
    if (layer.cell() != RecurrentCell.LSTM) {
      throw new ModelException("cell: expected LSTM, got " + layer.cell());
    }
    int first = op.states();
    in.expect(first, first + 3, 3);
    in.expect(0, DType.F32);
    for (int input = first; input < first + 3; input++) {
      in.same(input, 0);
    }
    attributes(layer, DType.F32);
    List<Dim> sums = in.shape(0, 3);
    Dim time = sums == null ? in.fresh("time") : sums.get(0);
    Dim batch = sums == null ? in.fresh("batch") : sums.get(1);
    Dim directions = Dim.of(layer.direction().count());
    Dim hidden = Dim.of(layer.hidden());
    Dim gates = Dim.of(Math.multiplyExact(4, layer.hidden()));
    check("sums", in, 0, time, batch, Dims.multiply(directions, gates));
    for (int input = 1; input < first; input += 2) {
      QuantizedRules.centred(input, in);
      in.expect(input + 1, DType.F32);
      check("weights of the state", in, input, hidden, gates);
      check("scale", in, input + 1, gates);
    }
    check("first state", in, first, directions, batch, hidden);
    check("first state of cells", in, first + 1, directions, batch, hidden);
    check("peepholes", in, first + 2, directions, Dims.multiply(hidden, 3));
    return states(layer, DType.F32, time, batch, in);
  }

  private static void attributes(RecurrentOp.Recurrent op, DType dtype) {
    if (op.hidden() < 1) {
      throw new ModelException("extent of the state: expected at least 1, got " + op.hidden());
    }
    int functions = op.direction().count() * op.cell().functions();
    if (op.activations().size() != functions) {
      throw new ModelException(
          "activations: expected " + functions + ", got " + op.activations().size());
    }
    op.activations().forEach(activation -> ElementwiseRules.activation(activation, dtype));
    if (!(op.clip() > 0)) {
      throw new ModelException("clip: expected a positive number, got " + op.clip());
    }
  }

  private static void check(String what, Operands in, int input, Dim... expected) {
    if (in.has(input)) {
      @Nullable List<Dim> _ = Dims.merge(what, List.of(expected), in.shape(input));
    }
  }
}
