package dev.jiffy.engine.kernel.vector;

import static dev.jiffy.engine.kernel.vector.Lanes.BYTES;
import static dev.jiffy.engine.kernel.vector.Lanes.LANES;
import static dev.jiffy.engine.kernel.vector.VectorBinary.DENSE;
import static dev.jiffy.engine.kernel.vector.VectorBinary.REPEATED;

import dev.jiffy.engine.kernel.Memory;
import dev.jiffy.engine.kernel.Movement;
import dev.jiffy.engine.kernel.Pointwise;
import dev.jiffy.engine.kernel.Pointwise.Instruction;
import dev.jiffy.engine.kernel.RowKernels;
import java.util.Arrays;

/// An elementwise chain over blocks: each instruction is one loop from operands of a block to a
/// block, which is the result's memory where nothing can be read from there later.
///
/// Working memory holds, in this order: the address and the step of each operand, the coordinates
/// of one input at a time, a vector for each number, a block for each input that is not read in
/// place and for each intermediate result that is alive at the same time.
final class VectorPointwise implements RowKernels.PreparedPointwise {
  /// The least elements of a piece.
  private static final long PIECE = 1 << 14;

  private static final int SLOT_BYTES = 16;
  private static final int ALIGNMENT = 64;

  private final BlockLayout layout;
  private final Instruction[] instructions;
  private final int[] outputs;
  private final int inputs;

  /// For each operand where it lies in working memory; negative if it does not.
  private final long[] places;

  /// For each operand the output that it is written to directly; negative if to none.
  private final int[] direct;

  /// For each instruction where its number lies in working memory.
  private final long[] numbers;

  private final long coordinates;
  private final long blocksPerPiece;
  private long scratchBytes;

  VectorPointwise(Pointwise pointwise) {
    layout = new BlockLayout(pointwise);
    instructions = pointwise.instructions().toArray(Instruction[]::new);
    outputs = new int[pointwise.outputs().size()];
    Arrays.setAll(outputs, pointwise.outputs()::get);
    inputs = layout.strides.length;
    blocksPerPiece = (PIECE + layout.blockLength - 1) / layout.blockLength;
    int operands = inputs + instructions.length;
    coordinates = (long) SLOT_BYTES * operands;
    scratchBytes = roundUp(coordinates + 8L * layout.dims.length);
    places = new long[operands];
    direct = new int[operands];
    numbers = new long[instructions.length];
    Arrays.fill(places, -1);
    Arrays.fill(direct, -1);
    placeInputs();
    chooseDirect();
    placeResults();
  }

  private static long roundUp(long bytes) {
    return (bytes + ALIGNMENT - 1) & -ALIGNMENT;
  }

  private long reserve(long bytes) {
    long place = scratchBytes;
    scratchBytes += roundUp(bytes);
    return place;
  }

  private void placeInputs() {
    for (int i = 0; i < inputs; i++) {
      places[i] =
          switch (layout.access[i]) {
            case DENSE -> -1;
            case CONSTANT, CONSTANT_IN_LINE -> reserve(BYTES);
            case PERIODIC, GATHERED -> reserve(4 * layout.blockLength);
          };
    }
    for (int k = 0; k < instructions.length; k++) {
      if (instructions[k] instanceof Instruction.Scalar) {
        numbers[k] = reserve(BYTES);
      }
    }
  }

  /// A result goes straight to its output unless an input is read afterwards, which may be the same
  /// memory.
  private void chooseDirect() {
    int lastRead = -1;
    for (int k = 0; k < instructions.length; k++) {
      for (int i = 0; i < inputs; i++) {
        if (layout.access[i] == BlockLayout.Access.DENSE && reads(instructions[k], i)) {
          lastRead = k;
        }
      }
    }
    for (int i = outputs.length - 1; i >= 0; i--) {
      if (outputs[i] - inputs >= lastRead && outputs[i] >= inputs) {
        direct[outputs[i]] = i;
      }
    }
  }

  private void placeResults() {
    int[] lastReads = new int[places.length];
    for (int operand = 0; operand < places.length; operand++) {
      for (int k = 0; k < instructions.length; k++) {
        if (reads(instructions[k], operand)) {
          lastReads[operand] = k;
        }
      }
    }
    for (int output : outputs) {
      lastReads[output] = instructions.length;
    }
    long[] free = new long[instructions.length];
    int count = 0;
    for (int k = 0; k < instructions.length; k++) {
      for (int operand = inputs; operand < inputs + k; operand++) {
        if (places[operand] >= 0 && lastReads[operand] == k) {
          free[count++] = places[operand];
        }
      }
      if (direct[inputs + k] < 0) {
        places[inputs + k] = count > 0 ? free[--count] : reserve(4 * layout.blockLength);
      }
    }
  }

