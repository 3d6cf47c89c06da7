package dev.jiffy.engine.lower;

import static dev.jiffy.engine.lower.Samples.at;

import dev.jiffy.engine.function.RecurrentCell;
import dev.jiffy.engine.function.UnaryFunction;
import dev.jiffy.engine.ir.Op;
import dev.jiffy.engine.ir.Op.Unary;
import dev.jiffy.engine.ir.RecurrentOp;
import dev.jiffy.engine.ir.RecurrentOp.Direction;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Recurrent layers.
final class RecurrentCases {
  private static final float UNBOUNDED = Float.POSITIVE_INFINITY;

  private RecurrentCases() {}

  static List<OpCase> all() {
    List<OpCase> cases = new ArrayList<>();
    long[][] sizes = {
      {1, 1, 1, 1},
      {1, 1, 5, 17},
      {3, 2, 7, 16},
      {2, 5, 3, 1},
      {4, 3, 4, 33},
      {5, 1, 9, 64},
      {0, 2, 3, 4},
      {2, 0, 3, 4}
    };
    for (RecurrentCell cell : RecurrentCell.values()) {
      for (Direction direction : Direction.values()) {
        for (long[] size : sizes) {
          add(cases, "plain", op(cell, direction, size[3], false), size, List.of(3), 1);
          add(cases, "full", op(cell, direction, size[3], true), size, List.of(3, 5, 6, 7), 3);
        }
        long[] some = {4, 3, 5, 17};
        RecurrentOp.Recurrent op = op(cell, direction, 17, false);
        add(cases, "lengths", op, some, List.of(3, 4, 5), 3);
        add(cases, "other functions", bounded(op), some, List.of(3, 6), 2);
      }
    }
    RecurrentOp.Recurrent lstm = op(RecurrentCell.LSTM, Direction.FORWARD, 6, true);
    add(cases, "coupled gates", lstm, new long[] {3, 2, 4, 6}, List.of(3, 5, 6, 7), 3);
    simple(cases);
    for (Direction direction : Direction.values()) {
      for (long[] size : sizes) {
        RecurrentOp.Recurrent layer = op(RecurrentCell.LSTM, direction, size[3], false);
        addDynamic(cases, "plain", layer, size, 100, false, 1);
        addDynamic(cases, "full", layer, size, 127, true, 3);
      }
      long[] some = {4, 3, 5, 17};
      RecurrentOp.Recurrent layer = op(RecurrentCell.LSTM, direction, 17, false);
      addDynamic(cases, "shifted weights", layer, some, 150, false, 2);
      addDynamic(cases, "wide weights", bounded(layer), some, 255, true, 3);
    }
    return cases;
  }

  /// @param most the greatest weight; the least is the one that has 255 integers with it
  /// @param more whether optional inputs are there
  private static void addDynamic(
      List<OpCase> cases,
      String name,
      RecurrentOp.Recurrent layer,
      long[] size,
      long most,
      boolean more,
      int outputs) {
    long directions = layer.direction().count();
    long hidden = layer.hidden();
    List<@Nullable Tensor> inputs = new ArrayList<>();
    inputs.add(Samples.floats(1, size[0], size[1], directions * 4 * hidden));
    for (int d = 0; d < directions; d++) {
      long least = most == 255 && d == 0 ? -255 : most - 254;
      DType type = most > Byte.MAX_VALUE ? DType.I16 : DType.I8;
      inputs.add(Samples.integers(type, 2 + d, least, most + 1, hidden, 4 * hidden));
      inputs.add(Samples.between(4 + d, 1e-3, 5e-3, 4 * hidden));
    }
    if (more) {
      inputs.add(Samples.floats(6, directions, size[1], hidden));
      inputs.add(Samples.floats(7, directions, size[1], hidden));
      inputs.add(Samples.floats(8, directions, 3 * hidden));
    }
    Op op = new RecurrentOp.DynamicRecurrent(layer);
    cases.add(new OpCase(layer.direction() + " " + name, op, inputs, outputs, null));
  }

  /// @param more whether gates are coupled or linear
  private static RecurrentOp.Recurrent op(
      RecurrentCell cell, Direction direction, long hidden, boolean more) {
    List<Unary> activations = new ArrayList<>();
    for (int i = 0; i < direction.count() * cell.functions(); i++) {
      boolean gate = cell != RecurrentCell.RNN && i % cell.functions() == 0;
      activations.add(new Unary(gate ? UnaryFunction.SIGMOID : UnaryFunction.TANH));
    }
    boolean coupled = more && cell == RecurrentCell.LSTM && hidden == 6;
    boolean linear = more && cell == RecurrentCell.GRU;
    return new RecurrentOp.Recurrent(
        cell, direction, hidden, activations, UNBOUNDED, coupled, linear);
  }

  private static RecurrentOp.Recurrent bounded(RecurrentOp.Recurrent op) {
    List<Unary> functions =
        List.of(
            new Unary(UnaryFunction.HARD_SIGMOID, 0.2f, 0.5f),
            new Unary(UnaryFunction.SOFTSIGN),
            new Unary(UnaryFunction.ELU, 0.7f, 0),
            new Unary(UnaryFunction.SIGMOID),
            new Unary(UnaryFunction.LEAKY_RELU, 0.1f, 0),
            new Unary(UnaryFunction.RELU));
    return new RecurrentOp.Recurrent(
        op.cell(),
        op.direction(),
        op.hidden(),
        functions.subList(0, op.activations().size()),
        0.75f,
        false,
        false);
  }

