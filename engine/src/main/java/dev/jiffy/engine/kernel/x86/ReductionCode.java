package dev.jiffy.engine.kernel.x86;

import static dev.jiffy.engine.kernel.x86.GeneralAssembler.Alu.ADD;
import static dev.jiffy.engine.kernel.x86.GeneralAssembler.Alu.CMP;
import static dev.jiffy.engine.kernel.x86.GeneralAssembler.Alu.SUB;
import static dev.jiffy.engine.kernel.x86.GeneralAssembler.Condition.GREATER_OR_EQUAL;
import static dev.jiffy.engine.kernel.x86.GeneralAssembler.Condition.LESS;
import static dev.jiffy.engine.kernel.x86.Operand.Address.at;

import dev.jiffy.engine.function.BinaryFunction;
import dev.jiffy.engine.function.ReduceFunction;
import dev.jiffy.engine.function.UnaryFunction;
import dev.jiffy.engine.kernel.x86.Operand.Vector;
import dev.jiffy.tensor.DType;

/// Generates reductions, of rows or of columns whose neighbours are adjacent.
///
/// Several partial results run side by side. The arguments: x, y, rows, bytes of a row, the mask of
/// its end, the bits of the number of elements that are reduced.
///
/// @param vectorBytes the width of vectors
/// @param function what is computed; one that [#suits], of other numbers than f32 the sum
/// @param type the type of all numbers
/// @param columns whether each column is reduced, else each row
record ReductionCode(int vectorBytes, ReduceFunction function, DType type, boolean columns) {
  private static final Register X = Register.RDI;
  private static final Register Y = Register.RSI;
  private static final Register ROWS = Register.RDX;
  private static final Register ROW_BYTES = Register.R10;
  private static final Register ROW = Register.R8;
  private static final Register COUNT = Register.R11;
  private static final Register SCRATCH = Register.RAX;
  private static final int UNROLL = 4;

  /// {@return whether there is code for a function}
  static boolean suits(ReduceFunction function) {
    return switch (function) {
      case SUM, MEAN, MAX, MIN, PROD, L1, L2, LOG_SUM, SUM_SQUARE -> true;
      case LOG_SUM_EXP -> false;
    };
  }

  private Vector register(int number) {
    return new Vector(number, vectorBytes);
  }

  /// {@return the code}
  byte[] emit() {
    Assembler code = new Assembler();
    LoopCode loop = new LoopCode(code, vectorBytes);
    FunctionCode functions = new FunctionCode(code, temporaries(loop));
    code.mov(ROW_BYTES, Register.RCX);
    loop.present(Register.R8);
    loop.repeat(register(12), Register.R9);
    code.op(VectorOp.BROADCASTSS, register(13), code.constant(identity(), 4));
    if (columns) {
      columns(code, loop, functions);
    } else {
      rows(code, loop, functions);
    }
    return code.end();
  }

  private static Vector[] temporaries(LoopCode loop) {
    return loop.registers(8, MathCode.TEMPORARIES + 1);
  }

  private float identity() {
    return switch (function) {
      case MAX -> Float.NEGATIVE_INFINITY;
      case MIN -> Float.POSITIVE_INFINITY;
      case PROD -> 1;
      default -> 0;
    };
  }

  private void rows(Assembler code, LoopCode loop, FunctionCode functions) {
    Label row = code.here();
    Vector[] results = loop.registers(0, UNROLL);
    for (Vector result : results) {
      code.op(VectorOp.MOVUPS, result, register(13));
    }
    loop.each(
        ROW_BYTES,
        SCRATCH,
        UNROLL,
        vector -> {
          Vector value = register(4);
          loop.load(value, X, vector);
          loop.fill(value, register(13));
          take(code, functions, results[vector], value);
        });
    for (int i = 1; i < UNROLL; i++) {
      combine(code, functions, results[0], results[i]);
    }
    LoopCode.Combination combination = (value, other) -> combine(code, functions, value, other);
    if (type.bytes() == Long.BYTES) {
      loop.halve(results[0], results[1], combination);
      code.op(VectorOp.MOVLPS_TO, results[0].as(16), at(Y));
    } else {
      loop.fold(results[0], results[1], combination);
      finish(code, functions, results[0]);
      code.op(VectorOp.MOVSS_TO, results[0].as(16), at(Y));
    }
    code.alu(ADD, Y, type.bytes());
    code.alu(ADD, X, ROW_BYTES);
    code.repeat(row, ROWS);
  }