  private static boolean reads(Instruction instruction, int operand) {
    return switch (instruction) {
      case Instruction.Unary unary -> unary.x() == operand;
      case Instruction.Binary binary -> binary.x() == operand || binary.y() == operand;
      case Instruction.Scalar scalar -> scalar.x() == operand;
      case Instruction.Select select ->
          select.condition() == operand || select.x() == operand || select.y() == operand;
    };
  }

  @Override
  public int pieces() {
    return Math.toIntExact((layout.blocks() + blocksPerPiece - 1) / blocksPerPiece);
  }

  @Override
  public long first(int piece) {
    long block = piece * blocksPerPiece;
    long line = block / layout.blocksPerLine;
    long first = line * layout.lineLength + block % layout.blocksPerLine * layout.blockLength;
    return Math.min(layout.elements, first);
  }

  @Override
  public long scratchBytes() {
    return scratchBytes;
  }

  @Override
  public void run(long[] addresses, int pieceFrom, int pieceTo, long scratch) {
    prepareOnce(addresses, scratch);
    long blockTo = Math.min(layout.blocks(), pieceTo * blocksPerPiece);
    for (long block = pieceFrom * blocksPerPiece; block < blockTo; block++) {
      long line = block / layout.blocksPerLine;
      long start = block % layout.blocksPerLine * layout.blockLength;
      long n = Math.min(layout.blockLength, layout.lineLength - start);
      prepareInputs(addresses, line, start, n, scratch);
      long first = line * layout.lineLength + start;
      for (int k = 0; k < instructions.length; k++) {
        int operand = inputs + k;
        long result =
            direct[operand] < 0
                ? scratch + places[operand]
                : addresses[inputs + direct[operand]] + 4 * first;
        setOperand(scratch, operand, result, DENSE);
        execute(instructions[k], scratch, scratch + numbers[k], result, n);
      }
      for (int i = 0; i < outputs.length; i++) {
        if (direct[outputs[i]] != i) {
          long target = addresses[inputs + i] + 4 * first;
          store(address(scratch, outputs[i]), step(scratch, outputs[i]), target, n);
        }
      }
    }
  }

  private void prepareOnce(long[] addresses, long scratch) {
    for (int i = 0; i < inputs; i++) {
      long place = scratch + places[i];
      switch (layout.access[i]) {
        case CONSTANT -> {
          VectorBinary.fill(Memory.getFloat(addresses[i]), place, LANES);
          setOperand(scratch, i, place, REPEATED);
        }
        case PERIODIC -> {
          repeat(addresses[i], layout.periods[i], place);
          setOperand(scratch, i, place, DENSE);
        }
        case DENSE, CONSTANT_IN_LINE, GATHERED -> {}
      }
    }
    for (int k = 0; k < instructions.length; k++) {
      if (instructions[k] instanceof Instruction.Scalar scalar) {
        VectorBinary.fill(scalar.number(), scratch + numbers[k], LANES);
      }
    }
  }

  private void repeat(long x, long period, long y) {
    long total = Math.min(layout.blockLength, layout.elements);
    Movement.bytes(x, y, 4 * period);
    for (long done = period; done < total; done *= 2) {
      Movement.bytes(y, y + 4 * done, 4 * Math.min(done, total - done));
    }
  }

  private void prepareInputs(long[] addresses, long line, long start, long n, long scratch) {
    boolean whole = layout.lines == 1;
    int inner = layout.dims.length - 1;
    for (int i = 0; i < inputs; i++) {
      BlockLayout.Access access = layout.access[i];
      if (access == BlockLayout.Access.CONSTANT || access == BlockLayout.Access.PERIODIC) {
        continue;
      }
      long x = addresses[i] + 4 * (whole ? 0 : layout.lineOffset(i, line));
      long place = scratch + places[i];
      if (access == BlockLayout.Access.DENSE) {
        setOperand(scratch, i, x + 4 * start, DENSE);
      } else if (access == BlockLayout.Access.CONSTANT_IN_LINE) {
        VectorBinary.fill(Memory.getFloat(x), place, LANES);
        setOperand(scratch, i, place, REPEATED);
      } else {
        if (whole) {
          gather(i, x, start, place, n, scratch + coordinates);
        } else {
          long stride = layout.strides[i][inner];
          Movement.elements(4, x + 4 * start * stride, 4 * stride, place, 4, n);
        }
        setOperand(scratch, i, place, DENSE);
      }
    }
  }

