package dev.jiffy.engine.lower;

import dev.jiffy.engine.ModelException;
import dev.jiffy.engine.function.RecurrentCell;
import dev.jiffy.engine.kernel.Affine;
import dev.jiffy.engine.kernel.ByteKernels;
import dev.jiffy.engine.kernel.MatrixKernels;
import dev.jiffy.engine.kernel.Memory;
import dev.jiffy.engine.kernel.Product;
import dev.jiffy.engine.kernel.Recurrence;
import dev.jiffy.engine.kernel.RowKernels;
import dev.jiffy.engine.kernel.RowKernels.PreparedPointwise;
import dev.jiffy.tensor.DType;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A recurrent layer over sums of the input that are there already: for each time step the product
/// of state and weights, then one or two elementwise chains.
///
/// A unit of work is a direction of sequences of one length: of the whole batch, or, where
/// sequences have lengths of their own, of one of them. States are updated in place: in the result,
/// or in working memory where nobody wants them.
final class RecurrentStep extends Step {
  /// The layer.
  ///
  /// @param recurrence what is computed
  /// @param time time steps
  /// @param batch sequences
  /// @param rows sequences of a unit
  record Layer(Recurrence recurrence, int time, int batch, int rows) {
    private int hidden() {
      return recurrence.hidden();
    }

    private int gates() {
      return recurrence.cell().gates() * hidden();
    }

    /// Elements of the sums of the input for one sequence and time step.
    private int sums() {
      return recurrence.directions() * gates();
    }

    private int units() {
      return recurrence.directions() * (batch / rows);
    }

    /// Whether the state is reset before it is multiplied, so that there are two products.
    private boolean resetsFirst() {
      return recurrence.cell() == RecurrentCell.GRU && !recurrence.linearBeforeReset();
    }
  }

  /// Where the operands lie.
  ///
  /// @param sums the sums of the input, `[time, batch, directions, gates · hidden]`
  /// @param packed for each direction the packed weights of the state
  /// @param candidate for each direction the packed weights of the candidate, where it is apart
  /// @param bias the biases of the state, where they are not within the sums of the input
  /// @param lengths the lengths of the sequences
  /// @param h the first state
  /// @param c the first state of cells
  /// @param peepholes the weights of the cell's state
  /// @param y every state
  /// @param lastH the last state
  /// @param lastC the last state of cells
  record Places(
      Place sums,
      List<Place> packed,
      List<Place> candidate,
      Place bias,
      Place lengths,
      Place h,
      Place c,
      Place peepholes,
      Place y,
      Place lastH,
      Place lastC) {}

  /// The most inputs and outputs of a chain of a time step.
  private static final int OPERANDS = 16;

  private final Layer layer;
  private final Places places;
  private final DType lengthType;
  private final List<ByteKernels.@Nullable Prepared> products;
  private final MatrixKernels kernels;
  private final RowKernels rows;
  private final Product product;
  private final Product candidate;

  /// For each direction the chain that ends a time step.
  private final PreparedPointwise[] ends;

  /// For each direction the chain that resets the state first, where there is one.
  private final @Nullable PreparedPointwise[] resets;

  private final long stateBytes;
  private final long gateBytes;
  private final long chainBytes;