  private void columns(Assembler code, LoopCode loop, FunctionCode functions) {
    loop.groups(
        ROW_BYTES,
        SCRATCH,
        UNROLL,
        vectors -> {
          int sets = UNROLL / vectors;
          Vector[] results = loop.registers(0, UNROLL);
          for (Vector result : results) {
            code.op(VectorOp.MOVUPS, result, register(13));
          }
          code.mov(ROW, X);
          code.mov(COUNT, ROWS);
          if (sets > 1) {
            // beside columns that are reduced in order all are: equal columns give equal results
            Label wide = new Label();
            code.alu(CMP, ROW_BYTES, UNROLL * vectorBytes);
            code.jump(GREATER_OR_EQUAL, wide);
            whole(code, sets, set -> element(code, loop, functions, results[set], 0));
            code.bind(wide);
          }
          whole(
              code,
              1,
              _ -> {
                for (int vector = 0; vector < vectors; vector++) {
                  element(code, loop, functions, results[vector], vector);
                }
              });
          for (int set = 1; set < sets; set++) {
            combine(code, functions, results[0], results[set]);
          }
          for (int vector = 0; vector < vectors; vector++) {
            finish(code, functions, results[vector]);
            loop.store(results[vector], Y, vector);
          }
        });
  }

  private void element(
      Assembler code, LoopCode loop, FunctionCode functions, Vector result, int vector) {
    loop.load(register(4), ROW, vector);
    take(code, functions, result, register(4));
  }

  /// Goes on by so many rows as long as there are as many.
  private static void whole(Assembler code, int rows, LoopCode.Body row) {
    Label end = new Label();
    code.alu(CMP, COUNT, rows);
    code.jump(LESS, end);
    Label next = code.here();
    for (int i = 0; i < rows; i++) {
      row.emit(i);
      code.alu(ADD, ROW, ROW_BYTES);
    }
    code.alu(SUB, COUNT, rows);
    code.alu(CMP, COUNT, rows);
    code.jump(GREATER_OR_EQUAL, next);
    code.bind(end);
  }

  /// Takes up an element; changes it.
  private void take(Assembler code, FunctionCode functions, Vector result, Vector value) {
    switch (function) {
      case L2, SUM_SQUARE -> code.op(VectorOp.FMADD231PS, result, value, value);
      case L1 -> {
        code.op(VectorOp.ANDPS, value, value, code.constant(Integer.MAX_VALUE, vectorBytes));
        code.op(VectorOp.ADDPS, result, result, value);
      }
      default -> combine(code, functions, result, value);
    }
  }

  private void combine(Assembler code, FunctionCode functions, Vector result, Vector other) {
    switch (function) {
      case MAX -> functions.binary(BinaryFunction.MAX, result, result, other);
      case MIN -> functions.binary(BinaryFunction.MIN, result, result, other);
      case PROD -> code.op(VectorOp.MULPS, result, result, other);
      default -> code.op(sum(), result, result, other);
    }
  }

  private VectorOp sum() {
    return switch (type) {
      case F64 -> VectorOp.ADDPD;
      case I32 -> VectorOp.PADDD;
      case I64 -> VectorOp.PADDQ;
      default -> VectorOp.ADDPS;
    };
  }

  private void finish(Assembler code, FunctionCode functions, Vector result) {
    switch (function) {
      case MEAN -> code.op(VectorOp.DIVPS, result, result, register(12));
      case L2 -> code.op(VectorOp.SQRTPS, result, result);
      case LOG_SUM -> functions.unary(UnaryFunction.LOG, 0, 0, result);
      default -> {}
    }
  }
}