  /// Copies a part of an input, as if it were broadcast, to contiguous elements.
  ///
  /// @param input the input
  /// @param x its address
  /// @param first the first element, counted in the iteration space
  /// @param y where the elements go
  /// @param n how many
  /// @param position working memory for a coordinate of each dimension
  private void gather(int input, long x, long first, long y, long n, long position) {
    long[] stride = layout.strides[input];
    int last = layout.dims.length - 1;
    long inner = first % layout.dims[last];
    long rest = first / layout.dims[last];
    long from = x;
    for (int d = last - 1; d >= 0; d--) {
      Memory.ALL.set(Memory.LONG, position + 8L * d, rest % layout.dims[d]);
      from += 4 * (rest % layout.dims[d]) * stride[d];
      rest /= layout.dims[d];
    }
    for (long done = 0; done < n; ) {
      long count = Math.min(layout.dims[last] - inner, n - done);
      copyRun(from + 4 * inner * stride[last], stride[last], y + 4 * done, count);
      done += count;
      inner = 0;
      for (int d = last - 1; d >= 0; d--) {
        long next = Memory.ALL.get(Memory.LONG, position + 8L * d) + 1;
        from += 4 * stride[d];
        if (next < layout.dims[d]) {
          Memory.ALL.set(Memory.LONG, position + 8L * d, next);
          break;
        }
        Memory.ALL.set(Memory.LONG, position + 8L * d, 0L);
        from -= 4 * stride[d] * next;
      }
    }
  }

  private static void copyRun(long x, long stride, long y, long n) {
    if (stride == 1) {
      Movement.bytes(x, y, 4 * n);
    } else if (stride == 0) {
      VectorBinary.fill(Memory.getFloat(x), y, n);
    } else {
      Movement.elements(4, x, 4 * stride, y, 4, n);
    }
  }

  private static void execute(
      Instruction instruction, long scratch, long number, long result, long n) {
    switch (instruction) {
      case Instruction.Unary unary -> {
        long x = address(scratch, unary.x());
        if (step(scratch, unary.x()) == REPEATED) {
          store(x, REPEATED, result, n);
          x = result;
        }
        VectorUnary.apply(unary.function(), unary.alpha(), unary.beta(), x, result, n);
      }
      case Instruction.Binary binary ->
          VectorBinary.apply(
              binary.function(),
              address(scratch, binary.x()),
              step(scratch, binary.x()),
              address(scratch, binary.y()),
              step(scratch, binary.y()),
              result,
              n);
      case Instruction.Scalar scalar -> {
        long x = address(scratch, scalar.x());
        long step = step(scratch, scalar.x());
        if (scalar.numberFirst()) {
          VectorBinary.apply(scalar.function(), number, REPEATED, x, step, result, n);
        } else {
          VectorBinary.apply(scalar.function(), x, step, number, REPEATED, result, n);
        }
      }
      case Instruction.Select select ->
          VectorBinary.select(
              address(scratch, select.condition()),
              step(scratch, select.condition()),
              address(scratch, select.x()),
              step(scratch, select.x()),
              address(scratch, select.y()),
              step(scratch, select.y()),
              result,
              n);
    }
  }

  private static void store(long x, long step, long y, long n) {
    if (step == REPEATED) {
      VectorBinary.fill(Memory.getFloat(x), y, n);
    } else {
      Movement.bytes(x, y, 4 * n);
    }
  }

  private static long address(long scratch, int operand) {
    return Memory.ALL.get(Memory.LONG, scratch + (long) SLOT_BYTES * operand);
  }

  private static long step(long scratch, int operand) {
    return Memory.ALL.get(Memory.LONG, scratch + (long) SLOT_BYTES * operand + 8);
  }

  private static void setOperand(long scratch, int operand, long address, long step) {
    Memory.ALL.set(Memory.LONG, scratch + (long) SLOT_BYTES * operand, address);
    Memory.ALL.set(Memory.LONG, scratch + (long) SLOT_BYTES * operand + 8, step);
  }
}
