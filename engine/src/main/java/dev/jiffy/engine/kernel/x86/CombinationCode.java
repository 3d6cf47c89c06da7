package dev.jiffy.engine.kernel.x86;

import static dev.jiffy.engine.kernel.x86.GeneralAssembler.Alu.ADD;
import static dev.jiffy.engine.kernel.x86.GeneralAssembler.Alu.SUB;
import static dev.jiffy.engine.kernel.x86.Operand.Address.at;

import dev.jiffy.engine.function.BinaryFunction;
import dev.jiffy.engine.kernel.x86.Operand.Vector;
import dev.jiffy.tensor.DType;
import org.jspecify.annotations.Nullable;

/// Generates a function of two tensors of one type, over rows of which either argument may be one
/// element for all columns.
///
/// The arguments, all numbers, in order: x, y, the result, rows, the bytes of a row of the result,
/// the mask of its end, and the bytes from row to row of x, of y and of the result. Rows are whole
/// words of 32 bits.
///
/// @param vectorBytes the width of vectors
/// @param function what is computed
/// @param type the type of the arguments; for truth values their bytes
/// @param repeatX whether a row of x is one element
/// @param repeatY whether a row of y is one element
record CombinationCode(
    int vectorBytes, BinaryFunction function, DType type, boolean repeatX, boolean repeatY) {
  private static final Register X = Register.RDI;
  private static final Register Y = Register.RSI;
  private static final Register OUT = Register.RDX;
  private static final Register ROW_BYTES = Register.R8;
  private static final Register ROWS = Register.R10;
  private static final Register SCRATCH = Register.RAX;
  private static final int X_STEP = 8;
  private static final int Y_STEP = 16;
  private static final int OUT_STEP = 24;
  private static final int UNROLL = 4;

  /// A byte of 1, four times.
  private static final int ONES = 0x01010101;

  /// {@return whether there is code for a function of some type}
  static boolean suits(BinaryFunction function, DType type, int vectorBytes) {
    return type == DType.BOOL
        ? function == BinaryFunction.EQUAL || truth(function) != null
        : isExtreme(function, type) || instruction(function, type, vectorBytes == 64) != null;
  }

  /// Whether NaN takes more than an instruction.
  private static boolean isExtreme(BinaryFunction function, DType type) {
    return type == DType.F32 && (function == BinaryFunction.MIN || function == BinaryFunction.MAX);
  }

  private static @Nullable VectorOp truth(BinaryFunction function) {
    return switch (function) {
      case AND -> VectorOp.ANDPS;
      case OR -> VectorOp.ORPS;
      case XOR -> VectorOp.XORPS;
      default -> null;
    };
  }

  private static @Nullable VectorOp instruction(BinaryFunction function, DType type, boolean wide) {
    return switch (type) {
      case F32 ->
          switch (function) {
            case ADD -> VectorOp.ADDPS;
            case SUB -> VectorOp.SUBPS;
            case MUL -> VectorOp.MULPS;
            case DIV -> VectorOp.DIVPS;
            default -> null;
          };
      case F64 ->
          switch (function) {
            case ADD -> VectorOp.ADDPD;
            case SUB -> VectorOp.SUBPD;
            case MUL -> VectorOp.MULPD;
            case DIV -> VectorOp.DIVPD;
            default -> null;
          };
      case I32 ->
          switch (function) {
            case ADD -> VectorOp.PADDD;
            case SUB -> VectorOp.PSUBD;
            case MUL -> VectorOp.PMULLD;
            case MIN -> VectorOp.PMINSD;
            case MAX -> VectorOp.PMAXSD;
            default -> null;
          };
      case I64 ->
          switch (function) {
            case ADD -> VectorOp.PADDQ;
            case SUB -> VectorOp.PSUBQ;
            case MUL -> wide ? VectorOp.PMULLQ : null;
            case MIN -> wide ? VectorOp.PMINSQ : null;
            case MAX -> wide ? VectorOp.PMAXSQ : null;
            default -> null;
          };
      default -> null;
    };
  }

  private Vector register(int number) {
    return new Vector(number, vectorBytes);
  }

  /// {@return the code}
  byte[] emit() {
    Assembler code = new Assembler();
    LoopCode loop = new LoopCode(code, vectorBytes);
    Vector ones = register(2 * UNROLL);
    code.mov(ROWS, Register.RCX);
    loop.present(Register.R9);
    if (type == DType.BOOL) {
      code.op(VectorOp.BROADCASTSS, ones, code.constant(ONES, 4));
    }
    Label row = code.here();
    Vector allX = register(2 * UNROLL + 1);
    Vector allY = register(2 * UNROLL + 2);
    repeat(code, loop, allX, X, repeatX);
    repeat(code, loop, allY, Y, repeatY);
    loop.each(
        ROW_BYTES,
        SCRATCH,
        UNROLL,
        vector -> {
          Vector x = register(vector);
          Vector y = register(UNROLL + vector);
          if (!repeatX) {
            loop.load(x, X, vector);
          }
          if (!repeatY) {
            loop.load(y, Y, vector);
          }
          combine(code, x, repeatX ? allX : x, repeatY ? allY : y, ones);
          loop.store(x, OUT, vector);
        });
    code.alu(ADD, X, at(Register.RSP, X_STEP));
    code.alu(ADD, Y, at(Register.RSP, Y_STEP));
    code.alu(ADD, OUT, at(Register.RSP, OUT_STEP));
    code.repeat(row, ROWS);
    return code.end();
  }

  /// Loads the only element of a row.
  private void repeat(Assembler code, LoopCode loop, Vector to, Register from, boolean isRepeated) {
    if (!isRepeated) {
      return;
    }
    switch (type.bytes()) {
      case 8 ->
          code.op(
              vectorBytes == 64 ? VectorOp.BROADCASTSD : VectorOp.BROADCASTSD_VEX, to, at(from));
      case 4 -> code.op(VectorOp.BROADCASTSS, to, at(from));
      default -> {
        code.loadByte(SCRATCH, at(from));
        code.imul(SCRATCH, SCRATCH, ONES);
        loop.repeat(to, SCRATCH);
      }
    }
  }

  /// `out = function(x, y)`; of truth values, which are true where they are not 0, `y` changes.
  private void combine(Assembler code, Vector out, Vector x, Vector y, Vector ones) {
    if (isExtreme(function, type)) {
      Vector[] free = new LoopCode(code, vectorBytes).registers(11, MathCode.TEMPORARIES);
      new FunctionCode(code, free).binary(function, out, x, y);
      return;
    }
    VectorOp instruction = instruction(function, type, vectorBytes == 64);
    if (instruction != null) {
      code.op(instruction, out, x, y);
      return;
    }
    VectorOp truth = truth(function);
    code.op(VectorOp.PMINUB, out, x, ones);
    code.op(VectorOp.PMINUB, y, y, ones);
    code.op(truth == null ? VectorOp.XORPS : truth, out, out, y);
    if (truth == null) {
      code.op(VectorOp.XORPS, out, out, ones);
    }
  }
}