  /// @param given which optional inputs are there, those that the cell has
  /// @param outputs how many results, at most those that the cell has
  private static void add(
      List<OpCase> cases,
      String name,
      RecurrentOp.Recurrent op,
      long[] size,
      List<Integer> given,
      int outputs) {
    long directions = op.direction().count();
    long gates = op.cell().gates() * op.hidden();
    boolean lstm = op.cell() == RecurrentCell.LSTM;
    @Nullable Tensor[] inputs = new @Nullable Tensor[lstm ? 8 : 6];
    inputs[0] = Samples.floats(1, size[0], size[1], size[2]);
    inputs[1] = Samples.between(2, -0.5, 0.5, directions, gates, size[2]);
    inputs[2] = Samples.between(3, -0.5, 0.5, directions, gates, op.hidden());
    for (int input : given) {
      if (input > 2 && input < inputs.length) {
        inputs[input] =
            switch (input) {
              case 3 -> Samples.floats(4, directions, 2 * gates);
              case 4 -> Samples.integers(DType.I32, 5, 0, size[0] + 1, size[1]);
              case 5, 6 -> Samples.floats(input, directions, size[1], op.hidden());
              default -> Samples.floats(7, directions, 3 * op.hidden());
            };
      }
    }
    int made = Math.min(outputs, lstm ? 3 : 2);
    List<@Nullable Tensor> list = new ArrayList<>();
    Collections.addAll(list, inputs);
    cases.add(new OpCase(op.direction() + " " + name, op, list, made, null));
  }

  /// One time step of one number, written out.
  private static void simple(List<OpCase> cases) {
    Tensor x = Tensor.of(new float[] {0.5f}, 1, 1, 1);
    Tensor h = Tensor.of(new float[] {-0.75f}, 1, 1, 1);
    Tensor c = Tensor.of(new float[] {0.25f}, 1, 1, 1);
    double[] w = {0.3, -0.6, 0.9, 0.2};
    double[] r = {-0.4, 0.7, 0.1, 0.8};
    double[] bias = {0.1, 0.2, 0.3, 0.4, -0.2, -0.1, 0.6, 0.5};
    OpCase.Formula lstm =
        i -> {
          double[] sum = new double[4];
          Arrays.setAll(sum, g -> 0.5 * w[g] - 0.75 * r[g] + bias[g] + bias[4 + g]);
          double cell = sigmoid(sum[2]) * at(c, 0, 0, 0) + sigmoid(sum[0]) * Math.tanh(sum[3]);
          return sigmoid(sum[1]) * Math.tanh(cell);
        };
    cases.add(
        OpCase.of(
            "one number",
            op(RecurrentCell.LSTM, Direction.FORWARD, 1, false),
            lstm,
            x,
            floats(w, 4, 1, 4, 1),
            floats(r, 4, 1, 4, 1),
            floats(bias, 8, 1, 8),
            null,
            h,
            c));
    double[] s = {0.2, -0.1, 0.4, 0.3};
    double[] scale = {0.01, 0.02, 0.03, 0.04};
    OpCase.Formula dynamic = // one number is quantized exactly
        i -> {
          double[] sum = new double[4];
          Arrays.setAll(sum, g -> s[g] - 0.75 * (10 - 9 * g) * scale[g]);
          double cell = sigmoid(sum[2]) * at(c, 0, 0, 0) + sigmoid(sum[0]) * Math.tanh(sum[3]);
          return sigmoid(sum[1]) * Math.tanh(cell);
        };
    cases.add(
        OpCase.of(
            "one number",
            new RecurrentOp.DynamicRecurrent(op(RecurrentCell.LSTM, Direction.FORWARD, 1, false)),
            dynamic,
            floats(s, 4, 1, 1, 4),
            Tensor.of(new byte[] {10, 1, -8, -17}, 1, 4),
            floats(scale, 4, 4),
            h,
            c));
    for (boolean linear : new boolean[] {false, true}) {
      OpCase.Formula gru =
          i -> {
            double z = sigmoid(0.5 * w[0] - 0.75 * r[0] + bias[0] + bias[3]);
            double reset = sigmoid(0.5 * w[1] - 0.75 * r[1] + bias[1] + bias[4]);
            double state =
                linear ? reset * (-0.75 * r[2] + bias[5]) : reset * -0.75 * r[2] + bias[5];
            return (1 - z) * Math.tanh(0.5 * w[2] + bias[2] + state) + z * -0.75;
          };
      cases.add(
          OpCase.of(
              "one number",
              op(RecurrentCell.GRU, Direction.REVERSE, 1, linear),
              gru,
              x,
              floats(w, 3, 1, 3, 1),
              floats(r, 3, 1, 3, 1),
              floats(bias, 6, 1, 6),
              null,
              h));
    }
  }

  private static Tensor floats(double[] values, int count, long... dims) {
    float[] floats = new float[count];
    for (int i = 0; i < count; i++) {
      floats[i] = (float) values[i];
    }
    return Tensor.of(floats, dims);
  }

  private static double sigmoid(double x) {
    return 1 / (1 + Math.exp(-x));
  }
}