  /// A step.
  ///
  /// @param lengthType the type of the lengths
  /// @param products where a state becomes bytes before every product, for each direction that of
  ///   bytes, or null where what they stand for is multiplied as f32; else empty
  RecurrentStep(
      String name,
      Target target,
      Layer layer,
      Places places,
      DType lengthType,
      List<ByteKernels.@Nullable Prepared> products) {
    super(
        name,
        Math.min(
            layer.units(),
            target.parts(
                2.0 * layer.time() * layer.batch() * layer.sums() * layer.hidden(),
                4.0 * layer.time() * layer.sums() * layer.hidden())));
    this.layer = layer;
    this.places = places;
    this.lengthType = lengthType;
    this.products = products;
    this.kernels = target.matrices();
    this.rows = target.rows();
    Recurrence recurrence = layer.recurrence();
    int m = layer.rows();
    int hidden = layer.hidden();
    int width = layer.resetsFirst() ? 2 * hidden : layer.gates();
    boolean apart =
        !products.isEmpty()
            || (recurrence.cell() == RecurrentCell.GRU && recurrence.linearBeforeReset());
    long residual = apart ? 0 : layer.sums();
    product = new Product(m, hidden, width, hidden, width, residual, 1, null);
    candidate = new Product(m, hidden, hidden, hidden, hidden, layer.sums(), 1, null);
    ends = new PreparedPointwise[recurrence.directions()];
    resets = new PreparedPointwise[recurrence.directions()];
    long bytes = 0;
    for (int d = 0; d < ends.length; d++) {
      ends[d] =
          rows.prepare(
              switch (recurrence.cell()) {
                case RNN -> CellChain.rnn(recurrence, d, m);
                case LSTM ->
                    CellChain.lstm(
                        recurrence, d, m, !places.peepholes().equals(Place.ABSENT), apart);
                case GRU ->
                    apart
                        ? CellChain.gru(recurrence, d, m, layer.sums())
                        : CellChain.update(recurrence, d, m);
              });
      bytes = Math.max(bytes, ends[d].scratchBytes());
      PreparedPointwise reset =
          layer.resetsFirst() ? rows.prepare(CellChain.reset(recurrence, d, m)) : null;
      resets[d] = reset;
      bytes = Math.max(bytes, reset == null ? 0 : reset.scratchBytes());
    }
    stateBytes = MemoryPlan.align(4L * m * hidden);
    gateBytes = MemoryPlan.align(4L * m * layer.gates());
    for (ByteKernels.Prepared prepared : products) {
      bytes = Math.max(bytes, prepared == null ? 0 : prepared.scratchBytes());
    }
    chainBytes = MemoryPlan.align(bytes);
  }

  @Override
  long flops() {
    return (2L * layer.hidden() + 4) * layer.time() * layer.batch() * layer.sums();
  }

  /// The sums of the input and the weights of the state; states stay in the caches.
  @Override
  long movedBytes() {
    return 4L * layer.sums() * ((long) layer.time() * layer.batch() + layer.hidden());
  }

  /// Working memory: two states, the reset or rounded state, the sums of the gates, what chains and
  /// products of bytes need, a state as bytes and what these stand for.
  @Override
  long scratchBytes() {
    long bytes = products.isEmpty() ? 0 : stateBytes + MemoryPlan.align(DynamicBytesStep.NUMBERS);
    return 3 * stateBytes + gateBytes + chainBytes + bytes;
  }

  @Override
  public void run(Frame frame, int part) {
    int units = layer.units();
    for (int unit = from(units, part); unit < from(units, part + 1); unit++) {
      int perDirection = units / layer.recurrence().directions();
      unit(frame, part, unit / perDirection, unit % perDirection * layer.rows());
    }
  }

  /// Computes one direction of some sequences.
  private void unit(Frame frame, int part, int d, int first) {
    long scratch = frame.scratch(part);
    long bytes = 4L * layer.rows() * layer.hidden();
    long state = 4L * (d * layer.batch() + first) * layer.hidden();
    long lastH = frame.at(places.lastH());
    long lastC = frame.at(places.lastC());
    long h = scratch;
    begin(frame.at(places.h()), state, h, bytes);
    long c = lastC == 0 ? scratch + stateBytes : lastC + state;
    begin(frame.at(places.c()), state, c, bytes);
    int length = length(frame, first);
    boolean reversed = layer.recurrence().reversed().get(d);
    long y = frame.at(places.y());
    for (int t = length; t < layer.time() && y != 0; t++) {
      rows.fill(0, y + result(t, d, first), (long) layer.rows() * layer.hidden());
    }
    for (int step = 0; step < length; step++) {
      int t = reversed ? length - 1 - step : step;
      long next = y == 0 ? scratch : y + result(t, d, first);
      step(frame, part, d, t * layer.batch() + first, h, next, c);
      h = next;
    }
    if (lastH != 0) {
      Memory.copy(h, lastH + state, bytes);
    }
  }

  private void begin(long from, long offset, long to, long bytes) {
    if (from == 0) {
      rows.fill(0, to, bytes / 4);
    } else {
      Memory.copy(from + offset, to, bytes);
    }
  }

  /// The bytes from the first result to that of a time step.
  private long result(int t, int d, int sequence) {
    long directions = layer.recurrence().directions();
    return 4 * ((t * directions + d) * layer.batch() + sequence) * layer.hidden();
  }

