package dev.jiffy.engine.kernel.scalar;

import dev.jiffy.engine.ModelException;
import dev.jiffy.engine.kernel.Activation;
import dev.jiffy.engine.kernel.Recurrence;
import dev.jiffy.tensor.DType;
import dev.jiffy.tensor.Shape;
import dev.jiffy.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Recurrent layers, one sequence after the other.
public final class ScalarRecurrence {
  private final Recurrence recurrence;
  private final int hidden;
  private final int gates;
  private final int inputs;
  private final double[] x;
  private final double @Nullable [] w;
  private final double[] r;
  private final double[] bias;
  private final double[] peepholes;
  private final double[] h;
  private final double[] c;

  /// @param w the weights of the input, or null where it is summed already
  private ScalarRecurrence(
      Recurrence recurrence,
      Tensor x,
      @Nullable Tensor w,
      double[] r,
      @Nullable Tensor bias,
      @Nullable Tensor peepholes) {
    this.recurrence = recurrence;
    hidden = recurrence.hidden();
    gates = recurrence.cell().gates() * hidden;
    inputs = Math.toIntExact(x.shape().dim(2));
    int directions = recurrence.directions();
    this.x = x.toDoubles();
    this.w = w == null ? null : w.toDoubles();
    this.r = r;
    this.bias = bias == null ? new double[2 * gates * directions] : bias.toDoubles();
    this.peepholes =
        peepholes == null ? new double[3 * hidden * directions] : peepholes.toDoubles();
    h = new double[hidden];
    c = new double[hidden];
  }

  /// Computes a recurrent layer.
  ///
  /// @param recurrence what is computed
  /// @param x the sequences, `[time, batch, inputs]`
  /// @param w the weights of the inputs, `[directions, gates · hidden, inputs]`
  /// @param r the weights of the state, `[directions, gates · hidden, hidden]`
  /// @param bias for each direction the biases of the inputs, then of the state, or null
  /// @param lengths the time steps of each sequence, or null for all
  /// @param h the first state, `[directions, batch, hidden]`, or null for zeros
  /// @param c the first state of cells, or null for zeros
  /// @param peepholes for each direction the weights of the cell's state in the input, output and
  ///   forget gate, or null
  /// @param y every state, `[time, directions, batch, hidden]`, or null
  /// @param lastH the last state, or null
  /// @param lastC the last state of cells, or null
  /// @throws ModelException if a length is negative or larger than there are time steps
  public static void run(
      Recurrence recurrence,
      Tensor x,
      Tensor w,
      Tensor r,
      @Nullable Tensor bias,
      @Nullable Tensor lengths,
      @Nullable Tensor h,
      @Nullable Tensor c,
      @Nullable Tensor peepholes,
      @Nullable Tensor y,
      @Nullable Tensor lastH,
      @Nullable Tensor lastC) {
    new ScalarRecurrence(recurrence, x, w, r.toDoubles(), bias, peepholes)
        .run(x, lengths, h, c, y, lastH, lastC);
  }

  /// Computes a recurrent layer whose state is quantized by its range before every product.
  ///
  /// @param recurrence what is computed
  /// @param sums the products of the input and all biases, `[time, batch, directions · gates ·
  ///   hidden]`
  /// @param weights for each direction the weights of the state, `[hidden, gates · hidden]`
  /// @param scales for each direction the scale of each column
  /// @param h the first state, or null for zeros
  /// @param c the first state of cells, or null for zeros
  /// @param peepholes the weights of the cell's state, or null
  /// @param y every state, or null
  /// @param lastH the last state, or null
  /// @param lastC the last state of cells, or null
  public static void runDynamic(
      Recurrence recurrence,
      Tensor sums,
      List<Tensor> weights,
      List<Tensor> scales,
      @Nullable Tensor h,
      @Nullable Tensor c,
      @Nullable Tensor peepholes,
      @Nullable Tensor y,
      @Nullable Tensor lastH,
      @Nullable Tensor lastC) {
    int hidden = recurrence.hidden();
    int gates = recurrence.cell().gates() * hidden;
    double[] r = new double[recurrence.directions() * gates * hidden];
    for (int i = 0; i < r.length; i++) {
      int column = i / hidden % gates;
      int d = i / hidden / gates;
      r[i] =
          weights.get(d).getLong((long) i % hidden * gates + column)
              * scales.get(d).getDouble(column);
    }
    new ScalarRecurrence(recurrence, sums, null, r, null, peepholes)
        .run(sums, null, h, c, y, lastH, lastC);
  }

