package dev.jiffy.engine.kernel.x86;

import static dev.jiffy.engine.kernel.x86.Operand.Address.at;

import dev.jiffy.engine.function.BinaryFunction;
import dev.jiffy.engine.function.UnaryFunction;
import dev.jiffy.engine.kernel.Affine;
import dev.jiffy.engine.kernel.Pointwise.Instruction;
import dev.jiffy.engine.kernel.x86.Operand.Vector;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Generates an elementwise chain as one loop, all of whose intermediate results stay in registers.
///
/// The chain runs over lines, each of elements that are adjacent in the outputs and in each input
/// adjacent or one. The arguments: the table, lines, bytes of a line, the mask of its end. The
/// table has for each input, then for each output its address and the bytes from line to line. All
/// loads of an element come before its stores.
///
/// @param vectorBytes the width of vectors
/// @param tableOnStack whether the table is not an argument but follows on the stack, as arguments
///   from the seventh on do
/// @param repeated for each input whether a line has but one element of it
/// @param bytes what some operands' unsigned bytes stand for, by the number of the input, or of the
///   output, counted after all inputs; AVX-512 only
/// @param instructions what is computed
/// @param outputs the operands that are stored
record PointwiseCode(
    int vectorBytes,
    boolean tableOnStack,
    List<Boolean> repeated,
    Map<Integer, Affine> bytes,
    List<Instruction> instructions,
    List<Integer> outputs) {
  private static final Register TABLE = Register.RDI;
  private static final Register LINES = Register.RSI;
  private static final Register ROW_BYTES = Register.RDX;
  private static final Register SCRATCH = Register.RAX;

  private static final Register[] POINTERS = {
    Register.R8,
    Register.R9,
    Register.R10,
    Register.R11,
    Register.RBX,
    Register.RBP,
    Register.R12,
    Register.R13,
    Register.R14,
    Register.R15
  };

  /// The first of the pointers that must be saved.
  private static final int FIRST_SAVED = 4;

  private static final int SLOT_BYTES = 16;
  private static final int CHEAP_CHAIN = 3;
  private static final int UNROLL = 4;

  /// {@return the code, or null if there are more operands than registers or functions that have no
  /// code}
  byte @Nullable [] emit() {
    int operands = repeated.size() + outputs.size();
    int registers = bytes.isEmpty() ? operands : operands + 1;
    if (registers > POINTERS.length || !suits()) {
      return null;
    }
    Assembler code = new Assembler();
    if (tableOnStack) {
      code.lea(TABLE, at(Register.RSP, 8));
    }
    for (int i = FIRST_SAVED; i < registers; i++) {
      code.push(POINTERS[i]);
    }
    LoopCode loop = new LoopCode(code, vectorBytes);
    loop.present(Register.RCX);
    for (int i = 0; i < operands; i++) {
      code.load(POINTERS[i], at(TABLE, SLOT_BYTES * i));
    }
    Body body = new Body(code, loop);
    body.prepare();
    Label line = code.here();
    loop.each(ROW_BYTES, SCRATCH, isCheap() ? UNROLL : 1, body);
    if (body.overflown) {
      return null;
    }
    for (int i = 0; i < operands; i++) {
      code.alu(GeneralAssembler.Alu.ADD, POINTERS[i], at(TABLE, SLOT_BYTES * i + 8));
    }
    code.repeat(line, LINES);
    for (int i = registers - 1; i >= FIRST_SAVED; i--) {
      code.pop(POINTERS[i]);
    }
    return code.end();
  }

  private boolean isCheap() {
    boolean cheap = instructions.size() <= CHEAP_CHAIN;
    for (Instruction instruction : instructions) {
      cheap &= isCheap(instruction);
    }
    return cheap;
  }

  private static boolean isCheap(Instruction instruction) {
    return switch (instruction) {
      case Instruction.Unary unary ->
          unary.function() == UnaryFunction.RELU || unary.function() == UnaryFunction.CLIP;
      case Instruction.Binary binary -> binary.function() != BinaryFunction.POW;
      case Instruction.Scalar scalar -> scalar.function() != BinaryFunction.POW || isSquare(scalar);
      case Instruction.Select _ -> true;
    };
  }

  private boolean suits() {
    boolean suits = true;
    for (Instruction instruction : instructions) {
      suits &= suits(instruction);
    }
    return suits;
  }

  private static boolean suits(Instruction instruction) {
    return switch (instruction) {
      case Instruction.Unary unary -> FunctionCode.suits(unary.function());
      case Instruction.Binary binary -> FunctionCode.suits(binary.function());
      case Instruction.Scalar scalar -> FunctionCode.suits(scalar.function());
      case Instruction.Select _ -> true;
    };
  }

  private static boolean isSquare(Instruction.Scalar scalar) {
    return scalar.function() == BinaryFunction.POW && scalar.number() == 2 && !scalar.numberFirst();
  }

  /// The code of one vector of elements: values and the registers that hold them.
  private final class Body implements LoopCode.Body {
    private final Assembler code;
    private final LoopCode loop;
    private final boolean[] taken = new boolean[LoopCode.registers(vectorBytes)];
    private final @Nullable Vector[] values = new Vector[repeated.size() + instructions.size()];
    private final int[] reads = new int[values.length];

    /// For each operand in bytes its scale and the byte that stands for 0.
    private final Vector[] scales = new Vector[repeated.size() + outputs.size()];

    private final Vector[] zeros = new Vector[scales.length];

    /// For each output in bytes how they are made.
    private final @Nullable QuantizationCode[] quantizations = new QuantizationCode[scales.length];

    /// The registers from this on are what chains do not change.
    private int free = taken.length;

    private int vector;

    /// Whether there were too few registers.
    boolean overflown;

    Body(Assembler code, LoopCode loop) {
      this.code = code;
      this.loop = loop;
    }

    /// Fills registers with what operands in bytes need, in the order of the operands: that of the
    /// map differs from process to process.
    void prepare() {
      for (int operand = 0; operand < scales.length; operand++) {
        Affine affine = bytes.get(operand);
        if (affine == null) {
          continue;
        }
        scales[operand] = constant(Float.floatToRawIntBits(affine.scale()));
        zeros[operand] = constant(affine.zero());
        if (operand >= repeated.size()) {
          quantizations[operand] = quantization(operand, affine.scale());
        }
      }
    }

    private QuantizationCode quantization(int output, float scale) {
      QuantizationCode quantization =
          new QuantizationCode(
              code,
              scales[output],
              zeros[output],
              reserve(),
              scale < Float.MIN_NORMAL ? null : reserve(),
              reserve());
      quantization.prepare();
      return quantization;
    }

    private Vector reserve() {
      free--;
      return new Vector(free, vectorBytes);
    }

    private Vector constant(int bits) {
      Vector register = reserve();
      code.op(VectorOp.BROADCASTSS, register, code.constant(bits, 4));
      return register;
    }

    @Override
    public void emit(int number) {
      vector = number;
      if (number == 0 && !bytes.isEmpty()) {
        loop.countElements(elements());
      }
      Arrays.fill(taken, false);
      Arrays.fill(taken, free, taken.length, true);
      Arrays.fill(values, null);
      countReads();
      for (int k = 0; k < instructions.size(); k++) {
        if (reads[repeated.size() + k] > 0) {
          values[repeated.size() + k] = compute(instructions.get(k));
        }
      }
      for (int output : outputs) {
        Vector _ = value(output);
      }
      for (int i = 0; i < outputs.size(); i++) {
        store(value(outputs.get(i)), repeated.size() + i);
      }
    }

    /// The register that counts elements.
    private Register elements() {
      return POINTERS[scales.length];
    }

    private void store(Vector value, int output) {
      QuantizationCode quantization = quantizations[output];
      if (quantization == null) {
        loop.store(value, POINTERS[output], vector);
        return;
      }
      Vector nothing = quantization.quotient();
      quantization.steps(value);
      code.op(VectorOp.XORPS, nothing, nothing, nothing);
      code.op(VectorOp.PMAXSD, value, value, nothing);
      loop.storeBytes(value, POINTERS[output], elements(), vector);
    }

    private void countReads() {
      Arrays.fill(reads, 0);
      for (int output : outputs) {
        reads[output]++;
      }
      for (Instruction instruction : instructions) {
        switch (instruction) {
          case Instruction.Unary unary -> reads[unary.x()]++;
          case Instruction.Scalar scalar -> reads[scalar.x()]++;
          case Instruction.Binary binary -> {
            reads[binary.x()]++;
            reads[binary.y()]++;
          }
          case Instruction.Select select -> {
            reads[select.condition()]++;
            reads[select.x()]++;
            reads[select.y()]++;
          }
        }
      }
    }

    private Vector take() {
      for (int i = 0; i < taken.length; i++) {
        if (!taken[i]) {
          taken[i] = true;
          return new Vector(i, vectorBytes);
        }
      }
      overflown = true;
      return new Vector(0, vectorBytes);
    }

    /// {@return the register of an operand, loaded if it is an input not read so far}
    private Vector value(int operand) {
      Vector value = values[operand];
      if (value == null) {
        value = take();
        values[operand] = value;
        if (bytes.containsKey(operand)) {
          loop.loadBytes(value, POINTERS[operand], elements(), vector);
          code.op(VectorOp.PSUBD, value, value, zeros[operand]);
          code.op(VectorOp.CVTDQ2PS, value, value);
          code.op(VectorOp.MULPS, value, value, scales[operand]);
        } else if (repeated.get(operand)) {
          code.op(VectorOp.BROADCASTSS, value, at(POINTERS[operand]));
        } else {
          loop.load(value, POINTERS[operand], vector);
        }
      }
      return value;
    }

    /// {@return the register of a result: that of an operand that is not read again, or another}
    private Vector result(int... operands) {
      for (int operand : operands) {
        reads[operand]--;
      }
      for (int operand : operands) {
        if (reads[operand] == 0) {
          return value(operand);
        }
      }
      return take();
    }

    /// Frees the registers of operands that are not read again.
    private void release(Vector result, int... operands) {
      for (int operand : operands) {
        Vector value = value(operand);
        if (reads[operand] == 0 && value.number() != result.number()) {
          taken[value.number()] = false;
        }
      }
    }

    private FunctionCode functions() {
      return functions(MathCode.TEMPORARIES);
    }

    private FunctionCode functions(BinaryFunction function) {
      return functions(FunctionCode.temporaries(function));
    }

    /// {@return a generator that uses the free registers, of which it needs so many}
    private FunctionCode functions(int least) {
      List<Vector> free = new ArrayList<>();
      for (int i = 0; i < taken.length && free.size() < FunctionCode.MOST_TEMPORARIES; i++) {
        if (!taken[i]) {
          free.add(new Vector(i, vectorBytes));
        }
      }
      while (free.size() < least) {
        overflown = true;
        free.add(new Vector(0, vectorBytes));
      }
      return new FunctionCode(code, free.toArray(Vector[]::new));
    }

    private Vector compute(Instruction instruction) {
      return switch (instruction) {
        case Instruction.Unary unary -> {
          Vector x = value(unary.x());
          Vector result = result(unary.x());
          if (result.number() != x.number()) {
            code.op(VectorOp.MOVUPS, result, x);
          }
          functions().unary(unary.function(), unary.alpha(), unary.beta(), result);
          yield result;
        }
        case Instruction.Binary binary -> {
          Vector x = value(binary.x());
          Vector y = value(binary.y());
          Vector result = result(binary.x(), binary.y());
          functions(binary.function()).binary(binary.function(), result, x, y);
          release(result, binary.x(), binary.y());
          yield result;
        }
        case Instruction.Scalar scalar -> {
          Vector x = value(scalar.x());
          Vector result = result(scalar.x());
          if (isSquare(scalar)) {
            functions().binary(BinaryFunction.MUL, result, x, x);
          } else {
            functions(scalar.function())
                .scalar(scalar.function(), result, x, scalar.number(), scalar.numberFirst());
          }
          yield result;
        }
        case Instruction.Select select -> {
          Vector condition = value(select.condition());
          Vector x = value(select.x());
          Vector y = value(select.y());
          Vector result = result(select.condition(), select.x(), select.y());
          functions().select(result, condition, x, y);
          release(result, select.condition(), select.x(), select.y());
          yield result;
        }
      };
    }
  }
}