  private int length(Frame frame, int sequence) {
    long lengths = frame.at(places.lengths());
    if (lengths == 0) {
      return layer.time();
    }
    long length =
        lengthType == DType.I64
            ? Memory.ALL.get(Memory.LONG, lengths + 8L * sequence)
            : Memory.ALL.get(Memory.INT, lengths + 4L * sequence);
    if (length < 0 || length > layer.time()) {
      throw new ModelException(
          "%s: sequence %d has %d time steps; expected 0 to %d"
              .formatted(name(), sequence, length, layer.time()));
    }
    return (int) length;
  }

  /// Computes one time step.
  ///
  /// @param row which row of the sums of the input it is
  private void step(Frame frame, int part, int d, int row, long h, long next, long c) {
    int hidden = layer.hidden();
    long sums = frame.at(places.sums()) + 4L * row * layer.sums() + 4L * d * layer.gates();
    long scratch = frame.scratch(part) + 2 * stateBytes;
    long gates = scratch + stateBytes;
    long[] operands = frame.operands(part, OPERANDS);
    switch (layer.recurrence().cell()) {
      case RNN -> {
        multiply(product, h, frame.at(places.packed().get(d)), 0, sums, gates);
        operands[0] = gates;
        operands[1] = next;
      }
      case LSTM -> {
        int at = spread(operands, 0, gates, 4);
        if (products.isEmpty()) {
          multiply(product, h, frame.at(places.packed().get(d)), 0, sums, gates);
        } else {
          multiplyRounded(d, h, frame.at(places.packed().get(d)), scratch, gates);
          at = spread(operands, at, sums, 4);
        }
        operands[at++] = c;
        long peepholes = frame.at(places.peepholes());
        if (peepholes != 0) {
          at = spread(operands, at, peepholes + 12L * d * hidden, 3);
        }
        operands[at++] = next;
        operands[at] = c;
      }
      case GRU -> {
        PreparedPointwise reset = resets[d];
        if (reset == null) {
          long bias = frame.at(places.bias()) == 0 ? 0 : frame.at(places.bias()) + 12L * d * hidden;
          multiply(product, h, frame.at(places.packed().get(d)), bias, 0, gates);
          int at = spread(operands, spread(operands, 0, sums, 3), gates, 3);
          operands[at++] = h;
          operands[at] = next;
        } else {
          multiply(product, h, frame.at(places.packed().get(d)), 0, sums, gates);
          operands[0] = gates + 4L * hidden;
          operands[1] = h;
          operands[2] = scratch;
          chain(reset, operands, gates + gateBytes);
          long sum = gates + 8L * layer.rows() * hidden;
          long packed = frame.at(places.candidate().get(d));
          multiply(candidate, scratch, packed, 0, sums + 8L * hidden, sum);
          operands[0] = gates;
          operands[1] = sum;
          operands[2] = h;
          operands[3] = next;
        }
      }
    }
    chain(ends[d], operands, gates + gateBytes);
  }

  /// Lists the places of gates that lie side by side.
  private int spread(long[] operands, int at, long first, int count) {
    for (int i = 0; i < count; i++) {
      operands[at + i] = first + 4L * i * layer.hidden();
    }
    return at + count;
  }

  private void multiply(Product geometry, long a, long packed, long bias, long residual, long to) {
    int panels = (geometry.n() + kernels.panelColumns() - 1) / kernels.panelColumns();
    kernels.multiply(geometry, a, packed, bias, residual, to, 0, geometry.m(), 0, panels);
  }

  /// Multiplies what the bytes of a state stand for.
  ///
  /// @param rounded where that goes, unless bytes are multiplied
  private void multiplyRounded(int d, long h, long packed, long rounded, long to) {
    long scratch = to + gateBytes;
    long bytes = scratch + chainBytes;
    long numbers = bytes + stateBytes;
    int hidden = layer.hidden();
    rows.range(h, hidden, numbers);
    float least = Memory.getFloat(numbers);
    float scale = Affine.scale(least, Memory.getFloat(numbers + 4));
    int zero = Affine.zero(least, scale);
    rows.quantize(scale, zero, h, bytes, hidden);
    ByteKernels.Prepared prepared = products.get(d);
    if (prepared == null) {
      rows.dequantize(scale, zero, bytes, rounded, hidden);
      multiply(product, rounded, packed, 0, 0, to);
    } else {
      Memory.setFloat(numbers, scale);
      Memory.ALL.set(Memory.INT, numbers + 4, zero);
      prepared.convolve(bytes, numbers, packed, to, 0, 1, scratch);
    }
  }

  private static void chain(PreparedPointwise chain, long[] operands, long scratch) {
    chain.run(operands, 0, chain.pieces(), scratch);
  }
}