  private void run(
      Tensor x,
      @Nullable Tensor lengths,
      @Nullable Tensor firstH,
      @Nullable Tensor firstC,
      @Nullable Tensor y,
      @Nullable Tensor lastH,
      @Nullable Tensor lastC) {
    int time = Math.toIntExact(x.shape().dim(0));
    int batch = Math.toIntExact(x.shape().dim(1));
    for (int d = 0; d < recurrence.directions(); d++) {
      for (int b = 0; b < batch; b++) {
        long length = lengths == null ? time : lengths.getLong(b);
        if (length < 0 || length > time) {
          throw new ModelException(
              "sequence %d has %d time steps; expected 0 to %d".formatted(b, length, time));
        }
        int at = (d * batch + b) * hidden;
        load(firstH, at, h);
        load(firstC, at, c);
        for (int t = (int) length; t < time; t++) {
          store(new double[hidden], y, ((t * recurrence.directions() + d) * batch + b));
        }
        for (int s = 0; s < length; s++) {
          int t = recurrence.reversed().get(d) ? (int) length - 1 - s : s;
          step(d, (t * batch + b) * inputs);
          store(h, y, (t * recurrence.directions() + d) * batch + b);
        }
        store(h, lastH, d * batch + b);
        store(c, lastC, d * batch + b);
      }
    }
  }

  private static void load(@Nullable Tensor from, int at, double[] state) {
    for (int i = 0; i < state.length; i++) {
      state[i] = from == null ? 0 : from.getDouble(at + i);
    }
  }

  private void store(double[] state, @Nullable Tensor to, int row) {
    for (int i = 0; i < hidden && to != null; i++) {
      to.setDouble((long) row * hidden + i, state[i]);
    }
  }

  private void step(int d, int at) {
    double[] fromX = new double[gates];
    double[] fromH = new double[gates];
    double[] state = w == null ? rounded(h) : h;
    for (int g = 0; g < gates; g++) {
      int row = d * gates + g;
      fromX[g] = bias[2 * d * gates + g];
      fromH[g] = bias[(2 * d + 1) * gates + g];
      if (w == null) {
        fromX[g] += x[at + row];
      }
      for (int i = 0; w != null && i < inputs; i++) {
        fromX[g] += x[at + i] * w[row * inputs + i];
      }
      fromH[g] += product(row, state);
    }
    switch (recurrence.cell()) {
      case RNN -> Arrays.setAll(h, i -> activated(d, 0, fromX[i] + fromH[i]));
      case GRU -> gru(d, fromX, fromH);
      case LSTM -> lstm(d, fromX, fromH);
    }
  }

  /// {@return what the bytes stand for that a state becomes}
  private static double[] rounded(double[] state) {
    Tensor x = Tensor.allocate(DType.F32, Shape.of(state.length));
    Tensor bytes = Tensor.allocate(DType.U8, x.shape());
    Tensor scale = Tensor.allocate(DType.F32, Shape.of());
    Tensor zero = Tensor.allocate(DType.U8, Shape.of());
    for (int i = 0; i < state.length; i++) {
      x.setDouble(i, state[i]);
    }
    ScalarQuantization.quantize(x, bytes, scale, zero);
    double[] rounded = new double[state.length];
    Arrays.setAll(rounded, i -> (bytes.getLong(i) - zero.getLong(0)) * scale.getDouble(0));
    return rounded;
  }

  private double product(int row, double[] state) {
    double sum = 0;
    for (int i = 0; i < hidden; i++) {
      sum += state[i] * r[row * hidden + i];
    }
    return sum;
  }

  private double activated(int direction, int index, double value) {
    Activation activation = recurrence.activation(direction, index);
    double bounded =
        Double.isNaN(value)
            ? value
            : Math.max(-recurrence.clip(), Math.min(recurrence.clip(), value));
    return activation.function().apply(bounded, activation.alpha(), activation.beta());
  }

  private void gru(int d, double[] fromX, double[] fromH) {
    double[] update = new double[hidden];
    double[] reset = new double[hidden];
    double[] kept = new double[hidden];
    for (int i = 0; i < hidden; i++) {
      update[i] = activated(d, 0, fromX[i] + fromH[i]);
      reset[i] = activated(d, 0, fromX[hidden + i] + fromH[hidden + i]);
      kept[i] = reset[i] * h[i];
    }
    double[] candidate = new double[hidden];
    for (int i = 0; i < hidden; i++) {
      int g = 2 * hidden + i;
      double fromState =
          recurrence.linearBeforeReset()
              ? reset[i] * fromH[g]
              : product(d * gates + g, kept) + bias[(2 * d + 1) * gates + g];
      candidate[i] = activated(d, 1, fromX[g] + fromState);
    }
    for (int i = 0; i < hidden; i++) {
      h[i] = (1 - update[i]) * candidate[i] + update[i] * h[i];
    }
  }

  private void lstm(int d, double[] fromX, double[] fromH) {
    int peep = 3 * d * hidden;
    for (int i = 0; i < hidden; i++) {
      int o = hidden + i;
      int f = 2 * hidden + i;
      int g = 3 * hidden + i;
      double input = activated(d, 0, fromX[i] + fromH[i] + peepholes[peep + i] * c[i]);
      double forget =
          recurrence.inputForget()
              ? 1 - input
              : activated(d, 0, fromX[f] + fromH[f] + peepholes[peep + f] * c[i]);
      c[i] = forget * c[i] + input * activated(d, 1, fromX[g] + fromH[g]);
      double output = activated(d, 0, fromX[o] + fromH[o] + peepholes[peep + o] * c[i]);
      h[i] = output * activated(d, 2, c[i]);
    }
  }
}
